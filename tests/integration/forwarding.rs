//! What viewers are told beside the media: time codes of frames, and events, the same through both transports.

use crate::support::picture::{self, Feeder};
use crate::support::{DEADLINE, Pipeline, Viewer, producer, uri};
use gst::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

const CONTROL: &str = "enable-control-data-channel=true";

/// A producer of numbered pictures whose time codes count them.
fn stamped(settings: &str) -> Pipeline {
    let source = format!("{} ! identity name=stamp", picture::source());
    let pipeline = producer(&source, &format!("{CONTROL} {settings}"));
    let pad = pipeline.element("stamp").static_pad("src").unwrap();
    let count = AtomicU32::new(0);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let code = gst_video::ValidVideoTimeCode::new(
            gst::Fraction::new(30, 1),
            None,
            gst_video::VideoTimeCodeFlags::empty(),
            1,
            number / 30 / 60,
            number / 30 % 60,
            number % 30,
            0,
        );
        let buffer = info.buffer_mut().unwrap().make_mut();
        gst_video::VideoTimeCodeMeta::add(buffer, &code.unwrap());
        gst::PadProbeReturn::Ok
    });
    pipeline
}

fn viewer(pipeline: &Pipeline) -> Viewer {
    let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", "video/x-raw,format=I420", CONTROL);
    viewer.pipeline.play();
    viewer
}

/// What a viewer was told of frames and events so far.
fn told(viewer: &Viewer) -> Vec<gst::Structure> {
    let is_rung = |news: &gst::Structure| news.get::<&str>("info").unwrap().starts_with("{\"rung\"");
    all_told(viewer).into_iter().filter(|news| !is_rung(news)).collect()
}

/// All that it was told.
fn all_told(viewer: &Viewer) -> Vec<gst::Structure> {
    let bus = viewer.pipeline.0.bus().unwrap();
    let messages = std::iter::from_fn(|| bus.pop());
    let told = messages.filter_map(|message| match message.view() {
        gst::MessageView::Element(element) => element.structure().map(|structure| structure.to_owned()),
        _ => None,
    });
    told.filter(|structure| structure.name() == "webrtc-control-info").collect()
}

fn every_viewer_hears_of_each_time_code_once_and_its_frame_has_it(transport: &str) {
    let pipeline = stamped(&format!("{transport} forward-metas=timecode"));
    let _feeder = Feeder::start(&pipeline);
    let viewers = [viewer(&pipeline), viewer(&pipeline)];
    for viewer in &viewers {
        let mut coded = 0;
        for _ in 0..300 {
            let sample = viewer.sample();
            let Some(meta) = sample.buffer().unwrap().meta::<gst_video::VideoTimeCodeMeta>() else {
                continue;
            };
            let code = meta.tc();
            let number = (code.minutes() * 60 + code.seconds()) * 30 + code.frames();
            assert_eq!((code.hours(), number), (1, u32::from(picture::number(&sample))));
            coded += 1;
            if coded == 60 {
                break;
            }
        }
        assert_eq!(coded, 60, "frames have no time codes");
        let mut timestamps = BTreeMap::new();
        for news in told(viewer) {
            assert_eq!(news.get("mid"), Ok("video0"));
            let info: serde_json::Value = serde_json::from_str(news.get("info").unwrap()).unwrap();
            let number = |name: &str| info["meta"][name].as_u64().unwrap();
            let count = (number("minutes") * 60 + number("seconds")) * 30 + number("frames");
            let meta = serde_json::json!({
                "type": "timeCode", "hours": 1, "minutes": count / 1800, "seconds": count / 30 % 60, "frames": count % 30,
                "field_count": 0, "fps": [30, 1], "flags": "none", "latest_daily_jam": null,
            });
            assert_eq!(info["meta"], meta);
            let timestamp = info["rtpTimestamp"].as_u64().unwrap();
            assert_eq!(timestamps.insert(count, timestamp), None, "{count} was told twice");
        }
        assert!(timestamps.len() >= 60, "{}", timestamps.len());
    }
    let sink = pipeline.element("ws");
    sink.set_property("forward-metas", "");
    for viewer in &viewers {
        viewer.samples(15);
        told(viewer);
        viewer.samples(15);
        assert!(told(viewer).is_empty(), "they were told after the end");
    }
}

/// The custom events that reach what a viewer's pad is linked to.
fn events(viewer: &Viewer) -> Receiver<gst::Structure> {
    let (give, take) = channel();
    viewer.sample();
    let pad = viewer.pipeline.element("src").static_pad("video_0").unwrap().peer().unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::EventView::CustomDownstreamOob(event)) = info.event().map(|event| event.view()) {
            let _ = give.send(event.structure().unwrap().to_owned());
        }
        gst::PadProbeReturn::Ok
    });
    take
}

