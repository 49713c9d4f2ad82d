//! Peers: who is connected to the server and what they offer.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Free-form description of a peer, a JSON value that the server passes on untouched.
pub type Meta = serde_json::Value;

/// Names one connection to the signalling server; assigned by the server in `welcome`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct PeerId(Arc<str>);

impl PeerId {
    /// Takes any text as an identifier.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(id.as_ref().into())
    }

    /// The identifier as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for PeerId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// What a peer does.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub enum PeerRole {
    /// Offers a stream that others may start a session with.
    Producer,
    /// Wants to hear of every change of every peer's status.
    Listener,
    /// Waits for a producer to start a session (a passive consumer).
    Consumer,
    /// A role of a newer protocol; ignored.
    #[serde(other)]
    Unknown,
}

/// A peer's roles and description, as announced by itself and passed on to listeners.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    /// What the peer does; empty when it is gone or only consumes by its own request.
    pub roles: Vec<PeerRole>,
    /// The peer's own description.
    #[serde(default)]
    pub meta: Option<Meta>,
    /// Whose status this is: set by the server, ignored when a client sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<PeerId>,
}

impl PeerStatus {
    /// Whether the peer has `role`.
    pub fn has(&self, role: PeerRole) -> bool {
        self.roles.contains(&role)
    }
}

/// An entry of the lists of producers and of consumers.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Peer {
    /// The peer's identifier.
    pub id: PeerId,
    /// The peer's own description.
    #[serde(default)]
    pub meta: Option<Meta>,
}
