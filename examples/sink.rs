//! A producer: describes itself, sends a test pattern, and hears which viewers come and go, and why.

use anyhow::{Context, Error, bail};
use gst::prelude::*;

fn main() -> Result<(), Error> {
    gst::init()?;
    gstrswebrtc::plugin_register_static()?;

    // A stand-alone gst-webrtc-signalling-server serves as well: leave out run-signalling-server, and set its
    // address with `signaller::uri=ws://host:8443`.
    let pipeline = gst::parse::launch(
        "webrtcsink name=sink run-signalling-server=true run-web-server=true
         videotestsrc is-live=true ! video/x-raw,width=640,height=360 ! queue ! sink.
         audiotestsrc is-live=true volume=0.05 ! queue ! sink.",
    )?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;

    // Everyone who lists the producers sees this.
    let meta = gst::Structure::builder("meta").field("name", "door camera").field("floor", 2).build();
    sink.set_property("meta", meta);
    // H.264 for all viewers who can, else VP8; and never more than 4 Mbit/s.
    let caps = gst::Caps::builder_full()
        .structure(gst::Structure::new_empty("video/x-h264"))
        .structure(gst::Structure::new_empty("video/x-vp8"));
    sink.set_property("video-caps", caps.build());
    sink.set_property("max-bitrate", 4_000_000u32);

    pipeline.set_state(gst::State::Playing)?;
    println!("Watch at http://127.0.0.1:8080/");
    let bus = pipeline.bus().context("a pipeline has a bus")?;
    for message in bus.iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            // What stops the whole element; a viewer's fault never does.
            gst::MessageView::Error(error) => bail!("{}: {:?}", error.error(), error.debug()),
            gst::MessageView::Element(news) => {
                if let Some(news) = news.structure() {
                    print(news);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a session's messages carry.
fn print(news: &gst::StructureRef) {
    let field = |name| news.get::<String>(name).unwrap_or_default();
    let (session, peer) = (field("session-id"), field("peer-id"));
    match news.name().as_str() {
        "webrtc-session-connected" => println!("{peer} watches in session {session}"),
        "webrtc-session-ended" => println!("{peer} is gone: {} ({})", field("text"), field("reason")),
        _ => {}
    }
}
