//! An encoder with settings of one's own: better pictures for more of the processor.
//!
//! cargo run --release --example tune_encoder [-- --uri ws://HOST:8443]
//!
//! Without --uri it runs a signalling server and the page itself. An encoder starts with its first viewer.

mod app;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;

fn main() -> Result<(), Error> {
    let [uri] = app::begin(include_str!("tune_encoder.rs"), ["--uri"])?;
    let pipeline = gst::parse::launch(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=1280,height=720,framerate=30/1 ! queue !
         webrtcsink name=sink video-caps=video/x-h264;video/x-vp8",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);

    // Called for each encoder before it starts, on a thread of the element. All viewers with the same codec and size
    // share one; the first argument is the viewer it starts for, the second the pad.
    sink.connect_closure(
        "encoder-setup",
        false,
        glib::closure!(|_sink: gst::Element,
                        viewer: Option<String>,
                        pad: String,
                        encoder: gst::Element|
         -> bool {
            println!("{} of {pad} starts for {viewer:?}", encoder.name());
            tune(&encoder)
        }),
    );
    app::play(&pipeline, |_| {})
}

/// Whether the encoder is set up. Where it is not, the element sets what it needs for live pictures, and leaves alone
/// what it does not care about.
fn tune(encoder: &gst::Element) -> bool {
    let factory = encoder.factory().map(|factory| factory.name());
    match factory.as_deref() {
        // Everything is ours to set, the rate to begin with too: what the network carries follows it.
        Some("x264enc") => {
            for (name, value) in [
                ("tune", "zerolatency"),
                ("speed-preset", "veryfast"),
                // A key unit comes when somebody needs it, and makes no burst of its own accord.
                ("key-int-max", "2560"),
                ("vbv-buf-capacity", "300"),
                ("bitrate", "3000"),
            ] {
                encoder.set_property_from_str(name, value);
            }
            true
        }
        // One thing more, and the rest as ever.
        Some("vp8enc") => {
            encoder.set_property("noise-sensitivity", 1i32);
            false
        }
        _ => false,
    }
}
