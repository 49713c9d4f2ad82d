//! A producer: describes itself, sends a test pattern, and hears which viewers come and go, and why.
//!
//! cargo run --release --example sink [-- --uri ws://HOST:8443]
//!
//! Without --uri it runs a signalling server and the page itself.

mod app;

use anyhow::{Context, Error};
use gst::prelude::*;

fn main() -> Result<(), Error> {
    let [uri] = app::begin(include_str!("sink.rs"), ["--uri"])?;
    let pipeline = gst::parse::launch(
        "webrtcsink name=sink
         videotestsrc is-live=true ! video/x-raw,width=640,height=360 ! queue ! sink.
         audiotestsrc is-live=true volume=0.05 ! queue ! sink.",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);

    // Everyone who lists the producers sees this.
    let meta = gst::Structure::builder("meta").field("name", "door camera").field("floor", 2).build();
    sink.set_property("meta", meta);
    // H.264 for all viewers who can, else VP8; and never more than 4 Mbit/s.
    let caps = gst::Caps::builder_full()
        .structure(gst::Structure::new_empty("video/x-h264"))
        .structure(gst::Structure::new_empty("video/x-vp8"));
    sink.set_property("video-caps", caps.build());
    sink.set_property("max-bitrate", 4_000_000u32);

    // What stops the whole element is an error, with which this ends; a viewer's fault never is.
    app::play(&pipeline, |news| {
        let field = |name| news.get::<String>(name).unwrap_or_default();
        let (session, peer) = (field("session-id"), field("peer-id"));
        match news.name().as_str() {
            "webrtc-session-connected" => println!("{peer} watches in session {session}"),
            "webrtc-session-ended" => println!("{peer} is gone: {} ({})", field("text"), field("reason")),
            _ => {}
        }
    })
}
