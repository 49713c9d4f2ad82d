//! Connections that another HTTP server has accepted and hands over.

use crate::support::{Client, Stream, soon};
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::http::Request;
use async_tungstenite::tungstenite::protocol::Role;
use gst_plugin_webrtc_signalling::access::{Access, Token, Tokens};
use gst_plugin_webrtc_signalling::{Admission, Config, Entrance, Reception, Rights, Server};
use std::net::SocketAddr;
use tokio::io::duplex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    entrance: Entrance,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start(config: Config) -> Running {
    let server = Server::new(config).unwrap();
    let entrance = server.entrance();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(server.run(listener, async {
        let _ = stopped.await;
    }));
    Running { entrance, address, stop, ended }
}

fn request(headers: &[(&str, &str)]) -> Request<()> {
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let builder = Request::builder().uri("/live/");
    let all = upgrade.iter().chain(headers);
    all.fold(builder, |builder, (name, value)| builder.header(*name, *value)).body(()).unwrap()
}

fn from() -> SocketAddr {
    "192.0.2.1:1000".parse().unwrap()
}

fn admitted(entrance: &Entrance) -> Admission {
    match entrance.receive(&request(&[]), from()) {
        Reception::Websocket(admission) => admission,
        Reception::Answer(answer) => panic!("refused with {}", answer.status()),
        Reception::Elsewhere => panic!("not understood as a websocket"),
    }
}

fn status(entrance: &Entrance, headers: &[(&str, &str)]) -> u16 {
    match entrance.receive(&request(headers), from()) {
        Reception::Websocket(admission) => admission.response().status().as_u16(),
        Reception::Answer(answer) => answer.status().as_u16(),
        Reception::Elsewhere => 0,
    }
}

/// Hands over one end of a pipe and is a client at the other.
async fn client(entrance: &Entrance) -> Client {
    let (here, there) = duplex(64 * 1024);
    admitted(entrance).enter(there).await;
    let stream = TokioAdapter::new(Box::new(here) as Box<dyn Stream>);
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let mut client = Client { id: String::new(), socket };
    let welcome = client.next().await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    client.id = welcome["peerId"].as_str().unwrap().to_owned();
    client
}

#[tokio::test]
async fn who_comes_by_another_server_meets_who_came_by_the_port() {
    let server = start(Config::default()).await;
    let mut one = client(&server.entrance).await;
    let tcp = soon(TcpStream::connect(server.address)).await.unwrap();
    let (mut other, _) = Client::over(Box::new(tcp)).await;
    other.id = other.next().await["peerId"].as_str().unwrap().to_owned();
    crate::support::start_session(&mut one, &mut other).await;
}

#[tokio::test]
async fn the_server_ends_connections_that_were_handed_over() {
    let server = start(Config::default()).await;
    let mut client = client(&server.entrance).await;
    server.stop.send(()).unwrap();
    assert_eq!(u16::from(client.closed().await.unwrap().code), 1001);
    drop(client);
    soon(server.ended).await.unwrap();
    assert_eq!(status(&server.entrance, &[]), 503);
}

#[tokio::test]
async fn a_connection_that_is_handed_over_too_late_is_ended() {
    use tokio::io::AsyncReadExt;
    let server = start(Config::default()).await;
    let admission = admitted(&server.entrance);
    server.stop.send(()).unwrap();
    soon(server.ended).await.unwrap();
    let (mut here, there) = duplex(1024);
    soon(admission.enter(there)).await;
    assert_eq!(soon(here.read(&mut [0; 16])).await.unwrap(), 0);
}

#[tokio::test]
async fn the_limits_and_rules_of_the_port_hold() {
    let mut tokens = Tokens::new();
    tokens.insert("good", Token { room: String::new(), rights: Rights::ALL });
    let config = Config {
        access: Access::by(vec![Box::new(tokens)]),
        origins: vec!["https://here.example".to_owned()],
        max_connections: 1,
        headers: vec![("X-Served-By".to_owned(), "here".to_owned())],
        ..Config::default()
    };
    let server = start(config).await;
    let good = ("Authorization", "Bearer good");
    assert_eq!(status(&server.entrance, &[]), 401);
    assert_eq!(status(&server.entrance, &[good, ("Origin", "https://there.example")]), 403);
    let held = match server.entrance.receive(&request(&[good]), from()) {
        Reception::Websocket(admission) => admission,
        _ => panic!("refused"),
    };
    assert_eq!(held.response().status(), 101);
    assert_eq!(held.response().headers()["x-served-by"], "here");
    assert_eq!(status(&server.entrance, &[good]), 503);
    drop(held);
    assert_eq!(status(&server.entrance, &[good]), 101);
}

#[tokio::test]
async fn what_is_no_question_for_it_is_left_to_the_other_server() {
    let server = start(Config::default()).await;
    let get = |path: &str, accept: &str| {
        let request = Request::builder().uri(path).header("Accept", accept).body(()).unwrap();
        server.entrance.receive(&request, from())
    };
    assert!(matches!(get("/", "text/html"), Reception::Elsewhere));
    assert!(matches!(get("/config.json", "application/json"), Reception::Elsewhere));
    let preflight = |path: &str| {
        let asked = [("Origin", "https://there.example"), ("Access-Control-Request-Method", "GET")];
        let builder = Request::builder().method("OPTIONS").uri(path);
        let builder = asked.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        server.entrance.receive(&builder.body(()).unwrap(), from())
    };
    assert!(matches!(preflight("/dashboard/data.json"), Reception::Elsewhere));
    assert!(matches!(preflight("/"), Reception::Answer(_)));
    match get("/", "application/json") {
        Reception::Answer(answer) => assert_eq!(answer.status(), 426),
        _ => panic!("not understood as a question"),
    }
}
