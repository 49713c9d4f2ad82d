//! The wire as files: every message in `golden/` is read, and written again exactly as it stands there. The
//! browser client is held to the same files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use gst_plugin_webrtc_signalling_protocol::{
    ClientMessage, DescriptionKind, EndReason, ErrorCode, IceCandidate, PeerMessageInner, PeerRole,
    ProtocolVersion, ServerMessage,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Reads each file of a folder as a message, writes it, and compares. Returns the types that were met.
fn round_trip<M: Serialize + DeserializeOwned>(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut types = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let golden: Value = serde_json::from_str(&text).unwrap();
        let message: M = serde_json::from_value(golden.clone())
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
        let written = serde_json::to_value(&message).unwrap();
        assert_eq!(written, golden, "{} is written differently", path.display());
        types.insert(golden["type"].as_str().unwrap().to_owned());
    }
    types
}

fn client(value: Value) -> ClientMessage {
    serde_json::from_value(value).unwrap()
}

fn server(value: Value) -> ServerMessage {
    serde_json::from_value(value).unwrap()
}

fn candidate(ice: Value) -> IceCandidate {
    match client(json!({"type": "peer", "sessionId": "s", "ice": ice})) {
        ClientMessage::Peer(message) => match message.inner {
            PeerMessageInner::Ice(candidate) => candidate,
            other => panic!("not a candidate: {other:?}"),
        },
        other => panic!("not a peer message: {other:?}"),
    }
}

#[test]
fn every_client_message_has_a_golden_file_and_is_written_as_it_stands_there() {
    let types = round_trip::<ClientMessage>("client");
    let expected = [
        "endSession",
        "endSessionV1_1",
        "heartbeat",
        "list",
        "listConsumers",
        "peer",
        "setPeerStatus",
        "setProtocolVersion",
        "startSession",
    ];
    assert_eq!(types, expected.map(str::to_owned).into());
}

#[test]
fn every_server_message_has_a_golden_file_and_is_written_as_it_stands_there() {
    let types = round_trip::<ServerMessage>("server");
    let expected = [
        "endSession",
        "endSessionV1_1",
        "error",
        "heartbeat",
        "iceServers",
        "lease",
        "list",
        "listConsumers",
        "peer",
        "peerStatusChanged",
        "sessionStarted",
        "startSession",
        "welcome",
    ];
    assert_eq!(types, expected.map(str::to_owned).into());
}

#[test]
fn unknown_types_are_read_as_unknown_whatever_they_carry() {
    assert_eq!(client(json!({"type": "teleport", "to": {"a": [1]}})), ClientMessage::Unknown);
    assert_eq!(server(json!({"type": "earthquake", "at": 3})), ServerMessage::Unknown);
}

#[test]
fn the_internal_message_of_older_servers_is_not_known_from_outside() {
    assert_eq!(client(json!({"type": "newPeer", "peerId": "x"})), ClientMessage::Unknown);
}

#[test]
fn unknown_fields_are_ignored_in_both_directions() {
    assert_eq!(client(json!({"type": "list", "room": "x"})), ClientMessage::List);
    let welcome = server(json!({"type": "welcome", "peerId": "p", "motd": ["hello"]}));
    assert_eq!(welcome, ServerMessage::Welcome { peer_id: "p".into(), versions: Vec::new() });
    let ended = client(json!({"type": "endSession", "sessionId": "s", "why": null}));
    assert_eq!(ended, ClientMessage::EndSession { session_id: "s".into() });
}

#[test]
fn unknown_roles_do_not_spoil_a_status() {
    let message = client(json!({"type": "setPeerStatus", "roles": ["recorder", "producer"]}));
    let ClientMessage::SetPeerStatus(status) = message else { panic!("{message:?}") };
    assert_eq!(status.roles, [PeerRole::Unknown, PeerRole::Producer]);
}

#[test]
fn optional_fields_may_be_left_out() {
    let status = client(json!({"type": "setPeerStatus", "roles": []}));
    assert!(matches!(status, ClientMessage::SetPeerStatus(status) if status.meta.is_none()));
    let start = client(json!({"type": "startSession", "peerId": "p"}));
    assert_eq!(start, ClientMessage::StartSession { peer_id: "p".into(), offer: None });
    let end = client(json!({"type": "endSessionV1_1", "sessionId": "s"}));
    assert_eq!(end, ClientMessage::EndSessionV1_1 { session_id: "s".into(), error: None, reason: None });
}

