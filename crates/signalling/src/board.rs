//! The one owner of the exchange: a short lock around each of its decisions, so that every peer sees one common
//! order, and the time.

use crate::config::Config;
use crate::control::Control;
use crate::door::Visit;
use crate::ending::Ending;
use crate::envelope::Envelope;
use crate::exchange::{Exchange, IceServers, Terms};
use crate::grant::Grant;
use crate::hub::Limits;
use crate::metrics::{Census, Metrics};
use crate::post::{Line, Post};
use async_tungstenite::tungstenite::Utf8Bytes;
use protocol::{ClientMessage, PeerId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// The exchange and what connections do to it.
pub(crate) struct Board {
    exchange: Mutex<Exchange>,
    /// A peer was lost: its lease has to be watched.
    lost: Notify,
    metrics: Arc<Metrics>,
}

/// A connection's place on the board; given up when dropped.
pub(crate) struct Membership {
    board: Arc<Board>,
    post: Mutex<Arc<Post>>,
    line: Arc<Line>,
}

impl Board {
    pub(crate) fn new(config: &Config, ice_servers: IceServers) -> Self {
        let terms = Terms {
            limits: Limits {
                sessions_per_peer: config.max_sessions_per_peer,
                meta: config.max_meta_size,
                ..Limits::default()
            },
            queue_bytes: config.queue_bytes,
            lease: config.lease,
            heartbeat: config.heartbeat,
            shortest_heartbeat: config.shortest_heartbeat,
        };
        let metrics = config.metrics.clone();
        let exchange = Exchange::new(terms, ice_servers, metrics.clone(), || Uuid::new_v4().to_string());
        Self { exchange: Mutex::new(exchange), lost: Notify::new(), metrics }
    }

    /// Adds a peer under a new identifier and queues its welcome. Nothing where the server is shutting down.
    pub(crate) fn join(self: &Arc<Self>, grant: &Grant, line: Arc<Line>, visit: Visit) -> Option<Membership> {
        let post = self.lock().join(grant, &line, Some(visit))?;
        Some(Membership { board: self.clone(), post: Mutex::new(post), line })
    }

    /// Disconnects everyone. Nobody is told that others leave: sessions between peers outlive the server.
    pub(crate) fn close(&self) {
        self.lock().close();
    }

    /// Ends the peers that do not come back in time. Runs until it is dropped. While the server drains nobody can
    /// come back, and nobody is ended for that.
    pub(crate) async fn watch_leases(&self, control: &Control) {
        while !control.is_draining() {
            let next = self.lock().expire(Instant::now());
            let due = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = control.draining() => {}
                () = due => tokio::task::yield_now().await,
                () = self.lost.notified() => {}
            }
        }
        std::future::pending().await
    }

    /// Tells everyone again which ICE servers to use, one after the other, so that nobody else waits long.
    pub(crate) async fn renew_ice_servers(&self) {
        let peers = self.lock().told_of_ice_servers();
        for peer in peers {
            self.lock().tell_ice_servers(&peer);
            tokio::task::yield_now().await;
        }
    }

    /// Who is here and what they do.
    pub(crate) fn census(&self) -> Census {
        self.lock().census()
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    /// The peer that the connection belongs to.
    pub(crate) fn post(&self) -> Arc<Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The peer's identifier.
    pub(crate) fn peer(&self) -> PeerId {
        self.post().peer.clone()
    }

    /// Where what the peer says is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.board.metrics
    }

    /// The connection as others see it.
    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// The peer has said something. Ignored once the peer has left.
    pub(crate) fn message(&self, message: ClientMessage) {
        let post = self.post();
        let other = self.board.lock().message(&post, &self.line, message);
        if let Some(other) = other {
            *self.post.lock().unwrap_or_else(PoisonError::into_inner) = other;
            // Its messages were queued before it was known here.
            self.line.ring();
        }
    }

    /// The peer has said something to the other member of a session.
    pub(crate) fn pass_on(&self, envelope: &Envelope<'_>, text: &Utf8Bytes) {
        self.board.lock().pass_on(&self.post(), &self.line, envelope, text);
    }

    /// The peer has said something that is no message.
    pub(crate) fn not_understood(&self, details: String) {
        let mut exchange = self.board.lock();
        exchange.count_text(&self.post(), &self.line);
        exchange.not_understood(&self.post(), &self.line, details);
    }

    /// The peer has sent a binary message. Only texts are counted.
    pub(crate) fn binary(&self) {
        let details = "binary messages are not understood, send text".to_owned();
        self.board.lock().not_understood(&self.post(), &self.line, details);
    }

    /// The connection has to end, and with it the peer, unless it may come back.
    pub(crate) fn leave(&self, ending: Ending) {
        let lost = ending.is_lost();
        self.board.lock().leave(&self.post(), &self.line, ending, Instant::now());
        if lost {
            self.board.lost.notify_one();
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.leave(Ending::ClosedByPeer);
    }
}
