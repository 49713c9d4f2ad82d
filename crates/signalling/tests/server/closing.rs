//! The closing handshake: what peers see when either side, or both, or nobody closes.

use crate::support::{Client, Server, soon, start_session};
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use futures::FutureExt;
use gst_plugin_webrtc_signalling::Config;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

async fn say_goodbye(client: &mut Client) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
    soon(client.socket.close(Some(frame))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_closes_gets_its_code_back_and_a_clean_end() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        for _ in 0..20 {
            let mut client = server.client().await;
            say_goodbye(&mut client).await;
            let close = client.closed().await.unwrap();
            assert_eq!((close.code, close.reason.as_str()), (CloseCode::Normal, "bye"));
        }
        server.end().await;
    }
}

#[tokio::test]
async fn a_close_without_a_code_is_answered_too() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    soon(client.socket.close(None)).await.unwrap();
    assert_eq!(client.closed().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_closes_in_a_burst_gets_a_clean_end() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        for _ in 0..20 {
            let (mut producer, mut consumer) = (server.client().await, server.client().await);
            let session = start_session(&mut producer, &mut consumer).await;
            for _ in 0..50 {
                let ice = json!({"candidate": "candidate:1", "sdpMLineIndex": 0});
                producer.say(json!({"type": "peer", "sessionId": session, "ice": ice})).await;
                consumer.say(json!({"type": "list"})).await;
            }
            say_goodbye(&mut consumer).await;
            assert_eq!(consumer.closed().await.unwrap().code, CloseCode::Normal);
        }
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_is_told_with_code_1001_and_a_reason() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        let mut clients = Vec::new();
        for _ in 0..10 {
            clients.push(server.client().await);
        }
        let ended = server.stop();
        for client in &mut clients {
            let close = client.closed().await.unwrap();
            assert_eq!((u16::from(close.code), close.reason.as_str()), (1001, "the server is shutting down"));
        }
        drop(clients);
        soon(ended).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_may_close_at_once() {
    for secure in [false, true] {
        for _ in 0..20 {
            let server = Server::start(secure, Config::default()).await;
            let mut client = server.client().await;
            let ended = server.stop();
            // Fails where the server's Close has been read already, which no read has done yet.
            say_goodbye(&mut client).await;
            let close = client.closed().await.unwrap();
            assert!([1000, 1001].contains(&u16::from(close.code)), "{close:?}");
            drop(client);
            soon(ended).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_shutdown_leaves_sessions_between_peers_alone() {
    let server = Server::plain().await;
    let (mut producer, mut consumer) = (server.client().await, server.client().await);
    start_session(&mut producer, &mut consumer).await;
    let ended = server.stop();
    // Close is the very next thing that both see: no end of session, which would end their media.
    for client in [&mut producer, &mut consumer] {
        let frame = client.frame().await;
        assert!(matches!(frame, Some(Ok(Message::Close(_)))), "{frame:?}");
        assert!(client.frame().await.is_none());
    }
    drop((producer, consumer));
    soon(ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_queued_before_a_shutdown_still_arrives() {
    let server = Server::plain().await;
    let (mut producer, mut consumer) = (server.client().await, server.client().await);
    let session = start_session(&mut producer, &mut consumer).await;
    for index in 0..50 {
        let ice = json!({"candidate": format!("candidate:{index}"), "sdpMLineIndex": 0});
        producer.say(json!({"type": "peer", "sessionId": session, "ice": ice})).await;
    }
    producer.settle().await;
    let ended = server.stop();
    for index in 0..50 {
        assert_eq!(consumer.next().await["ice"]["candidate"], format!("candidate:{index}"));
    }
    assert_eq!(consumer.closed().await.unwrap().code, CloseCode::Away);
    drop((producer, consumer));
    soon(ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn peers_that_do_not_answer_delay_a_shutdown_no_longer_than_they_may() {
    for secure in [false, true] {
        let config = Config { close_timeout: Duration::from_millis(300), ..Config::default() };
        let server = Server::start(secure, config).await;
        let silent = server.client().await;
        let half_open = server.tcp().await;
        let asked = Instant::now();
        server.end().await;
        assert!(asked.elapsed() < Duration::from_secs(5));
        drop((silent, half_open));
    }
}

#[tokio::test]
async fn dropping_the_server_cuts_everyone_off() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut running =
        Box::pin(gst_plugin_webrtc_signalling::run(listener, Config::default(), std::future::pending()));
    let mut stream = soon(tokio::net::TcpStream::connect(address)).await.unwrap();
    // Runs the server until it has accepted and said something.
    let asked = async {
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\n").await.unwrap();
        tokio::task::yield_now().await;
    };
    tokio::select! {
        _ = &mut running => panic!("the server has ended"),
        () = asked => {}
    }
    assert!((&mut running).now_or_never().is_none());
    drop(running);
    // Reset or end: either way the connection is over.
    assert!(!matches!(soon(stream.read(&mut [0; 64])).await, Ok(1..)));
}
