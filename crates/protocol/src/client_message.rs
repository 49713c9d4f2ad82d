//! What a client says to the server.

use crate::{EndReason, PeerId, PeerMessage, PeerStatus, ProtocolVersion, Resume, SessionId};
use serde::{Deserialize, Serialize};

/// A message from a client to the server.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientMessage {
    /// Chooses the version of the protocol; must be the first message. Since 1.1.
    SetProtocolVersion {
        /// The version that the client will speak.
        version: ProtocolVersion,
        /// The lease of an earlier connection, to go on as the same peer with the same sessions. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
        /// How often the client wants to exchange heartbeats, in milliseconds. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heartbeat_ms: Option<u64>,
    },
    /// Says that the client is there, and how much it has received. The server answers with its own. Since 1.2.
    Heartbeat {
        /// How many counted messages of the server have arrived; see [`crate::Outbox`].
        received: u64,
    },
    /// Announces the sender's roles and description.
    SetPeerStatus(PeerStatus),
    /// Asks for a session with another peer.
    StartSession {
        /// The peer to talk to.
        peer_id: PeerId,
        /// An offer, where the sender wants to make it itself.
        #[serde(default)]
        offer: Option<String>,
    },
    /// Ends a session.
    EndSession {
        /// The session to end.
        session_id: SessionId,
    },
    /// Ends a session and says why. Since 1.1.
    EndSessionV1_1 {
        /// The session to end.
        session_id: SessionId,
        /// What went wrong; nothing where the end is an ordinary one.
        #[serde(default)]
        error: Option<String>,
        /// Why, for programs. Since 1.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
    /// Says something to the other member of a session.
    Peer(PeerMessage),
    /// Asks for the list of producers.
    List,
    /// Asks for the list of passive consumers.
    ListConsumers,
    /// A message of a newer protocol.
    #[serde(other)]
    Unknown,
}
