//! Why a request does not become a websocket, and what its sender is answered.

use crate::access::{MAX_ROOM, TokenError};
use crate::answer::Answer;
use async_tungstenite::tungstenite::error::{Error, ProtocolError};
use async_tungstenite::tungstenite::http::StatusCode;

/// Why a request is denied. The text is for the person who sent it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denial {
    #[error("This is a WebRTC signalling server. It speaks websocket: connect with ws:// or wss://.")]
    NotAWebSocket(Error),
    #[error("This is no HTTP request that a websocket begins with.")]
    NotHttp,
    #[error("The head of the request is too long or comes in too many pieces.")]
    TooLong,
    #[error("A token is needed: send it as \"Authorization: Bearer TOKEN\".")]
    TokenMissing,
    #[error("The token does not serve: {0}.")]
    Token(TokenError),
    #[error("The token cannot be read: as a subprotocol it is gstwebrtc.token.BASE64URL, without padding.")]
    TokenForm,
    #[error("There is more than one token: send one.")]
    TwoTokens,
    #[error("The token gives no rights: it has to name some of \"produce\", \"consume\" and \"list\".")]
    NoRights,
    #[error("The token is for another room.")]
    AnotherRoom,
    #[error("The name of the room is longer than {MAX_ROOM} bytes.")]
    RoomName,
    #[error("Pages from this origin may not connect.")]
    Origin,
    #[error("The server is about to stop: connect again later, or to another.")]
    Draining,
    #[error("The server has as many connections as it takes: connect again later.")]
    Full,
    #[error("There are too many connections from this address: close some.")]
    AddressFull,
}

impl Denial {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotAWebSocket(error) => websocket_status(error),
            Self::TooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NotHttp | Self::TokenForm | Self::TwoTokens | Self::RoomName => StatusCode::BAD_REQUEST,
            Self::TokenMissing | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::NoRights | Self::AnotherRoom | Self::Origin => StatusCode::FORBIDDEN,
            Self::Draining | Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::AddressFull => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// One word, for the metrics.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::NotAWebSocket(_) => "not-a-websocket",
            Self::NotHttp | Self::TooLong | Self::TokenForm | Self::TwoTokens | Self::RoomName => {
                "bad-request"
            }
            Self::TokenMissing => "token-missing",
            Self::Token(_) => "token",
            Self::NoRights | Self::AnotherRoom => "rights",
            Self::Origin => "origin",
            Self::Draining => "draining",
            Self::Full => "full",
            Self::AddressFull => "address-full",
        }
    }

    /// The answer, for people or for programs. Pages from everywhere may read it: their browsers do not tell them the
    /// answer to the request for a websocket itself.
    pub(crate) fn answer(&self, json: bool) -> Answer {
        let status = self.status();
        let mut answer = if json {
            let body = serde_json::json!({ "reason": self.cause(), "text": self.to_string() });
            Answer::of(status, "application/json", body.to_string())
        } else {
            Answer::text(status, format!("{self}\n"))
        };
        answer.header("Cache-Control", "no-store");
        answer.share();
        match status {
            StatusCode::UPGRADE_REQUIRED => {
                answer.header("Upgrade", "websocket");
                answer.header("Sec-WebSocket-Version", "13");
            }
            StatusCode::METHOD_NOT_ALLOWED => answer.header("Allow", "GET, HEAD"),
            _ => {}
        }
        if let Some(challenge) = self.challenge() {
            answer.header("WWW-Authenticate", challenge);
        }
        answer
    }

    /// What is wrong with the token, for programs (RFC 6750 section 3).
    fn challenge(&self) -> Option<String> {
        Some(match self {
            Self::TokenMissing => "Bearer".to_owned(),
            Self::Token(reason) => format!("Bearer error=\"invalid_token\", error_description=\"{reason}\""),
            Self::NoRights | Self::AnotherRoom => "Bearer error=\"insufficient_scope\"".to_owned(),
            Self::TokenForm | Self::TwoTokens => "Bearer error=\"invalid_request\"".to_owned(),
            _ => return None,
        })
    }
}

fn websocket_status(error: &Error) -> StatusCode {
    match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Protocol(
            ProtocolError::WrongHttpVersion
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    }
}
