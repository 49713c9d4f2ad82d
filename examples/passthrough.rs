//! Pictures that are encoded already, as a camera's or a file's, go to viewers as they are: nothing is decoded, nothing
//! is encoded.
//!
//! cargo run --release --example passthrough [-- --uri ws://HOST:8443 INPUT]
//!
//! INPUT is a camera that makes H.264 (/dev/video0, rtsp://HOST/PATH) or a file with it (x.mp4), with which it ends.
//! Without one, x264enc stands for the camera. Without --uri it runs a signalling server and the page itself.

mod app;

use anyhow::{Context, Error};
use gst::prelude::*;
use std::time::Duration;

fn main() -> Result<(), Error> {
    let [uri, input] = app::begin(include_str!("passthrough.rs"), ["--uri", "INPUT"])?;
    // With SPS and PPS before each key unit, since viewers come at any time. Viewers who do not take the H.264 that
    // there is would be sent pictures that are encoded anew; with transcode=false they are sent none.
    let pipeline = gst::parse::launch(&format!(
        "{} ! h264parse config-interval=-1 ! queue ! webrtcsink name=sink transcode=false",
        h264(input.as_deref())?
    ))?;
    let pipeline =
        pipeline.downcast::<gst::Pipeline>().ok().context("more than one element is a pipeline")?;
    let sink = pipeline.by_name("sink").context("the pipeline has a sink")?;
    app::meet(&sink, uri);
    app::play(&pipeline, |news| {
        if news.has_name("webrtc-session-connected") {
            println!("{} watches", news.get::<String>("peer-id").unwrap_or_default());
            // A moment later there is something to tell.
            let sink = sink.clone();
            gst::glib::timeout_add_local_once(Duration::from_millis(500), move || tell(&sink));
        }
    })
}

/// What a pipeline description begins with to have the H.264 of this input.
fn h264(input: Option<&str>) -> Result<String, Error> {
    let quoted = |input: &str| format!("\"{}\"", input.replace('\\', "\\\\").replace('"', "\\\""));
    Ok(match input {
        None => "videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 !
                 x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60"
            .into(),
        Some(device) if device.starts_with("/dev/") => {
            format!("v4l2src device={} ! video/x-h264", quoted(device))
        }
        // The sender's clock and ours differ: nothing waits for more than a tenth of a second.
        Some(uri) if uri.starts_with("rtsp") => {
            format!("rtspsrc location={} latency=100 ! rtph264depay", quoted(uri))
        }
        Some(file) => {
            std::fs::metadata(file)
                .with_context(|| format!("{file}: name a file with H.264, or a camera"))?;
            format!("filesrc location={} ! parsebin ! video/x-h264", quoted(file))
        }
    })
}

/// Which encoder each viewer's pictures come from: none.
fn tell(sink: &gst::Element) {
    for (_, session) in sink.property::<gst::Structure>("stats").iter() {
        let Ok(session) = session.get::<gst::Structure>() else { continue };
        let Ok(consumer) = session.get::<gst::Structure>("consumer-stats") else { continue };
        let peer = consumer.get::<String>("peer-id").unwrap_or_default();
        for stream in consumer.get::<gst::Array>("video-encoders").unwrap_or_default().iter() {
            let encoder = stream.get::<gst::Structure>().ok().and_then(|s| s.get::<String>("encoder").ok());
            match encoder.as_deref() {
                None | Some("") => println!("{peer} is sent the pictures as they came"),
                Some(encoder) => println!("{peer} is sent pictures of {encoder}"),
            }
        }
    }
}
