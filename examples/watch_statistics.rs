//! What the element knows of each viewer, once a second: a table, or with --json a line of JSON with everything.
//!
//! cargo run --release --example watch_statistics [-- --uri ws://HOST:8443 --json yes]
//!
//! Without --uri it runs a signalling server and the page itself.

mod app;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::utils::structure_to_json;
use std::time::Duration;

fn main() -> Result<(), Error> {
    let [uri, json] = app::begin(include_str!("watch_statistics.rs"), ["--uri", "--json"])?;
    let pipeline = gst::parse::launch(
        "webrtcsink name=sink
         videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! queue ! sink.
         audiotestsrc is-live=true volume=0.05 ! queue ! sink.",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);

    // Reading them asks every transport, so not for every frame.
    let watched = sink.downgrade();
    glib::timeout_add_local(Duration::from_secs(1), move || {
        let Some(sink) = watched.upgrade() else {
            return glib::ControlFlow::Break;
        };
        let stats = sink.property::<gst::Structure>("stats");
        if json.is_some() {
            println!("{}", structure_to_json(&stats));
        } else {
            table(&stats);
        }
        glib::ControlFlow::Continue
    });
    app::play(&pipeline, |_| {})
}

/// One line for each picture that a viewer is sent.
fn table(stats: &gst::StructureRef) {
    println!(
        "{:9} {:>9} {:>4} {:>9} {:>10} {:>8} {:>6} {:>8}",
        "viewer", "encoder", "rung", "size", "kbit/s", "rtt ms", "lost", "delay ms"
    );
    for (_, session) in stats.iter() {
        let Ok(session) = session.get::<gst::Structure>() else { continue };
        let Ok(consumer) = session.get::<gst::Structure>("consumer-stats") else { continue };
        let peer = consumer.get::<String>("peer-id").unwrap_or_default();
        // What the viewer reports of its streams; the worst of them counts.
        let reports = entries(&session, "remote-inbound-rtp");
        let most =
            |name| reports.iter().filter_map(|report| report.get::<f64>(name).ok()).fold(0.0, f64::max);
        let lost: i64 = reports.iter().filter_map(|report| report.get::<i64>("packets-lost").ok()).sum();
        // From a frame's capture to the viewer's network: what was measured of it.
        let stream = structures(&consumer, "streams").into_iter().next();
        let parts = ["capture-to-encode-delay", "encode-delay", "send-delay", "network-delay"];
        let delay: f64 = parts.iter().filter_map(|part| stream.as_ref()?.get::<f64>(*part).ok()).sum();
        for encoder in structures(&consumer, "video-encoders") {
            let number = |name| encoder.get::<i32>(name).unwrap_or_default();
            println!(
                "{:9} {:>9} {:>4} {:>9} {:>10} {:>8.1} {:>6} {:>8.1}",
                peer.get(..8).unwrap_or(&peer),
                encoder.get::<String>("encoder").unwrap_or_default(),
                encoder.get::<u32>("rung").unwrap_or_default(),
                format!("{}x{}", number("width"), number("height")),
                number("bitrate") / 1000,
                most("round-trip-time") * 1000.0,
                lost,
                delay * 1000.0,
            );
        }
    }
}

/// The structures of this name among the fields of a structure.
fn entries(structure: &gst::StructureRef, name: &str) -> Vec<gst::Structure> {
    let fields = structure.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
    fields.filter(|entry| entry.name() == name).collect()
}

/// The structures in the list that is this field.
fn structures(structure: &gst::StructureRef, field: &str) -> Vec<gst::Structure> {
    let list = structure.get::<gst::Array>(field).unwrap_or_default();
    list.iter().filter_map(|value| value.get::<gst::Structure>().ok()).collect()
}
