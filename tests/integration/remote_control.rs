//! Events of viewers for the elements upstream of the producer, the same through both transports.

use crate::support::channel::{Said, Talk, arriving};
use crate::support::{self, DEADLINE, Pipeline, Viewer};
use gst::prelude::*;
use gst_video::{NavigationEvent, NavigationModifierType};
use std::sync::mpsc::{Receiver, channel};

const CAMERA: &str =
    "videotestsrc name=camera is-live=true ! video/x-raw,width=320,height=240,framerate=30/1";

/// A producer, its element, and the events that reach its camera.
fn producer(settings: &str) -> (Pipeline, gst::Element, Receiver<gst::Event>) {
    let producer = support::producer(CAMERA, settings);
    let (give, events) = channel();
    let pad = producer.element("camera").static_pad("src").unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let event = info.event().unwrap();
        let is_meant = match event.view() {
            gst::EventView::Navigation(_) => true,
            gst::EventView::CustomUpstream(_) => !gst_video::ForceKeyUnitEvent::is(event),
            _ => false,
        };
        if is_meant {
            let _ = give.send(event.to_owned());
            return gst::PadProbeReturn::Handled;
        }
        gst::PadProbeReturn::Ok
    });
    let sink = producer.element("ws");
    (producer, sink, events)
}

fn next(events: &Receiver<gst::Event>) -> gst::Event {
    events.recv_timeout(DEADLINE).expect("no event came in time")
}

fn click() -> NavigationEvent {
    NavigationEvent::MouseButtonPress {
        button: 1,
        x: 12.5,
        y: 200.25,
        modifier_state: NavigationModifierType::SHIFT_MASK | NavigationModifierType::BUTTON1_MASK,
    }
}

fn zoom() -> gst::Event {
    let zoom = gst::Structure::builder("zoom").field("by", 2i32).field("smooth", true);
    gst::event::CustomUpstream::new(zoom.field("steps", gst::Array::new([1i32, 2])).build())
}

fn viewer(sink: &gst::Element, settings: &str) -> (Viewer, gst::Element) {
    let viewer = Viewer::new(&support::uri(sink), "video", "video/x-raw", settings);
    let src = viewer.pipeline.element("src");
    (viewer, src)
}

/// Sends an event until the channel for it is open: one try for each picture.
fn send_once_open(viewer: &Viewer, src: &gst::Element, event: &gst::Event) {
    for _ in 0..300 {
        viewer.sample();
        if src.send_event(event.clone()) {
            return;
        }
    }
    panic!("the channel never opened");
}

fn events_from_downstream_reach_the_camera_and_are_answered(transport: &str) {
    let (_producer, sink, events) = producer(&format!("{transport} enable-control-data-channel=true"));
    let (viewer, src) = viewer(&sink, "enable-control-data-channel=true");
    viewer.pipeline.play();
    let click_event = gst::event::Navigation::new(click().structure());
    send_once_open(&viewer, &src, &click_event);
    assert_eq!(NavigationEvent::parse(&next(&events)).unwrap(), click());
    let answer = viewer.pipeline.message("webrtc-control-response");
    assert_eq!(answer.get::<u64>("id"), Ok(0));
    assert!(!answer.has_field("error"));
    // From the pad of one stream, and through the decoder.
    let pad = src.static_pad("video_0").unwrap().peer().unwrap();
    assert!(pad.push_event(click_event));
    assert_eq!(NavigationEvent::parse(&next(&events)).unwrap(), click());
    assert!(pad.push_event(zoom()));
    let zoomed = next(&events);
    let zoomed = zoomed.structure().unwrap();
    assert_eq!((zoomed.name().as_str(), zoomed.get::<u64>("by")), ("zoom", Ok(2)));
    assert_eq!(zoomed.get::<bool>("smooth"), Ok(true));
    assert_eq!(zoomed.get::<gst::Array>("steps").unwrap().len(), 2);
    viewer.samples(5);
}

