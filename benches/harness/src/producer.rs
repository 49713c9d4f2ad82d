//! The producer's process: one stream into `webrtcsink` with its embedded signalling server.

use crate::child::{answer, say};
use crate::content::{self, Clip};
use crate::feed;
use crate::identity;
use crate::job::{Input, ProducerJob, Said};
use crate::networks::sender;
use crate::pipeline;
use anyhow::{Context, Result};
use gst::glib;
use gst::prelude::*;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long the plugin may take to find out what it can send and to reach its server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ports from here are below those that systems give to connections.
const PORTS: u16 = 20_000;
/// From having an id at the server to being listed there: one message on the loopback.
const LISTED: Duration = Duration::from_millis(500);

/// Runs until standard input ends.
pub fn run(job: &ProducerJob) -> Result<()> {
    gst::init()?;
    let pipeline = gst::Pipeline::new();
    let sink = sink(job)?;
    let encoders = Encoders::of(&sink);
    let samples = job
        .sampled
        .then(|| sender::watch(&pipeline, &sink, encoders.clone()));
    pipeline.add(&sink)?;
    let playing = match job.input {
        Input::Test => {
            test_source(&pipeline, &sink)?;
            None
        }
        Input::Raw | Input::Stamped => {
            Some(link_clip(&pipeline, &sink, content::raw(job.media.as_deref())?)?)
        }
        Input::Encoded => {
            let raw = content::raw(job.media.as_deref())?;
            let clip = content::encoded(&raw, job.encoded_bitrate)?;
            let text = format!(
                "{} encoded frames, {:.0} kbit/s",
                clip.frames.len(),
                clip.bitrate() / 1e3
            );
            say(&Said::Note { text });
            Some(link_clip(&pipeline, &sink, clip)?)
        }
    };
    let bus = pipeline::follow_bus(&pipeline);
    let listed = when_listed(&sink);
    let port = serve_on_free_port(&sink)?;
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start the producer")?;
    if let Some((clip, source)) = playing {
        feed::play(clip, source, job.input == Input::Stamped);
    }
    let reached = listed
        .recv_timeout(PATIENCE)
        .context("webrtcsink did not reach its server");
    if reached.is_ok() {
        std::thread::sleep(LISTED);
        say(&Said::Ready { port });
        answer(|| {
            if let Some(samples) = &samples {
                samples.say();
            }
            if job.input == Input::Stamped {
                delays(&sink);
            }
            encoders.say();
        });
    }
    bus.stop(&pipeline)?;
    reached
}

/// The element, with the job's settings.
fn sink(job: &ProducerJob) -> Result<gst::Element> {
    let sink = gst::ElementFactory::make("webrtcsink")
        .build()
        .context("failed to make webrtcsink")?;
    sink.set_property("run-signalling-server", true);
    sink.set_property("stun-server", None::<&str>);
    if let Some(codec) = job.codec {
        set_if_present(&sink, "video-caps", codec.caps());
    }
    if let Some(bitrate) = job.bitrate {
        set_if_present(&sink, "congestion-control", "disabled");
        set_if_present(&sink, "start-bitrate", &bitrate.to_string());
        set_if_present(&sink, "max-bitrate", &bitrate.to_string());
        set_if_present(&sink, "do-fec", "false");
    }
    if job.light_viewers && sink.find_property("transport").is_none() {
        identity::use_ecdsa(&sink)?;
    }
    for property in &job.sink {
        let (name, value) = property
            .split_once('=')
            .with_context(|| format!("--sink {property} is no NAME=VALUE"))?;
        set_if_present(&sink, name, value);
    }
    Ok(sink)
}

/// Gives the embedded server a port that is free now and no connection will be given: today's element takes no port 0,
/// and the system's choice could be gone before the element listens.
fn serve_on_free_port(sink: &gst::Element) -> Result<u16> {
    let first = u16::try_from(std::process::id() % 10_000).map_or(PORTS, |offset| PORTS + offset);
    let mut ports =
        (first..first + 100).filter(|port| std::net::TcpListener::bind(("0.0.0.0", *port)).is_ok());
    let port = ports.next().context("failed to find a free port")?;
    sink.set_property("signalling-server-port", u32::from(port));
    sink.property::<glib::Object>("signaller")
        .set_property("uri", format!("ws://127.0.0.1:{port}"));
    Ok(port)
}

