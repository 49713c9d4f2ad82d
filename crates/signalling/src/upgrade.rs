//! From an HTTP request to a websocket (RFC 6455 section 4.2), or to an HTTP answer that says why not.

use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use async_tungstenite::tungstenite::handshake::machine::TryParse;
use async_tungstenite::tungstenite::handshake::server::{Request, Response, create_response, write_response};
use async_tungstenite::tungstenite::http::{HeaderMap, StatusCode};
use async_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use async_tungstenite::tungstenite::{Error, http};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long the head of a request may be, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// In how many pieces the head may arrive: it is parsed again with each one.
const MAX_READS: usize = 100;

/// Why a connection did not become a websocket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpgradeError {
    #[error("exchange bytes with the peer: {0}")]
    Io(#[from] io::Error),
    #[error("read a request: the peer closed the connection")]
    Closed,
    #[error("read a request: its head is too long or comes in too many pieces")]
    TooLong,
    #[error("upgrade a request to a websocket: {0}")]
    NotAWebSocket(Error),
}

/// Reads a request and makes the stream a websocket, with `headers` added to the response. A request that
/// asks for something else is answered before the error is returned.
pub(crate) async fn accept<S>(
    mut stream: S,
    headers: &HeaderMap,
    config: WebSocketConfig,
) -> Result<WebSocketStream<TokioAdapter<S>>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (response, rest) = match read_request(&mut stream).await {
        Ok((mut response, rest)) => {
            for (name, value) in headers {
                response.headers_mut().append(name, value.clone());
            }
            (response, rest)
        }
        Err(error) => {
            if let Some(status) = status(&error) {
                stream.write_all(refusal(status).as_bytes()).await?;
                stream.shutdown().await?;
            }
            return Err(error);
        }
    };
    let mut head = Vec::new();
    write_response(&mut head, &response).map_err(UpgradeError::NotAWebSocket)?;
    stream.write_all(&head).await?;
    stream.flush().await?;
    let stream = TokioAdapter::new(stream);
    Ok(WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await)
}

/// The response that accepts the request, and the bytes that followed the request.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Result<(Response, Vec<u8>), UpgradeError> {
    let mut head = Vec::new();
    for _ in 0..MAX_READS {
        if head.len() >= MAX_HEAD {
            break;
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(UpgradeError::Closed);
        }
        if let Some((length, request)) = Request::try_parse(&head).map_err(UpgradeError::NotAWebSocket)? {
            let response = create_response(&request).map_err(UpgradeError::NotAWebSocket)?;
            return Ok((response, head.split_off(length)));
        }
    }
    Err(UpgradeError::TooLong)
}

/// How to answer a failed request over HTTP; nothing where there is nobody to answer.
fn status(error: &UpgradeError) -> Option<StatusCode> {
    let error = match error {
        UpgradeError::Io(_) | UpgradeError::Closed => return None,
        UpgradeError::TooLong => return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        UpgradeError::NotAWebSocket(error) => error,
    };
    Some(match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Protocol(
            ProtocolError::WrongHttpVersion
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        Error::Capacity(CapacityError::TooManyHeaders) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    })
}

/// A whole HTTP response that ends the connection.
fn refusal(status: http::StatusCode) -> String {
    let body = "This is a WebRTC signalling server. It speaks websocket: connect with ws:// or wss://.\n";
    let extra = match status {
        StatusCode::UPGRADE_REQUIRED => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        StatusCode::METHOD_NOT_ALLOWED => "Allow: GET\r\n",
        _ => "",
    };
    format!(
        "HTTP/1.1 {status}\r\n{extra}Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
