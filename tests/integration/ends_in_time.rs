//! A pipeline reaches NULL within a second from every phase, and starts again.

use crate::support::direct::{Direct, Said};
use crate::support::light::Habit;
use crate::support::stage::{PACE, Stage};
use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer, producer, uri};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(1);

fn stops(pipeline: &Pipeline) {
    let took = pipeline.stop();
    assert!(took < LIMIT, "took {took:?}");
}

#[test]
fn while_there_is_no_server() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sink = Pipeline::parse(&format!("{VIDEO} ! webrtcsink signaller::uri=ws://{free}"));
    sink.play();
    stops(&sink);
    let source =
        Pipeline::parse_bin(&format!("webrtcsrc signaller::uri=ws://{free} connect-to-first-producer=true"));
    source.play();
    stops(&source);
}

#[test]
fn while_connecting_to_a_server_that_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let sink = Pipeline::parse(&format!("{VIDEO} ! webrtcsink signaller::uri=ws://{address}"));
    sink.play();
    let _connected = silent.accept().unwrap();
    stops(&sink);
}

fn while_offering_and_while_waiting_for_an_answer(transport: &str) {
    for wait_for_offer in [false, true] {
        let (direct, said) = Direct::new();
        let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
        pipeline.element("ws").set_property("signaller", &direct);
        pipeline.play();
        while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
        direct.session_requested("s", "viewer", None);
        while wait_for_offer && !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Description(..)) {}
        stops(&pipeline);
        // The peer was told.
        let mut rest = said.try_iter();
        assert!(rest.any(|said| matches!(said, Said::Stopped)));
    }
}

#[test]
fn nobody_is_let_in_while_the_others_leave() {
    let (producing, said) = Direct::new();
    let settings = "stun-server=\"\" transport=webrtcbin";
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws {settings}"));
    let sink = pipeline.element("ws");
    sink.set_property("signaller", &producing);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    producing.session_requested("s", "viewer", None);
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Description(..)) {}
    let (tell, told) = std::sync::mpsc::channel();
    let asks = producing.downgrade();
    sink.connect("consumer-removed", false, move |values| {
        let sink: gst::Element = values[0].get().unwrap();
        asks.upgrade().unwrap().session_requested("late", "another", None);
        let _ = tell.send(sink.emit_by_name::<Vec<String>>("get-sessions", &[]));
        None
    });
    stops(&pipeline);
    let sessions = told.recv_timeout(DEADLINE).unwrap();
    assert!(!sessions.contains(&"late".into()), "{sessions:?}");
    // Who came too late is told so.
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Ended(session, None) if session == "late") {}
}

#[test]
fn while_a_source_waits_for_a_producer_or_for_its_offer() {
    let (direct, _said) = Direct::new();
    for started in [false, true] {
        let source = gst::ElementFactory::make("webrtcsrc").property("signaller", &direct).build().unwrap();
        let pipeline = Pipeline(gst::Pipeline::new());
        pipeline.0.add(&source).unwrap();
        pipeline.play();
        if started {
            direct.session_started("s", "producer");
        }
        stops(&pipeline);
    }
}

fn while_streaming_at_either_end(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let uri = uri(&pipeline.element("ws"));
    let viewers = [Viewer::play(&uri, "video", "video/x-raw"), Viewer::play(&uri, "video", "video/x-raw")];
    viewers.iter().for_each(|viewer| drop(viewer.samples(10)));
    stops(&viewers[0].pipeline);
    stops(&pipeline);
    stops(&viewers[1].pipeline);
}

fn its_encoders_are_gone_when_it_has_stopped(transport: &str) {
    for _ in 0..20 {
        let pipeline = producer(VIDEO, transport);
        let (give, encoder) = std::sync::mpsc::channel();
        pipeline.element("ws").connect("encoder-setup", false, move |values| {
            give.send(values[3].get::<gst::Element>().unwrap().downgrade()).unwrap();
            Some(false.to_value())
        });
        let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", "video/x-raw", "");
        viewer.pipeline.play();
        viewer.samples(1);
        let encoder = encoder.recv_timeout(DEADLINE).unwrap();
        stops(&pipeline);
        // A process may end right after.
        assert!(encoder.upgrade().is_none(), "its pipeline is still being taken down");
    }
}

