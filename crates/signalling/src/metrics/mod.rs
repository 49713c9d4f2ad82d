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
use protocol::{ClientMessage, PeerRole, ServerMessage};
use std::time::Duration;
use types::ByType;

/// What the text of [`Metrics::render`] is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The name and the value of a metric's only label.
type Label = [(&'static str, &'static str); 1];

/// The counts of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    connections: Gauge,
    opened: Counter,
    ended: Family<Label, Counter>,
    refused: Family<Label, Counter>,
    handshakes: Histogram,
    accept_errors: Counter,
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
            connections: Gauge::default(),
            opened: Counter::default(),
            ended: Family::default(),
            refused: Family::default(),
            // 1 ms to 4 s: handshakes may take 5 s.
            handshakes: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
            accept_errors: Counter::default(),
            peers: Family::default(),
            sessions: Gauge::default(),
            sessions_started: Counter::default(),
            received: ByType::new(&types::CLIENT),
            sent: ByType::new(&types::SERVER),
            bytes_received: Counter::default(),
            bytes_sent: Counter::default(),
            queue_overflows: Counter::default(),
        };
        for role in [PeerRole::Producer, PeerRole::Consumer, PeerRole::Listener] {
            metrics.role(role, 0);
        }
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
        all.register("peers", "Peers that have a role, by role", self.peers.clone());
        all.register("sessions", "Sessions that run", self.sessions.clone());
        all.register("sessions_started", "Sessions that were started", self.sessions_started.clone());
        all.register("messages_received", "Messages of peers, by type", self.received.family());
        all.register("messages_sent", "Messages to peers, by type", self.sent.family());
        let unit = Unit::Bytes;
        all.register_with_unit("received", "Text of messages of peers", unit, self.bytes_received.clone());
        let unit = Unit::Bytes;
        all.register_with_unit("sent", "Text of messages to peers", unit, self.bytes_sent.clone());
        let help = "Peers that were disconnected because they did not read in time";
        all.register("queue_overflows", help, self.queue_overflows.clone());
    }

    /// Writes everything down. Its type is [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
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

    /// So many more peers have a role, or fewer.
    pub fn role(&self, role: PeerRole, change: i64) {
        if let Some(role) = types::role(role) {
            self.peers.get_or_create(&[("role", role)]).inc_by(change);
        }
    }

    /// A session was started.
    pub fn session_started(&self) {
        self.sessions_started.inc();
        self.sessions.inc();
    }

    /// A session has ended.
    pub fn session_ended(&self) {
        self.sessions.dec();
    }

    /// A peer said something, of so many bytes; nothing where it was not understood.
    pub fn received(&self, message: Option<&ClientMessage>, bytes: usize) {
        self.received.count(message.map_or(types::UNKNOWN, types::client));
        self.bytes_received.inc_by(bytes as u64);
    }

    /// A peer was told something, of so many bytes.
    pub fn sent(&self, message: &ServerMessage, bytes: usize) {
        self.sent.count(types::server(message));
        self.bytes_sent.inc_by(bytes as u64);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
