//! The server: accepts connections, makes them websockets and ends them all when it is told to.

use crate::board::Board;
use crate::config::Config;
use crate::connection;
use crate::exchange::IceServers;
use crate::grant::Grant;
use crate::upgrade::{self, UpgradeError};
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, error, info, warn};

/// The longest pause after a connection could not be accepted.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// What connections are given on top of their own deadline before they are cut off.
const GRACE: Duration = Duration::from_millis(100);

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A name or value in [`Config::headers`] is not allowed in HTTP.
    #[error("add the header {name:?} to responses: its name or value is not valid")]
    Header {
        /// The name as it was given.
        name: String,
    },
}

/// What every connection needs.
struct Shared {
    config: Config,
    headers: HeaderMap,
    tls: Option<TlsAcceptor>,
    board: Arc<Board>,
}

/// Serves `listener` until `shutdown` resolves, then disconnects everyone with close code 1001 and returns
/// once all connections have ended, which takes [`Config::close_timeout`] at most. Dropping the future cuts
/// all connections off at once.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let shared = Arc::new(Shared {
        headers: response_headers(&config.headers)?,
        tls: config.tls.clone().map(TlsAcceptor::from),
        board: Arc::new(Board::new(&config, ice_servers(&config))),
        config,
    });
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut pause = Duration::ZERO;
    let mut shutdown = pin!(shutdown);
    let board = shared.board.clone();
    let (mut leases, mut renewals) = (pin!(board.watch_leases()), pin!(renew_ice_servers(&shared)));
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(done) = connections.join_next() => report(done),
            () = &mut leases => {}
            () = &mut renewals => {}
            (stream, address) = accept(&listener, &mut pause) => {
                connections.spawn(connect(stream, address, shared.clone(), closed.clone()));
            }
        }
    }
    info!("shutting down");
    drop(listener);
    drop(closing);
    shared.board.close();
    let all_ended = async {
        while let Some(done) = connections.join_next().await {
            report(done);
        }
    };
    if timeout(shared.config.close_timeout + GRACE, all_ended).await.is_err() {
        warn!(connections = connections.len(), "cutting off connections that did not end in time");
        connections.shutdown().await;
    }
    Ok(())
}

/// Tells each peer of the servers, with credentials of its own.
fn ice_servers(config: &Config) -> IceServers {
    let ice = config.ice.clone();
    Box::new(move |peer| ice.servers(peer.as_str(), SystemTime::now()))
}

/// Tells everyone of the servers again when that is due. Runs until it is dropped.
async fn renew_ice_servers(shared: &Shared) {
    let ice = &shared.config.ice;
    let mut others = ice.others();
    loop {
        let due = async {
            match ice.renew_after() {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            // Cannot fail: the sender lives as long as this.
            _ = others.changed() => {}
        }
        shared.board.renew_ice_servers().await;
    }
}

fn report(done: Result<(), JoinError>) {
    if let Err(failure) = done {
        error!(%failure, "a connection ended by a bug in the server");
    }
}

fn response_headers(headers: &[(String, String)]) -> Result<HeaderMap, RunError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let invalid = || RunError::Header { name: name.clone() };
        let parsed: HeaderValue = value.parse().map_err(|_| invalid())?;
        // Only printable ASCII can be written into a response.
        parsed.to_str().map_err(|_| invalid())?;
        map.append(name.parse::<HeaderName>().map_err(|_| invalid())?, parsed);
    }
    Ok(map)
}

/// The next connection. Failures, such as too many open files, are waited out: they never end the server.
async fn accept(listener: &TcpListener, pause: &mut Duration) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                *pause = Duration::ZERO;
                return accepted;
            }
            Err(failure) if gave_up(&failure) => debug!(%failure, "a peer gave up while connecting"),
            Err(failure) => {
                *pause = (*pause * 2).clamp(Duration::from_millis(10), MAX_PAUSE);
                warn!(%failure, retry_in = ?pause, "failed to accept a connection");
                sleep(*pause).await;
            }
        }
    }
}

/// Whether accepting failed because of the one connection that was to be accepted.
fn gave_up(failure: &io::Error) -> bool {
    matches!(failure.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// A connection from its first byte to its last.
async fn connect(stream: TcpStream, address: SocketAddr, shared: Arc<Shared>, closed: watch::Receiver<()>) {
    debug!(%address, "connection accepted");
    if let Err(failure) = stream.set_nodelay(true) {
        debug!(%address, %failure, "failed to set TCP_NODELAY");
    }
    match shared.tls.clone() {
        None => {
            let Some(socket) = shake_hands(address, &shared, closed, upgrade(stream, &shared)).await else {
                return;
            };
            connection::serve(socket, &shared.board, &shared.config, Grant::default()).await;
        }
        Some(tls) => {
            let upgraded = async { upgrade(tls.accept(stream).await?, &shared).await };
            let Some(socket) = shake_hands(address, &shared, closed, upgraded).await else {
                return;
            };
            connection::serve(socket, &shared.board, &shared.config, Grant::default()).await;
        }
    }
}

async fn upgrade<S>(stream: S, shared: &Shared) -> Result<WebSocketStream<TokioAdapter<S>>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    upgrade::accept(stream, &shared.headers, shared.config.websocket()).await
}

/// Waits for a handshake, but neither longer than a peer may take nor beyond the server's end.
async fn shake_hands<T>(
    address: SocketAddr,
    shared: &Shared,
    mut closed: watch::Receiver<()>,
    handshake: impl Future<Output = Result<T, UpgradeError>>,
) -> Option<T> {
    tokio::select! {
        done = timeout(shared.config.handshake_timeout, handshake) => match done {
            Ok(Ok(socket)) => Some(socket),
            Ok(Err(failure)) => {
                debug!(%address, "failed to {failure}");
                None
            }
            Err(_) => {
                debug!(%address, "failed to finish the handshake in time");
                None
            }
        },
        // Fails when the server drops the other end.
        _ = closed.changed() => None,
    }
}
