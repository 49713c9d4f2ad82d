//! Connecting, roles, lists and listeners.

use crate::scene::{Scene, end, status, to};
use serde_json::{Value, json};

fn list(scene: &mut Scene, peer: &str) -> Value {
    let told = scene.say(peer, json!({"type": "list"}));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, peer);
    told[0].1["producers"].clone()
}

#[test]
fn a_peer_is_welcomed_with_its_own_identifier() {
    let mut scene = Scene::new();
    assert_eq!(
        scene.connect("a"),
        [to("a", json!({"type": "welcome", "peerId": "a", "versions": ["v1_0", "v1_1", "v1_2"]}))]
    );
}

#[test]
fn an_identifier_that_is_taken_changes_nothing() {
    let mut scene = Scene::with(&["a"]);
    scene.roles("a", &["producer"]);
    assert_eq!(scene.connect("a"), []);
    assert_eq!(list(&mut scene, "a"), json!([{"id": "a", "meta": null}]));
}

#[test]
fn a_producer_is_listed_with_its_meta() {
    let mut scene = Scene::with(&["camera", "viewer"]);
    let meta = json!({"name": "front door", "tags": [1, 2]});
    scene.say("camera", json!({"type": "setPeerStatus", "roles": ["producer"], "meta": meta}));
    assert_eq!(list(&mut scene, "viewer"), json!([{"id": "camera", "meta": meta}]));
}

#[test]
fn producers_are_listed_in_the_order_in_which_they_registered_not_connected() {
    let mut scene = Scene::with(&["a", "b", "c", "d"]);
    for peer in ["c", "a", "d", "b"] {
        scene.roles(peer, &["producer"]);
    }
    scene.say("c", json!({"type": "setPeerStatus", "roles": ["producer"], "meta": 1}));
    scene.disconnect("a");
    let listed = list(&mut scene, "b");
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|peer| peer["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["c", "d", "b"]);
}

#[test]
fn a_producer_that_stops_and_starts_again_is_listed_last() {
    let mut scene = Scene::with(&["a", "b"]);
    scene.roles("a", &["producer"]);
    scene.roles("b", &["producer"]);
    scene.roles("a", &[]);
    scene.roles("a", &["producer"]);
    let expected = json!([{"id": "b", "meta": null}, {"id": "a", "meta": null}]);
    assert_eq!(list(&mut scene, "a"), expected);
}

#[test]
fn passive_consumers_have_a_list_of_their_own() {
    let mut scene = Scene::with(&["screen", "wall", "camera"]);
    scene.roles("wall", &["consumer"]);
    scene.roles("screen", &["consumer", "listener"]);
    scene.roles("camera", &["producer"]);
    let told = scene.say("camera", json!({"type": "listConsumers"}));
    let consumers = json!([{"id": "wall", "meta": null}, {"id": "screen", "meta": null}]);
    assert_eq!(told, [to("camera", json!({"type": "listConsumers", "consumers": consumers}))]);
    assert_eq!(list(&mut scene, "wall"), json!([{"id": "camera", "meta": null}]));
}

#[test]
fn listeners_hear_of_every_change_their_own_included() {
    let mut scene = Scene::with(&["one", "two", "camera"]);
    let null = Value::Null;
    assert_eq!(scene.roles("one", &["listener"]), [status("one", "one", &["listener"], null.clone())]);
    assert_eq!(
        scene.roles("two", &["listener"]),
        [
            status("one", "two", &["listener"], null.clone()),
            status("two", "two", &["listener"], null.clone())
        ]
    );
    assert_eq!(
        scene.roles("camera", &["producer"]),
        [status("one", "camera", &["producer"], null.clone()), status("two", "camera", &["producer"], null)]
    );
}

#[test]
fn a_listener_is_not_told_of_peers_that_were_there_before() {
    let mut scene = Scene::with(&["camera", "late"]);
    scene.roles("camera", &["producer"]);
    assert_eq!(scene.roles("late", &["listener"]), [status("late", "late", &["listener"], Value::Null)]);
}

#[test]
fn the_peer_id_in_a_status_is_ignored() {
    let mut scene = Scene::with(&["a", "ear"]);
    scene.roles("ear", &["listener"]);
    let told = scene.say("a", json!({"type": "setPeerStatus", "roles": ["producer"], "peerId": "ear"}));
    assert_eq!(told, [status("ear", "a", &["producer"], Value::Null)]);
}

#[test]
fn an_unchanged_status_is_told_to_nobody() {
    let mut scene = Scene::with(&["a"]);
    scene.roles("a", &["listener", "producer"]);
    assert_eq!(scene.roles("a", &["listener", "producer"]), []);
    assert_eq!(scene.roles("a", &["producer", "listener", "producer"]), []);
    assert_eq!(scene.roles("a", &["producer", "listener", "of a newer protocol"]), []);
}

#[test]
fn a_change_of_meta_alone_is_told() {
    let mut scene = Scene::with(&["a", "ear"]);
    scene.roles("ear", &["listener"]);
    scene.roles("a", &["producer"]);
    let told = scene.say("a", json!({"type": "setPeerStatus", "roles": ["producer"], "meta": {"n": 2}}));
    assert_eq!(told, [status("ear", "a", &["producer"], json!({"n": 2}))]);
}

#[test]
fn a_peer_that_stops_listening_hears_nothing_more() {
    let mut scene = Scene::with(&["a", "ear"]);
    scene.roles("ear", &["listener"]);
    assert_eq!(scene.roles("ear", &[]), []);
    assert_eq!(scene.roles("a", &["producer"]), []);
}

#[test]
fn listeners_hear_of_every_disconnect_with_the_last_meta() {
    let mut scene = Scene::with(&["ear", "camera", "nobody"]);
    scene.roles("ear", &["listener"]);
    scene.say("camera", json!({"type": "setPeerStatus", "roles": ["producer"], "meta": "x"}));
    assert_eq!(scene.disconnect("camera"), [status("ear", "camera", &[], json!("x"))]);
    assert_eq!(scene.disconnect("nobody"), [status("ear", "nobody", &[], Value::Null)]);
    assert_eq!(list(&mut scene, "ear"), json!([]));
}

#[test]
fn a_disconnect_is_told_once() {
    let mut scene = Scene::with(&["ear", "a"]);
    scene.roles("ear", &["listener"]);
    assert_eq!(scene.disconnect("a").len(), 1);
    assert_eq!(scene.disconnect("a"), []);
}

#[test]
fn the_end_of_a_session_is_told_before_the_change_that_ended_it() {
    let mut scene = Scene::in_session();
    scene.roles("consumer", &["listener"]);
    assert_eq!(
        scene.disconnect("producer"),
        [end("consumer", "s1"), status("consumer", "producer", &[], Value::Null)]
    );
}
