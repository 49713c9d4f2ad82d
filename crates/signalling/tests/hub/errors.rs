//! What is refused, and in which words.

use crate::scene::{Scene, candidate, description, error, to};
use gst_plugin_webrtc_signalling::Rights;
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
fn a_consumers_offer_inside_a_session_is_refused_where_one_member_is_older_than_1_2() {
    for modern in ["producer", "consumer"] {
        let mut scene = Scene::with(&["producer", "consumer"]);
        scene.speak_v1_2(modern);
        scene.roles("producer", &["producer"]);
        let told = scene.start("consumer", "producer");
        assert_eq!(told[0].1["laterOffers"], json!(null), "{modern}");
        let refusal = scene.refusal("consumer", description("s1", "offer"));
        assert_eq!(refusal, json!({"code": "offerNotAllowed", "sessionId": "s1"}), "{modern}");
        assert!(scene.session_runs());
    }
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
fn a_peer_of_1_2_is_told_that_a_session_is_over() {
    let mut scene = Scene::in_session();
    scene.connect("new");
    scene.speak_v1_2("new");
    for message in [candidate("s9"), json!({"type": "endSession", "sessionId": "s9"})] {
        assert_eq!(scene.say("new", message), [error("new", "There is no session s9")]);
    }
}

#[test]
fn every_refusal_has_a_code_and_names_what_it_is_about() {
    let mut scene = Scene::in_session();
    for peer in ["v1_1", "v1_2", "fresh"] {
        scene.connect(peer);
    }
    scene.speak_v1_1("v1_1");
    scene.speak_v1_2("v1_2");
    let start = |peer: &str| json!({"type": "startSession", "peerId": peer});
    let version = |version: &str| json!({"type": "setProtocolVersion", "version": version});
    let rows = [
        ("producer", version("v1_1"), json!({"code": "lateVersion"})),
        ("fresh", version("v9"), json!({"code": "unsupportedVersion"})),
        ("fresh", json!({"type": "dance"}), json!({"code": "unknownType"})),
        ("fresh", json!({"type": "heartbeat", "received": 0}), json!({"code": "needsNewerVersion"})),
        ("stranger", start("nobody"), json!({"code": "unknownPeer", "peerId": "nobody"})),
        ("stranger", start("stranger"), json!({"code": "selfSession", "peerId": "stranger"})),
        ("stranger", start("consumer"), json!({"code": "noRoles", "peerId": "consumer"})),
        ("stranger", candidate("s1"), json!({"code": "notAMember", "sessionId": "s1"})),
        ("consumer", description("s1", "offer"), json!({"code": "offerNotAllowed", "sessionId": "s1"})),
        ("v1_2", candidate("s9"), json!({"code": "unknownSession", "sessionId": "s9"})),
        (
            "stranger",
            json!({"type": "endSessionV1_1", "sessionId": "s1", "error": "x"}),
            json!({"code": "needsNewerVersion"}),
        ),
        (
            "stranger",
            json!({"type": "setPeerStatus", "roles": ["producer", "consumer"]}),
            json!({"code": "roleConflict", "peerId": "stranger"}),
        ),
        (
            "stranger",
            json!({"type": "setPeerStatus", "roles": [], "meta": "x".repeat(70_000)}),
            json!({"code": "metaTooLong"}),
        ),
    ];
    for (peer, message, expected) in rows {
        assert_eq!(scene.refusal(peer, message.clone()), expected, "{peer}: {message}");
    }
}

#[test]
fn a_refused_start_says_with_whom() {
    let mut scene = Scene::with(&["producer"]);
    scene.roles("producer", &["producer"]);
    scene.connect_with("a", Rights { consume: false, ..Rights::ALL });
    let start = json!({"type": "startSession", "peerId": "producer"});
    assert_eq!(scene.refusal("a", start), json!({"code": "forbidden", "peerId": "producer"}));
    let status = json!({"type": "setPeerStatus", "roles": ["consumer"]});
    assert_eq!(scene.refusal("a", status), json!({"code": "forbidden"}));
}

#[test]
fn a_version_that_is_not_spoken_leaves_the_choice() {
    let mut scene = Scene::with(&["a"]);
    scene.say("a", json!({"type": "setProtocolVersion", "version": "v9"}));
    assert_eq!(scene.say("a", json!({"type": "setProtocolVersion", "version": "v1_1"})), []);
}

#[test]
fn a_right_that_is_missing_is_told_and_the_others_hold() {
    let all = Rights::ALL;
    let status = |role: &str| json!({"type": "setPeerStatus", "roles": [role]});
    let start = |peer: &str| json!({"type": "startSession", "peerId": peer});
    let no_produce = Rights { produce: false, ..all };
    let no_consume = Rights { consume: false, ..all };
    let no_list = Rights { list: false, ..all };
    for (rights, message, allowed) in [
        (no_produce, status("producer"), false),
        (no_produce, start("consumer"), false),
        (no_produce, start("producer"), true),
        (no_produce, status("consumer"), true),
        (no_consume, status("consumer"), false),
        (no_consume, start("producer"), false),
        (no_consume, start("consumer"), true),
        (no_consume, status("producer"), true),
        (no_list, status("listener"), false),
        (no_list, json!({"type": "list"}), false),
        (no_list, json!({"type": "listConsumers"}), false),
        (no_list, status("producer"), true),
    ] {
        let mut scene = Scene::with(&["producer", "consumer"]);
        scene.roles("producer", &["producer"]);
        scene.roles("consumer", &["consumer"]);
        scene.connect_with("a", rights);
        let told = scene.say("a", message.clone());
        let refused = told.first().is_some_and(|(_, json)| json["type"] == "error");
        assert_eq!(!refused, allowed, "{rights:?} {message}: {told:?}");
    }
}

#[test]
fn an_unknown_message_is_answered() {
    let mut scene = Scene::with(&["a"]);
    let told = scene.say("a", json!({"type": "dance", "partner": Value::Null}));
    assert_eq!(told, [error("a", "unknown message type")]);
}
