//! From TCP to websocket: headers, HTTP answers and peers that do not get on with it.

use crate::support::{Server, get, soon};
use gst_plugin_webrtc_signalling::Config;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn configured_headers_are_added_to_the_response() {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers =
        vec![header("X-Served-By", "here"), header("Set-Cookie", "a=1"), header("Set-Cookie", "b=2")];
    let server = Server::start(false, Config { headers, ..Config::default() }).await;
    let (_, response) = server.client_with_response().await;
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["x-served-by"], "here");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn plain_http_gets_an_answer_that_says_what_this_is() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        let answer = server.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nUpgrade: websocket\r\n"), "{answer}");
        assert!(answer.contains("signalling server"), "{answer}");
        server.end().await;
    }
}

#[tokio::test]
async fn other_requests_are_refused_over_http() {
    let server = Server::plain().await;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (request, status) in [
        ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned(), "405"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "426"),
        (format!("GET / HTTP/1.1\r\n{upgrade}Sec-WebSocket-Version: 8\r\n\r\n"), "426"),
        (format!("GET / HTTP/1.1\r\n{upgrade}Sec-WebSocket-Version: 13\r\n\r\n"), "400"),
        ("\u{16}\u{3}\u{1} not http\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = server.ask(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    let long = format!("GET / HTTP/1.1\r\nX-Long: {}", "x".repeat(16 * 1024 - 24));
    assert!(server.ask(&long).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn frames_that_follow_the_request_at_once_are_not_lost() {
    let server = Server::plain().await;
    let mut stream = server.tcp().await;
    let text = br#"{"type":"list"}"#;
    let mut bytes = get("/", &[]).into_bytes();
    // A masked text frame (RFC 6455 section 5.2) whose mask is zero.
    bytes.extend([0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0]);
    bytes.extend(text);
    soon(stream.write_all(&bytes)).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(r#""producers":[]"#) {
        assert!(soon(stream.read_buf(&mut heard)).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_peer_that_stops_in_the_handshake_holds_up_nobody_and_is_cut_off() {
    for secure in [false, true] {
        let config = Config { handshake_timeout: Duration::from_millis(1500), ..Config::default() };
        let server = Server::start(secure, config).await;
        let mut silent = server.tcp().await;
        let mut begun = server.tcp().await;
        // The beginning of a TLS record, or of a request.
        let beginning: &[u8] = if secure { &[0x16, 0x03, 0x01] } else { b"GET / HT" };
        soon(begun.write_all(beginning)).await.unwrap();
        server.client().await.settle().await;
        for stream in [&mut silent, &mut begun] {
            assert!(!matches!(soon(stream.read(&mut [0; 64])).await, Ok(1..)));
        }
        server.end().await;
    }
}
