//! A receiver that shows what several producers captured in one instant in one instant (docs/clocks.md): it has the
//! clock that they have, and each frame the time of its capture. Says how long after that it is shown.
//!
//! cargo run --release --example precise_sync_receive -- --ntp HOST[:PORT] [--uri ws://HOST:8443] [ONE OTHER]
//! cargo run --release --example precise_sync_receive -- --ptp DOMAIN [--uri ws://HOST:8443] [ONE OTHER]
//!
//! ONE and OTHER are the producers' identities; without them it receives the first that there is.

mod app;
#[path = "app/clock.rs"]
mod clock;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Longer than the whole way of a frame, in ms: each is shown about that long after its capture.
const LATENCY: u32 = 400;

fn main() -> Result<(), Error> {
    let names = ["--uri", "--ntp", "--ptp", "ONE", "OTHER"];
    let [uri, ntp, ptp, one, other] = app::begin(include_str!("precise_sync_receive.rs"), names)?;
    let pipeline = gst::Pipeline::new();
    pipeline.use_clock(Some(&clock::of(ntp.as_deref(), ptp.as_deref())?));
    match (one, other) {
        (None, _) => receive(&pipeline, &uri, None)?,
        (Some(one), None) => receive(&pipeline, &uri, Some(one))?,
        (Some(one), Some(other)) => {
            receive(&pipeline, &uri, Some(one))?;
            receive(&pipeline, &uri, Some(other))?;
        }
    }
    app::play(&pipeline, |_| {})
}

/// Adds the streams of a producer.
fn receive(pipeline: &gst::Pipeline, uri: &Option<String>, producer: Option<String>) -> Result<(), Error> {
    let source = gst::ElementFactory::make("webrtcsrc")
        .property("rfc7273-sync", true)
        .property("jitter-buffer-min", LATENCY)
        .build()?;
    app::meet(&source, uri.clone());
    match producer {
        Some(id) => source.property::<glib::Object>("signaller").set_property("producer-peer-id", id),
        None => source.set_property("connect-to-first-producer", true),
    }
    pipeline.add(&source)?;
    let target = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        if let Some(pipeline) = target.upgrade()
            && let Err(error) = show(&pipeline, pad)
        {
            eprintln!("{}: {error:#}", pad.name());
        }
    });
    Ok(())
}

/// Shows a stream, and says now and then how long after its capture.
fn show(pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), Error> {
    let branch = match pad.name().starts_with("video") {
        true => "queue ! videoconvert ! video/x-raw ! fakesink name=end sync=true signal-handoffs=true",
        false => "queue ! audioconvert ! audio/x-raw ! fakesink name=end sync=true signal-handoffs=true",
    };
    let branch = gst::parse::bin_from_description(branch, true)?;
    let end = branch.by_name("end").context("the branch has an end")?;
    let (name, count) = (pad.name(), AtomicU64::new(0));
    // Called when a frame's time has come.
    end.connect("handoff", false, move |values| {
        let (end, buffer) =
            (values.first()?.get::<gst::Element>().ok()?, values.get(1)?.get::<gst::Buffer>().ok()?);
        if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(30) {
            let captured = buffer.meta::<gst::meta::ReferenceTimestampMeta>()?;
            let late = end.clock()?.time() - captured.timestamp();
            println!("{name}: captured at {}, shown {late} later", captured.timestamp());
        }
        None
    });
    pipeline.add(&branch)?;
    branch.sync_state_with_parent()?;
    pad.link(&branch.static_pad("sink").context("the branch has a sink pad")?)?;
    Ok(())
}