#[test]
fn the_highest_version_that_both_know_is_chosen() {
    use ProtocolVersion::{Unknown, V1_0, V1_1, V1_2};
    assert_eq!(ProtocolVersion::choose(&[V1_0, V1_2, V1_1]), V1_2);
    assert_eq!(ProtocolVersion::choose(&[V1_0, V1_1, Unknown]), V1_1);
    assert_eq!(ProtocolVersion::choose(&[]), V1_1, "a server that does not say");
    let welcome = server(json!({"type": "welcome", "peerId": "p", "versions": ["v1_2", "v7"]}));
    let expected = ServerMessage::Welcome { peer_id: "p".into(), versions: vec![V1_2, Unknown] };
    assert_eq!(welcome, expected);
}

#[test]
fn reasons_and_codes_of_newer_protocols_are_read_as_unknown() {
    let end = client(json!({"type": "endSessionV1_1", "sessionId": "s", "reason": "bored"}));
    let reason = Some(EndReason::Unknown);
    assert_eq!(end, ClientMessage::EndSessionV1_1 { session_id: "s".into(), error: None, reason });
    let error = server(json!({"type": "error", "details": "no", "code": "tooLate"}));
    assert!(matches!(error, ServerMessage::Error { code: Some(ErrorCode::Unknown), .. }), "{error:?}");
    for reason in [EndReason::PeerGone, EndReason::TimedOut, EndReason::Unknown] {
        assert_eq!(serde_json::to_value(reason).unwrap(), json!(reason.as_str()));
    }
}

#[test]
fn secrets_are_not_shown_for_debugging() {
    let lease = include_str!("golden/server/lease.json");
    let resume = include_str!("golden/client/setProtocolVersion-resume.json");
    let servers = include_str!("golden/server/iceServers.json");
    assert!(!format!("{:?}", serde_json::from_str::<ServerMessage>(lease).unwrap()).contains("T0k3n"));
    assert!(!format!("{:?}", serde_json::from_str::<ClientMessage>(resume).unwrap()).contains("T0k3n"));
    assert!(!format!("{:?}", serde_json::from_str::<ServerMessage>(servers).unwrap()).contains("c2Vj"));
}

#[test]
fn required_fields_may_not_be_left_out() {
    for message in [
        json!({"type": "setPeerStatus"}),
        json!({"type": "startSession"}),
        json!({"type": "endSession"}),
        json!({"type": "peer", "sessionId": "s"}),
        json!({"type": "setProtocolVersion", "version": 9}),
        json!({"peerId": "p"}),
    ] {
        assert!(serde_json::from_value::<ClientMessage>(message.clone()).is_err(), "{message}");
    }
}

#[test]
fn a_browsers_candidate_is_accepted_with_all_its_fields() {
    let candidate = candidate(json!({
        "candidate": "candidate:1 1 udp 2122260223 192.0.2.1 54400 typ host",
        "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd",
    }));
    assert_eq!(candidate.sdp_m_line_index, Some(0));
    assert_eq!(candidate.sdp_mid.as_deref(), Some("0"));
    let written = serde_json::to_value(&candidate).unwrap();
    assert_eq!(written.get("usernameFragment"), None);
}

#[test]
fn a_candidate_without_an_index_is_passed_on_with_a_number_for_older_clients() {
    for ice in [
        json!({"candidate": "", "sdpMid": "audio0"}),
        json!({"candidate": "", "sdpMid": "audio0", "sdpMLineIndex": null}),
    ] {
        let candidate = candidate(ice);
        assert_eq!(candidate.sdp_m_line_index, None);
        let written = serde_json::to_value(&candidate).unwrap();
        assert_eq!(written, json!({"candidate": "", "sdpMid": "audio0", "sdpMLineIndex": 0}));
    }
}

#[test]
fn descriptions_and_versions_have_the_words_of_the_standard() {
    assert_eq!(DescriptionKind::Offer.to_string(), "offer");
    assert_eq!(DescriptionKind::Answer.to_string(), "answer");
    assert_eq!(serde_json::to_value(ProtocolVersion::V1_1).unwrap(), json!("v1_1"));
    assert_eq!(ProtocolVersion::default(), ProtocolVersion::V1_0);
}
