//! An application that links the plugin, registers it by itself, and starts, restarts, renegotiates and tears down
//! a producer and its viewer, as often as it is told. It says after each round what it holds:
//! tests/integration/applications.rs judges that. Arguments: how many rounds, and the transport.

use anyhow::{Context, Error, bail, ensure};
use gst::glib;
use gst::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(15);
const PRODUCER: &str = "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 \
     ! webrtcsink name=sink stun-server=\"\" video-caps=video/x-vp8 run-signalling-server=true \
     signalling-server-host=127.0.0.1 signalling-server-port=0 transport=";
const TONE: &str = "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! queue";

/// Buffers that came, by pad.
type Come = Arc<Mutex<HashMap<String, u32>>>;

struct Round {
    producer: gst::Pipeline,
    sink: gst::Element,
    viewer: gst::Pipeline,
    source: gst::Element,
    come: Come,
    slowest: Duration,
}

impl Round {
    fn new(transport: &str) -> Result<Self, Error> {
        let producer = gst::parse::launch(&format!("{PRODUCER}{transport}"))?;
        let producer = producer.downcast::<gst::Pipeline>().ok().context("no pipeline")?;
        let sink = producer.by_name("sink").context("no sink")?;
        let viewer = gst::Pipeline::new();
        let source = gst::ElementFactory::make("webrtcsrc")
            .property("stun-server", "")
            .property("connect-to-first-producer", true)
            .build()?;
        viewer.add(&source)?;
        let come = Come::default();
        let count = come.clone();
        source.connect_pad_added(move |source, pad| show(source, pad, &count).unwrap_or_default());
        source.connect_pad_removed(|source, pad| hide(source, pad).unwrap_or_default());
        Ok(Self { producer, sink, viewer, source, come, slowest: Duration::ZERO })
    }

    fn set_state(&mut self, of_producer: bool, state: gst::State) -> Result<(), Error> {
        let began = Instant::now();
        let pipeline = if of_producer { &self.producer } else { &self.viewer };
        pipeline.set_state(state)?;
        self.slowest = self.slowest.max(began.elapsed());
        Ok(())
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), Error> {
        let end = Instant::now() + DEADLINE;
        while !is_so(self) {
            ensure!(Instant::now() < end, "in vain: {what}");
            for pipeline in [&self.producer, &self.viewer] {
                let bus = pipeline.bus().context("no bus")?;
                let failed =
                    bus.timed_pop_filtered(gst::ClockTime::from_mseconds(5), &[gst::MessageType::Error]);
                if let Some(message) = failed {
                    bail!("{what}: {message:?}");
                }
            }
        }
        Ok(())
    }

    fn come(&self, pad: &str) -> u32 {
        self.come.lock().ok().and_then(|come| come.get(pad).copied()).unwrap_or_default()
    }

    fn play(&mut self) -> Result<(), Error> {
        self.set_state(true, gst::State::Playing)?;
        let signaller = self.sink.property::<glib::Object>("signaller");
        self.wait_until("registered", |_| signaller.property::<Option<String>>("client-id").is_some())?;
        let uri = signaller.property::<Option<String>>("uri");
        self.source.property::<glib::Object>("signaller").set_property("uri", uri);
        if let Ok(mut come) = self.come.lock() {
            come.clear();
        }
        self.set_state(false, gst::State::Playing)?;
        self.wait_until("pictures", |this| this.come("video_0") >= 10)
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.set_state(false, gst::State::Null)?;
        self.set_state(true, gst::State::Null)
    }

    fn with_sound_for_a_while(&mut self) -> Result<(), Error> {
        let sound = gst::parse::bin_from_description(TONE, true)?;
        self.producer.add(&sound)?;
        let pad = self.sink.request_pad_simple("audio_%u").context("no pad")?;
        sound.static_pad("src").context("no pad")?.link(&pad)?;
        sound.sync_state_with_parent()?;
        self.wait_until("sound", |this| this.come("audio_0") >= 5)?;
        sound.set_state(gst::State::Null)?;
        self.producer.remove(&sound)?;
        self.sink.release_request_pad(&pad);
        let seen = self.come("video_0");
        self.wait_until("pictures without sound", |this| this.come("video_0") > seen + 5)
    }
}

fn show(source: &gst::Element, pad: &gst::Pad, come: &Come) -> Option<()> {
    let name = pad.name().to_string();
    let sink = gst::ElementFactory::make("fakesink")
        .name(format!("take-{name}"))
        .property("async", false)
        .property("sync", false)
        .build()
        .ok()?;
    source.parent()?.downcast::<gst::Bin>().ok()?.add(&sink).ok()?;
    sink.sync_state_with_parent().ok()?;
    let (entrance, come) = (sink.static_pad("sink")?, come.clone());
    entrance.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        if let Ok(mut come) = come.lock() {
            *come.entry(name.clone()).or_default() += 1;
        }
        gst::PadProbeReturn::Ok
    });
    pad.link(&entrance).ok().map(|_| ())
}

fn hide(source: &gst::Element, pad: &gst::Pad) -> Option<()> {
    let bin = source.parent()?.downcast::<gst::Bin>().ok()?;
    let sink = bin.by_name(&format!("take-{}", pad.name()))?;
    sink.set_locked_state(true);
    sink.set_state(gst::State::Null).ok()?;
    bin.remove(&sink).ok()
}

fn go_through(transport: &str) -> Result<Duration, Error> {
    let mut round = Round::new(transport)?;
    round.play()?;
    round.with_sound_for_a_while()?;
    round.stop()?;
    round.play()?;
    round.stop()?;
    Ok(round.slowest)
}

fn entries(path: &str) -> Result<usize, Error> {
    Ok(std::fs::read_dir(path)?.count())
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let rounds: u32 = arguments.next().context("how many rounds?")?.parse()?;
    let transport = arguments.next().context("which transport?")?;
    gst::init()?;
    gstrswebrtc::plugin_register_static()?;
    for number in 0..rounds {
        let slowest = go_through(&transport)?.as_secs_f64();
        let (threads, files) = (entries("/proc/self/task")?, entries("/proc/self/fd")?);
        println!("round {number}: {threads} threads, {files} files, {slowest:.3} s at most");
    }
    finish();
    Ok(())
}

/// Has GStreamer count what is left.
#[expect(unsafe_code, reason = "nothing of GStreamer may be used from here on")]
fn finish() {
    // SAFETY: nothing is.
    unsafe { gst::deinit() };
}
