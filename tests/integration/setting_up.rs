//! What an application sets up when a viewer comes: encoders, payloaders, and webrtcbin.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::light::Habit;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::glib;
use gst::prelude::*;
use std::sync::{Arc, Mutex};

const GOOD: Habit = Habit::Says(600_000);

/// What happened, in its order.
type Events = Arc<Mutex<Vec<String>>>;

fn stage(settings: &str) -> (Pipeline, Crowd) {
    let sink = "webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 rungs=1 max-bitrate=600000";
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {sink} start-bitrate=500000 {settings}"));
    let (direct, said) = Direct::new();
    let crowd = Crowd::at(&pipeline, direct, said);
    (pipeline, crowd)
}

fn play(pipeline: &Pipeline) {
    pipeline.play();
    crate::support::has_caps(&pipeline.element("ws"));
}

/// Notes who is named when something is set up.
fn note_setups(sink: &gst::Element) -> Events {
    let events = Events::default();
    for signal in ["encoder-setup", "payloader-setup"] {
        let events = events.clone();
        sink.connect(signal, false, move |values| {
            let (viewer, pad) = (values[1].get::<String>().unwrap(), values[2].get::<String>().unwrap());
            let element = values[3].get::<gst::Element>().unwrap();
            assert_eq!(element.current_state(), gst::State::Null);
            let factory = element.factory().unwrap().name();
            events.lock().unwrap().push(format!("{viewer} {pad} {factory}"));
            Some(false.to_value())
        });
    }
    events
}

fn watched_by_both(settings: &str) -> Vec<String> {
    let (pipeline, crowd) = stage(settings);
    let events = note_setups(&pipeline.element("ws"));
    play(&pipeline);
    for (peer, session) in [("ann", "a"), ("bob", "b")] {
        crowd.invite_as(peer, session, Some(GOOD));
        crowd.until(session, "media", |guest| guest.packets > 10);
    }
    let mut events = events.lock().unwrap().clone();
    events.sort();
    events
}

#[test]
fn an_encoder_for_all_is_set_up_once_with_the_viewer_who_made_it_start() {
    assert_eq!(watched_by_both(""), ["ann video_0 rtpvp8pay", "ann video_0 vp8enc"]);
}

#[test]
fn an_encoder_of_ones_own_is_set_up_with_its_viewer() {
    assert_eq!(
        watched_by_both("encoder-sharing=private"),
        ["ann video_0 rtpvp8pay", "ann video_0 vp8enc", "bob video_0 rtpvp8pay", "bob video_0 vp8enc"]
    );
}

#[test]
fn what_an_application_has_set_up_stays_and_the_bitrate_follows_the_network() {
    let (pipeline, crowd) = stage("transport=native enable-mitigation-modes=none");
    let kept = Arc::<Mutex<Vec<gst::Element>>>::default();
    for signal in ["encoder-setup", "payloader-setup"] {
        let kept = kept.clone();
        pipeline.element("ws").connect(signal, false, move |values| {
            let element = values[3].get::<gst::Element>().unwrap();
            let (property, value) =
                if signal == "encoder-setup" { ("keyframe-max-dist", "77") } else { ("mtu", "900") };
            element.set_property_from_str(property, value);
            kept.lock().unwrap().push(element);
            Some(true.to_value())
        });
    }
    play(&pipeline);
    crowd.invite("v", Some(GOOD));
    crowd.until("v", "media", |guest| guest.packets > 10);
    let kept = kept.lock().unwrap().clone();
    let of = |name: &str| kept.iter().find(|element| element.factory().unwrap().name() == name).unwrap();
    let (encoder, payloader) = (of("vp8enc"), of("rtpvp8pay"));
    assert_eq!(payloader.property::<u32>("mtu"), 900);
    assert_eq!(encoder.property::<i32>("keyframe-max-dist"), 77);
    let usual = gst::ElementFactory::make("vp8enc").build().unwrap();
    assert_eq!(encoder.property::<i32>("cpu-used"), usual.property::<i32>("cpu-used"), "not ours");
    crowd.behave("v", Habit::Says(200_000));
    let follows = (0..200).any(|_| {
        let before = crowd.of("v", |guest| guest.packets);
        crowd.until("v", "more packets", |guest| guest.packets > before);
        (100_000..200_000).contains(&encoder.property::<i32>("target-bitrate"))
    });
    assert!(follows, "{}", encoder.property::<i32>("target-bitrate"));
    assert_eq!(encoder.property::<i32>("keyframe-max-dist"), 77);
}

