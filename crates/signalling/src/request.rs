//! Reads the head of an HTTP request (RFC 9112 section 2).

use crate::denial::Denial;
use async_tungstenite::tungstenite::handshake::server::Request;
use async_tungstenite::tungstenite::http::header::UPGRADE;
use async_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Method, Uri, Version};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long the head of a request may be, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long the head of a browser's request is, about.
const USUAL_HEAD: usize = 1024;
/// In how many pieces the head may arrive: it is parsed again with each one.
const MAX_READS: usize = 100;
/// How many headers a request may have.
const MAX_HEADERS: usize = 100;

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("exchange bytes with the peer: {0}")]
    Io(#[from] io::Error),
    #[error("read a request: the peer closed the connection")]
    Closed,
    #[error("read a request: {0}")]
    Denied(Denial),
}

/// The request at the beginning of the stream, and the bytes that followed its head.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(Request, Vec<u8>), RequestError> {
    let mut head = Vec::with_capacity(USUAL_HEAD);
    for _ in 0..MAX_READS {
        if head.len() >= MAX_HEAD {
            break;
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(RequestError::Closed);
        }
        if let Some((length, request)) = parse(&head).map_err(RequestError::Denied)? {
            return Ok((request, head.split_off(length)));
        }
    }
    Err(RequestError::Denied(Denial::TooLong))
}

/// Whether the request asks for a websocket. What else a client would rather speak (RFC 9110 section 7.8) changes nothing
/// about what it asks for.
pub(crate) fn is_upgrade(request: &Request) -> bool {
    let values = request.headers().get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// The request and the length of its head; nothing while that is not complete.
fn parse(head: &[u8]) -> Result<Option<(usize, Request)>, Denial> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Denial::TooLong),
        Err(_) => return Err(Denial::NotHttp),
    };
    request(&parsed).map(|request| Some((length, request))).ok_or(Denial::NotHttp)
}

fn request(parsed: &httparse::Request<'_, '_>) -> Option<Request> {
    let mut request = Request::new(());
    *request.method_mut() = parsed.method?.parse::<Method>().ok()?;
    *request.uri_mut() = parsed.path?.parse::<Uri>().ok()?;
    *request.version_mut() = if parsed.version? == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    for header in parsed.headers.iter() {
        let name = header.name.parse::<HeaderName>().ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_names_websockets_asks_for_one() {
        let asks = |values: &[&str]| {
            let lines: String = values.iter().map(|value| format!("Upgrade: {value}\r\n")).collect();
            let head = format!("GET / HTTP/1.1\r\n{lines}\r\n");
            is_upgrade(&parse(head.as_bytes()).unwrap().unwrap().1)
        };
        for values in [&["websocket"][..], &["WebSocket"], &["h2c, websocket"], &["h2c", "websocket"]] {
            assert!(asks(values), "{values:?}");
        }
        for values in [&[][..], &["h2c"], &["h2c, TLS/1.0"], &["websocket2"], &[""]] {
            assert!(!asks(values), "{values:?}");
        }
    }
}