fn set_if_present(element: &gst::Element, name: &str, value: &str) {
    if element.find_property(name).is_some() {
        element.set_property_from_str(name, value);
    } else {
        say(&Said::Note {
            text: format!("webrtcsink has no property {name}"),
        });
    }
}

fn test_source(pipeline: &gst::Pipeline, sink: &gst::Element) -> Result<()> {
    let source = gst::ElementFactory::make("videotestsrc")
        .property("is-live", true)
        .build()?;
    pipeline.add(&source)?;
    source
        .link_filtered(sink, &content::raw_caps())
        .context("failed to link the test source")
}

fn link_clip(pipeline: &gst::Pipeline, sink: &gst::Element, clip: Clip) -> Result<(Clip, gst_app::AppSrc)> {
    let source = feed::source(&clip);
    pipeline.add(&source)?;
    source.link(sink).context("failed to link the clip")?;
    Ok((clip, source))
}

/// Tells when the signaller has its id at the server.
fn when_listed(sink: &gst::Element) -> std::sync::mpsc::Receiver<()> {
    let (send, listed) = channel();
    let signaller = sink.property::<glib::Object>("signaller");
    signaller.connect_notify(Some("client-id"), move |signaller, _| {
        if signaller.property::<Option<String>>("client-id").is_some() {
            let _ = send.send(());
        }
    });
    listed
}

/// Says where the milliseconds go on the sending side, where the plugin knows.
fn delays(sink: &gst::Element) {
    let stats = sink.property::<gst::Structure>("stats");
    let sessions = stats
        .iter()
        .filter_map(|(_, session)| session.get::<gst::Structure>().ok());
    for session in sessions {
        let consumer = session.get::<gst::Structure>("consumer-stats").ok();
        let streams = consumer.and_then(|consumer| consumer.get::<gst::Array>("streams").ok());
        for stream in streams.iter().flat_map(|streams| streams.iter()) {
            let Ok(stream) = stream.get::<gst::Structure>() else {
                continue;
            };
            let ms = ["capture-to-encode-delay", "encode-delay", "send-delay"].map(|name| {
                stream
                    .get::<f64>(name)
                    .map_or(f64::NAN, |seconds| seconds * 1000.0)
            });
            say(&Said::Delays { ms });
        }
    }
}

/// The encoders that the sink makes.
#[derive(Clone, Default)]
pub struct Encoders(Arc<Mutex<Vec<glib::WeakRef<gst::Element>>>>);

impl Encoders {
    fn of(sink: &gst::Element) -> Self {
        let encoders = Self::default();
        let seen = encoders.clone();
        sink.connect("encoder-setup", false, move |values| {
            let encoder = values.get(3)?.get::<gst::Element>().ok()?;
            seen.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(encoder.downgrade());
            // The element goes on to set what it would.
            Some(false.to_value())
        });
        encoders
    }

    /// What those that work are set to, together (bit/s). VP8 only.
    pub fn bitrate(&self) -> f64 {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let working = seen
            .iter()
            .filter_map(glib::WeakRef::upgrade)
            .filter(|encoder| encoder.current_state() == gst::State::Playing);
        let target = |encoder: gst::Element| {
            encoder
                .find_property("target-bitrate")
                .map(|_| encoder.property::<i32>("target-bitrate"))
        };
        working.filter_map(target).map(f64::from).sum()
    }

    /// Says how many there are and what differs from their defaults in the last.
    fn say(&self) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there: Vec<gst::Element> = seen.iter().filter_map(glib::WeakRef::upgrade).collect();
        let last = there.last().map(settings).unwrap_or_default();
        say(&Said::Note {
            text: format!("{} encoders:{last}", there.len()),
        });
        say(&Said::Encoders);
    }
}

/// An element's name and every setting that is not its default.
fn settings(element: &gst::Element) -> String {
    let factory = element
        .factory()
        .map(|factory| factory.name())
        .unwrap_or_default();
    let mut text = format!(" {factory}");
    for spec in element.list_properties() {
        let skipped =
            !spec.flags().contains(glib::ParamFlags::READWRITE) || ["name", "parent"].contains(&spec.name());
        if skipped {
            continue;
        }
        let value = element.property_value(spec.name());
        if let (Ok(value), Ok(default)) = (value.serialize(), spec.default_value().serialize())
            && value != default
        {
            text.push_str(&format!(" {}={value}", spec.name()));
        }
    }
    text
}
