//! The words of data channels as files, to which the browser client is held too.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use gst_plugin_webrtc_signalling_protocol::{
    ControlMessage, ControlRequest, ControlRequestMessage, FrameMeta, Info, InputMessage, NavigationCommand,
    NavigationEvent, info_message,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Reads each file of a folder, writes it, and compares. Returns the texts under `tag` that were met.
fn round_trip<M: Serialize + DeserializeOwned>(folder: &str, tag: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut tags = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let message: M = serde_json::from_value(golden.clone())
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
        let written = serde_json::to_value(&message).unwrap();
        assert_eq!(written, golden, "{} is written differently", path.display());
        tags.insert(golden.pointer(tag).and_then(Value::as_str).unwrap().to_owned());
    }
    tags
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().copied().map(str::to_owned).collect()
}

#[test]
fn every_navigation_event_has_a_golden_file_and_is_written_as_it_stands_there() {
    let expected = [
        "Command",
        "KeyPress",
        "KeyRelease",
        "MouseButtonPress",
        "MouseButtonRelease",
        "MouseMove",
        "MouseScroll",
        "TouchCancel",
        "TouchDown",
        "TouchFrame",
        "TouchMotion",
        "TouchUp",
    ];
    assert_eq!(round_trip::<InputMessage>("navigation", "/event"), names(&expected));
}

#[test]
fn every_request_has_a_golden_file_and_is_written_as_it_stands_there() {
    let types = round_trip::<ControlRequestMessage>("control-request", "/request/type");
    assert_eq!(types, names(&["customUpstreamEvent", "navigationEvent"]));
}

#[test]
fn every_message_of_producers_has_a_golden_file_and_is_written_as_it_stands_there() {
    let types = round_trip::<ControlMessage>("control-message", "/type");
    assert_eq!(types, names(&["ControlResponseMessage", "InfoMessage"]));
}

#[test]
fn what_producers_tell_is_written_as_it_stands_in_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/control-message");
    let mut told = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let golden = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let ControlMessage::InfoMessage { mid, info } = serde_json::from_str(&golden).unwrap() else {
            continue;
        };
        let info: Info = serde_json::from_value(info).unwrap();
        // To the letter, as other clients may expect it.
        assert_eq!(info_message(mid.as_deref(), &info.write().unwrap()).unwrap(), golden.trim_end());
        told += 1;
    }
    assert_eq!(told, 4);
}

#[test]
fn news_of_other_kinds_can_be_read() {
    let info: Info = serde_json::from_str(r#"{"meta":{"type":"later","a":1},"b":2}"#).unwrap();
    assert_eq!(info, Info { meta: Some(FrameMeta::Unknown), ..Info::default() });
}

#[test]
fn a_request_may_be_a_text_that_holds_it() {
    let request = json!({"type": "navigationEvent", "event": {"event": "TouchFrame", "modifier_state": ""}});
    let text = json!({"id": 3, "request": request.to_string()}).to_string();
    let plain = json!({"id": 3, "request": request}).to_string();
    assert_eq!(ControlRequestMessage::parse(&text), ControlRequestMessage::parse(&plain));
    assert!(ControlRequestMessage::parse(&text).is_ok());
}

#[test]
fn what_cannot_be_read_still_has_its_number_for_the_answer() {
    for (text, id) in [
        (r#"{"id":4,"request":{"type":"teleport"}}"#, Some(4)),
        (r#"{"id":5,"request":"nonsense"}"#, Some(5)),
        (r#"{"id":6}"#, Some(6)),
        (r#"{"id":7,"request":{"type":"navigationEvent","event":{"event":"MouseMove","x":"far"}}}"#, Some(7)),
        (r#"{"id":-1,"request":{}}"#, None),
        (r#"{"id":"8","request":{}}"#, None),
        ("[]", None),
        ("nonsense", None),
        ("", None),
    ] {
        let bad = ControlRequestMessage::parse(text).unwrap_err();
        assert_eq!(bad.id, id, "{text}");
        assert!(!bad.cause.is_empty());
    }
    let deep = "[".repeat(100_000);
    assert!(ControlRequestMessage::parse(&deep).is_err());
    assert!(ControlRequestMessage::parse(&format!(r#"{{"id":1,"request":{deep}"#)).is_err());
}

#[test]
fn modifiers_and_pressure_may_be_left_out_and_are_written_for_producers_that_need_them() {
    let read: InputMessage =
        serde_json::from_value(json!({"event": "TouchDown", "identifier": 1, "x": 2, "y": 3})).unwrap();
    let event = NavigationEvent::TouchDown {
        identifier: 1,
        x: 2.0,
        y: 3.0,
        pressure: None,
        modifier_state: String::new(),
    };
    assert_eq!(read, InputMessage { mid: None, video_size: None, event });
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written.get("pressure"), Some(&json!(0.5)));
    assert_eq!(written.get("modifier_state"), Some(&json!("")));
}

#[test]
fn a_number_of_a_structure_may_be_of_any_kind() {
    let text =
        r#"{"id":1,"request":{"type":"customUpstreamEvent","structureName":"e","structure":{"a":-1}}}"#;
    let ControlRequest::CustomUpstreamEvent { structure, .. } =
        ControlRequestMessage::parse(text).unwrap().request
    else {
        panic!("it is another request");
    };
    assert_eq!(structure, json!({"a": -1}));
}

#[test]
fn types_of_newer_producers_are_read_as_unknown() {
    let read: ControlMessage = serde_json::from_value(json!({"type": "LaterMessage", "to": 1})).unwrap();
    assert_eq!(read, ControlMessage::Unknown);
    assert_eq!(serde_json::to_value(NavigationCommand::PrevAngle).unwrap(), json!("PrevAngle"));
}

#[test]
fn positions_are_scaled_from_the_viewers_picture_to_the_producers() {
    let event = |x, y| NavigationEvent::MouseMove { x, y, modifier_state: String::new() };
    assert_eq!(event(160.0, 90.0).scaled([320.0, 180.0], [1280.0, 720.0]), event(640.0, 360.0));
    assert_eq!(event(160.0, 90.0).scaled([320.0, 360.0], [640.0, 180.0]), event(320.0, 45.0));
    for nonsense in [[0.0, 180.0], [f64::NAN, 180.0], [-320.0, 180.0], [f64::INFINITY, 180.0]] {
        assert_eq!(event(1.0, 2.0).scaled(nonsense, [640.0, 360.0]), event(1.0, 2.0), "{nonsense:?}");
        assert_eq!(event(1.0, 2.0).scaled([640.0, 360.0], nonsense), event(1.0, 2.0), "{nonsense:?}");
    }
    let key = NavigationEvent::KeyPress { key: "a".into(), modifier_state: String::new() };
    assert_eq!(key.clone().scaled([1.0, 1.0], [2.0, 2.0]), key);
}
