//! A process with several viewers that count what they receive and do as little else as possible: they take RTP.

use crate::child::{answer, say};
use crate::job::{Counts, Said, ViewersJob};
use crate::phases::{sink_behind, source};
use crate::pipeline::{Following, follow_bus};
use anyhow::{Context, Result};
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between the starts of two viewers, so that their handshakes do not fall together.
const SPACING: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Counter {
    frames: AtomicU64,
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Counter {
    fn counts(&self) -> Counts {
        Counts {
            frames: self.frames.load(Ordering::Relaxed),
            packets: self.packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            ..Counts::default()
        }
    }
}

/// Views until standard input ends, and counts.
pub fn run(job: &ViewersJob) -> Result<()> {
    gst::init()?;
    let started = Instant::now();
    let mut pipelines = Vec::new();
    let mut counters = Vec::new();
    for _ in 0..job.count {
        let counter = Arc::new(Counter::default());
        pipelines.push(viewer(&job.uri, &counter)?);
        counters.push(counter);
        std::thread::sleep(SPACING);
    }
    answer(|| {
        let viewers = counters.iter().map(|counter| counter.counts()).collect();
        say(&Said::Counts {
            seconds: started.elapsed().as_secs_f64(),
            viewers,
        });
    });
    for (pipeline, bus) in pipelines {
        bus.stop(&pipeline)?;
    }
    Ok(())
}

fn viewer(uri: &str, counter: &Arc<Counter>) -> Result<(gst::Pipeline, Following)> {
    let pipeline = gst::Pipeline::new();
    let bus = follow_bus(&pipeline);
    count_sockets(&pipeline, counter);
    let source = source(uri)?;
    pipeline.add(&source)?;
    let (into, counter) = (pipeline.downgrade(), counter.clone());
    source.connect_pad_added(move |_, pad| {
        let Some(pipeline) = into.upgrade() else { return };
        match sink_behind(&pipeline, pad, "application/x-rtp") {
            Ok(pad) => count_frames(&pad, &counter),
            Err(err) => say(&Said::Problem {
                text: format!("a pad could not be linked: {err:#}"),
            }),
        }
    });
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start a viewer")?;
    Ok((pipeline, bus))
}

/// Counts frames by their last packets.
fn count_frames(pad: &gst::Pad, counter: &Arc<Counter>) {
    let counter = counter.clone();
    each_buffer(pad, move |buffer| {
        let mut header = [0; 2];
        // The marker bit of RFC 3550, section 5.1.
        if buffer.copy_to_slice(0, &mut header).is_ok() && header[1] & 0x80 != 0 {
            counter.frames.fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// Counts what comes from the network, before anything is dropped or decrypted.
fn count_sockets(pipeline: &gst::Pipeline, counter: &Arc<Counter>) {
    let counter = counter.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        if element
            .factory()
            .is_none_or(|factory| factory.name() != "nicesrc")
        {
            return;
        }
        let Some(pad) = element.static_pad("src") else {
            return;
        };
        let counter = counter.clone();
        each_buffer(&pad, move |buffer| {
            counter.packets.fetch_add(1, Ordering::Relaxed);
            counter
                .bytes
                .fetch_add(u64::try_from(buffer.size()).unwrap_or(0), Ordering::Relaxed);
        });
    });
}

fn each_buffer(pad: &gst::Pad, seen: impl Fn(&gst::BufferRef) + Send + Sync + 'static) {
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => seen(buffer),
                Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(&seen),
                _ => (),
            }
            gst::PadProbeReturn::Ok
        },
    );
}
