//! One encoder for all viewers of a stream.

use crate::support::{self, VIDEO, Viewer, producer, uri};
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Counts encoders as they are made.
fn count_encoders(sink: &gst::Element) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    sink.connect("encoder-setup", false, move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(false.to_value())
    });
    count
}

fn three_viewers_share_one_encoder_and_each_gets_every_frame(transport: &str) {
    // A machine that is busy must not look like networks of which one carries less.
    let pipeline = producer(VIDEO, &format!("{transport} congestion-control=disabled"));
    let sink = pipeline.element("ws");
    let encoders = count_encoders(&sink);
    let viewers: Vec<_> = (0..3).map(|_| Viewer::play(&uri(&sink), "video", "video/x-raw")).collect();
    viewers.iter().for_each(|viewer| drop(viewer.samples(30)));
    assert_eq!(encoders.load(Ordering::Relaxed), 1);
    let stats = sink.property::<gst::Structure>("stats");
    assert_eq!(stats.n_fields(), 3, "{stats}");
}

#[test]
fn an_encoder_lingers_after_its_last_viewer_and_serves_the_next() {
    let pipeline = producer(VIDEO, "encoder-linger=60000");
    let sink = pipeline.element("ws");
    let encoders = count_encoders(&sink);
    for _ in 0..2 {
        let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
        viewer.samples(5);
        viewer.pipeline.stop();
        pipeline.message("webrtc-session-ended");
    }
    assert_eq!(encoders.load(Ordering::Relaxed), 1);
}

#[test]
fn an_encoder_that_does_not_linger_is_made_anew() {
    let pipeline = producer(VIDEO, "encoder-linger=0");
    let sink = pipeline.element("ws");
    let (gone, is_gone) = std::sync::mpsc::channel();
    let encoders = Arc::new(AtomicUsize::new(0));
    let counted = encoders.clone();
    sink.connect("encoder-setup", false, move |values| {
        counted.fetch_add(1, Ordering::Relaxed);
        let gone = gone.clone();
        values[3].get::<gst::Element>().unwrap().add_weak_ref_notify(move || {
            let _ = gone.send(());
        });
        Some(false.to_value())
    });
    for _ in 0..2 {
        let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
        viewer.samples(5);
        viewer.pipeline.stop();
        is_gone.recv_timeout(support::DEADLINE).expect("the encoder was never let go of");
    }
    assert_eq!(encoders.load(Ordering::Relaxed), 2);
}

#[test]
fn nobody_watching_means_no_encoder() {
    let pipeline = producer(VIDEO, "");
    let encoders = count_encoders(&pipeline.element("ws"));
    // The pipeline runs: frames pass the sink's pad.
    let (seen, is_seen) = std::sync::mpsc::channel();
    let pad = pipeline.element("ws").static_pad("video_0").unwrap();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let _ = seen.send(());
        gst::PadProbeReturn::Ok
    });
    (0..15).for_each(|_| is_seen.recv_timeout(Duration::from_secs(5)).unwrap());
    assert_eq!(encoders.load(Ordering::Relaxed), 0);
}

fn a_viewer_that_joins_late_starts_with_a_key_unit_at_once(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let uri = uri(&pipeline.element("ws"));
    let first = Viewer::play(&uri, "video", "video/x-raw");
    first.samples(30);
    let second = Viewer::play(&uri, "video", "video/x-vp8");
    let sample = second.sample();
    assert!(!sample.buffer().unwrap().flags().contains(gst::BufferFlags::DELTA_UNIT));
    let id: Option<glib::GString> = second.pipeline.element("src").static_pad("video_0").unwrap().stream_id();
    assert!(id.is_some());
}

fn the_encoder_follows_what_a_lone_viewers_network_carries(transport: &str) {
    let source = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=30/1";
    let pipeline = producer(source, &format!("{transport} start-bitrate=500000"));
    let sink = pipeline.element("ws");
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-vp8");
    viewer.samples(180);
    let stats = sink.property::<gst::Structure>("stats");
    let session = sink.emit_by_name::<Vec<String>>("get-sessions", &[]).pop().unwrap();
    let consumer = stats.get::<gst::Structure>(session.as_str()).unwrap();
    let consumer = consumer.get::<gst::Structure>("consumer-stats").unwrap();
    let encoder = consumer.get::<gst::Array>("video-encoders").unwrap()[0].get::<gst::Structure>().unwrap();
    let bitrate = encoder.get::<i32>("bitrate").unwrap();
    assert!(bitrate > 520_000, "still at {bitrate} bit/s");
    assert_eq!(encoder.get("encoder"), Ok("vp8enc"));
}

fn a_viewer_gets_a_key_unit_when_it_asks_for_one(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-vp8");
    let is_key_unit =
        |sample: &gst::Sample| !sample.buffer().unwrap().flags().contains(gst::BufferFlags::DELTA_UNIT);
    viewer.samples(30);
    assert!(!viewer.samples(30).iter().any(is_key_unit), "one came unasked");
    let pad = viewer.pipeline.element("src").static_pad("video_0").unwrap();
    assert!(pad.send_event(gst_video::UpstreamForceKeyUnitEvent::builder().build()));
    assert!(viewer.samples(60).iter().any(is_key_unit), "none came");
}

fn statistics_have_the_same_names(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let sink = pipeline.element("ws");
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
    // The viewer's first report comes after some seconds.
    let reported = |session: &gst::Structure| {
        session.fields().any(|name| name.starts_with("rtp-remote-inbound-stream-stats_"))
    };
    let mut statistics = (0..30).map(|_| {
        viewer.samples(30);
        let id = sink.emit_by_name::<Vec<String>>("get-sessions", &[]).pop().unwrap();
        sink.property::<gst::Structure>("stats").get::<gst::Structure>(id.as_str()).unwrap()
    });
    let session = statistics.find(reported).expect("the viewer never reported");
    let entry = |name: &str, of: &str| {
        let mut entries = session.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
        let found = entries
            .find(|entry| entry.name() == name && entry.get::<&str>("id").is_ok_and(|id| id.starts_with(of)));
        found.unwrap_or_else(|| panic!("no {name} called {of}... in {session}"))
    };
    let seen = entry("remote-inbound-rtp", "rtp-remote-inbound-stream-stats_");
    // What is sent again is a stream of its own, which a viewer may report on too.
    let sent = entry("outbound-rtp", seen.get("local-id").unwrap());
    assert!(sent.get::<u64>("packets-sent").unwrap() > 0 && sent.get::<u64>("bytes-sent").unwrap() > 0);
    for count in ["fir-count", "pli-count", "nack-count", "ssrc"] {
        sent.get::<u32>(count).unwrap();
    }
    seen.get::<i64>("packets-lost").unwrap();
    for share in ["fraction-lost", "round-trip-time", "timestamp"] {
        seen.get::<f64>(share).unwrap();
    }
    let pair = entry("candidate-pair", "ice-candidate-pair_");
    let way = entry("transport", "transport-stats_");
    assert_eq!(way.get::<String>("selected-candidate-pair-id"), pair.get::<String>("id"));
    let local = entry("local-candidate", "ice-candidate-");
    assert!(local.get::<u32>("port").unwrap() > 0);
    assert_eq!(sent.get::<String>("transport-id"), way.get::<String>("id"));
}

crate::support::under_both_transports!(
    statistics_have_the_same_names,
    a_viewer_gets_a_key_unit_when_it_asks_for_one,
    three_viewers_share_one_encoder_and_each_gets_every_frame,
    a_viewer_that_joins_late_starts_with_a_key_unit_at_once,
    the_encoder_follows_what_a_lone_viewers_network_carries,
);
