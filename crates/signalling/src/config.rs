//! How the server behaves: what an operator or an embedding program may choose.

use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a server. Start from [`Config::default`] and change what differs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Certificate and key; nothing for plain `ws`. See [`crate::tls::load`].
    pub tls: Option<Arc<ServerConfig>>,
    /// Names and values that are added to the HTTP response that accepts a websocket.
    pub headers: Vec<(String, String)>,
    /// A peer is pinged when nothing was sent to it, or nothing came from it, for this long. Default 30 s.
    pub ping_interval: Duration,
    /// A peer from which nothing came for this long, not even the answer to a ping, is disconnected.
    /// Default 70 s, which is two pings and 10 s to answer.
    pub idle_timeout: Duration,
    /// How long a connection may take until it is a websocket, TLS included. Default 5 s.
    pub handshake_timeout: Duration,
    /// How long closing a connection may take, both halves of the closing handshake included. Default 1 s.
    pub close_timeout: Duration,
    /// How many messages may wait for one peer; a peer that has more waiting is disconnected. Default 1000.
    pub queue_length: usize,
    /// How long an incoming message may be, in bytes; a longer one ends its sender's connection.
    /// Default 1 MiB.
    pub max_message_size: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tls: None,
            headers: Vec::new(),
            ping_interval: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(70),
            handshake_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(1),
            queue_length: 1000,
            max_message_size: 1024 * 1024,
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
}