fn the_older_channel_takes_navigation_and_nothing_else(transport: &str) {
    let (_producer, sink, events) = producer(&format!("{transport} enable-data-channel-navigation=true"));
    let (viewer, src) = viewer(&sink, "enable-data-channel-navigation=true");
    viewer.pipeline.play();
    send_once_open(&viewer, &src, &gst::event::Navigation::new(click().structure()));
    assert_eq!(NavigationEvent::parse(&next(&events)).unwrap(), click());
    assert!(!src.send_event(zoom()));
    let pad = src.static_pad("video_0").unwrap().peer().unwrap();
    let touch = NavigationEvent::TouchUp {
        identifier: 3,
        x: 1.0,
        y: 2.0,
        modifier_state: NavigationModifierType::empty(),
    };
    assert!(pad.push_event(gst::event::Navigation::new(touch.structure())));
    assert_eq!(NavigationEvent::parse(&next(&events)).unwrap(), touch);
}

/// The channel of this name as a viewer without remote control has it.
fn raw(sink: &gst::Element, label: &str) -> (Viewer, Talk) {
    let (viewer, src) = viewer(sink, "");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let talk = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    assert_eq!(talk.channel.property::<String>("label"), label);
    (viewer, talk)
}

fn answered(talk: &Talk, request: &str) -> serde_json::Value {
    talk.send_string(request);
    loop {
        if let Said::Text(text) = talk.next() {
            let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
            // It is told which rung it is sent, too.
            if answer["info"]["rung"].is_object() {
                continue;
            }
            assert_eq!(answer["type"], "ControlResponseMessage");
            return answer;
        }
    }
}

