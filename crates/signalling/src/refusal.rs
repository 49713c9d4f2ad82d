//! Why a message was not acted upon, in the words that its sender is told and in the code that programs read.

use protocol::{ErrorCode, PeerId, PeerRole, ServerMessage, SessionId};

/// Why a message was not acted upon.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Peer '{0}' hasn't been welcomed")]
    NotWelcomed(PeerId),
    #[error("Cannot register peer {0} as both producer and passive consumer")]
    ProducerAndConsumer(PeerId),
    #[error("Protocol version selection for peer '{0}' must be first message")]
    LateVersion(PeerId),
    #[error("This version of the protocol is not spoken here")]
    UnknownVersion,
    #[error("Peer with ID '{0}' not found")]
    UnknownPeer(PeerId),
    #[error("Peer {0} cannot start a session with itself")]
    SelfSession(PeerId),
    #[error("Only the consumer of a session may start it with an offer, and peer {0} is its producer")]
    ProducerOffers(PeerId, PeerId),
    #[error("Missing a producer or a consumer: id {0} roles {1:?}, id {2} roles {3:?}")]
    NoRoles(PeerId, Vec<PeerRole>, PeerId, Vec<PeerRole>),
    #[error("Peer {peer} has {limit} sessions already, and may not have more")]
    TooManySessions { peer: PeerId, with: PeerId, limit: usize },
    #[error("Peers {0} and {1} have {2} sessions with each other already, and may not have more")]
    TooManyBetween(PeerId, PeerId, usize),
    #[error("cannot forward offer from \"{from}\" to \"{to}\" as \"{from}\" is not the producer")]
    ConsumerOffers { from: PeerId, to: PeerId, session: SessionId },
    #[error("Peer {0} is not part of {1}")]
    NotAMember(PeerId, SessionId),
    #[error("There is no session {0}")]
    UnknownSession(SessionId),
    #[error("Invalid end session message with error from peer '{0}', minimum protocol version is 1.1")]
    ErrorNeedsV1_1(PeerId),
    #[error("A heartbeat is for peers that speak 1.2, and peer '{0}' does not")]
    HeartbeatNeedsV1_2(PeerId),
    #[error("Peer '{peer}' has no token with the right {right:?}, which this needs")]
    Forbidden { peer: PeerId, right: &'static str, about: Option<PeerId> },
    #[error("The meta of peer {peer} has {length} bytes, and may have {limit}")]
    MetaTooLong { peer: PeerId, length: usize, limit: usize },
    #[error("unknown message type")]
    UnknownMessage,
}

impl Refusal {
    /// The error that the sender is told.
    pub(crate) fn message(self) -> ServerMessage {
        let details = self.to_string();
        let (code, peer_id, session_id) = match self {
            Self::NotWelcomed(peer) => (ErrorCode::UnknownPeer, Some(peer), None),
            Self::ProducerAndConsumer(peer) => (ErrorCode::RoleConflict, Some(peer), None),
            Self::LateVersion(_) => (ErrorCode::LateVersion, None, None),
            Self::UnknownVersion => (ErrorCode::UnsupportedVersion, None, None),
            Self::UnknownPeer(peer) => (ErrorCode::UnknownPeer, Some(peer), None),
            Self::SelfSession(peer) => (ErrorCode::SelfSession, Some(peer), None),
            Self::ProducerOffers(_, with) => (ErrorCode::OfferNotAllowed, Some(with), None),
            Self::NoRoles(_, _, peer, _) => (ErrorCode::NoRoles, Some(peer), None),
            Self::TooManySessions { with, .. } => (ErrorCode::TooManySessions, Some(with), None),
            Self::TooManyBetween(_, peer, _) => (ErrorCode::TooManySessions, Some(peer), None),
            Self::ConsumerOffers { session, .. } => (ErrorCode::OfferNotAllowed, None, Some(session)),
            Self::NotAMember(_, session) => (ErrorCode::NotAMember, None, Some(session)),
            Self::UnknownSession(session) => (ErrorCode::UnknownSession, None, Some(session)),
            Self::ErrorNeedsV1_1(_) | Self::HeartbeatNeedsV1_2(_) => {
                (ErrorCode::NeedsNewerVersion, None, None)
            }
            Self::Forbidden { about, .. } => (ErrorCode::Forbidden, about, None),
            Self::MetaTooLong { .. } => (ErrorCode::MetaTooLong, None, None),
            Self::UnknownMessage => (ErrorCode::UnknownType, None, None),
        };
        ServerMessage::Error { details, code: Some(code), peer_id, session_id }
    }
}
