//! What a peer may cost: how much waits for it, how often it says that it is there.

use super::*;
use async_tungstenite::tungstenite::Bytes;

#[test]
fn what_is_too_long_to_wait_is_not_kept_for_who_may_come_back() {
    let mut scene = Scene::new();
    let (mut producer, consumer, session) = scene.session();
    // A single message is always taken.
    let sdp = json!({"type": "offer", "sdp": "x".repeat(200_000)});
    scene.say(&mut producer, json!({"type": "peer", "sessionId": session, "sdp": sdp}));
    scene.leave(&consumer, cut());
    assert_eq!(producer.hear()[0]["reason"], "peerGone");
}

#[test]
fn many_leases_that_end_together_do_so_some_at_a_time() {
    let mut scene = Scene::new();
    let peers: Vec<_> = (0..100).map(|_| scene.peer(None)).collect();
    peers.iter().for_each(|peer| scene.leave(peer, cut()));
    scene.now += LEASE;
    let mut turns = 1;
    while scene.exchange.expire(scene.now).is_some() {
        turns += 1;
    }
    assert_eq!((turns, scene.exchange.posts.len()), (4, 0));
}

#[test]
fn a_heartbeat_is_owed_once_however_often_it_is_asked_for() {
    let mut scene = Scene::new();
    let mut peer = scene.peer(None);
    for _ in 0..100 {
        scene.say(&mut peer, json!({"type": "heartbeat", "received": 0}));
    }
    assert_eq!(peer.frames(), [json!({"type": "heartbeat", "received": 0})]);
}

#[test]
fn a_peer_that_is_away_too_long_for_what_it_is_told_is_put_out() {
    let mut scene = Scene::new();
    let (mut producer, consumer, session) = scene.session();
    scene.leave(&consumer, cut());
    for number in 0..2000 {
        scene.candidate(&mut producer, &session, number);
    }
    let told = producer.hear();
    assert_eq!(told.iter().filter(|message| message["reason"] == "peerGone").count(), 1);
    assert!(scene.exchange.leases.holder(&consumer.token).is_none());
}

#[test]
fn heartbeats_are_as_often_as_a_peer_asks_within_bounds() {
    let mut scene = Scene::new();
    for (wanted, given) in [(2000, 2000), (1, 1000), (10_000_000, 60_000)] {
        let mut peer = scene.connect(&Grant::default());
        let version = json!({"type": "setProtocolVersion", "version": "v1_2", "heartbeatMs": wanted});
        scene.say(&mut peer, version);
        let lease = &peer.frames()[0];
        assert_eq!((&lease["heartbeatMs"], &lease["silenceMs"]), (&json!(given), &json!(given * 5 / 2)));
        assert_eq!(peer.line.silence(), Duration::from_millis(given * 5 / 2));
    }
}

#[test]
fn messages_are_acknowledged_without_being_asked_for() {
    let mut scene = Scene::new();
    let mut peer = scene.peer(None);
    for _ in 0..ACKNOWLEDGE {
        scene.say(&mut peer, json!({"type": "list"}));
    }
    let frames = peer.frames();
    assert_eq!(frames[0], json!({"type": "heartbeat", "received": ACKNOWLEDGE}));
}

#[test]
fn a_message_that_waits_keeps_nothing_of_the_buffer_that_it_was_read_into() {
    let mut scene = Scene::new();
    let (producer, _consumer, session) = scene.session();
    let message = candidate_text(&session, 1);
    // As the library reads it: a piece of something longer.
    let buffer = Bytes::from(format!("{}{message}", "x".repeat(1_000_000)));
    let text = Utf8Bytes::try_from(buffer.slice(1_000_000..)).unwrap();
    let envelope = Envelope::read(&text).unwrap();
    scene.exchange.pass_on(&producer.post, &producer.line, &envelope, &text);
    drop(text);
    assert!(buffer.is_unique());
    assert_eq!(scene.exchange.posts.len(), 2);
}
