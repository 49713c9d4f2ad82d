//! A producer whose RTP timestamps are the time of a clock that receivers can read, too (RFC 7273): several of
//! these, on any number of machines, are in step wherever they are received (docs/clocks.md).
//!
//! cargo run --release --example precise_sync_send -- --ntp HOST[:PORT] [--uri ws://HOST:8443]
//! cargo run --release --example precise_sync_send -- --ptp DOMAIN [--uri ws://HOST:8443]
//!
//! Without --uri it runs a signalling server and the page itself.

mod app;
#[path = "app/clock.rs"]
mod clock;

use anyhow::{Context, Error};
use gst::prelude::*;

fn main() -> Result<(), Error> {
    let [uri, ntp, ptp] = app::begin(include_str!("precise_sync_send.rs"), ["--uri", "--ntp", "--ptp"])?;
    let clock = clock::of(ntp.as_deref(), ptp.as_deref())?;
    let pipeline = gst::parse::launch(
        "webrtcsink name=sink do-clock-signalling=true
         videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! queue ! sink.
         audiotestsrc is-live=true wave=ticks volume=0.3 ! queue ! sink.",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    // Before it plays: what viewers are told once stays.
    pipeline.use_clock(Some(&clock));
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);
    sink.connect("session-added", false, |values| {
        let peer = values.get(2)?.get::<String>().ok()?;
        println!("{peer} is told whose time timestamps are");
        None
    });
    app::play(&pipeline, |_| {})
}
