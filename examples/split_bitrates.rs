//! Two pictures that do not share alike: the screen gets three quarters of what a viewer's network carries, the face
//! the rest.
//!
//! cargo run --release --example split_bitrates [-- --uri ws://HOST:8443]
//!
//! Without --uri it runs a signalling server and the page itself.

mod app;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;

/// The pads, in the order in which they were requested.
const SCREEN: &str = "video_0";
const FACE: &str = "video_1";

fn main() -> Result<(), Error> {
    let [uri] = app::begin(include_str!("split_bitrates.rs"), ["--uri"])?;
    let pipeline = gst::parse::launch(
        "webrtcsink name=sink
         videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! queue ! sink.video_0
         videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1 ! queue ! sink.video_1",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);

    // Called whenever more or less is left to a viewer's pictures (bit/s), with equal shares by the names of the pads.
    sink.connect_closure(
        "define-encoder-bitrates",
        false,
        glib::closure!(|_sink: gst::Element, viewer: String, all: i32, equal: gst::Structure| {
            let mut shares = equal;
            // A viewer who takes one picture only is sent that.
            if shares.has_field(SCREEN) && shares.has_field(FACE) {
                let screen = all / 4 * 3;
                shares.set(SCREEN, screen);
                shares.set(FACE, all - screen);
            }
            println!("{viewer} is sent {all} bit/s: {shares}");
            shares
        }),
    );
    app::play(&pipeline, |_| {})
}
