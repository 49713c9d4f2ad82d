//! Pictures that are encoded already are passed on to those who take them, and transcoded for those who do not.

use crate::support::{self, Pipeline, Viewer, picture, uri};
use gst::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A sink of numbered pictures in H.264 with hardly a key unit, and the encoders that it makes.
fn encoded(settings: &str) -> (Pipeline, picture::Feeder, Arc<Mutex<Vec<String>>>) {
    let encoder = "x264enc name=enc tune=zerolatency speed-preset=ultrafast key-int-max=3000 ! video/x-h264,profile=constrained-baseline ! capssetter join=false replace=true caps=video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline";
    let pipeline = Pipeline::parse(&format!(
        "{} ! {encoder} ! {} video-caps=\"video/x-vp8;video/x-h264\" {settings}",
        picture::source(),
        support::SINK
    ));
    let made = Arc::<Mutex<Vec<String>>>::default();
    let list = made.clone();
    pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let encoder = values[3].get::<gst::Element>().unwrap();
        list.lock().unwrap().push(encoder.factory().unwrap().name().into());
        Some(false.to_value())
    });
    pipeline.play();
    let feeder = picture::Feeder::start(&pipeline);
    support::registered(&pipeline.element("ws"));
    support::has_caps(&pipeline.element("ws"));
    (pipeline, feeder, made)
}

fn viewer(pipeline: &Pipeline, codecs: &str, caps: &str) -> Viewer {
    let viewer =
        Viewer::new(&uri(&pipeline.element("ws")), "video", caps, &format!("video-codecs=\"<{codecs}>\""));
    viewer.pipeline.play();
    viewer
}

fn who_takes_the_input_gets_it_and_who_does_not_gets_another_codec(transport: &str) {
    let (pipeline, _feeder, made) = encoded(transport);
    // In the order that it prefers.
    let first = viewer(&pipeline, "VP8,H264", "video/x-h264;video/x-vp8");
    let sample = first.sample();
    assert_eq!(sample.caps().unwrap().structure(0).unwrap().name(), "video/x-h264");
    first.samples(60);
    assert!(made.lock().unwrap().is_empty(), "encoded for nobody: {made:?}");
    let second = viewer(&pipeline, "VP8", "video/x-raw,format=I420");
    let numbers: Vec<u16> = second.samples(60).iter().map(picture::number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert_eq!(*made.lock().unwrap(), ["vp8enc"]);
    assert_eq!(first.sample().caps().unwrap().structure(0).unwrap().name(), "video/x-h264");
}

#[test]
fn a_source_that_does_not_heed_the_first_requests_for_a_key_unit_is_asked_again() {
    let (pipeline, _feeder, _) = encoded("");
    let asked = Arc::new(AtomicUsize::new(0));
    let pad = pipeline.element("enc").static_pad("src").unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let asks = info.event().is_some_and(|event| event.type_() == gst::EventType::CustomUpstream);
        if asks && asked.fetch_add(1, Ordering::Relaxed) < 2 {
            return gst::PadProbeReturn::Drop;
        }
        gst::PadProbeReturn::Ok
    });
    viewer(&pipeline, "VP8", "video/x-raw").samples(10);
}

#[test]
fn pictures_whose_caps_do_not_tell_their_size_are_scaled() {
    let (pipeline, _feeder, _) = encoded("rungs=1/4");
    let size = |viewer: &Viewer| {
        let sample = viewer.sample();
        let structure = sample.caps().unwrap().structure(0).unwrap();
        (structure.get::<i32>("width").unwrap(), structure.get::<i32>("height").unwrap())
    };
    let (width, height) = size(&viewer(&pipeline, "H264", "video/x-raw"));
    assert_eq!(size(&viewer(&pipeline, "VP8", "video/x-raw")), (width / 2, height / 2));
}

#[test]
fn nothing_is_transcoded_where_the_property_forbids_it() {
    let (pipeline, _feeder, made) = encoded("transcode=false");
    let viewer = viewer(&pipeline, "VP8", "video/x-raw");
    let reason = pipeline.message("webrtc-session-ended");
    assert!(reason.to_string().contains("codec"), "{reason}");
    assert!(made.lock().unwrap().is_empty());
    drop(viewer);
}

crate::support::under_both_transports!(who_takes_the_input_gets_it_and_who_does_not_gets_another_codec);
