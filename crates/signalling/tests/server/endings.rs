//! Every way in which a connection can end, in every phase, over plain and secured sockets: both sides see the
//! documented outcome. Nobody who is alive ever sees a broken connection.

use crate::support::{Client, Server, soon, start_session};
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::{Error, Message};
use futures::SinkExt;
use gst_plugin_webrtc_signalling::Config;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How often each case is tried.
const ROUNDS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Client,
    Server,
    Both,
    /// The client, without a word.
    Killed,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Idle,
    /// Many messages are under way in both directions.
    Burst,
    /// The session has been asked for, and its description is under way.
    Negotiation,
}

/// What the server logs: how it says that connections ended.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this process: other tests may write into it too.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
});

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// How the connection of a peer ended, in the server's words.
    fn ending(&self, peer: &str) -> Option<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let line = text.lines().find(|line| line.contains("peer disconnected") && line.contains(peer))?;
        Some(line.split_once("reason=").unwrap().1.to_owned())
    }
}

fn candidate(session: &str) -> Value {
    json!({"type": "peer", "sessionId": session, "ice": {"candidate": "candidate:1", "sdpMLineIndex": 0}})
}

/// Brings a producer and a consumer into a phase.
async fn bring(phase: Phase, producer: &mut Client, consumer: &mut Client) {
    let session = start_session(producer, consumer).await;
    match phase {
        Phase::Idle => {}
        Phase::Burst => {
            for _ in 0..100 {
                producer.say(candidate(&session)).await;
                consumer.say(candidate(&session)).await;
            }
        }
        Phase::Negotiation => {
            let sdp = json!({"type": "offer", "sdp": "v=0\r\n".repeat(1000)});
            producer.say(json!({"type": "peer", "sessionId": session, "sdp": sdp})).await;
            producer.say(candidate(&session)).await;
        }
    }
}

/// Reads until the end: the Close that came, and how the connection ended after it.
async fn end(client: &mut Client) -> (Option<CloseFrame>, Option<Error>) {
    let mut close = None;
    loop {
        match client.frame().await {
            Some(Ok(Message::Close(frame))) => close = frame,
            Some(Ok(_)) => {}
            Some(Err(error)) => return (close, Some(error)),
            None => return (close, None),
        }
    }
}

async fn close(client: &mut Client) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    // Fails where the server's Close has been read already, which no read has done yet.
    soon(client.socket.close(Some(frame))).await.unwrap();
}

async fn check(who: Who, phase: Phase, secure: bool, log: &Log) {
    let case = format!("{who:?} {phase:?} {}", if secure { "wss" } else { "ws" });
    let server = Server::start(secure, Config::default()).await;
    let (mut producer, mut consumer) = (server.client().await, server.client().await);
    bring(phase, &mut producer, &mut consumer).await;
    let id = consumer.id.clone();
    let (mut server, mut stopped) = (Some(server), None);
    if matches!(who, Who::Server | Who::Both) {
        stopped = server.take().map(Server::stop);
    }
    if matches!(who, Who::Client | Who::Both) {
        close(&mut consumer).await;
    }
    if who == Who::Killed {
        drop(consumer);
        // Its partner hears of it, so the server has noticed; how it put it is checked below.
        while producer.next().await["type"] != "endSession" {}
    } else {
        let (frame, error) = end(&mut consumer).await;
        drop(consumer);
        assert!(error.is_none(), "{case}: the client saw {error:?}");
        let frame = frame.unwrap_or_else(|| panic!("{case}: no Close came"));
        let seen = (u16::from(frame.code), frame.reason.to_string());
        let ours = (1000, "done".to_owned());
        let theirs = (1001, "the server is shutting down".to_owned());
        match who {
            Who::Client => assert_eq!(seen, ours, "{case}"),
            Who::Server => assert_eq!(seen, theirs, "{case}"),
            _ => assert!(seen == ours || seen == theirs, "{case}: {seen:?}"),
        }
    }
    let running = match (stopped, server) {
        (Some(running), _) => running,
        (None, Some(server)) => server.stop(),
        (None, None) => unreachable!(),
    };
    let (frame, error) = end(&mut producer).await;
    assert!(error.is_none(), "{case}: the other client saw {error:?}");
    assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1001), "{case}");
    drop(producer);
    soon(running).await.unwrap().unwrap();
    let ending = log.ending(&id).unwrap_or_else(|| panic!("{case}: the server noticed no end"));
    let expected = match who {
        Who::Client => &["the peer closed the connection"][..],
        Who::Server => &["the server is shutting down"],
        Who::Both => &["the peer closed the connection", "the server is shutting down"],
        Who::Killed => &["the connection was lost"],
    };
    assert!(expected.iter().any(|expected| ending.starts_with(expected)), "{case}: {ending}");
}

#[tokio::test]
async fn a_close_is_answered_wherever_in_a_burst_it_stands() {
    let server = Server::start(false, Config::default()).await;
    for position in 0..40 {
        let mut client = server.client().await;
        client.say(json!({"type": "setProtocolVersion", "version": "v1_2"})).await;
        for _ in 0..position {
            soon(client.socket.feed(Message::text(r#"{"type":"list"}"#))).await.unwrap();
        }
        let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        soon(client.socket.feed(Message::Close(Some(frame)))).await.unwrap();
        soon(client.socket.flush()).await.unwrap();
        let (close, error) = end(&mut client).await;
        assert!(error.is_none(), "after {position} messages: {error:?}");
        assert_eq!(close.map(|close| u16::from(close.code)), Some(1000), "after {position} messages");
    }
    // All of them are gone at once: nobody is kept for the time of a lease.
    let mut client = server.client().await;
    client.settle().await;
    server.end().await;
}

#[tokio::test]
async fn whoever_ends_a_connection_and_whenever_both_sides_see_the_documented_end() {
    for who in [Who::Client, Who::Server, Who::Both, Who::Killed] {
        for phase in [Phase::Idle, Phase::Burst, Phase::Negotiation] {
            for secure in [false, true] {
                for _ in 0..ROUNDS {
                    check(who, phase, secure, &LOG).await;
                }
            }
        }
    }
}