fn a_session_does_not_use_up_the_time_that_it_may_take(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-raw");
    viewer.samples(10);
    let took = [viewer.pipeline.stop(), pipeline.stop()];
    // Half a second each is what a session that never ends would cost.
    assert!(took.iter().all(|took| *took < Duration::from_millis(450)), "took {took:?}");
}

#[test]
fn a_pad_can_be_released_while_its_first_frame_waits() {
    let pipeline = Pipeline::parse(&format!("videotestsrc name=v ! {SINK}"));
    pipeline.0.set_state(gst::State::Paused).unwrap();
    let (sink, pad) = (pipeline.element("ws"), pipeline.element("ws").static_pad("video_0").unwrap());
    let _ = pipeline.0.state(gst::ClockTime::from_seconds(2));
    pipeline.element("v").unlink(&sink);
    sink.release_request_pad(&pad);
    assert!(sink.static_pad("video_0").is_none());
}

#[test]
fn starting_and_stopping_at_once_leaves_no_producer_behind() {
    let pipeline = producer(VIDEO, "");
    let uri = uri(&pipeline.element("ws"));
    for _ in 0..20 {
        let brief = Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri={uri}"));
        brief.play();
        brief.stop();
    }
    // Goodbyes are on their way; a producer that was left behind would stay.
    let end = Instant::now() + DEADLINE;
    while support::websocket::producers(&uri) > 1 {
        assert!(Instant::now() < end, "{} producers are listed", support::websocket::producers(&uri));
    }
}

fn while_paused(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-raw");
    viewer.samples(10);
    pipeline.0.set_state(gst::State::Paused).unwrap();
    viewer.pipeline.0.set_state(gst::State::Paused).unwrap();
    stops(&viewer.pipeline);
    stops(&pipeline);
}

fn right_after_a_viewer_was_killed(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let mut viewer = crate::sessions::process(&uri(&pipeline.element("ws")));
    pipeline.message("webrtc-session-connected");
    viewer.kill().unwrap();
    stops(&pipeline);
    viewer.wait().unwrap();
}

fn and_it_starts_again_twice(transport: &str) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK} {transport}"));
    for _ in 0..3 {
        pipeline.play();
        let sink = pipeline.element("ws");
        support::registered(&sink);
        let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
        viewer.samples(10);
        stops(&viewer.pipeline);
        viewer.pipeline.play();
        viewer.samples(10);
        stops(&pipeline);
        sink.set_property("signalling-server-port", 0u32);
    }
}

fn with_viewers_in_every_phase(transport: &str) {
    let phases = ["offering", "offered", "checking", "shaking hands", "playing", "ending"];
    for phase in phases {
        let stage = Stage::set(transport, PACE);
        let habit = match phase {
            "offering" | "offered" => None,
            "checking" => Some(Habit::Mute),
            "shaking hands" => Some(Habit::WithoutDtls),
            _ => Some(Habit::Good),
        };
        let names: Vec<_> = (0..4).map(|number| format!("viewer {number}")).collect();
        names.iter().for_each(|name| stage.crowd.invite(name, habit));
        for name in &names {
            match phase {
                "offered" => stage.crowd.until(name, phase, |guest| guest.offer.is_some()),
                "checking" => stage.crowd.until(name, phase, |guest| guest.heard),
                "shaking hands" => stage.crowd.until(name, phase, |guest| guest.reached),
                "playing" | "ending" => stage.crowd.until(name, phase, |guest| guest.packets > 0),
                _ => {}
            }
        }
        if phase == "ending" {
            names.iter().for_each(|name| stage.crowd.leave(name));
        }
        let took = stage.pipeline.stop();
        assert!(took < LIMIT, "{phase}: took {took:?}");
    }
}

crate::support::under_both_transports!(
    its_encoders_are_gone_when_it_has_stopped,
    while_offering_and_while_waiting_for_an_answer,
    while_streaming_at_either_end,
    a_session_does_not_use_up_the_time_that_it_may_take,
    while_paused,
    right_after_a_viewer_was_killed,
    and_it_starts_again_twice,
    with_viewers_in_every_phase,
);
