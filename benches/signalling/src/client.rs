//! One client of the measured server.

use crate::identity::NAME;
use crate::wire;
use anyhow::{Context, Result, bail};
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{TokioAdapter, client_async_with_config};
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::{Message, Utf8Bytes};
use futures::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long anything that is no measurement may take; a server that takes longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Connections to one of the loopback's addresses: far fewer than there are local ports, because those of ended
/// connections rest a while.
const TO_ONE_ADDRESS: u32 = 5_000;
/// The receive buffer of a client that is going to read nothing: it is soon full.
const SMALL_BUFFER: u32 = 4 * 1024;

/// Anything that a websocket can run over.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A websocket to the server.
pub type Socket = WebSocketStream<TokioAdapter<Box<dyn Transport>>>;

/// Where clients connect to: a port of all addresses of the loopback.
#[derive(Clone)]
pub struct Target {
    port: u16,
    tls: Option<TlsConnector>,
    connections: Arc<AtomicU32>,
}

/// A client that the server has welcomed.
pub struct Peer {
    pub id: String,
    pub socket: Socket,
}

impl Target {
    pub fn new(port: u16, tls: Option<TlsConnector>) -> Self {
        Self {
            port,
            tls,
            connections: Arc::default(),
        }
    }

    /// Connects and waits for the welcome.
    pub async fn peer(&self) -> Result<Peer> {
        timeout(PATIENCE, self.connect(None))
            .await
            .context("the server lets a client wait too long")?
    }

    /// As [`Self::peer`], with little room for what is not read.
    pub async fn small_peer(&self) -> Result<Peer> {
        let connected = timeout(PATIENCE, self.connect(Some(SMALL_BUFFER)));
        connected
            .await
            .context("the server lets a client wait too long")?
    }

    async fn connect(&self, buffer: Option<u32>) -> Result<Peer> {
        let tcp = self.tcp(buffer).await.context("failed to connect")?;
        let stream: Box<dyn Transport> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => Box::new(tls.connect(ServerName::try_from(NAME)?, tcp).await?),
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(8 * 1024)
            .write_buffer_size(16 * 1024);
        let (socket, _) = client_async_with_config("ws://localhost/", stream, Some(config)).await?;
        let mut peer = Peer {
            id: String::new(),
            socket,
        };
        peer.id = peer.wait("welcome", "peerId").await?;
        Ok(peer)
    }

    async fn tcp(&self, buffer: Option<u32>) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer)?;
        }
        let place = self.connections.fetch_add(1, Ordering::Relaxed) / TO_ONE_ADDRESS;
        let [.., last] = (1 + place % 250).to_be_bytes();
        let stream = socket
            .connect(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), self.port)))
            .await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Peer {
    pub async fn say(&mut self, text: impl Into<Utf8Bytes>) -> Result<()> {
        SinkExt::send(&mut self.socket, Message::Text(text.into()))
            .await
            .context("failed to send")
    }

    /// The next text.
    pub async fn hear(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self
                .socket
                .next()
                .await
                .context("the server closed a connection")??
            {
                Message::Text(text) => return Ok(text),
                Message::Close(reason) => bail!("the server closed a connection: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Waits for a message of type `kind` and returns the text of one of its fields.
    pub async fn wait(&mut self, kind: &str, field: &str) -> Result<String> {
        loop {
            let text = self.hear().await?;
            match wire::read(&text, field) {
                (heard, value) if heard == kind => return Ok(value),
                (heard, _) if heard == "error" => bail!("the server answered {text}"),
                _ => {}
            }
        }
    }

    /// Makes it a producer; returns when the server has dealt with that.
    pub async fn produce(&mut self) -> Result<()> {
        self.say(wire::producer()).await?;
        // Nobody is told of a status: the answer to what follows says that it has been dealt with.
        self.say(wire::bare("listConsumers")).await?;
        let answered = timeout(PATIENCE, self.wait("listConsumers", ""));
        answered
            .await
            .context("the server lets a client wait too long")?
            .map(drop)
    }
}

/// Two members of a session: producer, consumer, and the session's identifier.
pub async fn session(mut producer: Peer, mut consumer: Peer) -> Result<(Peer, Peer, String)> {
    let started = async {
        producer.produce().await?;
        consumer.say(wire::start_session(&producer.id)).await?;
        let session = consumer.wait("sessionStarted", "sessionId").await?;
        producer.wait("startSession", "sessionId").await?;
        anyhow::Ok(session)
    };
    let session = timeout(PATIENCE, started)
        .await
        .context("the server does not start a session")??;
    Ok((producer, consumer, session))
}
