//! A server on a free port, and clients that speak to it.

use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::tungstenite::handshake::client::Response;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::{Error, Message};
use futures::StreamExt;
use gst_plugin_webrtc_signalling::{Config, RunError, run, tls};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// How long anything may take before a test gives up.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(done) => done,
        Err(_) => panic!("nothing happened within {DEADLINE:?}"),
    }
}

/// A self-signed certificate for `localhost` as files, and as what clients trust.
pub(crate) struct Identity {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    der: CertificateDer<'static>,
}

impl Identity {
    /// Makes a certificate and writes it under `name`.
    pub(crate) fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        // One file for each process: test runners start several at once.
        let file = |kind: &str| folder.join(format!("{name}-{}.{kind}.pem", std::process::id()));
        let (cert, key) = (file("cert"), file("key"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Self { cert, key, der: made.cert.der().clone() }
    }

    /// Takes the place of `other`, whose files are from now on those of this one.
    pub(crate) fn replace(&self, other: &Self) {
        std::fs::copy(&self.cert, &other.cert).unwrap();
        std::fs::copy(&self.key, &other.key).unwrap();
    }

    /// Secures a connection with who has this certificate, and with nobody else.
    pub(crate) async fn secure(&self, tcp: TcpStream) -> std::io::Result<Box<dyn Stream>> {
        let name = ServerName::try_from("localhost").unwrap();
        Ok(Box::new(soon(self.connector().connect(name, tcp)).await?))
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::new("server"));

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    secure: bool,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), RunError>>,
}

impl Server {
    /// Starts a server as it is configured, or a `wss` one.
    pub(crate) async fn start(secure: bool, mut config: Config) -> Self {
        if secure {
            config.tls = Some(tls::load(&IDENTITY.cert, &IDENTITY.key).unwrap());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(run(listener, config, shutdown));
        Self { address, secure, stop, running }
    }

    /// A `ws` server as it comes.
    pub(crate) async fn plain() -> Self {
        Self::start(false, Config::default()).await
    }

    /// Asks the server to stop and hands out what its end can be seen by.
    pub(crate) fn stop(self) -> JoinHandle<Result<(), RunError>> {
        self.stop.send(()).unwrap();
        self.running
    }

    /// Stops the server and waits until it has ended.
    pub(crate) async fn end(self) {
        soon(self.stop()).await.unwrap().unwrap();
    }

    /// Opens a connection that nothing has been said on.
    pub(crate) async fn tcp(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.unwrap()
    }

    /// Opens a connection and, for a `wss` server, secures it.
    pub(crate) async fn stream(&self) -> Box<dyn Stream> {
        let tcp = self.tcp().await;
        if !self.secure {
            return Box::new(tcp);
        }
        IDENTITY.secure(tcp).await.unwrap()
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(self) {
        self.running.await.unwrap().unwrap();
    }

    /// Sends a request and reads until the end.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut stream = self.stream().await;
        soon(stream.write_all(request.as_bytes())).await.unwrap();
        let mut answer = Vec::new();
        while soon(stream.read_buf(&mut answer)).await.unwrap() > 0 {
            // A websocket has no end.
            if answer.starts_with(b"HTTP/1.1 101 ") && answer.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asks for a websocket that is refused, and returns the answer.
    pub(crate) async fn refused(&self, path: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.ask(&get(path, headers)).await;
        assert!(!answer.starts_with("HTTP/1.1 101 "), "{answer}");
        answer
    }

    /// Asks for a websocket with more headers. The welcome is still to be read.
    pub(crate) async fn knock(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Client, Response), Error> {
        Client::knock(self.stream().await, path, headers).await
    }

    /// Connects a client and takes its welcome.
    pub(crate) async fn client(&self) -> Client {
        self.client_with_response().await.0
    }

    /// As `client`, with the HTTP response.
    pub(crate) async fn client_with_response(&self) -> (Client, Response) {
        let (mut client, response) = Client::over(self.stream().await).await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        client.id = welcome["peerId"].as_str().unwrap().to_owned();
        (client, response)
    }
}

/// A request for a websocket.
pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// What a websocket runs over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A websocket client.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) socket: WebSocketStream<TokioAdapter<Box<dyn Stream>>>,
}

impl Client {
    /// Makes a stream a websocket. The welcome is still to be read.
    pub(crate) async fn over(stream: Box<dyn Stream>) -> (Self, Response) {
        Self::knock(stream, "/any/path", &[]).await.unwrap()
    }

    /// Asks for a websocket with more headers. The welcome is still to be read.
    pub(crate) async fn knock(
        stream: Box<dyn Stream>,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, Response), Error> {
        let mut request = format!("ws://localhost{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (socket, response) = soon(async_tungstenite::tokio::client_async(request, stream)).await?;
        Ok((Self { id: String::new(), socket }, response))
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: Value) {
        soon(self.socket.send(Message::text(message.to_string()))).await.unwrap();
    }

    /// The next thing that the websocket yields.
    pub(crate) async fn frame(&mut self) -> Option<Result<Message, Error>> {
        soon(self.socket.next()).await
    }

    /// The next message; pings are passed over.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(text.as_str()).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// Leaves properly.
    pub(crate) async fn leave(mut self) {
        soon(self.socket.close(None)).await.unwrap();
        self.closed().await;
    }

    /// Takes roles.
    pub(crate) async fn roles(&mut self, roles: &[&str]) {
        self.say(json!({"type": "setPeerStatus", "roles": roles})).await;
    }

    /// Waits until everything that was said before has been dealt with.
    pub(crate) async fn settle(&mut self) {
        self.say(json!({"type": "list"})).await;
        let reply = self.next().await;
        assert_eq!(reply["type"], "list", "{reply}");
    }

    /// Reads on until the server's Close, which must be followed by a clean end.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        let frame = loop {
            match self.frame().await {
                Some(Ok(Message::Close(frame))) => break frame,
                Some(Ok(_)) => {}
                other => panic!("no closing handshake: {other:?}"),
            }
        };
        match self.frame().await {
            None => frame,
            other => panic!("no clean end after the closing handshake: {other:?}"),
        }
    }
}

/// Lets `consumer` start a session with `producer` and returns its identifier.
pub(crate) async fn start_session(producer: &mut Client, consumer: &mut Client) -> String {
    producer.roles(&["producer"]).await;
    producer.settle().await;
    consumer.say(json!({"type": "startSession", "peerId": producer.id})).await;
    let started = consumer.next().await;
    assert_eq!(started["type"], "sessionStarted", "{started}");
    let start = producer.next().await;
    assert_eq!(start["type"], "startSession", "{start}");
    assert_eq!(start["sessionId"], started["sessionId"]);
    started["sessionId"].as_str().unwrap().to_owned()
}
