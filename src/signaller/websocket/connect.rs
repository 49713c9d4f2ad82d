//! From an address to a websocket, and why that fails.

use super::connection::Config;
use super::tls::{self, TlsError};
use crate::runtime;
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use async_tungstenite::tungstenite::{self, client::IntoClientRequest, handshake::client::Request};
use std::time::Duration;
use tokio::net::TcpStream;

/// A server that asks for more patience than this is asked again all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// An open websocket.
pub(super) type Socket = WebSocketStream<TokioAdapter<Box<dyn Stream>>>;

/// What a websocket runs over: TCP or TLS.
pub(super) trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Stream for T {}

/// What is shown to the server at the door.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) headers: Vec<(String, String)>,
    pub(super) token: Option<String>,
}

/// A connection could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("resolve or reach {0}: {1}")]
    Reach(String, std::io::Error),
    #[error("{0}")]
    Tls(#[from] TlsError),
    #[error("secure the connection: {0}")]
    Handshake(std::io::Error),
    #[error("use the address: {0}")]
    Address(String),
    #[error("agree on a websocket: {0}")]
    Upgrade(tungstenite::Error),
    #[error("agree on a websocket: the server answered with HTTP status {0}{1}")]
    Answered(StatusCode, Words, Option<Duration>),
    #[error("be let in: the server answered with HTTP status {0}{1}")]
    NotLetIn(StatusCode, Words),
    #[error("be let in with what was the token until now: the server answered with HTTP status {0}")]
    Outdated(StatusCode),
    #[error("register there: {0}")]
    NotRegistered(String),
    #[error("get an answer in time (property connect-timeout of the signaller)")]
    TimedOut,
}

impl ConnectError {
    /// Whether trying again is useless.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Tls(_) | Self::NotLetIn(..))
    }

    /// How long the server wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered(_, _, wanted) => *wanted,
            _ => None,
        }
    }

    /// What the user can do, to follow the text of the error.
    pub(super) fn cure(&self) -> &'static str {
        match self {
            Self::Reach(..) | Self::TimedOut => {
                "; start gst-webrtc-signalling-server there, or set property run-signalling-server of webrtcsink"
            }
            Self::Handshake(err) => handshake_cure(err),
            Self::NotLetIn(..) | Self::Outdated(_) => {
                "; set property auth-token of the signaller to a token that the server accepts for this"
            }
            Self::Answered(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, ..) => {
                "; the server is there but takes nobody now"
            }
            Self::Upgrade(tungstenite::Error::HttpFormat(_) | tungstenite::Error::Protocol(_)) => {
                "; see that property uri of the signaller is the address of a signalling server, and begins with wss:// if that one has a certificate"
            }
            Self::Upgrade(_) | Self::Answered(..) => {
                "; see that property uri of the signaller is the address of a signalling server"
            }
            Self::Address(_) | Self::Tls(_) => "; correct that property of the signaller",
            Self::NotRegistered(_) => "; the server's log may say more",
        }
    }
}

/// The server has answered, but not with a websocket.
impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        let tungstenite::Error::Http(answer) = error else {
            return Self::Upgrade(error);
        };
        match answer.status() {
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Self::NotLetIn(status, Words::of(answer.body()))
            }
            status => Self::Answered(status, Words::of(answer.body()), retry_after(answer.headers())),
        }
    }
}

/// What the server says beside the status, to follow a text; nothing where it says nothing.
#[derive(Debug)]
pub(super) struct Words(String);

impl Words {
    /// How much of it is passed on.
    const MOST: usize = 200;

    fn of(body: &Option<Vec<u8>>) -> Self {
        let text = String::from_utf8_lossy(body.as_deref().unwrap_or_default());
        let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
        let line: String = line.chars().filter(|sign| !sign.is_control()).take(Self::MOST).collect();
        // A page is for people with browsers.
        let says_something = !line.is_empty() && !line.starts_with('<');
        Self(if says_something { format!(": {line}") } else { String::new() })
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What to do about a connection that cannot be secured.
fn handshake_cure(err: &std::io::Error) -> &'static str {
    match err.get_ref().and_then(|err| err.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            "; if the server there has no certificate, begin property uri of the signaller with ws://"
        }
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::NotValidForName
            | rustls::CertificateError::NotValidForNameContext { .. },
        )) => "; use a name in property uri of the signaller for which the server's certificate is made",
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. },
        )) => "; renew the server's certificate, or set this machine's clock",
        _ => "; for a self-signed certificate set property cafile of the signaller",
    }
}

/// Seconds only: a date (RFC 9110 section 10.2.3) would need a clock that agrees with the server's.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Makes one attempt.
pub(super) async fn connect(config: &Config, credentials: &Credentials) -> Result<Socket, ConnectError> {
    let request = request(&config.url, credentials)?;
    let host = config.url.host_str().ok_or_else(|| ConnectError::Address("it has no host".into()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let secure = config.url.scheme() == "wss";
    let port = config.url.port().unwrap_or(if secure { 443 } else { 80 });
    let reach = |err| ConnectError::Reach(format!("{host} port {port}"), err);
    let socket = TcpStream::connect((host.as_str(), port)).await.map_err(reach)?;
    // Offers, answers and candidates are small and urgent: Nagle's algorithm would hold them back.
    socket.set_nodelay(true).map_err(reach)?;
    let stream: Box<dyn Stream> = if secure {
        let (cafile, insecure) = (config.cafile.clone(), config.insecure_tls);
        let tls = runtime::blocking(move || tls::config(cafile.as_deref(), insecure)).await;
        let tls = tls.ok_or(ConnectError::TimedOut)??;
        let name = rustls::pki_types::ServerName::try_from(host.clone());
        let name = name.map_err(|err| ConnectError::Address(err.to_string()))?;
        let stream = tokio_rustls::TlsConnector::from(tls).connect(name, socket).await;
        Box::new(stream.map_err(ConnectError::Handshake)?)
    } else {
        Box::new(socket)
    };
    let (socket, _response) = async_tungstenite::tokio::client_async(request, stream).await?;
    Ok(socket)
}

/// The upgrade request, with the application's headers and its token.
fn request(url: &url::Url, credentials: &Credentials) -> Result<Request, ConnectError> {
    let address = |text: String| ConnectError::Address(text);
    let mut request = url.as_str().into_client_request().map_err(|err| address(err.to_string()))?;
    for (name, value) in &credentials.headers {
        let bad = |err: &dyn std::fmt::Display| address(format!("header {name} (property headers): {err}"));
        let header: HeaderName = name.parse().map_err(|err| bad(&err))?;
        let value: HeaderValue = value.parse().map_err(|err| bad(&err))?;
        request.headers_mut().append(header, value);
    }
    if let Some(token) = &credentials.token {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| {
            address("the token (property auth-token) has signs that HTTP does not allow".into())
        })?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(request)
}
