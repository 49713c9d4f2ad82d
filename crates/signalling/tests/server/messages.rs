//! What peers hear from the server and from each other.

use crate::support::{Client, Server, soon, start_session};
use async_tungstenite::tungstenite::Message;
use gst_plugin_webrtc_signalling::{Config, RunError, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn every_peer_is_welcomed_first_under_an_identifier_of_its_own() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        // A listener makes the server talk to peers while they connect.
        let connects = (0..40).map(|_| async {
            let mut client = server.client().await;
            client.roles(&["listener"]).await;
            client.id
        });
        let ids: BTreeSet<_> = futures::future::join_all(connects).await.into_iter().collect();
        assert_eq!(ids.len(), 40);
        server.end().await;
    }
}

#[tokio::test]
async fn what_a_peer_says_at_once_after_connecting_is_answered() {
    let server = Server::plain().await;
    for _ in 0..50 {
        let (mut client, _) = Client::over(server.stream().await).await;
        client.say(json!({"type": "list"})).await;
        assert_eq!(client.next().await["type"], "welcome");
        assert_eq!(client.next().await["type"], "list");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_and_the_candidates_after_it_arrive_in_order() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        let (mut producer, mut consumer) = (server.client().await, server.client().await);
        let session = start_session(&mut producer, &mut consumer).await;
        let offer = json!({"type": "offer", "sdp": "v=0\r\n"});
        producer.say(json!({"type": "peer", "sessionId": session, "sdp": offer})).await;
        for index in 0..200 {
            let ice = json!({"candidate": format!("candidate:{index}"), "sdpMLineIndex": 0});
            producer.say(json!({"type": "peer", "sessionId": session, "ice": ice})).await;
        }
        assert_eq!(consumer.next().await["sdp"], offer);
        for index in 0..200 {
            assert_eq!(consumer.next().await["ice"]["candidate"], format!("candidate:{index}"));
        }
        drop((producer, consumer));
        server.end().await;
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_the_connection_stays() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    for (message, expected) in [
        (Message::text("{"), "invalid message: "),
        (Message::text("[]"), "invalid message: "),
        (Message::text(r#"{"type":"startSession"}"#), "invalid message: missing field `peerId`"),
        (
            Message::text(r#"{"type":"setProtocolVersion","version":"v9"}"#),
            "This version of the protocol is not spoken here",
        ),
        (Message::text(r#"{"type":"dance"}"#), "unknown message type"),
        (Message::binary(vec![1, 2, 3]), "binary messages are not understood"),
    ] {
        soon(client.socket.send(message)).await.unwrap();
        let answer = client.next().await;
        assert_eq!(answer["type"], "error");
        assert!(answer["details"].as_str().unwrap().starts_with(expected), "{answer}");
    }
    client.settle().await;
}

#[tokio::test]
async fn a_long_mistake_gets_a_short_answer() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    client.say(json!({"type": "setPeerStatus", "roles": "ä".repeat(100_000)})).await;
    let answer = client.next().await;
    assert!(answer["details"].as_str().unwrap().len() <= 200, "{answer}");
}

#[tokio::test]
async fn the_partner_of_a_killed_peer_is_told_and_so_are_listeners() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        let (mut producer, mut consumer) = (server.client().await, server.client().await);
        let mut listener = server.client().await;
        let session = start_session(&mut producer, &mut consumer).await;
        listener.roles(&["listener"]).await;
        listener.next().await;
        let killed = producer.id.clone();
        drop(producer);
        assert_eq!(consumer.next().await, json!({"type": "endSession", "sessionId": session}));
        let gone = json!({"type": "peerStatusChanged", "roles": [], "meta": Value::Null, "peerId": killed});
        assert_eq!(listener.next().await, gone);
        drop((consumer, listener));
        server.end().await;
    }
}

#[tokio::test]
async fn a_header_that_http_does_not_allow_stops_the_start() {
    for (name, value) in [("x y", "1"), ("x-name", "a\nb"), ("x-name", "ä")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config { headers: vec![(name.to_owned(), value.to_owned())], ..Config::default() };
        let done = soon(run(listener, config, std::future::pending())).await;
        assert!(matches!(done, Err(RunError::Header { name: told }) if told == name));
    }
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let config = Config {
        ping_interval: Duration::from_millis(100),
        idle_timeout: Duration::from_secs(2),
        ..Config::default()
    };
    let server = Server::start(false, config).await;
    let mut client = server.client().await;
    // More pings than fit into the idle timeout: their answers are what keeps the connection.
    for _ in 0..25 {
        let ping = client.frame().await;
        assert!(matches!(ping, Some(Ok(Message::Ping(_)))), "{ping:?}");
    }
    client.settle().await;
}

#[tokio::test]
async fn a_peer_that_answers_no_pings_is_disconnected() {
    let config = Config {
        ping_interval: Duration::from_millis(100),
        idle_timeout: Duration::from_secs(2),
        close_timeout: Duration::from_secs(10),
        ..Config::default()
    };
    let server = Server::start(false, config).await;
    let mut silent = server.client().await;
    let mut listener = server.client().await;
    listener.roles(&["listener"]).await;
    listener.next().await;
    // The listener reads, and so answers; the other one does neither.
    assert_eq!(listener.next().await["peerId"], silent.id);
    let close = silent.closed().await.unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "nothing was heard for too long"));
}
