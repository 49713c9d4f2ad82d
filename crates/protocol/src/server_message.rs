//! What the server says to a client.

use crate::{Peer, PeerId, PeerMessage, PeerStatus, SessionId};
use serde::{Deserialize, Serialize};

/// A message from the server to a client.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The first message on every connection.
    Welcome {
        /// The identifier that the server gave to this client.
        peer_id: PeerId,
    },
    /// A peer's status changed; told to listeners. Empty roles: the peer is gone.
    PeerStatusChanged(PeerStatus),
    /// A peer asks for a session; told to the member that produces.
    StartSession {
        /// Who asks.
        peer_id: PeerId,
        /// The new session.
        session_id: SessionId,
        /// The asking peer's offer, where it makes it itself.
        #[serde(default)]
        offer: Option<String>,
    },
    /// The session that was asked for exists; told to the member that consumes.
    SessionStarted {
        /// The producer.
        peer_id: PeerId,
        /// The new session.
        session_id: SessionId,
    },
    /// A session is over; told to members that speak 1.0.
    EndSession {
        /// The session that ended.
        session_id: SessionId,
    },
    /// A session is over; told to members that speak 1.1 or later.
    EndSessionV1_1 {
        /// The session that ended.
        session_id: SessionId,
        /// What went wrong; nothing where the end is an ordinary one.
        #[serde(default)]
        error: Option<String>,
    },
    /// What the other member of a session said.
    Peer(PeerMessage),
    /// The producers, in the order in which they registered.
    List {
        /// One entry a producer.
        producers: Vec<Peer>,
    },
    /// The passive consumers, in the order in which they registered.
    ListConsumers {
        /// One entry a consumer.
        consumers: Vec<Peer>,
    },
    /// A request could not be met.
    Error {
        /// What went wrong, for a person to read.
        details: String,
    },
    /// A message of a newer protocol.
    #[serde(other)]
    Unknown,
}
