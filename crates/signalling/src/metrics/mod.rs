//! What the server has done, counted, and written down in the text format of OpenMetrics, which Prometheus reads.
//!
//! Counting costs an atomic addition for a message, and a short lock for what happens once a connection.

mod types;

use crate::ending::Ending;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use types::ByType;

pub(crate) use types::{HEARTBEAT, PEER, UNKNOWN, client_type, server_type};

/// What the text of [`Metrics::render`] is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The name and the value of a metric's only label.
type Label = [(&'static str, &'static str); 1];

/// Who is at a server and what they do, at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) rooms: usize,
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
    pub(crate) listeners: usize,
    pub(crate) sessions: usize,
}

impl Census {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            rooms: self.rooms + other.rooms,
            producers: self.producers + other.producers,
            consumers: self.consumers + other.consumers,
            listeners: self.listeners + other.listeners,
            sessions: self.sessions + other.sessions,
        }
    }
}

/// Whom to ask for a census.
type Registrar = Box<dyn Fn() -> Census + Send>;

/// The counts of one server.
pub struct Metrics {
    registry: Registry,
    registrar: Mutex<Option<Registrar>>,
    connections: Gauge,
    opened: Counter,
    ended: Family<Label, Counter>,
    refused: Family<Label, Counter>,
    handshakes: Histogram,
    accept_errors: Counter,
    rooms: Gauge,
    peers: Family<Label, Gauge>,
    sessions: Gauge,
    sessions_started: Counter,
    received: ByType,
    sent: ByType,
    bytes_received: Counter,
    bytes_sent: Counter,
    queue_overflows: Counter,
}

impl Metrics {
    /// Counts that begin at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gst_webrtc_signalling"),
            registrar: Mutex::default(),
            connections: Gauge::default(),
            opened: Counter::default(),
            ended: Family::default(),
            refused: Family::default(),
            // 1 ms to 4 s: handshakes may take 5 s.
            handshakes: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
            accept_errors: Counter::default(),
            rooms: Gauge::default(),
            peers: Family::default(),
            sessions: Gauge::default(),
            sessions_started: Counter::default(),
            received: ByType::new(&types::CLIENT),
            sent: ByType::new(&types::SERVER),
            bytes_received: Counter::default(),
            bytes_sent: Counter::default(),
            queue_overflows: Counter::default(),
        };
        metrics.register_connections();
        metrics.register_messages();
        metrics
    }

    fn register_connections(&mut self) {
        let all = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        all.register("build", "The version of the server", build);
        all.register("connections", "Websockets that are open", self.connections.clone());
        all.register("connections_opened", "Websockets that were opened", self.opened.clone());
        all.register("connections_ended", "Websockets that have ended, and why", self.ended.clone());
        all.register(
            "handshakes_refused",
            "Connections that did not become websockets, and why",
            self.refused.clone(),
        );
        all.register_with_unit(
            "handshake_duration",
            "From the beginning of a connection until it is a websocket",
            Unit::Seconds,
            self.handshakes.clone(),
        );
        all.register("accept_errors", "Connections that could not be accepted", self.accept_errors.clone());
    }

    fn register_messages(&mut self) {
        let all = &mut self.registry;
        all.register("rooms", "Rooms that somebody is in", self.rooms.clone());
        all.register("peers", "Peers that have a role, by role", self.peers.clone());
        all.register("sessions", "Sessions that run", self.sessions.clone());
        all.register("sessions_started", "Sessions that were started", self.sessions_started.clone());
        all.register("messages_received", "Messages of peers, by type", self.received.family());
        all.register("messages_sent", "Messages for peers, by type", self.sent.family());
        let unit = Unit::Bytes;
        all.register_with_unit("received", "Text of messages of peers", unit, self.bytes_received.clone());
        let unit = Unit::Bytes;
        all.register_with_unit("sent", "Text of messages for peers", unit, self.bytes_sent.clone());
        let help = "Peers that were disconnected because they did not read in time";
        all.register("queue_overflows", help, self.queue_overflows.clone());
    }

    /// Writes everything down. Its type is [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        if let Some(registrar) = &*self.registrar.lock().unwrap_or_else(PoisonError::into_inner) {
            self.take(registrar());
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// A websocket was opened, this long after its connection had begun.
    pub(crate) fn opened(&self, after: Duration) {
        self.handshakes.observe(after.as_secs_f64());
        self.opened.inc();
        self.connections.inc();
    }

    /// A websocket has ended.
    pub(crate) fn ended(&self, ending: &Ending) {
        self.connections.dec();
        self.ended.get_or_create(&[("reason", types::ending(ending))]).inc();
        if let Ending::TooSlow = ending {
            self.queue_overflows.inc();
        }
    }

    /// A connection did not become a websocket.
    pub(crate) fn refused(&self, cause: &'static str) {
        self.refused.get_or_create(&[("cause", cause)]).inc();
    }

    /// A connection could not be accepted.
    pub(crate) fn accept_failed(&self) {
        self.accept_errors.inc();
    }

    /// A peer said something of this type and of so many bytes.
    pub(crate) fn received(&self, name: &'static str, bytes: usize) {
        self.received.count(name);
        self.bytes_received.inc_by(bytes as u64);
    }

    /// A peer is to be told something of this type and of so many bytes.
    pub(crate) fn sent(&self, name: &'static str, bytes: usize) {
        self.sent.count(name);
        self.bytes_sent.inc_by(bytes as u64);
        if name == types::SESSION_STARTED {
            self.sessions_started.inc();
        }
    }

    /// Whom to ask who is at the server, whenever that is to be written down.
    pub(crate) fn ask(&self, registrar: impl Fn() -> Census + Send + 'static) {
        *self.registrar.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(registrar));
    }

    fn take(&self, census: Census) {
        let Census { rooms, producers, consumers, listeners, sessions } = census;
        let set = |gauge: &Gauge, count: usize| gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        set(&self.rooms, rooms);
        set(&self.sessions, sessions);
        for (role, count) in [("producer", producers), ("consumer", consumers), ("listener", listeners)] {
            set(&self.peers.get_or_create(&[("role", role)]), count);
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
