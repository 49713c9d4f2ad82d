//! What is given up of pictures where the bitrate is low: `enable-mitigation-modes` and `configure-mitigation-caps`.

use crate::ladder::{BAD, LARGE, SMALL, Stage, came, encoder_until, follows_on, until};
use crate::support::{Viewer, producer, uri};
use gst::prelude::*;
use gstrswebrtc::webrtcsink::WebRTCSinkMitigationMode as Mode;
use std::sync::{Arc, Mutex};

/// Ticks of the clock of pictures in a second.
const CLOCK: u32 = 90_000;

fn mode(encoder: &gst::Structure) -> Mode {
    encoder.get("mitigation-mode").unwrap()
}

/// Waits until the next pictures come no faster than this, and all of them.
fn slower_than(stage: &Stage, session: &str, frames_per_second: u32) {
    let steps = steps(stage, session);
    // A busy machine may leave more out.
    assert!(steps.iter().all(|step| *step >= CLOCK / frames_per_second - 20), "{steps:?}");
}

/// The times between the next pictures.
fn steps(stage: &Stage, session: &str) -> Vec<u32> {
    let last = came(&stage.crowd, session).last().unwrap().sequence;
    let begins = |guest: &crate::support::crowd::Guest| {
        let came = guest.joined.as_ref().unwrap().came.lock().unwrap();
        let mut times: Vec<_> = came
            .iter()
            .filter(|packet| packet.begins && packet.sequence > last)
            .map(|packet| (packet.sequence, packet.timestamp))
            .collect();
        times.sort_unstable();
        times
    };
    // Some are on the way.
    stage.crowd.until(session, "twenty pictures", |guest| begins(guest).len() > 25);
    let times = stage.crowd.of(session, begins);
    times[5..].windows(2).map(|pair| pair[1].1.wrapping_sub(pair[0].1)).collect()
}

#[test]
fn a_single_encoder_gives_up_size_and_frames_as_the_property_says_while_it_plays() {
    let stage = Stage::set("transport=native encoder-sharing=single");
    let sink = stage.pipeline.element("ws");
    stage.invite("v", LARGE);
    assert_eq!(mode(&stage.encoder("v")), Mode::NONE);
    stage.carries("v", 400_000);
    until(&stage.crowd, "v", "smaller pictures", |size| size == (480, 360));
    encoder_until(&stage, "v", |encoder| mode(encoder) == Mode::DOWNSCALED | Mode::DOWNSAMPLED);
    slower_than(&stage, "v", 15);
    sink.set_property("enable-mitigation-modes", Mode::NONE);
    until(&stage.crowd, "v", "large pictures", |size| size == LARGE);
    encoder_until(&stage, "v", |encoder| mode(encoder) == Mode::NONE);
    assert!(steps(&stage, "v").iter().any(|step| *step < CLOCK / 20), "all of the frames");
    sink.set_property("enable-mitigation-modes", Mode::DOWNSCALED);
    until(&stage.crowd, "v", "smaller pictures", |size| size == (480, 360));
    encoder_until(&stage, "v", |encoder| mode(encoder) == Mode::DOWNSCALED);
    follows_on(&came(&stage.crowd, "v"));
}

#[test]
fn rungs_that_give_up_what_may_not_be_are_left_at_once_and_used_again() {
    let stage = Stage::set("transport=native");
    let sink = stage.pipeline.element("ws");
    stage.invite("v", LARGE);
    stage.carries("v", BAD);
    until(&stage.crowd, "v", "small pictures", |size| size == SMALL);
    sink.set_property("enable-mitigation-modes", Mode::NONE);
    until(&stage.crowd, "v", "large pictures", |size| size == LARGE);
    encoder_until(&stage, "v", |encoder| mode(encoder) == Mode::NONE);
    assert!(stage.encoder("v").get::<i32>("bitrate").unwrap() <= 130_000);
    sink.set_property("enable-mitigation-modes", Mode::all());
    until(&stage.crowd, "v", "small pictures", |size| size == SMALL);
    encoder_until(&stage, "v", |encoder| mode(encoder).contains(Mode::DOWNSCALED));
    follows_on(&came(&stage.crowd, "v"));
}

fn a_handler_decides_the_size_and_the_frame_rate_of_an_encoder(transport: &str) {
    let stage = Stage::set(&format!("{transport} rungs=1"));
    let calls = Arc::<Mutex<Vec<_>>>::default();
    let called = calls.clone();
    stage.pipeline.element("ws").connect("configure-mitigation-caps", false, move |values| {
        let info = values[2].get::<gst_video::VideoInfo>().unwrap();
        let (bitrate, modes) = (values[3].get::<i32>().unwrap(), values[4].get::<Mode>().unwrap());
        called.lock().unwrap().push((values[1].get::<String>().unwrap(), info, modes));
        let caps = gst::Caps::builder("video/x-raw");
        let caps = match bitrate {
            0..500_000 => caps
                .field("width", 160)
                .field("height", 90)
                .field("framerate", gst::Fraction::new(10, 1))
                .build(),
            _ => caps.field("height", 240).build(),
        };
        Some(caps.to_value())
    });
    stage.invite("v", (320, 240));
    let (pad, info, modes) = calls.lock().unwrap()[0].clone();
    assert_eq!((pad.as_str(), modes), ("video_0", Mode::all()));
    assert_eq!((info.width(), info.height(), info.fps()), (640, 480, gst::Fraction::new(30, 1)));
    stage.carries("v", 400_000);
    until(&stage.crowd, "v", "pictures of another shape", |size| size == (160, 90));
    encoder_until(&stage, "v", |encoder| mode(encoder) == Mode::all());
    slower_than(&stage, "v", 10);
    follows_on(&came(&stage.crowd, "v"));
}

fn a_viewer_that_decodes_sees_each_size_of_an_encoder(transport: &str) {
    let source = "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1";
    let settings =
        "video-caps=video/x-h264 encoder-sharing=single congestion-control=disabled max-bitrate=900000";
    let pipeline = producer(source, &format!("{settings} {transport}"));
    let sink = pipeline.element("ws");
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
    for (modes, size) in [(Mode::all(), (480, 360)), (Mode::NONE, (640, 480)), (Mode::DOWNSCALED, (480, 360))]
    {
        sink.set_property("enable-mitigation-modes", modes);
        let sees = (0..150).any(|_| {
            let sample = viewer.sample();
            let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
            (info.width(), info.height()) == size
        });
        assert!(sees, "no pictures of {size:?}");
    }
}

#[test]
fn without_a_handler_a_caller_of_the_signal_hears_what_is_usual() {
    crate::support::init();
    let sink = gst::ElementFactory::make("webrtcsink").build().unwrap();
    let info =
        gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, 1280, 720).fps(30).build().unwrap();
    let usual = |bitrate: i32| {
        sink.emit_by_name::<gst::Caps>(
            "configure-mitigation-caps",
            &[&"video_0", &info, &bitrate, &Mode::all()],
        )
    };
    let low = usual(400_000);
    let low = low.structure(0).unwrap();
    assert_eq!((low.get("width"), low.get("height")), (Ok(640), Ok(360)));
    assert_eq!(low.get::<gst::Fraction>("framerate").unwrap(), gst::Fraction::new(15, 1));
    assert_eq!(usual(4_000_000), gst::Caps::new_empty_simple("video/x-raw"));
}

crate::support::under_both_transports!(
    a_handler_decides_the_size_and_the_frame_rate_of_an_encoder,
    a_viewer_that_decodes_sees_each_size_of_an_encoder,
);
