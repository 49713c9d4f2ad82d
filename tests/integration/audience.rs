//! Nobody watching costs nothing: the application hears of the first viewer and of the last, and a camera that is off
//! meanwhile is seen by who comes.

use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer, uri};
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

fn viewers(object: &impl IsA<gst::glib::Object>) -> u32 {
    object.property("viewers")
}

/// Counts the frames that reach a sink's first pad.
fn frames(sink: &gst::Element) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    sink.static_pad("video_0").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        gst::PadProbeReturn::Ok
    });
    count
}

fn a_valve_that_is_shut_while_nobody_watches_is_opened_for_the_first_viewer(transport: &str) {
    let valve = "valve name=valve drop=true drop-mode=forward-sticky-events";
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {valve} ! {SINK} encoder-linger=0 {transport}"));
    let (sink, valve) = (pipeline.element("ws"), pipeline.element("valve"));
    let frames = frames(&sink);
    pipeline.play();
    support::registered(&sink);
    for _ in 0..2 {
        assert_eq!((viewers(&sink), sink.property::<u32>("encoders")), (0, 0));
        frames.store(0, Ordering::SeqCst);
        let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
        pipeline.message("webrtc-watched");
        // It may be some time until the camera is up.
        pipeline.message("webrtc-session-connected");
        assert_eq!((viewers(&sink), frames.load(Ordering::SeqCst)), (1, 0));
        valve.set_property("drop", false);
        viewer.samples(15);
        assert_eq!(sink.property::<u32>("encoders"), 1);
        let (tell, told) = channel();
        let told_of = sink.connect_notify(Some("encoders"), move |sink, _| {
            let _ = tell.send(sink.property::<u32>("encoders"));
        });
        viewer.pipeline.stop();
        pipeline.message("webrtc-unwatched");
        valve.set_property("drop", true);
        assert_eq!(viewers(&sink), 0);
        assert_eq!(told.recv_timeout(DEADLINE), Ok(0));
        sink.disconnect(told_of);
    }
}

fn a_camera_that_is_switched_off_while_nobody_watches_is_seen_by_who_comes(transport: &str) {
    let camera = "videotestsrc name=camera is-live=true ! video/x-raw,width=320,height=240,framerate=30/1";
    let pipeline = Pipeline::parse(&format!("{camera} ! {SINK} {transport}"));
    let (sink, camera) = (pipeline.element("ws"), pipeline.element("camera"));
    pipeline.play();
    support::registered(&sink);
    camera.set_locked_state(true);
    camera.set_state(gst::State::Null).unwrap();
    // As an application does it: in the handler, which may take as long as a camera does.
    let switched = camera.clone();
    sink.connect_notify(Some("viewers"), move |sink, _| {
        let state = if viewers(sink) > 0 { gst::State::Playing } else { gst::State::Null };
        switched.set_state(state).unwrap();
    });
    for _ in 0..2 {
        assert_eq!(camera.current_state(), gst::State::Null);
        let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
        viewer.samples(15);
        viewer.pipeline.stop();
        pipeline.message("webrtc-unwatched");
        // Before that message its handler has been called.
    }
}

#[test]
fn a_pad_knows_how_many_are_sent_its_stream() {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK}"));
    pipeline.play();
    let sink = pipeline.element("ws");
    support::registered(&sink);
    let pad = sink.static_pad("video_0").unwrap();
    let (tell, told) = channel();
    pad.connect_notify(Some("viewers"), move |pad, _| {
        let _ = tell.send(viewers(pad));
    });
    assert_eq!(viewers(&pad), 0);
    let mut here = Vec::new();
    for count in 1..=2 {
        here.push(Viewer::play(&uri(&sink), "video", "video/x-raw"));
        assert_eq!(told.recv_timeout(DEADLINE), Ok(count));
    }
    here.pop().unwrap().pipeline.stop();
    assert_eq!(told.recv_timeout(DEADLINE), Ok(1));
    pipeline.stop();
    assert_eq!(told.recv_timeout(DEADLINE), Ok(0));
    assert_eq!((viewers(&sink), viewers(&pad)), (0, 0));
}

crate::support::under_both_transports!(
    a_valve_that_is_shut_while_nobody_watches_is_opened_for_the_first_viewer,
    a_camera_that_is_switched_off_while_nobody_watches_is_seen_by_who_comes,
);
