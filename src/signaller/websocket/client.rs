//! The connection to the signalling server: connect, converse, and again when it is lost.
//!
//! One task per socket owns its sending half and is the only one that writes; what is sent enters one queue
//! in the order of the calls. The queue's end closes the socket.

use super::tls::{self, TlsError};
use crate::runtime;
use async_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, handshake::client::Request};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream, tokio::TokioAdapter};
use futures::{SinkExt, StreamExt};
use logic::backoff::Backoff;
use logic::peer_client::{Action, PeerClient, Purpose};
use protocol::{ClientMessage, Meta, ServerMessage, SessionId};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait for a slow server.
const QUEUE: usize = 1000;
/// One attempt to connect takes no longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server to which nothing was said for this long is pinged.
const PING: Duration = Duration::from_secs(30);
/// A server from which nothing came for this long, not even the answer to a ping, is lost.
const SILENCE: Duration = Duration::from_secs(70);
/// The server's half of the closing handshake takes no longer.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(250);

/// Where and how to connect.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) url: url::Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) cafile: Option<String>,
    pub(super) insecure_tls: bool,
    pub(super) purpose: Purpose,
    /// Attempts before the first success; once connected, there is no limit.
    pub(super) first_attempts: u32,
}

/// A connection could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("resolve or reach {0}: {1}")]
    Reach(String, std::io::Error),
    #[error("{0}")]
    Tls(#[from] TlsError),
    #[error("secure the connection: {0}; for a self-signed certificate set property cafile")]
    Handshake(std::io::Error),
    #[error("use the address: {0}")]
    Address(String),
    #[error("agree on a websocket: {0}")]
    Upgrade(#[from] tungstenite::Error),
    #[error("get an answer within {} seconds", CONNECT_TIMEOUT.as_secs())]
    TimedOut,
}

impl ConnectError {
    /// Whether trying again is useless.
    fn is_final(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Tls(_))
    }
}

/// What the connection asks of and tells its owner. Called off the runtime, one at a time.
pub(super) trait Owner: Send + Sync + 'static {
    fn meta(&self) -> Option<Meta>;
    fn act(&self, action: Action);
    fn lost(&self, text: &str, retry_in: Duration);
    fn failed(&self, text: &str);
}

/// What is to be said to the server.
pub(super) enum Outgoing {
    Message(ClientMessage),
    EndSession(SessionId, Option<String>),
}

/// A running connection; dropping it says what is queued and closes.
pub(super) struct Connection {
    queue: mpsc::Sender<Outgoing>,
    _stop: oneshot::Sender<()>,
    finished: std::sync::mpsc::Receiver<()>,
}

impl Connection {
    /// Connects in the background.
    pub(super) fn start(config: Config, owner: Arc<dyn Owner>) -> Self {
        let (queue, outgoing) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let (finish, finished) = std::sync::mpsc::sync_channel(1);
        runtime::spawn(async move {
            run(config, owner, outgoing, stopped).await;
            drop(finish);
        });
        Self { queue, _stop: stop, finished }
    }

    /// Queues something to say; false where the queue is full or the connection has ended.
    pub(super) fn send(&self, outgoing: Outgoing) -> bool {
        self.queue.try_send(outgoing).is_ok()
    }

    /// Closes, and lets the last words leave before a process that ends next; never longer than `limit`.
    pub(super) fn close(self, limit: Duration) {
        let Self { queue, _stop: stop, finished } = self;
        drop((queue, stop));
        if !runtime::is_current() {
            // Disconnected is what we wait for; a timeout is no error either.
            let _ = finished.recv_timeout(limit);
        }
    }
}

type Socket = WebSocketStream<TokioAdapter<Box<dyn Stream>>>;

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Stream for T {}

enum Ended {
    Stopped,
    Lost(String),
}

async fn run(
    config: Config,
    owner: Arc<dyn Owner>,
    outgoing: mpsc::Receiver<Outgoing>,
    mut stop: oneshot::Receiver<()>,
) {
    let seed = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos().into());
    let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(10), seed);
    let outgoing = Arc::new(tokio::sync::Mutex::new(outgoing));
    let mut connected_before = false;
    loop {
        let attempt = tokio::select! {
            attempt = connect(&config) => attempt,
            _ = &mut stop => return,
        };
        let problem = match attempt {
            Ok(socket) => {
                connected_before = true;
                backoff.succeeded();
                match converse(socket, &config, &owner, outgoing.clone(), &mut stop).await {
                    Ended::Stopped => return,
                    Ended::Lost(text) => text,
                }
            }
            Err(err) => {
                let text =
                    format!("failed to connect to the signalling server at {}: failed to {err}", config.url);
                let given_up = !connected_before && backoff.attempts() + 1 >= config.first_attempts;
                if given_up || err.is_final() {
                    let owner = owner.clone();
                    runtime::blocking(move || owner.failed(&text)).await;
                    return;
                }
                text
            }
        };
        let delay = backoff.failed();
        let announcer = owner.clone();
        runtime::blocking(move || announcer.lost(&problem, delay)).await;
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = &mut stop => return,
        }
    }
}