fn every_request_is_answered_whatever_it_is(transport: &str) {
    let (_producer, sink, events) = producer(&format!("{transport} enable-control-data-channel=true"));
    let (viewer, talk) = raw(&sink, "control");
    talk.channel.emit_by_name::<bool>("send-data-full", &[&gst::glib::Bytes::from(b"{\"id\":0}")]);
    talk.send_string("nonsense");
    talk.send_string(&"[".repeat(60_000));
    let good = r#""request":{"type":"navigationEvent","event":{"event":"MouseMove","x":1,"y":2,"modifier_state":""}}"#;
    assert_eq!(
        answered(&talk, &format!(r#"{{"id":7,{good}}}"#)),
        serde_json::json!({
            "type": "ControlResponseMessage", "id": 7, "error": null
        })
    );
    let moved = next(&events);
    assert_eq!(moved.structure().unwrap().get::<f64>("pointer_x"), Ok(1.0));
    for (id, mid) in [(8, "video0"), (9, "0"), (10, "teleport")] {
        let answer = answered(&talk, &format!(r#"{{"id":{id},"mid":"{mid}",{good}}}"#));
        assert_eq!(
            (answer["id"].as_u64(), answer["error"].is_null()),
            (Some(id), mid == "video0"),
            "{answer}"
        );
    }
    next(&events);
    let as_text = serde_json::json!({"id": 11, "request":
        r#"{"type":"customUpstreamEvent","structureName":"my-event","structure":{"a":1,"b":[1.5,2]}}"#});
    assert!(answered(&talk, &as_text.to_string())["error"].is_null());
    assert_eq!(next(&events).structure().unwrap().name(), "my-event");
    for request in [
        r#"{"id":12}"#,
        r#"{"id":12,"request":{"type":"teleport"}}"#,
        r#"{"id":12,"request":{"type":"navigationEvent","event":{"event":"TouchDown"}}}"#,
        r#"{"id":12,"request":{"type":"customUpstreamEvent","structureName":"","structure":{}}}"#,
        r#"{"id":12,"request":{"type":"customUpstreamEvent","structureName":"a","structure":7}}"#,
    ] {
        let answer = answered(&talk, request);
        assert!(answer["id"] == 12 && answer["error"].is_string(), "{request}: {answer}");
    }
    viewer.samples(5);
}

fn positions_in_the_smaller_picture_of_a_viewer_become_those_of_the_camera(transport: &str) {
    let (_producer, sink, events) = producer(&format!(
        "{transport} enable-control-data-channel=true enable-data-channel-navigation=true"
    ));
    let viewer = Viewer::new(&support::uri(&sink), "video", "video/x-raw", "");
    let arriving = arriving(&viewer.pipeline.element("src"));
    viewer.pipeline.play();
    for _ in 0..2 {
        let talk = arriving.recv_timeout(DEADLINE).expect("a channel never arrived");
        let said = r#""event":"MouseMove","x":80,"y":15,"modifier_state":"""#;
        talk.send_string(&match talk.channel.property::<String>("label").as_str() {
            "input" => format!(r#"{{"videoSize":[160,60],{said}}}"#),
            _ => format!(
                r#"{{"id":1,"videoSize":[160,60],"request":{{"type":"navigationEvent","event":{{{said}}}}}}}"#
            ),
        });
        // The camera has 320 times 240.
        let NavigationEvent::MouseMove { x, y, .. } = NavigationEvent::parse(&next(&events)).unwrap() else {
            panic!("no move")
        };
        assert_eq!((x, y), (160.0, 60.0));
    }
}

fn an_event_that_nobody_takes_is_answered_with_an_error(transport: &str) {
    // Test pictures have no use for an event of this kind.
    let producer = support::producer(CAMERA, &format!("{transport} enable-control-data-channel=true"));
    let (viewer, talk) = raw(&producer.element("ws"), "control");
    let request = r#"{"id":1,"request":{"type":"customUpstreamEvent","structureName":"a","structure":{}}}"#;
    assert_eq!(answered(&talk, request)["error"], "No sink pad could handle the request");
    viewer.samples(5);
}

fn nonsense_on_the_older_channel_does_no_harm(transport: &str) {
    let (_producer, sink, events) = producer(&format!("{transport} enable-data-channel-navigation=true"));
    let (viewer, talk) = raw(&sink, "input");
    for nonsense in ["", "nonsense", "{}", r#"{"event":"MouseMove"}"#, r#"{"event":7,"x":1,"y":2}"#] {
        if !nonsense.is_empty() {
            talk.send_string(nonsense);
        }
    }
    talk.send_string(r#"{"mid":"video0","event":"KeyPress","key":"a","modifier_state":""}"#);
    talk.send_string(r#"{"event":"TouchDown","identifier":1,"x":1,"y":2}"#);
    let key = NavigationEvent::parse(&next(&events)).unwrap();
    assert!(matches!(key, NavigationEvent::KeyPress { key, .. } if key == "a"));
    let touch = NavigationEvent::parse(&next(&events)).unwrap();
    assert!(matches!(touch, NavigationEvent::TouchDown { identifier: 1, pressure, .. } if pressure.is_nan()));
    viewer.samples(5);
}

fn an_upstream_element_that_blocks_delays_nobody(transport: &str) {
    let (producer, sink, _events) = producer(&format!("{transport} enable-control-data-channel=true"));
    let (hold, held) = channel::<()>();
    let held = std::sync::Mutex::new(held);
    let (reached, is_reached) = channel();
    let pad = sink.static_pad("video_0").unwrap().peer().unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        if matches!(info.event().unwrap().view(), gst::EventView::Navigation(_)) {
            let _ = reached.send(());
            let _ = held.lock().unwrap().recv_timeout(DEADLINE);
        }
        gst::PadProbeReturn::Ok
    });
    let (viewer, talk) = raw(&sink, "control");
    talk.send_string(
        r#"{"id":1,"request":{"type":"navigationEvent","event":{"event":"MouseMove","x":1,"y":2}}}"#,
    );
    is_reached.recv_timeout(DEADLINE).expect("the event never came");
    viewer.samples(30);
    let sessions = sink.emit_by_name::<Vec<String>>("get-sessions", &[]);
    assert_eq!(sessions.len(), 1);
    let took = producer.stop();
    assert!(took.as_millis() < 1000, "{took:?}");
    drop(hold);
}

crate::support::under_both_transports!(
    events_from_downstream_reach_the_camera_and_are_answered,
    the_older_channel_takes_navigation_and_nothing_else,
    every_request_is_answered_whatever_it_is,
    positions_in_the_smaller_picture_of_a_viewer_become_those_of_the_camera,
    an_event_that_nobody_takes_is_answered_with_an_error,
    nonsense_on_the_older_channel_does_no_harm,
    an_upstream_element_that_blocks_delays_nobody,
);
