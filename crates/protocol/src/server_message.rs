//! What the server says to a client.

use crate::{
    EndReason, ErrorCode, IceServer, Lease, Peer, PeerId, PeerMessage, PeerStatus, ProtocolVersion, SessionId,
};
use serde::{Deserialize, Serialize};

/// A message from the server to a client.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The first message on every connection.
    Welcome {
        /// The identifier that the server gave to this client.
        peer_id: PeerId,
        /// The versions that the server speaks; empty where it is older than 1.2.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<ProtocolVersion>,
    },
    /// The answer to a client that chose 1.2. Since 1.2.
    Lease(Lease),
    /// The answer to a heartbeat. Since 1.2.
    Heartbeat {
        /// How many counted messages of the client have arrived; see [`crate::Outbox`].
        received: u64,
    },
    /// STUN and TURN servers to use from now on; replaces what was said before. Since 1.2.
    IceServers {
        /// The servers; credentials may be valid for a limited time, and are then sent anew before it is over.
        ice_servers: Vec<IceServer>,
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
        /// Whether offers that this consumer makes inside the session are passed on. Since 1.2.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        later_offers: bool,
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
        /// Why, for programs. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
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
        /// The same for programs. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        /// The peer that the refused message was about. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer_id: Option<PeerId>,
        /// The session that the refused message was about. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
    },
    /// A message of a newer protocol.
    #[serde(other)]
    Unknown,
}
