//! What peers are told of STUN and TURN servers, and that a real TURN server takes it: coturn, on loopback.

use crate::support::{Client, Server, soon};
use gst_plugin_webrtc_signalling::Config;
use gst_plugin_webrtc_signalling::ice::IceServers;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server's ICE servers as a peer is told of them that speaks 1.2.
async fn told(client: &mut Client) -> Value {
    client.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
    assert_eq!(client.next().await["type"], "lease");
    let told = client.next().await;
    assert_eq!(told["type"], "iceServers", "{told}");
    told["iceServers"].clone()
}

#[tokio::test]
async fn peers_that_know_the_message_are_told_of_the_servers_with_credentials_of_their_own() {
    let url = |scheme: &str| vec![format!("{scheme}:ice.example.org")];
    let ice = IceServers::new(url("stun"), url("turn"), Some(b"secret"), MINUTE).unwrap();
    let server = Server::start(false, Config { ice, ..Config::default() }).await;
    let (mut one, mut other) = (server.client().await, server.client().await);
    for client in [&mut one, &mut other] {
        let servers = told(client).await;
        assert_eq!(servers[0], json!({"urls": url("stun")}));
        assert_eq!(servers[1]["urls"], json!(url("turn")));
        let (expiry, peer) = servers[1]["username"].as_str().unwrap().split_once(':').unwrap();
        assert_eq!(peer, client.id);
        assert!(expiry.parse::<u64>().is_ok(), "{expiry}");
        assert!(servers[1]["credential"].is_string());
    }
    let mut old = server.client().await;
    old.say(json!({"type": "setProtocolVersion", "version": "v1_1"})).await;
    old.settle().await;
}

#[tokio::test]
async fn credentials_are_renewed_in_time() {
    let lifetime = Duration::from_secs(10);
    let url = || vec!["turn:ice.example.org".to_owned()];
    let ice = IceServers::new(vec![], url(), Some(b"secret"), lifetime).unwrap();
    let server = Server::start(false, Config { ice, ..Config::default() }).await;
    let mut client = server.client().await;
    let expiry = |servers: &Value| {
        let username = servers[0]["username"].as_str().unwrap();
        username.split_once(':').unwrap().0.parse::<u64>().unwrap()
    };
    let first = expiry(&told(&mut client).await);
    let again = client.next().await;
    assert_eq!(again["type"], "iceServers", "{again}");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(now < first, "the first are over");
    assert!(expiry(&again["iceServers"]) > first);
}

#[tokio::test]
async fn who_is_connected_is_told_of_other_servers() {
    let stun = |host: &str| IceServers::new(vec![format!("stun:{host}")], vec![], None, MINUTE).unwrap();
    let ice = stun("one");
    let server = Server::start(false, Config { ice: ice.clone(), ..Config::default() }).await;
    let mut client = server.client().await;
    told(&mut client).await;
    ice.replace(&stun("other"));
    assert_eq!(client.next().await["iceServers"], json!([{"urls": ["stun:other"]}]));
}

const SECRET: &str = "the secret of both";
const MINUTE: Duration = Duration::from_secs(60);

/// A running TURN server.
struct Turn {
    address: SocketAddr,
    _child: Child,
}

impl Turn {
    async fn start() -> Self {
        let address = free_address();
        let file = |name: &str| {
            let name = format!("turn-{}.{name}", std::process::id());
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
        };
        let ip = address.ip().to_string();
        let mut child = Command::new("turnserver")
            .args([
                "-n",
                "-v",
                "--no-cli",
                "--no-tls",
                "--no-dtls",
                "--allow-loopback-peers",
                "--realm=example.org",
            ])
            .args(["--listening-ip", &ip, "--relay-ip", &ip, "--listening-port", &address.port().to_string()])
            .args(["--use-auth-secret", "--static-auth-secret", SECRET])
            .args(["--log-file=stdout", "--pidfile", &file("pid"), "--userdb", &file("db")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("turnserver is needed, of the package coturn: {error}"));
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        while !soon(log.next_line()).await.unwrap().unwrap().contains("UDP listener opened") {}
        // Goes on reading, so that the server can go on writing.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Self { address, _child: child }
    }

    /// Whether a client with these credentials gets an address on the server and data through it.
    async fn relays(&self, username: &str, credential: &str) -> bool {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let mut client = Command::new("turnutils_uclient");
        client.args(["-u", username, "-w", credential, "-p", &port, "-y", "-n", "1", "-m", "1", &ip]);
        let output = soon(client.kill_on_drop(true).output()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let relayed = text.contains("Total lost packets 0 ");
        assert!(relayed || text.contains("Cannot complete Allocation"), "{text}");
        relayed
    }
}

/// A port that nobody has, neither for UDP nor for TCP.
fn free_address() -> SocketAddr {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

#[tokio::test]
async fn a_turn_server_that_shares_the_secret_takes_the_credentials_while_they_last() {
    let turn = Turn::start().await;
    let credentials = |secret: &str, made: SystemTime| {
        let url = format!("turn:{}?transport=udp", turn.address);
        let servers = IceServers::new(vec![], vec![url], Some(secret.as_bytes()), MINUTE).unwrap();
        let server = servers.servers("peer", made).pop().unwrap();
        (server.username.unwrap(), server.credential.unwrap())
    };
    let now = SystemTime::now();
    let (username, credential) = credentials(SECRET, now);
    assert!(turn.relays(&username, &credential).await);
    let (username, credential) = credentials("another secret", now);
    assert!(!turn.relays(&username, &credential).await);
    let (username, credential) = credentials(SECRET, now - 2 * MINUTE);
    assert!(!turn.relays(&username, &credential).await);
}
