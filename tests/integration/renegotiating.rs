//! Streams come and go while viewers watch, and viewers change their minds.

use crate::support::direct::{Direct, Said};
use crate::support::tone::Tone;
use crate::support::{DEADLINE, Pipeline, Viewer, picture};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::Receiver;

/// Waits until the sink offers this.
fn offered(said: &Receiver<Said>, what: &str, is: impl Fn(&str) -> bool) {
    loop {
        match said.recv_timeout(DEADLINE).expect(what) {
            Said::Description(_, WebRTCSDPType::Offer, sdp) if is(&sdp) => return,
            _ => {}
        }
    }
}

/// Has the viewer play what it gets of sound, too: a source stops where nobody takes what it has.
fn hear(viewer: &Viewer) {
    let pipeline = viewer.pipeline.0.downgrade();
    viewer.pipeline.element("src").connect_pad_added(move |_, pad| {
        if !pad.name().starts_with("audio") {
            return;
        }
        let sink = gst::ElementFactory::make("fakesink").property("async", false).build().unwrap();
        pipeline.upgrade().unwrap().add(&sink).unwrap();
        sink.sync_state_with_parent().unwrap();
        pad.link(&sink.static_pad("sink").unwrap()).unwrap();
    });
}

fn streams_that_come_and_go_leave_no_gap_in_another(transport: &str) {
    let (producing, said, consuming) = Direct::with_viewer("s");
    let settings = format!("webrtcsink name=ws stun-server=\"\" {transport} video-caps=video/x-vp8");
    let pipeline = Pipeline::parse(&format!("{} ! {settings}", picture::source()));
    pipeline.element("ws").set_property("signaller", &producing);
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
    hear(&viewer);
    viewer.pipeline.play();
    pipeline.play();
    let _feeder = picture::Feeder::start(&pipeline);
    assert!(pipeline.0.state(gst::ClockTime::from_seconds(5)).0.is_ok());
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    viewer.samples(30);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let tone = Tone::add(&pipeline);
        offered(&said, "no stream was added", |said| said.matches("a=sendonly").count() == 2);
        seen.extend(viewer.samples(45));
        tone.remove(&pipeline);
        offered(&said, "no stream was removed", |said| said.matches("a=sendonly").count() == 1);
        seen.extend(viewer.samples(45));
    }
    let numbers: Vec<u16> = seen.iter().map(picture::number).collect();
    let longest = numbers.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap();
    // A busy machine leaves pictures out before they are coded; that no packet is missing is tested elsewhere.
    assert!(numbers.is_sorted() && longest < 30, "{longest}: {numbers:?}");
}

crate::support::under_both_transports!(streams_that_come_and_go_leave_no_gap_in_another);
