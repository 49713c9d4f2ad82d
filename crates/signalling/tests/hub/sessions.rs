//! Sessions: who may start, speak in and end one, and what both members hear.

use crate::scene::{Scene, candidate, description, end, error, to};
use gst_plugin_webrtc_signalling::Limits;
use serde_json::{Value, json};

fn started(peer: &str, producer: &str, session: &str) -> (String, Value) {
    to(peer, json!({"type": "sessionStarted", "peerId": producer, "sessionId": session}))
}

fn start(peer: &str, consumer: &str, session: &str, offer: Value) -> (String, Value) {
    to(peer, json!({"type": "startSession", "peerId": consumer, "sessionId": session, "offer": offer}))
}

/// An end as a peer is told it that speaks 1.1: a failure without a code, or an ordinary end.
fn end_v1_1(peer: &str, session: &str, error: Value) -> (String, Value) {
    let mut message = json!({"type": "endSessionV1_1", "sessionId": session, "error": error});
    if error.is_null() {
        message["reason"] = json!("ended");
    }
    to(peer, message)
}

fn end_for(peer: &str, session: &str, error: Value, reason: &str) -> (String, Value) {
    let message = json!({"type": "endSessionV1_1", "sessionId": session, "error": error, "reason": reason});
    to(peer, message)
}

#[test]
fn the_consumer_hears_of_its_session_before_the_producer_does() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.roles("p", &["producer"]);
    assert_eq!(scene.start("c", "p"), [started("c", "p", "s1"), start("p", "c", "s1", Value::Null)]);
}

#[test]
fn a_consumers_offer_reaches_the_producer_with_the_session() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.roles("p", &["producer"]);
    assert_eq!(
        scene.say("c", json!({"type": "startSession", "peerId": "p", "offer": "v=0\r\n"})),
        [started("c", "p", "s1"), start("p", "c", "s1", json!("v=0\r\n"))]
    );
}

#[test]
fn a_producer_starts_a_session_with_a_passive_consumer() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.roles("p", &["producer"]);
    scene.roles("c", &["consumer"]);
    assert_eq!(scene.start("p", "c"), [started("c", "p", "s1"), start("p", "c", "s1", Value::Null)]);
}

#[test]
fn two_producers_may_watch_each_other() {
    let mut scene = Scene::with(&["a", "b"]);
    scene.roles("a", &["producer"]);
    scene.roles("b", &["producer"]);
    assert_eq!(scene.start("a", "b"), [started("a", "b", "s1"), start("b", "a", "s1", Value::Null)]);
    assert_eq!(scene.start("b", "a"), [started("b", "a", "s2"), start("a", "b", "s2", Value::Null)]);
}

#[test]
fn two_sessions_between_one_pair_are_told_apart() {
    let mut scene = Scene::in_session();
    assert_eq!(
        scene.start("consumer", "producer"),
        [started("consumer", "producer", "s2"), start("producer", "consumer", "s2", Value::Null)]
    );
    scene.say("consumer", json!({"type": "endSession", "sessionId": "s2"}));
    assert!(scene.session_runs());
}

#[test]
fn descriptions_and_candidates_reach_the_other_member_unchanged() {
    let mut scene = Scene::in_session();
    let offer = description("s1", "offer");
    assert_eq!(scene.say("producer", offer.clone()), [to("consumer", offer)]);
    let answer = description("s1", "answer");
    assert_eq!(scene.say("consumer", answer.clone()), [to("producer", answer)]);
    assert_eq!(scene.say("producer", candidate("s1")), [to("consumer", candidate("s1"))]);
    assert_eq!(scene.say("consumer", candidate("s1")), [to("producer", candidate("s1"))]);
}

#[test]
fn a_consumer_may_make_offers_inside_a_session_where_both_members_speak_1_2_and_is_told_so() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.speak_v1_2("p");
    scene.speak_v1_2("c");
    scene.roles("p", &["producer"]);
    let mut told = started("c", "p", "s1");
    told.1["laterOffers"] = json!(true);
    assert_eq!(scene.start("c", "p"), [told, start("p", "c", "s1", Value::Null)]);
    let offer = description("s1", "offer");
    assert_eq!(scene.say("c", offer.clone()), [to("p", offer)]);
}

