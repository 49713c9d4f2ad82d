//! A STUN or TURN server, in the form that browsers take (W3C WebRTC, `RTCIceServer`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A STUN or TURN server and, for TURN, the credentials to use there. Since 1.2.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
pub struct IceServer {
    /// Addresses (RFC 7064, RFC 7065), such as `stun:host:3478` or `turn:host:3478?transport=tcp`.
    pub urls: Vec<String>,
    /// Name to give to a TURN server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Secret to give to a TURN server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Leaves the credentials out: they are not for logs.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}
