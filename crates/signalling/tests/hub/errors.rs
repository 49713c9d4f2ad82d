//! What is refused, and in which words.

use crate::scene::{Scene, candidate, description, error, to};
use serde_json::{Value, json};

#[test]
fn a_peer_that_is_not_connected_has_not_been_welcomed() {
    let mut scene = Scene::new();
    let refusal = [error("x", "Peer 'x' hasn't been welcomed")];
    assert_eq!(scene.roles("x", &["producer"]), refusal);
    assert_eq!(scene.say("x", json!({"type": "setProtocolVersion", "version": "v1_1"})), refusal);
    assert_eq!(scene.say("x", json!({"type": "list"})), refusal);
    assert_eq!(scene.start("x", "y"), refusal);
}

#[test]
fn nobody_is_both_producer_and_passive_consumer() {
    let mut scene = Scene::with(&["a"]);
    let text = "Cannot register peer a as both producer and passive consumer";
    assert_eq!(scene.roles("a", &["producer", "consumer"]), [error("a", text)]);
    let told = scene.say("a", json!({"type": "list"}));
    assert_eq!(told, [to("a", json!({"type": "list", "producers": []}))]);
}

#[test]
fn a_refused_status_leaves_the_old_one_and_its_sessions() {
    let mut scene = Scene::in_session();
    assert_eq!(scene.roles("producer", &["producer", "consumer"]).len(), 1);
    assert!(scene.session_runs());
}

#[test]
fn the_version_is_chosen_first_or_not_at_all() {
    let version = json!({"type": "setProtocolVersion", "version": "v1_1"});
    let refusal = [error("a", "Protocol version selection for peer 'a' must be first message")];

    let mut twice = Scene::with(&["a"]);
    assert_eq!(twice.say("a", version.clone()), []);
    assert_eq!(twice.say("a", version.clone()), refusal);

    let mut late = Scene::with(&["a"]);
    late.say("a", json!({"type": "list"}));
    assert_eq!(late.say("a", version), refusal);
}

#[test]
fn a_refused_version_leaves_the_old_one() {
    let mut scene = Scene::in_session();
    scene.say("producer", json!({"type": "setProtocolVersion", "version": "v1_1"}));
    let told = scene.say("consumer", json!({"type": "endSession", "sessionId": "s1"}));
    assert_eq!(told[0].1["type"], "endSession");
}

#[test]
fn a_version_may_be_chosen_after_a_message_that_was_not_understood() {
    let mut scene = Scene::with(&["a"]);
    scene.say("a", json!({"type": "hello from the future"}));
    assert_eq!(scene.say("a", json!({"type": "setProtocolVersion", "version": "v1_1"})), []);
}

#[test]
fn a_session_with_an_unknown_peer_is_refused() {
    let mut scene = Scene::with(&["c"]);
    assert_eq!(scene.start("c", "x"), [error("c", "Peer with ID 'x' not found")]);
}

#[test]
fn a_session_with_a_peer_that_has_left_is_refused() {
    let mut scene = Scene::in_session();
    scene.disconnect("producer");
    let refusal = [error("stranger", "Peer with ID 'producer' not found")];
    assert_eq!(scene.start("stranger", "producer"), refusal);
}

#[test]
fn a_session_needs_a_producer_or_a_consumer_at_its_other_end() {
    let mut scene = Scene::with(&["a", "b"]);
    scene.roles("a", &["producer", "listener"]);
    let text = "Missing a producer or a consumer: id a roles [Producer, Listener], id b roles []";
    assert_eq!(scene.start("a", "b"), [error("a", text)]);
}

#[test]
fn a_session_with_oneself_is_refused() {
    let mut scene = Scene::with(&["a"]);
    scene.roles("a", &["producer"]);
    assert_eq!(scene.start("a", "a"), [error("a", "Peer a cannot start a session with itself")]);
}

#[test]
fn a_producer_cannot_start_a_session_with_an_offer_to_itself() {
    let mut scene = Scene::with(&["p", "c"]);
    scene.roles("p", &["producer"]);
    scene.roles("c", &["consumer"]);
    let told = scene.say("p", json!({"type": "startSession", "peerId": "c", "offer": "v=0"}));
    let text = "Only the consumer of a session may start it with an offer, and peer p is its producer";
    assert_eq!(told, [error("p", text)]);
}

#[test]
fn a_consumers_offer_inside_a_session_is_refused_and_the_session_stays() {
    let mut scene = Scene::in_session();
    let text = "cannot forward offer from \"consumer\" to \"producer\" as \"consumer\" is not the producer";
    assert_eq!(scene.say("consumer", description("s1", "offer")), [error("consumer", text)]);
    assert!(scene.session_runs());
}

#[test]
fn words_in_a_session_that_nobody_knows_are_ignored() {
    let mut scene = Scene::with(&["a"]);
    for message in [
        candidate("s9"),
        description("s9", "offer"),
        json!({"type": "endSession", "sessionId": "s9"}),
        json!({"type": "endSessionV1_1", "sessionId": "s9", "error": null}),
    ] {
        assert_eq!(scene.say("a", message), []);
    }
}

#[test]
fn an_unknown_message_is_answered() {
    let mut scene = Scene::with(&["a"]);
    let told = scene.say("a", json!({"type": "dance", "partner": Value::Null}));
    assert_eq!(told, [error("a", "unknown message type")]);
}
