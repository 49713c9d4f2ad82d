//! The viewer's process: a `webrtcsrc` whose pictures are read when they leave it, and when a synchronised sink shows them.

use super::stamp;
use crate::child::say;
use crate::job::{GlassJob, Said};
use crate::phases::source;
use crate::pipeline::follow_bus;
use anyhow::{Context, Result};
use gst::prelude::*;
use gst_video::prelude::*;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// A picture was read.
enum Seen {
    Decoded(Option<f64>),
    Shown(Option<f64>),
}

/// Views for a while and says how old pictures were.
pub fn run(job: &GlassJob) -> Result<()> {
    gst::init()?;
    let pipeline = gst::Pipeline::new();
    let bus = follow_bus(&pipeline);
    let source = source(&job.uri)?;
    if let Some(profile) = &job.profile
        && source.find_property("latency-profile").is_some()
    {
        source.set_property_from_str("latency-profile", profile);
    }
    pipeline.add(&source)?;
    let (tell, seen) = channel();
    let into = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        let Some(pipeline) = into.upgrade() else { return };
        if let Err(err) = show(&pipeline, pad, &tell) {
            say(&Said::Problem {
                text: format!("a pad could not be linked: {err:#}"),
            });
        }
    });
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start a viewer")?;
    let (mut decoded, mut shown, mut unreadable) = (Vec::new(), Vec::new(), 0);
    let first = seen
        .recv_timeout(Duration::from_secs_f64(job.patience))
        .context("no picture came");
    if first.is_ok() {
        let begin = Instant::now() + Duration::from_secs_f64(job.settle);
        let end = begin + Duration::from_secs_f64(job.window);
        while let Ok(picture) = seen.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if Instant::now() < begin {
                continue;
            }
            match picture {
                Seen::Decoded(Some(age)) => decoded.push(age),
                Seen::Shown(Some(age)) => shown.push(age),
                Seen::Decoded(None) => unreadable += 1,
                Seen::Shown(None) => (),
            }
        }
        say(&Said::Glass {
            decoded,
            shown,
            unreadable,
        });
    }
    bus.stop(&pipeline)?;
    first.map(|_| ())
}

fn show(pipeline: &gst::Pipeline, pad: &gst::Pad, tell: &Sender<Seen>) -> Result<()> {
    let filter = gst::ElementFactory::make("capsfilter")
        .property("caps", "video/x-raw,format=I420".parse::<gst::Caps>()?)
        .build()?;
    // A picture that waits for its time holds nothing up behind it.
    let queue = gst::ElementFactory::make("queue").build()?;
    // As a window would: each picture at its time.
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", true)
        .property("signal-handoffs", true)
        .build()?;
    pipeline.add_many([&filter, &queue, &sink])?;
    gst::Element::link_many([&filter, &queue, &sink])?;
    let decoded = tell.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let Some(buffer) = info.buffer() {
            drop(decoded.send(Seen::Decoded(age(pad, buffer))));
        }
        gst::PadProbeReturn::Ok
    });
    let shown = tell.clone();
    sink.connect("handoff", false, move |values| {
        let buffer = values.get(1)?.get::<gst::Buffer>().ok()?;
        let pad = values.get(2)?.get::<gst::Pad>().ok()?;
        drop(shown.send(Seen::Shown(age(&pad, &buffer))));
        None
    });
    sink.sync_state_with_parent()?;
    queue.sync_state_with_parent()?;
    filter.sync_state_with_parent()?;
    pad.link(&filter.static_pad("sink").context("a capsfilter without a pad")?)?;
    Ok(())
}

/// How old a picture is now, in ms.
fn age(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<f64> {
    let now = stamp::now();
    let caps = pad.current_caps()?;
    let info = gst_video::VideoInfo::from_caps(&caps).ok()?;
    // Rows may be padded, as metadata of the picture say.
    let picture = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).ok()?;
    let size = (
        usize::try_from(info.width()).ok()?,
        usize::try_from(info.height()).ok()?,
    );
    let stride = usize::try_from(*picture.plane_stride().first()?).ok()?;
    let made = stamp::read(picture.plane_data(0).ok()?, size, stride)?;
    Some(stamp::between(made, now))
}
