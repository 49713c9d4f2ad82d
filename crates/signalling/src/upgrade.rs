//! From an HTTP request to a websocket (RFC 6455 section 4.2), or to an HTTP answer that says why not.

use crate::access::credentials::{Credentials, SUBPROTOCOL};
use crate::answer::Answer;
use crate::denial::Denial;
use crate::door::Visit;
use crate::grant::Grant;
use crate::operations;
use crate::question;
use crate::request::{self, RequestError, is_upgrade};
use crate::server::Shared;
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::Error;
use async_tungstenite::tungstenite::handshake::server::{Request, Response, create_response, write_response};
use async_tungstenite::tungstenite::http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use async_tungstenite::tungstenite::http::{HeaderValue, Method};
use async_tungstenite::tungstenite::protocol::Role;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tracing::info;

/// Why a connection did not become a websocket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpgradeError {
    #[error("set up TLS: {0}")]
    Tls(io::Error),
    #[error("exchange bytes with the peer: {0}")]
    Io(#[from] io::Error),
    #[error("read a request: the peer closed the connection")]
    Closed,
    #[error("upgrade a request to a websocket: {0}")]
    Denied(Denial),
    #[error("write a response: {0}")]
    Response(Error),
}

impl UpgradeError {
    /// One word, for the metrics.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Tls(_) => "tls",
            Self::Io(_) | Self::Closed | Self::Response(_) => "lost",
            Self::Denied(denial) => denial.cause(),
        }
    }
}

/// A websocket and what its peer may do.
pub(crate) type Upgraded<S> = (WebSocketStream<TokioAdapter<S>>, Grant);

/// What a connection is for.
pub(crate) enum Opened<S> {
    Websocket(Box<Upgraded<S>>),
    /// A part of the page, still to be sent, and whether without its body.
    Page(S, Answer, bool),
}

/// Reads a request and makes the stream a websocket, or nothing where the request asked for something that has been
/// answered. A denial is answered before it is returned.
pub(crate) async fn accept<S>(
    mut stream: S,
    visit: &Visit,
    shared: &Shared,
) -> Result<Option<Opened<S>>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = shared.config.handshake_timeout;
    let (request, rest) = match request::read(&mut stream).await {
        Ok(read) => read,
        Err(RequestError::Io(error)) => return Err(error.into()),
        Err(RequestError::Closed) => return Err(UpgradeError::Closed),
        Err(RequestError::Denied(denial)) => {
            let answer = denial.answer(false);
            return deny(&mut stream, denial, answer, false, patience).await;
        }
    };
    let head = request.method() == Method::HEAD;
    let operations = operations::answer(&request, visit.address(), &shared.config);
    if let Some(answer) = operations.or_else(|| question::preflight(&request)) {
        answer.send(&mut stream, head, patience).await?;
        return Ok(None);
    }
    if visit.admitted().is_ok()
        && let Some(answer) = shared.config.page.respond(&request).await
    {
        return Ok(Some(Opened::Page(stream, answer, head)));
    }
    let (response, grant) = match admit(&request, visit, shared) {
        Ok(admitted) => admitted,
        Err(denial) => {
            // For the operator, to whom somebody will complain; without who it was, and without the token.
            if is_upgrade(&request) && !matches!(denial, Denial::NotAWebSocket(_)) {
                info!(reason = %denial, "refused a websocket");
            }
            let answer = denial.answer(question::wants_json(&request));
            return deny(&mut stream, denial, answer, head, patience).await;
        }
    };
    let mut head = Vec::new();
    write_response(&mut head, &response).map_err(UpgradeError::Response)?;
    stream.write_all(&head).await?;
    stream.flush().await?;
    let (stream, config) = (TokioAdapter::new(stream), shared.config.websocket());
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await;
    Ok(Some(Opened::Websocket(Box::new((socket, grant)))))
}

async fn deny<T>(
    stream: &mut (impl AsyncWrite + Unpin),
    denial: Denial,
    answer: Answer,
    head: bool,
    patience: Duration,
) -> Result<T, UpgradeError> {
    answer.send(stream, head, patience).await?;
    Err(UpgradeError::Denied(denial))
}

/// The response that accepts the request, and what its sender may do. Who asks by plain HTTP is told what else would keep
/// a websocket out before it is told that this is none.
pub(crate) fn admit(request: &Request, visit: &Visit, shared: &Shared) -> Result<(Response, Grant), Denial> {
    let response = websocket_response(request);
    if !question::is_plain(request)
        && let Err(denial) = response
    {
        return Err(denial);
    }
    let config = &shared.config;
    if config.control.is_draining() {
        return Err(Denial::Draining);
    }
    visit.admitted()?;
    // Only browsers send it; what is no browser can send what it likes.
    if let Some(origin) = request.headers().get(ORIGIN)
        && !config.allows_origin(origin.as_bytes())
    {
        return Err(Denial::Origin);
    }
    let credentials = Credentials::of(request.uri(), request.headers())?;
    let grant = config.access.grant(credentials.token.as_deref(), credentials.room.as_deref())?;
    let mut response = response?;
    let headers = response.headers_mut();
    for (name, value) in &shared.headers {
        headers.append(name, value.clone());
    }
    if credentials.subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok((response, grant))
}

fn websocket_response(request: &Request) -> Result<Response, Denial> {
    if request.method() == Method::HEAD && !is_upgrade(request) {
        // Is answered as GET is.
        let mut get = request.clone();
        *get.method_mut() = Method::GET;
        return create_response(&get).map_err(Denial::NotAWebSocket);
    }
    create_response(request).map_err(Denial::NotAWebSocket)
}
