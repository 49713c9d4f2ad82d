//! What lets a peer outlive its connection.

use crate::PeerId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The server's promise to a client that speaks 1.2: who it is, how to come back as the same peer, and how both
/// notice that the connection is dead.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Who the client is from now on: the peer that it was before where it resumed.
    pub peer_id: PeerId,
    /// What to show to come back as this peer. Changes with every connection; a secret.
    pub token: String,
    /// How long the peer and its sessions are kept when the connection is lost, in milliseconds.
    pub lease_ms: u64,
    /// How often the client says `heartbeat`, in milliseconds.
    pub heartbeat_ms: u64,
    /// After how long without a message each side takes the connection for lost, in milliseconds.
    pub silence_ms: u64,
    /// Whether the client is the peer that it wanted to be again, sessions included.
    pub resumed: bool,
    /// How many counted messages of the resumed peer have arrived: the client sends the later ones again.
    pub received: u64,
}

/// What a client shows to come back as the peer that it was.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The token of its last lease.
    pub token: String,
    /// How many counted messages of the server have arrived: the server sends the later ones again.
    pub received: u64,
}

/// Leaves the token out: it is not for logs.
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer_id, token: _, lease_ms, heartbeat_ms, silence_ms, resumed, received } = self;
        f.debug_struct("Lease")
            .field("peer_id", peer_id)
            .field("lease_ms", lease_ms)
            .field("heartbeat_ms", heartbeat_ms)
            .field("silence_ms", silence_ms)
            .field("resumed", resumed)
            .field("received", received)
            .finish_non_exhaustive()
    }
}

/// Leaves the token out: it is not for logs.
impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume").field("received", &self.received).finish_non_exhaustive()
    }
}
