//! A consumer: receives from the first producer that the signalling server knows, or from a certain one, and says
//! what arrives.
//!
//! cargo run --release --example source [-- --uri ws://HOST:8443 PRODUCER]

mod app;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

fn main() -> Result<(), Error> {
    let [uri, producer] = app::begin(include_str!("source.rs"), ["--uri", "PRODUCER"])?;
    let pipeline = gst::Pipeline::new();
    let source = gst::ElementFactory::make("webrtcsrc").build()?;
    app::meet(&source, uri);
    match producer {
        Some(producer) => {
            source.property::<glib::Object>("signaller").set_property("producer-peer-id", producer);
        }
        None => source.set_property("connect-to-first-producer", true),
    }
    pipeline.add(&source)?;

    // Pads come with the session: one for each stream of the producer, with decoded frames, because that is what
    // the sinks here take. A sink for `application/x-rtp` or `video/x-vp8` would get those.
    let bin = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        if let Some(bin) = bin.upgrade()
            && let Err(error) = show(&bin, pad)
        {
            eprintln!("{}: {error:#}", pad.name());
        }
    });
    app::play(&pipeline, |news| {
        if news.has_name("webrtc-session-ended") {
            println!("{news}");
        }
    })
}

/// Connects a pad to a converter and a sink, and prints what comes out once in a while.
fn show(bin: &gst::Pipeline, pad: &gst::Pad) -> Result<(), Error> {
    let video = pad.name().starts_with("video");
    let convert = if video { "videoconvert ! video/x-raw" } else { "audioconvert ! audio/x-raw" };
    let branch =
        gst::parse::bin_from_description(&format!("queue ! {convert} ! fakesink name=end sync=true"), true)?;
    let end =
        branch.by_name("end").and_then(|end| end.static_pad("sink")).context("the branch has an end")?;
    let (name, count) = (pad.name(), AtomicU64::new(0));
    end.add_probe(gst::PadProbeType::BUFFER, move |end, _| {
        let count = count.fetch_add(1, Ordering::Relaxed);
        if count.is_multiple_of(100) {
            let caps = end.current_caps().map(|caps| caps.to_string()).unwrap_or_default();
            println!("{name}: {count} buffers of {caps}");
        }
        gst::PadProbeReturn::Ok
    });
    bin.add(&branch)?;
    branch.sync_state_with_parent()?;
    pad.link(&branch.static_pad("sink").context("the branch has a sink pad")?)?;
    Ok(())
}
