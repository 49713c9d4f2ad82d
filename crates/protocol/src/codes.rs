//! Stable names for programs: why a session ended, why a message was not acted upon.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a session ended, in the words of the member or the server that ended it. Since 1.2.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub enum EndReason {
    /// A member no longer wants it: nothing went wrong.
    Ended,
    /// A member is stopping as a whole: nothing went wrong.
    Stopping,
    /// The server: a member left it, or was not back within its lease.
    PeerGone,
    /// The server: a member gave up the role that the session needs.
    RoleDropped,
    /// A member takes no further session.
    Refused,
    /// The transport could not be set up, or broke.
    TransportFailed,
    /// Something that was awaited did not come in time.
    TimedOut,
    /// A description cannot be served, for example because there is no common codec.
    Description,
    /// A member's media pipeline failed.
    Pipeline,
    /// A member said something that does not fit the state of the exchange.
    Unexpected,
    /// The viewer took no media for too long.
    Stalled,
    /// Nothing came from the other member for as long as its consent lasts (RFC 7675).
    Vanished,
    /// A reason of a newer protocol.
    #[serde(other)]
    Unknown,
}

impl EndReason {
    /// The name as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Stopping => "stopping",
            Self::PeerGone => "peerGone",
            Self::RoleDropped => "roleDropped",
            Self::Refused => "refused",
            Self::TransportFailed => "transportFailed",
            Self::TimedOut => "timedOut",
            Self::Description => "description",
            Self::Pipeline => "pipeline",
            Self::Unexpected => "unexpected",
            Self::Stalled => "stalled",
            Self::Vanished => "vanished",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a message was not acted upon. Since 1.2.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// It is no message: not JSON, a field is missing or of the wrong kind, or the frame is binary.
    InvalidMessage,
    /// Its type is not known.
    UnknownType,
    /// The version is not spoken here.
    UnsupportedVersion,
    /// The version may only be chosen by the first message.
    LateVersion,
    /// The message belongs to a newer version than the one that the sender chose.
    NeedsNewerVersion,
    /// The sender's token does not give it the right.
    Forbidden,
    /// No such peer.
    UnknownPeer,
    /// No such session, or no longer.
    UnknownSession,
    /// The sender is not a member of the session.
    NotAMember,
    /// A peer cannot have a session with itself.
    SelfSession,
    /// Neither of the two peers can be the producer of a session, or neither its consumer.
    NoRoles,
    /// The roles exclude each other.
    RoleConflict,
    /// The member may not make an offer here.
    OfferNotAllowed,
    /// One of the two peers has as many sessions as it may have.
    TooManySessions,
    /// The description of the peer is too long.
    MetaTooLong,
    /// A code of a newer protocol.
    #[serde(other)]
    Unknown,
}
