//! How the server behaves: what an operator or an embedding program may choose.

use crate::access::Access;
use crate::control::Control;
use crate::ice::IceServers;
use crate::metrics::Metrics;
use crate::page::Page;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a server. Start from [`Config::default`] and change what differs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Certificate and key; nothing for plain `ws`. See [`crate::tls`].
    pub tls: Option<Arc<ServerConfig>>,
    /// Names and values that are added to the HTTP response that accepts a websocket.
    pub headers: Vec<(String, String)>,
    /// Who may come in. Default: everybody.
    pub access: Access,
    /// From which origins pages may connect, such as `https://example.org`; empty for all. Programs that are no
    /// browsers send none and are let in.
    pub origins: Vec<String>,
    /// STUN and TURN servers that peers are told to use. Default: none.
    pub ice: IceServers,
    /// How many connections there may be, those that are being made included; 0 for no limit. Default 100,000.
    pub max_connections: usize,
    /// How many connections there may be from one IPv4 address, or one IPv6 network of 64 bits; 0 for no limit.
    /// Behind a proxy all come from its address. Default 10,000.
    pub max_connections_per_address: usize,
    /// A peer is pinged when nothing was sent to it, or nothing came from it, for this long. Default 30 s.
    pub ping_interval: Duration,
    /// A peer from which nothing came for this long, not even the answer to a ping, is disconnected.
    /// Default 70 s, which is two pings and 10 s to answer.
    pub idle_timeout: Duration,
    /// How long a connection may take until it is a websocket, TLS included. Default 5 s.
    pub handshake_timeout: Duration,
    /// How long closing a connection may take, both halves of the closing handshake included. Default 1 s.
    pub close_timeout: Duration,
    /// How many bytes of messages may wait for one peer; a peer for which more would wait is disconnected.
    /// Default 4 MiB.
    pub queue_bytes: usize,
    /// How many messages a peer may send each second on average; those beyond are read later. 0: no limit.
    /// Default 10,000: a producer says some thirty for each viewer that joins.
    pub messages_per_second: u32,
    /// How many sessions a peer may have at a time. Default 1000.
    pub max_sessions_per_peer: usize,
    /// How long the `meta` of a peer may be, in bytes of JSON. Default 64 KiB.
    pub max_meta_size: usize,
    /// How long the place of a peer is kept of which nothing is heard any more, where it speaks 1.2; a third of it
    /// where its connection was ended without a Close, most likely because the peer was killed. Zero: not at all.
    /// Default 30 s.
    pub lease: Duration,
    /// How often peers that speak 1.2 say that they are there, unless they ask for another interval; after two
    /// and a half intervals of silence a connection is lost. Default 10 s.
    pub heartbeat: Duration,
    /// The shortest interval between heartbeats that a peer may ask for. Default 1 s.
    pub shortest_heartbeat: Duration,
    /// How long an incoming message may be, in bytes; a longer one ends its sender's connection.
    /// Default 1 MiB.
    pub max_message_size: usize,
    /// What is served to browsers on the port of the websockets, to everybody who reaches it. Default: nothing.
    pub page: Page,
    /// What the server has done, counted. Clones of a `Config` share it.
    pub metrics: Arc<Metrics>,
    /// Who is shown the metrics on the port of the websockets. Default: this machine.
    pub metrics_at: MetricsAt,
    /// Steers the server while it runs. Clones of a `Config` share it.
    pub control: Control,
}

/// Who is shown the metrics on the port of the websockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetricsAt {
    /// Requests from this machine that no proxy has forwarded.
    #[default]
    ThisMachine,
    /// Nobody: they are served elsewhere, see [`crate::serve_operations`], or not at all.
    Nobody,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tls: None,
            headers: Vec::new(),
            access: Access::everybody(),
            origins: Vec::new(),
            ice: IceServers::default(),
            max_connections: 100_000,
            max_connections_per_address: 10_000,
            ping_interval: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(70),
            handshake_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(1),
            queue_bytes: 4 * 1024 * 1024,
            messages_per_second: 10_000,
            max_sessions_per_peer: 1000,
            max_meta_size: 64 * 1024,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            shortest_heartbeat: Duration::from_secs(1),
            max_message_size: 1024 * 1024,
            page: Page::default(),
            metrics: Arc::default(),
            metrics_at: MetricsAt::default(),
            control: Control::default(),
        }
    }
}

impl Config {
    /// The websocket layer's part of the settings. Small buffers: most connections are idle.
    pub(crate) fn websocket(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(16 * 1024)
            .max_message_size(Some(self.max_message_size))
            .max_frame_size(Some(self.max_message_size))
    }

    /// Whether pages from this origin may connect.
    pub(crate) fn allows_origin(&self, origin: &[u8]) -> bool {
        let same = |allowed: &String| allowed.trim_end_matches('/').as_bytes().eq_ignore_ascii_case(origin);
        self.origins.is_empty() || self.origins.iter().any(same)
    }
}