fn events_that_the_application_names_go_down_the_viewers_pipelines(transport: &str) {
    let pipeline = stamped(&format!("{transport} forward-events=\"slate, mark\""));
    let _feeder = Feeder::start(&pipeline);
    let viewers = [viewer(&pipeline), viewer(&pipeline)];
    let events = viewers.each_ref().map(events);
    let pad = pipeline.element("stamp").static_pad("src").unwrap();
    let structure = |name: &str, take: u32| gst::Structure::builder(name).field("take", take).build();
    let mut take = 0;
    // Channels open a little after the media flows.
    let firsts = events.each_ref().map(|events| {
        loop {
            take += 1;
            assert!(take < 300, "nothing came");
            pad.push_event(gst::event::CustomDownstream::new(structure("other", take)));
            pad.push_event(gst::event::CustomDownstream::new(structure("slate", take)));
            viewers.iter().for_each(|viewer| drop(viewer.sample()));
            if let Ok(event) = events.try_recv() {
                break event;
            }
        }
    });
    assert!(firsts.iter().all(|first| first.name() == "slate" && first.get::<u64>("take").is_ok()));
    pad.push_event(gst::event::CustomDownstreamOob::new(structure("mark", 7)));
    for events in &events {
        let mark =
            std::iter::from_fn(|| events.recv_timeout(DEADLINE).ok()).find(|event| event.name() != "slate");
        assert_eq!(
            mark.map(|mark| (mark.name().to_string(), mark.get::<u64>("take"))),
            Some(("mark".into(), Ok(7)))
        );
    }
}

fn nothing_is_told_unless_it_is_asked_for(transport: &str) {
    let pipeline = stamped(transport);
    let _feeder = Feeder::start(&pipeline);
    let viewer = viewer(&pipeline);
    for _ in 0..60 {
        let sample = viewer.sample();
        assert!(sample.buffer().unwrap().meta::<gst_video::VideoTimeCodeMeta>().is_none());
        pipeline
            .element("stamp")
            .static_pad("src")
            .unwrap()
            .push_event(gst::event::CustomDownstream::new(gst::Structure::new_empty("slate")));
    }
    assert!(told(&viewer).is_empty());
}

/// The next rung that a viewer is told of.
fn rung(viewer: &Viewer) -> serde_json::Value {
    let end = Instant::now() + 2 * DEADLINE;
    loop {
        let mut told = all_told(viewer).into_iter();
        if let Some(news) = told.next() {
            assert_eq!((news.get("mid"), told.next()), (Ok("video0"), None), "more than one at once");
            let info: serde_json::Value = serde_json::from_str(news.get("info").unwrap()).unwrap();
            return info["rung"].clone();
        }
        assert!(Instant::now() < end, "the viewer was not told");
        viewer.samples(2);
    }
}

/// Waits for a picture of that size.
fn is_seen(viewer: &Viewer, rung: &serde_json::Value) {
    let size = |sample: &gst::Sample| {
        let caps = sample.caps_owned().unwrap();
        let size = |name: &str| caps.structure(0).unwrap().get::<i32>(name).unwrap();
        (size("width"), size("height"))
    };
    let wanted = (rung["width"].as_i64().unwrap() as i32, rung["height"].as_i64().unwrap() as i32);
    assert!((0..300).any(|_| size(&viewer.sample()) == wanted), "it is sent none of {rung}");
}

fn a_viewer_is_told_which_rung_it_is_sent_and_when_it_is_another(transport: &str) {
    let source = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=640,height=480,framerate=30/1";
    let pipeline = producer(source, &format!("{CONTROL} {transport} video-caps=video/x-vp8"));
    let share = Arc::new(AtomicI32::new(1_200_000));
    let given = share.clone();
    pipeline.element("ws").connect("define-encoder-bitrates", false, move |_| {
        let share = gst::Structure::builder("webrtcsink/encoder-bitrates");
        Some(share.field("video_0", given.load(Ordering::Relaxed)).build().to_value())
    });
    let viewer = viewer(&pipeline);
    let first = rung(&viewer);
    assert_eq!(first, serde_json::json!({ "index": 0, "count": 3, "width": 640, "height": 480 }));
    is_seen(&viewer, &first);
    share.store(100_000, Ordering::Relaxed);
    let next = rung(&viewer);
    assert!(next["index"].as_u64() > Some(0) && next["count"] == 3, "{next}");
    assert!(next["width"].as_u64() < Some(640), "{next}");
    is_seen(&viewer, &next);
}

crate::support::under_both_transports!(
    a_viewer_is_told_which_rung_it_is_sent_and_when_it_is_another,
    every_viewer_hears_of_each_time_code_once_and_its_frame_has_it,
    events_that_the_application_names_go_down_the_viewers_pipelines,
    nothing_is_told_unless_it_is_asked_for,
);
