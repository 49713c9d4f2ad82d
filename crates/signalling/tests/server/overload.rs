//! Peers that ask for too much harm nobody else.

use crate::support::{Server, soon, start_session};
use async_tungstenite::tungstenite::Message;
use futures::SinkExt;
use gst_plugin_webrtc_signalling::Config;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_stops_reading_is_disconnected_while_others_go_on() {
    for secure in [false, true] {
        let config = Config {
            queue_bytes: 1_000_000,
            messages_per_second: 0,
            close_timeout: Duration::from_secs(15),
            ..Config::default()
        };
        let server = Server::start(secure, config).await;
        let mut producer = server.client().await;
        let meta = "x".repeat(60_000);
        producer.say(json!({"type": "setPeerStatus", "roles": ["producer"], "meta": meta})).await;
        producer.settle().await;

        let mut listener = server.client().await;
        listener.roles(&["listener"]).await;
        listener.next().await;
        let mut bystander = server.client().await;

        // Each of its requests is answered with 60 kB that it does not read, until its queue is full.
        let mut frozen = server.client().await;
        let gone = tokio::spawn(async move { listener.next().await });
        while !gone.is_finished() {
            frozen.say(json!({"type": "list"})).await;
            bystander.settle().await;
        }
        let gone = soon(gone).await.unwrap();
        assert_eq!((&gone["peerId"], &gone["roles"]), (&json!(frozen.id), &json!([])));

        // Should it read again in time, it learns why.
        let close = frozen.closed().await.unwrap();
        let expected = (1008, "messages were not read in time");
        assert_eq!((u16::from(close.code), close.reason.as_str()), expected);
        bystander.settle().await;
        drop((producer, bystander, frozen));
        server.end().await;
    }
}

#[tokio::test]
async fn a_burst_that_is_longer_than_a_queue_reaches_a_peer_that_reads() {
    let server =
        Server::start(false, Config { queue_bytes: 50_000, messages_per_second: 0, ..Config::default() })
            .await;
    let (mut producer, mut consumer) = (server.client().await, server.client().await);
    let session = start_session(&mut producer, &mut consumer).await;
    for index in 0..3000 {
        let ice = json!({"candidate": format!("candidate:{index}"), "sdpMLineIndex": 0});
        let message = json!({"type": "peer", "sessionId": session, "ice": ice});
        soon(producer.socket.feed(Message::text(message.to_string()))).await.unwrap();
        let list = json!({"type": "list"});
        soon(producer.socket.feed(Message::text(list.to_string()))).await.unwrap();
    }
    soon(producer.socket.flush()).await.unwrap();
    for index in 0..3000 {
        let candidate = consumer.next().await;
        assert_eq!(candidate["ice"]["candidate"], format!("candidate:{index}"));
        assert_eq!(producer.next().await["type"], "list");
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_its_senders_connection_only() {
    for secure in [false, true] {
        let server = Server::start(secure, Config { max_message_size: 1000, ..Config::default() }).await;
        let (mut sender, mut other) = (server.client().await, server.client().await);
        sender.say(json!({"type": "list", "padding": "x".repeat(900)})).await;
        assert_eq!(sender.next().await["type"], "list");
        sender.say(json!({"type": "list", "padding": "x".repeat(60_000)})).await;
        let close = sender.closed().await.unwrap();
        assert_eq!(
            (u16::from(close.code), close.reason.as_str()),
            (1009, "a message was longer than 1000 bytes")
        );
        other.settle().await;
        drop((sender, other));
        server.end().await;
    }
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_so() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    // A text frame whose continuation never comes, then another text frame.
    let raw = |fin| {
        use async_tungstenite::tungstenite::protocol::frame::Frame;
        use async_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
        Message::Frame(Frame::message("{}", OpCode::Data(Data::Text), fin))
    };
    soon(client.socket.send(raw(false))).await.unwrap();
    soon(client.socket.send(raw(true))).await.unwrap();
    assert_eq!(u16::from(client.closed().await.unwrap().code), 1002);
}

/// How much memory this process uses, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Sends one thing until the sockets take no more, and returns how often that was.
async fn send_until_stuck(client: &mut crate::support::Client, message: Message, most: usize) -> usize {
    for count in 0..most {
        let sent = client.socket.send(message.clone());
        if tokio::time::timeout(Duration::from_secs(1), sent).await.is_err() {
            return count;
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_reads_nothing_and_asks_for_signs_of_life_gets_no_memory_for_it() {
    let config = Config { messages_per_second: 0, ..Config::default() };
    let server = Server::start(false, config).await;
    for message in [Message::Ping(vec![0; 125].into()), Message::text(r#"{"type":"heartbeat","received":0}"#)]
    {
        let mut client = server.client().await;
        client.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
        let before = memory();
        send_until_stuck(&mut client, message, 300_000).await;
        let more = memory().saturating_sub(before);
        assert!(more < 30_000_000, "{more} bytes more");
    }
}

#[tokio::test]
async fn who_lost_the_connection_counts_at_the_door_as_long_as_the_place_is_kept() {
    let config = Config { max_connections: 2, lease: Duration::from_secs(3), ..Config::default() };
    let server = Server::start(false, config).await;
    let mut stays = server.client().await;
    let mut lost = server.client().await;
    lost.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
    assert_eq!(lost.next().await["type"], "lease");
    lost.roles(&["producer"]).await;
    lost.settle().await;
    stays.roles(&["listener"]).await;
    stays.next().await;
    drop(lost);
    let refused = async_tungstenite::tokio::client_async("ws://localhost", server.stream().await).await;
    assert!(refused.is_err(), "there is no place");
    // Its lease is over.
    assert_eq!(stays.next().await["roles"], json!([]));
    server.client().await;
}
