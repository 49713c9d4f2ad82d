//! Peers that come back over real sockets.

use crate::support::{Client, Server, soon, start_session};
use async_tungstenite::tungstenite::Message;
use gst_plugin_webrtc_signalling::Config;
use serde_json::{Value, json};
use std::time::Duration;

/// A client that speaks 1.2, and its lease.
async fn connect(server: &Server, resume: Value) -> (Client, Value) {
    let mut client = server.client().await;
    let mut message = json!({"type": "setProtocolVersion", "version": "v1_2", "heartbeatMs": 60_000});
    if !resume.is_null() {
        message["resume"] = resume;
    }
    client.say(message).await;
    let lease = client.next().await;
    assert_eq!(lease["type"], "lease", "{lease}");
    client.id = lease["peerId"].as_str().unwrap().to_owned();
    (client, lease)
}

fn resume(lease: &Value, received: u64) -> Value {
    json!({"token": lease["token"], "received": received})
}

#[tokio::test]
async fn a_client_that_lost_its_socket_goes_on_in_its_session() {
    for secure in [false, true] {
        let server = Server::start(secure, Config::default()).await;
        let (mut producer, _) = connect(&server, Value::Null).await;
        let (mut consumer, lease) = connect(&server, Value::Null).await;
        let session = start_session(&mut producer, &mut consumer).await;
        let id = consumer.id.clone();
        drop(consumer);
        // Said into the gap, at whichever moment the server notices it.
        let candidate = |n: u32| json!({"type": "peer", "sessionId": session, "ice": {"candidate": n.to_string(), "sdpMLineIndex": 0}});
        producer.say(candidate(1)).await;
        producer.settle().await;
        let (mut back, lease) = connect(&server, resume(&lease, 1)).await;
        assert_eq!((&lease["resumed"], lease["peerId"].as_str()), (&json!(true), Some(id.as_str())));
        assert_eq!(back.next().await, candidate(1));
        back.say(candidate(2)).await;
        assert_eq!(producer.next().await, candidate(2));
        drop((producer, back));
        server.end().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_come_back_is_gone_when_its_lease_is_over() {
    let config = Config { lease: Duration::from_millis(200), ..Config::default() };
    let server = Server::start(false, config).await;
    let (mut producer, _) = connect(&server, Value::Null).await;
    let (mut consumer, lease) = connect(&server, Value::Null).await;
    assert_eq!(lease["leaseMs"], 200);
    let session = start_session(&mut producer, &mut consumer).await;
    drop(consumer);
    let end = json!({"type": "endSessionV1_1", "sessionId": session, "error": null, "reason": "peerGone"});
    assert_eq!(producer.next().await, end);
    let (_, lease) = connect(&server, resume(&lease, 0)).await;
    assert_eq!(lease["resumed"], false);
}

#[tokio::test]
async fn a_client_that_closes_is_not_waited_for() {
    let server = Server::start(false, Config { lease: Duration::from_secs(3600), ..Config::default() }).await;
    let (mut producer, _) = connect(&server, Value::Null).await;
    let (mut consumer, _) = connect(&server, Value::Null).await;
    start_session(&mut producer, &mut consumer).await;
    soon(consumer.socket.close(None)).await.unwrap();
    assert_eq!(producer.next().await["reason"], "peerGone");
}

#[tokio::test]
async fn a_connection_that_hangs_is_taken_over() {
    let server = Server::plain().await;
    let (mut hanging, lease) = connect(&server, Value::Null).await;
    let (_back, lease) = connect(&server, resume(&lease, 0)).await;
    assert_eq!(lease["resumed"], true);
    let close = hanging.closed().await.unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "another connection has taken over"));
}

#[tokio::test]
async fn heartbeats_are_answered_and_their_absence_ends_the_connection() {
    let server = Server::start(false, impatient()).await;
    let mut client = server.client().await;
    client.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
    let lease = client.next().await;
    assert_eq!((&lease["heartbeatMs"], &lease["silenceMs"]), (&json!(300), &json!(750)));
    client.say(json!({"type": "heartbeat", "received": 0})).await;
    assert_eq!(client.next().await, json!({"type": "heartbeat", "received": 0}));
    client.roles(&["producer"]).await;
    let mut listener = server.client().await;
    listener.roles(&["listener"]).await;
    // Nothing more is said, and no ping is read; nor is the peer back in time.
    while listener.next().await["roles"] != json!([]) {}
    let close = client.closed().await.unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "nothing was heard for too long"));
}

#[tokio::test]
async fn a_page_in_the_background_that_answers_pings_stays() {
    let config = Config { heartbeat: Duration::from_millis(200), ..impatient() };
    let server = Server::start(false, config).await;
    let mut client = server.client().await;
    client.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
    assert_eq!(client.next().await["silenceMs"], 500);
    // More pings than fit into the silence that is borne: reading them answers them.
    for _ in 0..8 {
        let ping = client.frame().await;
        assert!(matches!(ping, Some(Ok(Message::Ping(_)))), "{ping:?}");
    }
    client.settle().await;
}

/// Bears little silence, and keeps no place for long.
fn impatient() -> Config {
    Config {
        shortest_heartbeat: Duration::from_millis(50),
        heartbeat: Duration::from_millis(300),
        lease: Duration::from_millis(100),
        close_timeout: Duration::from_secs(10),
        ..Config::default()
    }
}

#[tokio::test]
async fn a_peer_that_is_too_fast_is_read_slowly_and_loses_nothing() {
    let server = Server::start(false, Config { messages_per_second: 100, ..Config::default() }).await;
    let mut fast = server.client().await;
    let mut other = server.client().await;
    let began = std::time::Instant::now();
    for _ in 0..250 {
        soon(fast.socket.send(Message::text(r#"{"type":"list"}"#))).await.unwrap();
    }
    other.settle().await;
    for _ in 0..250 {
        assert_eq!(fast.next().await["type"], "list");
    }
    // Two seconds' worth pass at once, the other fifty take half a second.
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
}