async fn connect(config: &Config) -> Result<Socket, ConnectError> {
    tokio::time::timeout(CONNECT_TIMEOUT, connect_unbounded(config))
        .await
        .map_err(|_| ConnectError::TimedOut)?
}

async fn connect_unbounded(config: &Config) -> Result<Socket, ConnectError> {
    let request = request(config)?;
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

/// The upgrade request, with the application's headers.
fn request(config: &Config) -> Result<Request, ConnectError> {
    let address = |text: String| ConnectError::Address(text);
    let mut request = config.url.as_str().into_client_request().map_err(|err| address(err.to_string()))?;
    for (name, value) in &config.headers {
        let bad = |err: &dyn std::fmt::Display| address(format!("header {name} (property headers): {err}"));
        let header: tungstenite::http::HeaderName = name.parse().map_err(|err| bad(&err))?;
        let value: tungstenite::http::HeaderValue = value.parse().map_err(|err| bad(&err))?;
        request.headers_mut().append(header, value);
    }
    Ok(request)
}

/// One connection, from its welcome to its end.
async fn converse(
    socket: Socket,
    config: &Config,
    owner: &Arc<dyn Owner>,
    outgoing: Arc<tokio::sync::Mutex<mpsc::Receiver<Outgoing>>>,
    stop: &mut oneshot::Receiver<()>,
) -> Ended {
    let (sink, mut reader) = socket.split();
    let asking = owner.clone();
    let meta = runtime::blocking(move || asking.meta()).await.flatten();
    let client = Arc::new(Mutex::new(PeerClient::new(config.purpose.clone(), meta)));
    let (replies, queue) = mpsc::channel(QUEUE);
    let (hang_up, hung_up) = oneshot::channel();
    let sender = tokio::spawn(send(sink, client.clone(), outgoing, queue, hung_up));
    let ended = tokio::select! {
        text = read(&mut reader, &client, owner, &replies) => Ended::Lost(text),
        _ = stop => Ended::Stopped,
    };
    drop(replies);
    // The sending task says what is queued, then closes. It needs the reader for the closing handshake.
    drop(hang_up);
    let abandon = sender.abort_handle();
    let finish = async {
        while let Some(Ok(_)) = reader.next().await {}
        let _ = sender.await;
    };
    // A server that does not take part in the closing handshake is left without it; the task that is stuck
    // in it must let go of the queue, which the next connection needs.
    if tokio::time::timeout(CLOSE_TIMEOUT, finish).await.is_err() {
        abandon.abort();
    }
    ended
}

/// The only task that writes to the socket: answers to the server first, then the callers' queue, in order.
async fn send(
    mut sink: WebSocketSender<TokioAdapter<Box<dyn Stream>>>,
    client: Arc<Mutex<PeerClient>>,
    outgoing: Arc<tokio::sync::Mutex<mpsc::Receiver<Outgoing>>>,
    mut replies: mpsc::Receiver<ClientMessage>,
    mut hung_up: oneshot::Receiver<()>,
) {
    let mut outgoing = outgoing.lock().await;
    let mut next = Some(PeerClient::opening());
    loop {
        if let Some(message) = next.take() {
            let Ok(text) = serde_json::to_string(&message) else {
                continue;
            };
            if sink.send(Message::text(text)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            biased;
            Some(reply) = replies.recv() => next = Some(reply),
            said = outgoing.recv() => match said {
                Some(Outgoing::Message(message)) => next = Some(message),
                Some(Outgoing::EndSession(session, error)) => next = lock(&client).end_session(&session, error),
                None => break,
            },
            _ = &mut hung_up => break,
            () = tokio::time::sleep(PING) => {
                if sink.send(Message::Ping(Default::default())).await.is_err() {
                    return;
                }
            }
        }
    }
    // Flushes the reply to the server's Close where there was one, else opens the closing handshake.
    let _ = SinkExt::close(&mut sink).await;
}

/// Reads until the connection is lost; returns why.
async fn read(
    reader: &mut WebSocketReceiver<TokioAdapter<Box<dyn Stream>>>,
    client: &Arc<Mutex<PeerClient>>,
    owner: &Arc<dyn Owner>,
    replies: &mpsc::Sender<ClientMessage>,
) -> String {
    loop {
        let Ok(next) = tokio::time::timeout(SILENCE, reader.next()).await else {
            return "the signalling server has fallen silent".into();
        };
        let text = match next {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_))) | None => {
                return "the signalling server closed the connection".into();
            }
            Some(Ok(_)) => continue,
            Some(Err(err)) => return format!("the connection to the signalling server was lost: {err}"),
        };
        let Ok(message) = serde_json::from_str::<ServerMessage>(&text) else {
            gst::warning!(
                super::imp::CAT,
                "ignoring a message that cannot be understood ({} bytes)",
                text.len()
            );
            continue;
        };
        let actions = lock(client).handle(message);
        for action in actions {
            if let Action::Send(reply) = action {
                if replies.try_send(reply).is_err() {
                    return "the connection to the signalling server is stuck".into();
                }
                continue;
            }
            let owner = owner.clone();
            runtime::blocking(move || owner.act(action)).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
