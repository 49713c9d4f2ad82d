//! Why a connection ends, and what the peer is told about it (RFC 6455 section 7.4).

use async_tungstenite::tungstenite::Error;
use async_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    #[error("the peer closed the connection")]
    ClosedByPeer,
    #[error("the server is shutting down")]
    Shutdown,
    #[error("another connection has taken over")]
    TakenOver,
    #[error("the token has expired")]
    Expired,
    #[error("messages were not read in time")]
    TooSlow,
    #[error("nothing was heard for too long")]
    Silent,
    #[error("a message was longer than {max} bytes")]
    TooLong { max: usize },
    #[error("a text message was not valid UTF-8")]
    NotText,
    #[error("the websocket protocol was violated: {0}")]
    Violation(ProtocolError),
    #[error("the connection was lost: {0}")]
    Lost(Error),
}

impl Ending {
    /// Whether the connection broke, rather than being ended by someone, or another token is needed: the peer may
    /// come back.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Silent | Self::Expired)
    }

    /// The frame that starts the closing handshake; nothing where there is nobody left to tell, or where the
    /// peer has started it.
    pub(crate) fn close_frame(&self) -> Option<CloseFrame> {
        let code = match self {
            Self::ClosedByPeer | Self::Lost(_) => return None,
            Self::Shutdown => CloseCode::Away,
            Self::TakenOver | Self::Expired | Self::TooSlow | Self::Silent => CloseCode::Policy,
            Self::TooLong { .. } => CloseCode::Size,
            Self::NotText => CloseCode::Invalid,
            Self::Violation(_) => CloseCode::Protocol,
        };
        let reason = match self {
            // The reason has to fit into a control frame of 125 bytes.
            Self::Violation(_) => "the websocket protocol was violated".to_owned(),
            other => other.to_string(),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        match error {
            // Nothing can be sent once the peer's Close has been read.
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::SendAfterClosing) => Self::ClosedByPeer,
            Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
                Self::TooLong { max: max_size }
            }
            Error::Utf8(_) => Self::NotText,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Lost(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))
            }
            Error::Protocol(violation) => Self::Violation(violation),
            other => Self::Lost(other),
        }
    }
}
