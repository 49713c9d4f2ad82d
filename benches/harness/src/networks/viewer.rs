//! One viewer's process: when pictures are shown, and what arrived for them.

use crate::child::{answer, say};
use crate::job::{Received, Said, WatchingJob};
use crate::networks::clock;
use crate::phases::source;
use crate::pipeline::follow_bus;
use anyhow::{Context, Result};
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Arrivals are counted by tenths of a second.
const SLOTS_PER_SECOND: f64 = 10.0;

#[derive(Default)]
struct Seen {
    shown: Vec<f64>,
    /// Bytes by slot and payload type.
    received: BTreeMap<(u64, u8), u64>,
    webrtcbin: Option<glib::WeakRef<gst::Element>>,
}

/// Views until standard input ends; tells what it saw when asked.
pub fn run(job: &WatchingJob) -> Result<()> {
    gst::init()?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let pipeline = gst::Pipeline::new();
    let bus = follow_bus(&pipeline);
    watch_inside(&pipeline, &seen);
    let source = source(&job.uri)?;
    pipeline.add(&source)?;
    let (into, showing) = (pipeline.downgrade(), seen.clone());
    source.connect_pad_added(move |_, pad| {
        let shown = into.upgrade().map(|pipeline| show(&pipeline, pad, &showing));
        if let Some(Err(err)) = shown {
            let text = format!("a pad could not be linked: {err:#}");
            say(&Said::Problem { text });
        }
    });
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start the viewer")?;
    answer(|| say(&watched(&seen)));
    bus.stop(&pipeline)
}

/// Shows pictures at their time, as a window would.
fn show(pipeline: &gst::Pipeline, pad: &gst::Pad, seen: &Arc<Mutex<Seen>>) -> Result<()> {
    let caps: gst::Caps = "video/x-raw(ANY)".parse()?;
    let filter = gst::ElementFactory::make("capsfilter")
        .property("caps", caps)
        .build()?;
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", true)
        .property("async", false)
        .property("signal-handoffs", true)
        .build()?;
    let seen = seen.clone();
    sink.connect("handoff", false, move |_| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.shown.push(clock());
        let is_first = seen.shown.len() == 1;
        drop(seen);
        if is_first {
            say(&Said::Showing);
        }
        None
    });
    pipeline.add_many([&filter, &sink])?;
    filter.link(&sink)?;
    sink.sync_state_with_parent()?;
    filter.sync_state_with_parent()?;
    pad.link(&filter.static_pad("sink").context("a capsfilter without a pad")?)?;
    Ok(())
}

fn watch_inside(pipeline: &gst::Pipeline, seen: &Arc<Mutex<Seen>>) {
    let seen = seen.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        let name = element
            .factory()
            .map(|factory| factory.name())
            .unwrap_or_default();
        if name == "webrtcbin" {
            let webrtcbin = Some(element.downgrade());
            seen.lock().unwrap_or_else(PoisonError::into_inner).webrtcbin = webrtcbin;
        } else if name == "nicesrc"
            && let Some(pad) = element.static_pad("src")
        {
            count(&pad, &seen);
        }
    });
}

/// Counts media packets as they come from the network; their headers are not encrypted.
fn count(pad: &gst::Pad, seen: &Arc<Mutex<Seen>>) {
    let seen = seen.clone();
    let one = move |buffer: &gst::BufferRef| {
        let mut header = [0; 2];
        // RTP is told from what else comes as RFC 7983 says, and from RTCP as RFC 5761 does.
        let copied = buffer.copy_to_slice(0, &mut header).is_ok();
        let payload_type = header[1] & 0x7F;
        if copied && (128..192).contains(&header[0]) && !(64..96).contains(&payload_type) {
            let slot = (clock() * SLOTS_PER_SECOND) as u64;
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen.received.entry((slot, payload_type)).or_default() += buffer.size() as u64;
        }
    };
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => one(buffer),
                Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(&one),
                _ => (),
            }
            gst::PadProbeReturn::Ok
        },
    );
}

fn watched(seen: &Mutex<Seen>) -> Said {
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let formats = seen
        .webrtcbin
        .as_ref()
        .and_then(glib::WeakRef::upgrade)
        .map(|webrtcbin| formats(&webrtcbin))
        .unwrap_or_default();
    let received = seen
        .received
        .iter()
        .map(|((slot, payload_type), bytes)| Received {
            at: *slot as f64 / SLOTS_PER_SECOND,
            format: formats.get(payload_type).cloned().unwrap_or_default(),
            bytes: *bytes,
        });
    Said::Watched {
        shown: seen.shown.clone(),
        received: received.collect(),
    }
}

/// What payload types mean, by the producer's description.
fn formats(webrtcbin: &gst::Element) -> BTreeMap<u8, String> {
    let description = webrtcbin.property_value("remote-description");
    let Ok(Some(description)) = description.get::<Option<gst_webrtc::WebRTCSessionDescription>>() else {
        return BTreeMap::new();
    };
    let text = description.sdp().as_text().unwrap_or_default();
    let format = |line: &str| {
        let (payload_type, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        Some((payload_type.parse().ok()?, name.split('/').next()?.to_owned()))
    };
    text.lines().filter_map(format).collect()
}
