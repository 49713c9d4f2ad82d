//! A viewer who comes in the middle of a group of pictures of an input that is encoded already sees the present one at
//! once, though nobody makes a key unit for him.

use crate::support::{self, Pipeline, Viewer, picture, uri};
use gst::prelude::*;
use std::sync::mpsc::{Receiver, channel};

// Encoders that make no key unit by themselves, whatever the pictures and however slow the machine.
const VP8: &str = "vp8enc name=encoder deadline=1 keyframe-mode=disabled target-bitrate=600000";
const H264: &str = "x264enc name=encoder tune=zerolatency speed-preset=ultrafast key-int-max=100000 option-string=scenecut=0 bitrate=600 ! video/x-h264,profile=constrained-baseline";

/// A sink of numbered pictures whose encoder listens to nobody but the test, and word of each key unit.
fn deaf(encoder: &str, settings: &str) -> (Pipeline, picture::Feeder, Receiver<()>) {
    let pipeline = Pipeline::parse(&format!(
        "{} ! {encoder} ! identity name=deaf ! {} {settings}",
        picture::source(),
        support::SINK
    ));
    let deaf = pipeline.element("deaf").static_pad("src").unwrap();
    deaf.add_probe(gst::PadProbeType::EVENT_UPSTREAM, |_, info| match info.event() {
        Some(event) if gst_video::UpstreamForceKeyUnitEvent::parse(event).is_ok() => {
            gst::PadProbeReturn::Drop
        }
        _ => gst::PadProbeReturn::Ok,
    });
    let (tell, key_units) = channel();
    deaf.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if info.buffer().is_some_and(|buffer| !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT)) {
            let _ = tell.send(());
        }
        gst::PadProbeReturn::Ok
    });
    pipeline.play();
    let feeder = picture::Feeder::start(&pipeline);
    support::registered(&pipeline.element("ws"));
    support::has_caps(&pipeline.element("ws"));
    (pipeline, feeder, key_units)
}

fn viewer(pipeline: &Pipeline) -> Viewer {
    let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", "video/x-raw,format=I420", "");
    viewer.pipeline.play();
    viewer
}

/// Somebody comes after a key unit, while another watches, and nobody asks for the next one.
fn who_comes_in_between_sees_the_present_picture_at_once(encoder: &str, settings: &str) {
    let (pipeline, _feeder, key_units) = deaf(encoder, settings);
    let first = viewer(&pipeline);
    first.samples(10);
    next(&pipeline, &key_units);
    let second = viewer(&pipeline);
    let mut numbers = vec![picture::number(&second.sample())];
    let present =
        first.come().last().map(|sample| picture::number(&sample)).expect("the first one sees nothing");
    while numbers.last().is_some_and(|number| *number < present) {
        numbers.push(picture::number(&second.sample()));
    }
    assert!(key_units.try_recv().is_err(), "a key unit was made: {numbers:?}, {present} was seen");
    numbers.extend(second.samples(30).iter().map(picture::number));
    // What leads to the present picture is decoded without an error, and so is what follows.
    assert!(numbers.is_sorted_by(|a, b| a + 1 == *b), "{numbers:?}");
    // The statistics count each of the pictures that come at once.
    for (id, session) in pipeline.element("ws").property::<gst::Structure>("stats").iter() {
        let viewer: gst::Structure = session.get::<gst::Structure>().unwrap().get("consumer-stats").unwrap();
        let stream: gst::Structure = viewer.get::<gst::Array>("streams").unwrap()[0].get().unwrap();
        let sent: u64 = stream.get("frames-sent").unwrap();
        let seen = u64::try_from(numbers.len()).unwrap();
        assert!(sent >= seen, "{id}: {sent} pictures were sent, {seen} seen");
    }
}

/// Has a key unit made, and waits for it.
fn next(pipeline: &Pipeline, key_units: &Receiver<()>) {
    while key_units.try_recv().is_ok() {}
    let encoder = pipeline.element("encoder").static_pad("src").unwrap();
    assert!(encoder.send_event(gst_video::UpstreamForceKeyUnitEvent::builder().build()));
    key_units.recv_timeout(support::DEADLINE).expect("no key unit");
}

/// Nobody watched before.
fn the_first_who_comes_sees_the_present_picture_at_once(encoder: &str, settings: &str) {
    let (pipeline, _feeder, key_units) = deaf(encoder, settings);
    next(&pipeline, &key_units);
    let viewer = viewer(&pipeline);
    let mut numbers = vec![picture::number(&viewer.sample())];
    assert!(key_units.try_recv().is_err(), "a key unit was made: {numbers:?}");
    numbers.extend(viewer.samples(60).iter().map(picture::number));
    assert!(numbers.is_sorted_by(|a, b| a + 1 == *b), "{numbers:?}");
}

fn a_viewer_who_is_the_first_to_come_sees_the_present_picture_at_once(transport: &str) {
    the_first_who_comes_sees_the_present_picture_at_once(VP8, transport);
    the_first_who_comes_sees_the_present_picture_at_once(H264, transport);
}

fn a_viewer_who_comes_between_key_units_of_vp8_sees_the_present_picture_at_once(transport: &str) {
    who_comes_in_between_sees_the_present_picture_at_once(VP8, transport);
}

fn a_viewer_who_comes_between_key_units_of_h264_sees_the_present_picture_at_once(transport: &str) {
    who_comes_in_between_sees_the_present_picture_at_once(H264, transport);
}

crate::support::under_both_transports!(
    a_viewer_who_is_the_first_to_come_sees_the_present_picture_at_once,
    a_viewer_who_comes_between_key_units_of_vp8_sees_the_present_picture_at_once,
    a_viewer_who_comes_between_key_units_of_h264_sees_the_present_picture_at_once,
);