#[test]
fn a_producer_may_answer_a_consumers_offer() {
    let mut scene = Scene::in_session();
    let answer = description("s1", "answer");
    assert_eq!(scene.say("producer", answer.clone()), [to("consumer", answer)]);
}

#[test]
fn fields_that_only_browsers_know_are_left_out_of_forwarded_candidates() {
    let mut scene = Scene::in_session();
    let mut said = candidate("s1");
    said["ice"]["usernameFragment"] = json!("abcd");
    assert_eq!(scene.say("consumer", said), [to("producer", candidate("s1"))]);
}

#[test]
fn either_member_ends_a_session_and_the_other_is_told() {
    for (one, other) in [("producer", "consumer"), ("consumer", "producer")] {
        let mut scene = Scene::in_session();
        let message = json!({"type": "endSession", "sessionId": "s1"});
        assert_eq!(scene.say(one, message), [end(other, "s1")]);
        assert!(!scene.session_runs());
    }
}

#[test]
fn a_session_that_both_members_end_at_once_ends_without_an_error() {
    let mut scene = Scene::in_session();
    let message = json!({"type": "endSession", "sessionId": "s1"});
    scene.say("producer", message.clone());
    assert_eq!(scene.say("consumer", message), []);
    assert_eq!(scene.say("consumer", candidate("s1")), []);
}

#[test]
fn a_session_may_be_started_again_after_its_end() {
    let mut scene = Scene::in_session();
    scene.say("consumer", json!({"type": "endSession", "sessionId": "s1"}));
    assert_eq!(scene.start("consumer", "producer")[0], started("consumer", "producer", "s2"));
}

#[test]
fn a_peer_of_1_1_is_told_the_end_in_its_own_words() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.speak_v1_1("c");
    scene.roles("p", &["producer"]);
    scene.start("c", "p");
    let message = json!({"type": "endSession", "sessionId": "s1"});
    assert_eq!(scene.say("p", message), [end_v1_1("c", "s1", Value::Null)]);
}

#[test]
fn an_error_reaches_a_peer_of_1_1_and_is_left_out_for_a_peer_of_1_0() {
    let mut scene = Scene::with(&["p", "new", "old"]);
    scene.speak_v1_1("p");
    scene.speak_v1_1("new");
    scene.roles("p", &["producer"]);
    scene.start("new", "p");
    scene.start("old", "p");
    let failed = |id| json!({"type": "endSessionV1_1", "sessionId": id, "error": "no codec"});
    assert_eq!(scene.say("p", failed("s1")), [end_v1_1("new", "s1", json!("no codec"))]);
    assert_eq!(scene.say("p", failed("s2")), [end("old", "s2")]);
}

#[test]
fn a_peer_of_1_0_may_end_a_session_without_an_error_in_the_words_of_1_1() {
    let mut scene = Scene::in_session();
    let message = json!({"type": "endSessionV1_1", "sessionId": "s1", "error": null});
    assert_eq!(scene.say("consumer", message), [end("producer", "s1")]);
}

#[test]
fn an_error_from_a_peer_of_1_0_is_refused_and_the_session_stays() {
    let mut scene = Scene::in_session();
    let message = json!({"type": "endSessionV1_1", "sessionId": "s1", "error": "broken"});
    let text = "Invalid end session message with error from peer 'consumer', minimum protocol version is 1.1";
    assert_eq!(scene.say("consumer", message), [error("consumer", text)]);
    assert!(scene.session_runs());
}

#[test]
fn a_stranger_can_neither_end_a_session_nor_speak_in_it() {
    let mut scene = Scene::in_session();
    let refusal = [error("stranger", "Peer stranger is not part of s1")];
    assert_eq!(scene.say("stranger", json!({"type": "endSession", "sessionId": "s1"})), refusal);
    assert_eq!(scene.say("stranger", json!({"type": "endSessionV1_1", "sessionId": "s1"})), refusal);
    assert_eq!(scene.say("stranger", candidate("s1")), refusal);
    assert_eq!(scene.say("stranger", description("s1", "offer")), refusal);
    assert!(scene.session_runs());
}

#[test]
fn the_partner_of_a_peer_that_disconnects_is_told() {
    for (one, other) in [("producer", "consumer"), ("consumer", "producer")] {
        let mut scene = Scene::in_session();
        assert_eq!(scene.disconnect(one), [end(other, "s1")]);
        assert_eq!(scene.say(other, candidate("s1")), []);
    }
}

