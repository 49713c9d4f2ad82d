//! Streams that come and go while others play: a second and a third picture are added, and removed again.
//!
//! cargo run --release --example change_streams [-- --uri ws://HOST:8443 --every SECONDS]
//!
//! Without --uri it runs a signalling server and the page itself.

mod app;

use anyhow::{Context, Error};
use gst::glib;
use gst::prelude::*;
use std::time::Duration;

/// The most pictures at a time.
const MOST: usize = 3;
const PATTERNS: [&str; MOST] = ["smpte", "ball", "snow"];

fn main() -> Result<(), Error> {
    let [uri, every] = app::begin(include_str!("change_streams.rs"), ["--uri", "--every"])?;
    let every = every.map_or(Ok(3.0), |every| every.parse()).context("--every takes a number of seconds")?;
    let every = Duration::try_from_secs_f32(every).context("--every takes a number of seconds")?;
    let pipeline = gst::Pipeline::new();
    let sink = gst::ElementFactory::make("webrtcsink").build()?;
    app::meet(&sink, uri);
    pipeline.add(&sink)?;
    let mut streams = vec![Stream::add(&pipeline, &sink, PATTERNS[0])?];

    let (bin, sink) = (pipeline.downgrade(), sink.downgrade());
    let mut grows = true;
    glib::timeout_add_local(every, move || {
        let (Some(bin), Some(sink)) = (bin.upgrade(), sink.upgrade()) else {
            return glib::ControlFlow::Break;
        };
        grows = match streams.len() {
            MOST => false,
            0 | 1 => true,
            _ => grows,
        };
        let changed = match (grows, PATTERNS.get(streams.len())) {
            (true, Some(pattern)) => Stream::add(&bin, &sink, pattern).map(|stream| streams.push(stream)),
            _ => streams.pop().map_or(Ok(()), |stream| stream.remove(&bin, &sink)),
        };
        if let Err(error) = changed {
            eprintln!("{error:#}");
        }
        glib::ControlFlow::Continue
    });
    app::play(&pipeline, |_| {})
}

/// A picture and the pad into which it goes.
struct Stream {
    picture: gst::Bin,
    pad: gst::Pad,
}

impl Stream {
    /// Every viewer is offered the new stream, and what plays goes on.
    fn add(bin: &gst::Pipeline, sink: &gst::Element, pattern: &str) -> Result<Self, Error> {
        let description =
            format!("videotestsrc is-live=true pattern={pattern} ! video/x-raw,width=640,height=360 ! queue");
        let picture = gst::parse::bin_from_description(&description, true)?;
        let pad = sink.request_pad_simple("video_%u").context("there is no pad for another stream")?;
        bin.add(&picture)?;
        picture.static_pad("src").context("a picture has a pad")?.link(&pad)?;
        picture.sync_state_with_parent()?;
        println!("added {}", pad.name());
        Ok(Self { picture, pad })
    }

    /// The sink is told first: the picture has nowhere to go then, and may be stopped.
    fn remove(self, bin: &gst::Pipeline, sink: &gst::Element) -> Result<(), Error> {
        let name = self.pad.name();
        sink.release_request_pad(&self.pad);
        self.picture.set_locked_state(true);
        self.picture.set_state(gst::State::Null)?;
        bin.remove(&self.picture)?;
        println!("removed {name}");
        Ok(())
    }
}
