//! The server: accepts connections, makes them websockets and ends them all when it is told to.

use crate::board::Board;
use crate::config::Config;
use crate::connection;
use crate::door::{Door, Visit};
use crate::entrance::{Entrance, Guest};
use crate::exchange::IceServers;
use crate::metrics::Metrics;
use crate::upgrade::{self, Opened, UpgradeError, Upgraded};
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, error, info, warn};

/// The longest pause after a connection could not be accepted.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How many connections of other servers may wait to be taken over.
const MAX_GUESTS: usize = 64;
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
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// Added to every response that accepts a websocket.
    pub(crate) headers: HeaderMap,
    pub(crate) door: Arc<Door>,
    tls: Option<TlsAcceptor>,
    board: Arc<Board>,
    /// How many websockets are open.
    open: watch::Sender<usize>,
}

/// Serves `listener` until `shutdown` resolves, or until everyone has left after [`crate::Control::drain`]. Then
/// disconnects everyone with close code 1001 and returns once all connections have ended, which takes
/// [`Config::close_timeout`] at most. Dropping the future cuts all connections off at once.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    Server::new(config)?.run(listener, shutdown).await;
    Ok(())
}

/// A server that does not listen yet. Where nothing but its own port leads to it, [`run`] is simpler.
pub struct Server {
    shared: Arc<Shared>,
    entrance: mpsc::Sender<Guest>,
    guests: mpsc::Receiver<Guest>,
}

impl Server {
    /// A server that behaves like this.
    pub fn new(config: Config) -> Result<Self, RunError> {
        let shared = Arc::new(Shared {
            headers: response_headers(&config.headers)?,
            door: Arc::new(Door::new(config.max_connections, config.max_connections_per_address)),
            tls: config.tls.clone().map(TlsAcceptor::from),
            board: Arc::new(Board::new(&config, ice_servers(&config))),
            open: watch::Sender::new(0),
            config,
        });
        let board = Arc::downgrade(&shared.board);
        shared.config.metrics.ask(move || board.upgrade().map(|board| board.census()).unwrap_or_default());
        let (entrance, guests) = mpsc::channel(MAX_GUESTS);
        Ok(Self { shared, entrance, guests })
    }

    /// A way in for connections that another HTTP server has accepted.
    pub fn entrance(&self) -> Entrance {
        Entrance::new(self.shared.clone(), self.entrance.clone())
    }

    /// As [`run`].
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let Self { shared, entrance: _entrance, mut guests } = self;
        let (closing, closed) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut pause = Duration::ZERO;
        let (mut shutdown, mut emptied) = (pin!(shutdown), pin!(emptied(&shared)));
        let (mut leases, mut renewals) =
            (pin!(shared.board.watch_leases(&shared.config.control)), pin!(renew_ice_servers(&shared)));
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = &mut emptied => break,
                Some(done) = connections.join_next() => report(done),
                () = &mut leases => {}
                () = &mut renewals => {}
                Some(guest) = guests.recv() => drop(connections.spawn(guest)),
                (stream, address) = accept(&listener, &mut pause, &shared.config.metrics) => {
                    match shared.door.enter(address) {
                        Some(visit) => drop(connections.spawn(connect(stream, visit, shared.clone(), closed.clone()))),
                        None => shared.config.metrics.refused("crowd"),
                    }
                }
            }
        }
        info!("shutting down");
        drop(listener);
        drop(guests);
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
    }
}

/// Tells each peer of the servers, with credentials of its own.
fn ice_servers(config: &Config) -> IceServers {
    let ice = config.ice.clone();
    Box::new(move |peer| ice.servers(peer.as_str(), SystemTime::now()))
}

/// Resolves when the server drains and everyone has left.
async fn emptied(shared: &Shared) {
    shared.config.control.draining().await;
    // Cannot fail: the sender lives as long as this.
    let _ = shared.open.subscribe().wait_for(|open| *open == 0).await;
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
pub(crate) async fn accept(
    listener: &TcpListener,
    pause: &mut Duration,
    metrics: &Metrics,
) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                *pause = Duration::ZERO;
                return accepted;
            }
            Err(failure) if gave_up(&failure) => debug!(%failure, "a peer gave up while connecting"),
            Err(failure) => {
                *pause = (*pause * 2).clamp(Duration::from_millis(10), MAX_PAUSE);
                metrics.accept_failed();
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
async fn connect(stream: TcpStream, visit: Visit, shared: Arc<Shared>, closed: watch::Receiver<()>) {
    let address = visit.address();
    debug!(%address, "connection accepted");
    if let Err(failure) = stream.set_nodelay(true) {
        debug!(%address, %failure, "failed to set TCP_NODELAY");
    }
    // Handshakes are boxed: they need much memory for a short time, which the task of a connection, idle for
    // hours, would keep.
    match shared.tls.clone() {
        None => {
            let opened = upgrade::accept(stream, &visit, &shared);
            if let Some(opened) = Box::pin(shake_hands(address, &shared, closed.clone(), opened)).await {
                attend(opened, &shared, visit, closed).await;
            }
        }
        Some(tls) => {
            let opened = async {
                let stream = Box::new(tls.accept(stream).await.map_err(UpgradeError::Tls)?);
                upgrade::accept(stream, &visit, &shared).await
            };
            if let Some(opened) = Box::pin(shake_hands(address, &shared, closed.clone(), opened)).await {
                attend(opened, &shared, visit, closed).await;
            }
        }
    }
}

/// Serves a peer or, to a browser, a part of the page.
async fn attend<S>(opened: Opened<S>, shared: &Shared, visit: Visit, mut closed: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut stream, answer, head) = match opened {
        Opened::Websocket(upgraded) => return serve(*upgraded, shared, visit).await,
        Opened::Page(stream, answer, head) => (stream, answer, head),
    };
    let sent = Box::pin(answer.send(&mut stream, head, shared.config.handshake_timeout));
    tokio::select! {
        sent = sent => if let Err(failure) = sent {
            debug!(address = %visit.address(), %failure, "failed to send a part of the page");
        },
        // Fails when the server drops the other end.
        _ = closed.changed() => {}
    }
}

pub(crate) async fn serve<S>((socket, grant): Upgraded<S>, shared: &Shared, visit: Visit)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _open = Open::new(&shared.open);
    connection::serve(socket, &shared.board, &shared.config, grant, visit).await;
}

/// An open websocket; counted until it is dropped.
struct Open<'a>(&'a watch::Sender<usize>);

impl<'a> Open<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|open| *open += 1);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// Waits for a handshake, but neither longer than a peer may take nor beyond the server's end. Nothing where there
/// is nothing left to do.
async fn shake_hands<S>(
    address: SocketAddr,
    shared: &Shared,
    mut closed: watch::Receiver<()>,
    handshake: impl Future<Output = Result<Option<Opened<S>>, UpgradeError>>,
) -> Option<Opened<S>> {
    let metrics = &shared.config.metrics;
    let begun = Instant::now();
    tokio::select! {
        done = timeout(shared.config.handshake_timeout, handshake) => match done {
            Ok(Ok(opened)) => {
                if let Some(Opened::Websocket(_)) = &opened {
                    metrics.opened(begun.elapsed());
                }
                opened
            }
            Ok(Err(failure)) => {
                debug!(%address, "failed to {failure}");
                metrics.refused(failure.cause());
                None
            }
            Err(_) => {
                debug!(%address, "failed to finish the handshake in time");
                metrics.refused("timeout");
                None
            }
        },
        // Fails when the server drops the other end.
        _ = closed.changed() => None,
    }
}