#[test]
fn every_consumer_of_a_producer_that_disconnects_is_told_in_the_order_of_the_sessions() {
    let mut scene = Scene::with(&["p", "a", "b", "c"]);
    scene.roles("p", &["producer"]);
    for consumer in ["b", "a", "c"] {
        scene.start(consumer, "p");
    }
    scene.disconnect("a");
    assert_eq!(scene.disconnect("p"), [end("b", "s1"), end("c", "s3")]);
}

#[test]
fn a_producer_that_stops_producing_ends_the_sessions_it_produces_for_only() {
    let mut scene = Scene::with(&["a", "b"]);
    scene.roles("a", &["producer"]);
    scene.roles("b", &["producer"]);
    scene.start("a", "b");
    scene.start("b", "a");
    assert_eq!(scene.roles("a", &["listener"])[0], end("b", "s2"));
    assert_eq!(scene.say("a", candidate("s1")), [to("b", candidate("s1"))]);
    assert_eq!(scene.say("a", candidate("s2")), []);
}

#[test]
fn a_consumer_that_stops_consuming_ends_its_sessions() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.roles("p", &["producer"]);
    scene.roles("c", &["consumer"]);
    scene.start("p", "c");
    assert_eq!(scene.roles("c", &[]), [end("p", "s1")]);
}

#[test]
fn a_change_of_meta_ends_no_session() {
    let mut scene = Scene::in_session();
    scene.say("producer", json!({"type": "setPeerStatus", "roles": ["producer"], "meta": 2}));
    assert!(scene.session_runs());
}

#[test]
fn the_internal_message_of_older_servers_resets_nobody() {
    let mut scene = Scene::in_session();
    let told = scene.say("producer", json!({"type": "newPeer", "peerId": "producer"}));
    assert_eq!(told, [error("producer", "unknown message type")]);
    assert!(scene.session_runs());
}

#[test]
fn the_reason_of_an_end_reaches_the_other_member() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.speak_v1_2("p");
    scene.speak_v1_2("c");
    scene.roles("p", &["producer"]);
    scene.start("c", "p");
    let reason = "transportFailed";
    let message = json!({"type": "endSessionV1_1", "sessionId": "s1", "error": "no way", "reason": reason});
    assert_eq!(scene.say("c", message), [end_for("p", "s1", json!("no way"), reason)]);
}

#[test]
fn the_server_says_why_it_ends_a_session() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.speak_v1_1("c");
    scene.roles("p", &["producer"]);
    scene.start("c", "p");
    assert_eq!(scene.roles("p", &[]), [end_for("c", "s1", Value::Null, "roleDropped")]);
    scene.roles("p", &["producer"]);
    scene.start("c", "p");
    assert_eq!(scene.disconnect("p"), [end_for("c", "s2", Value::Null, "peerGone")]);
}

#[test]
fn a_peer_may_have_so_many_sessions_and_no_more() {
    let mut scene = Scene::limited(Limits { sessions_per_peer: 2, ..Limits::default() });
    for peer in ["p", "q", "a", "b"] {
        scene.connect(peer);
    }
    scene.roles("p", &["producer"]);
    scene.roles("q", &["producer"]);
    scene.start("a", "p");
    scene.start("b", "p");
    let full = [error("a", "Peer p has 2 sessions already, and may not have more")];
    assert_eq!(scene.start("a", "p"), full);
    scene.start("a", "q");
    let full = [error("a", "Peer a has 2 sessions already, and may not have more")];
    assert_eq!(scene.start("a", "q"), full);
    scene.say("b", json!({"type": "endSession", "sessionId": "s2"}));
    assert_eq!(scene.start("b", "p").len(), 2);
}

#[test]
fn two_peers_may_have_some_sessions_with_each_other_but_not_all_that_a_producer_may_have() {
    let mut scene = Scene::with(&["p", "greedy", "other"]);
    scene.roles("p", &["producer"]);
    for _ in 0..8 {
        assert_eq!(scene.start("greedy", "p").len(), 2);
    }
    let full = "Peers greedy and p have 8 sessions with each other already, and may not have more";
    assert_eq!(scene.start("greedy", "p"), [error("greedy", full)]);
    assert_eq!(scene.start("other", "p").len(), 2);
}
