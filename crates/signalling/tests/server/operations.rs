//! What operators and their machines ask over HTTP.

use crate::support::{Server, soon, start_session};
use gst_plugin_webrtc_signalling::{Config, MetricsAt, serve_operations};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn page(server: &Server, path: &str) -> String {
    server.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
}

#[tokio::test]
async fn a_server_says_that_it_is_alive_and_ready() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        for (path, body) in [("/healthz", "\r\n\r\nalive\n"), ("/readyz?probe=1", "\r\n\r\nready\n")] {
            let answer = page(&server, path).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(body), "{answer}");
            let head = server.ask(&format!("HEAD {path} HTTP/1.0\r\n\r\n")).await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
            assert!(head.contains("\r\nContent-Length: 6\r\n"), "{head}");
        }
        let head = server.ask("HEAD / HTTP/1.1\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 426 ") && head.ends_with("\r\n\r\n"), "{head}");
        server.end().await;
    }
}

#[tokio::test]
async fn a_server_that_drains_serves_who_is_there_and_ends_with_the_last() {
    let config = Config::default();
    let control = config.control.clone();
    let server = Server::start(false, config).await;
    let (one, mut other) = (server.client().await, server.client().await);
    control.drain();
    let answer = page(&server, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("draining\n"), "{answer}");
    assert!(page(&server, "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert!(server.refused("/", &[]).await.starts_with("HTTP/1.1 503 "));
    one.leave().await;
    other.settle().await;
    other.leave().await;
    soon(server.ended()).await;
}

#[tokio::test]
async fn a_server_that_nobody_uses_drains_at_once() {
    let config = Config::default();
    let control = config.control.clone();
    let server = Server::start(false, config).await;
    server.client().await.leave().await;
    control.drain();
    soon(server.ended()).await;
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let server = Server::start(false, Config { max_message_size: 1000, ..Config::default() }).await;
    let mut stays = server.client().await;
    server.client().await.leave().await;
    let mut breaks = server.client().await;
    breaks.say(json!({"type": "list", "padding": "x".repeat(1000)})).await;
    breaks.closed().await;
    drop(breaks);
    server.ask("GET / HTTP/1.1\r\n\r\n").await;
    stays.settle().await;
    let expected = [
        "gst_webrtc_signalling_connections 1",
        "gst_webrtc_signalling_connections_opened_total 3",
        "gst_webrtc_signalling_connections_ended_total{reason=\"closed-by-peer\"} 1",
        "gst_webrtc_signalling_connections_ended_total{reason=\"too-long\"} 1",
        "gst_webrtc_signalling_handshakes_refused_total{cause=\"not-a-websocket\"} 1",
        "gst_webrtc_signalling_handshake_duration_seconds_count 3",
        "gst_webrtc_signalling_accept_errors_total 0",
        concat!("gst_webrtc_signalling_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ];
    // The ends are counted soon after the peers have seen them.
    let lacks = async || {
        let text = page(&server, "/metrics").await;
        assert!(text.contains("\r\nContent-Type: application/openmetrics-text; version=1.0.0"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
        expected.iter().find(|line| !text.lines().any(|found| found == **line)).map(|line| (*line, text))
    };
    let counted = tokio::time::timeout(Duration::from_secs(10), async { while lacks().await.is_some() {} });
    if counted.await.is_err() {
        panic!("{:?}", lacks().await);
    }
}

#[tokio::test]
async fn metrics_tell_who_is_there_and_what_is_said() {
    let server = Server::plain().await;
    let (mut producer, mut consumer) = (server.client().await, server.client().await);
    let session = start_session(&mut producer, &mut consumer).await;
    let (_stranger, _) = server.knock("/?room=other", &[]).await.unwrap();
    let ice = json!({"candidate": "candidate:1", "sdpMLineIndex": 0});
    producer.say(json!({"type": "peer", "sessionId": session, "ice": ice})).await;
    assert_eq!(consumer.next().await["type"], "peer");
    producer.say(json!({"type": "dance"})).await;
    assert_eq!(producer.next().await["type"], "error");
    let text = page(&server, "/metrics").await;
    for line in [
        "rooms 2",
        "peers{role=\"producer\"} 1",
        "peers{role=\"consumer\"} 0",
        "sessions 1",
        "sessions_started_total 1",
        "messages_received_total{type=\"peer\"} 1",
        "messages_received_total{type=\"setPeerStatus\"} 1",
        "messages_received_total{type=\"unknown\"} 1",
        "messages_sent_total{type=\"welcome\"} 3",
        "messages_sent_total{type=\"sessionStarted\"} 1",
        "messages_sent_total{type=\"peer\"} 1",
        "messages_sent_total{type=\"error\"} 1",
        "queue_overflows_total 0",
    ] {
        let line = format!("gst_webrtc_signalling_{line}");
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    producer.say(json!({"type": "endSession", "sessionId": session})).await;
    assert_eq!(consumer.next().await["type"], "endSession");
    assert!(page(&server, "/metrics").await.contains("\ngst_webrtc_signalling_sessions 0\n"));
}

#[tokio::test]
async fn metrics_are_not_for_those_whom_a_proxy_asks_for() {
    let server = Server::plain().await;
    for header in ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy"] {
        let answer = server.ask(&format!("GET /metrics HTTP/1.1\r\n{header}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

#[tokio::test]
async fn metrics_may_have_a_listener_of_their_own() {
    let config = Config { metrics_at: MetricsAt::Nobody, ..Config::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_operations(listener, config.clone(), std::future::pending()));
    let server = Server::start(false, config).await;
    let _client = server.client().await;
    assert!(page(&server, "/metrics").await.starts_with("HTTP/1.1 404 "));
    let ask = async |path: &str| {
        let mut stream = soon(TcpStream::connect(address)).await.unwrap();
        soon(stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        answer
    };
    assert!(ask("/metrics").await.contains("\ngst_webrtc_signalling_connections 1\n"));
    assert!(ask("/readyz").await.starts_with("HTTP/1.1 200 "));
    assert!(ask("/").await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn a_websocket_may_have_any_path() {
    let server = Server::plain().await;
    for path in ["/healthz", "/metrics", "/a/b?c=d"] {
        assert!(server.knock(path, &[]).await.is_ok(), "{path}");
    }
}