/// Notes what is handed out, and when.
fn note_elements(sink: &gst::Element, signaller: &glib::Object) -> Events {
    let events = Events::default();
    let note = |object: &glib::Object, whose: &'static str, signal: &'static str| {
        let events = events.clone();
        object.connect(signal, false, move |values| {
            let (peer, element) =
                (values[1].get::<String>().unwrap(), values[2].get::<gst::Element>().unwrap());
            let pipeline = match element.clone().downcast::<gst::Pipeline>() {
                Ok(pipeline) => pipeline,
                Err(bin) => bin.parent().and_downcast::<gst::Pipeline>().unwrap(),
            };
            let (state, children) = (pipeline.current_state(), pipeline.children().len());
            events.lock().unwrap().push(format!("{peer}: {whose} {signal}, {state:?}, {children}"));
            None
        });
    };
    for signal in ["consumer-pipeline-created", "consumer-added", "consumer-removed"] {
        note(sink.upcast_ref(), "sink", signal);
    }
    for signal in ["consumer-added", "webrtcbin-ready", "consumer-removed"] {
        note(signaller, "signaller", signal);
    }
    events
}

const COMES: [&str; 4] = [
    "viewer: sink consumer-pipeline-created, Null, 0",
    "viewer: sink consumer-added, Ready, 1",
    "viewer: signaller consumer-added, Ready, 1",
    "viewer: signaller webrtcbin-ready, Ready, 1",
];
const GOES: [&str; 2] =
    ["viewer: sink consumer-removed, Null, 1", "viewer: signaller consumer-removed, Null, 1"];

#[test]
fn webrtcbin_is_handed_out_before_it_runs_and_taken_back_once() {
    let (pipeline, crowd) = stage("");
    let sink = pipeline.element("ws");
    let events = note_elements(&sink, &sink.property("signaller"));
    play(&pipeline);
    crowd.invite("v", Some(GOOD));
    crowd.until("v", "media", |guest| guest.packets > 10);
    assert_eq!(sink.emit_by_name::<Vec<String>>("get-sessions", &[]), ["v"]);
    assert_eq!(*events.lock().unwrap(), COMES);
    crowd.leave("v");
    pipeline.message("webrtc-session-ended");
    assert_eq!(events.lock().unwrap()[4..], GOES);
    assert!(sink.emit_by_name::<Vec<String>>("get-sessions", &[]).is_empty());
}

#[test]
fn who_was_announced_and_could_not_be_served_is_taken_back_too() {
    let (pipeline, crowd) = stage("");
    let sink = pipeline.element("ws");
    sink.connect("consumer-added", false, |values| {
        let pipeline = values[2].get::<gst::Element>().unwrap().parent().and_downcast::<gst::Bin>().unwrap();
        // Without a file it does not start.
        pipeline.add(&gst::ElementFactory::make("filesrc").build().unwrap()).unwrap();
        None
    });
    let events = note_elements(&sink, &sink.property("signaller"));
    play(&pipeline);
    crowd.invite("v", Some(GOOD));
    assert!(crowd.end("v", DEADLINE).is_some());
    let events = events.lock().unwrap();
    let count = |signal: &str| events.iter().filter(|event| event.contains(signal)).count();
    assert_eq!((count("sink consumer-added"), count("sink consumer-removed")), (1, 1), "{events:?}");
    assert_eq!(count("signaller consumer-removed"), 1);
}
