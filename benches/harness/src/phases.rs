//! A fresh viewer's process: how long each phase takes from PLAYING to the first decoded picture.

use crate::child::say;
use crate::job::{FirstFrameJob, Phase, Said};
use crate::pipeline::follow_bus;
use anyhow::{Context, Result};
use gst::glib;
use gst::prelude::*;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Every phase, in the order in which they are expected.
pub const NAMES: [&str; 12] = [
    "websocket welcome",
    "session started",
    "offer received",
    "offer set",
    "ICE checking",
    "ICE connected",
    "ICE completed",
    "DTLS connected",
    "first RTP",
    "out of jitter buffer",
    "encoded frame",
    DECODED,
];
/// The last phase.
pub const DECODED: &str = "decoded";
/// What may still come after the picture, ICE completing for instance.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// When each phase was first seen.
struct Marks {
    start: Mutex<Option<Instant>>,
    seen: Mutex<Vec<(&'static str, Instant)>>,
    decoded: Sender<()>,
}

impl Marks {
    fn mark(&self, name: &'static str) {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.iter().any(|(known, _)| *known == name) {
            return;
        }
        seen.push((name, now));
        if name == DECODED {
            let _ = self.decoded.send(());
        }
    }

    fn phases(&self) -> Vec<Phase> {
        let start = *self.start.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let milliseconds = |name: &str| {
            let (_, at) = seen.iter().find(|(known, _)| *known == name)?;
            Some(at.saturating_duration_since(start?).as_secs_f64() * 1e3)
        };
        NAMES
            .iter()
            .map(|name| Phase {
                name: (*name).into(),
                ms: milliseconds(name),
            })
            .collect()
    }
}

/// Views until the first picture and says how it went; before that once without saying so, if told to.
pub fn run(job: &FirstFrameJob) -> Result<()> {
    gst::init()?;
    if job.warm_up {
        view(job)?;
    }
    let (phases, stopped_in) = view(job)?;
    say(&Said::Phases {
        phases,
        stop_ms: stopped_in.as_secs_f64() * 1e3,
    });
    Ok(())
}

fn view(job: &FirstFrameJob) -> Result<(Vec<Phase>, Duration)> {
    let (decoded, shown) = channel();
    let marks = Arc::new(Marks {
        start: Mutex::default(),
        seen: Mutex::default(),
        decoded,
    });
    let pipeline = gst::Pipeline::new();
    watch_inside(&pipeline, &marks);
    let bus = follow_bus(&pipeline);
    let source = source(&job.uri)?;
    watch_signaller(&source, &marks);
    pipeline.add(&source)?;
    let into = pipeline.downgrade();
    let on_pad = marks.clone();
    source.connect_pad_added(move |_, pad| {
        let linked = into.upgrade().map(|pipeline| show(&pipeline, pad, &on_pad));
        if let Some(Err(err)) = linked {
            say(&Said::Problem {
                text: format!("a pad could not be linked: {err:#}"),
            });
        }
    });
    *marks.start.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start the viewer")?;
    if shown.recv_timeout(Duration::from_secs_f64(job.patience)).is_ok() {
        std::thread::sleep(AFTERWARDS);
    }
    let phases = marks.phases();
    let stopping = Instant::now();
    bus.stop(&pipeline)?;
    Ok((phases, stopping.elapsed()))
}

/// A `webrtcsrc` that takes the first producer and asks no STUN server.
pub fn source(uri: &str) -> Result<gst::Element> {
    let source = gst::ElementFactory::make("webrtcsrc")
        .build()
        .context("failed to make webrtcsrc")?;
    source.set_property("stun-server", None::<&str>);
    source.set_property("connect-to-first-producer", true);
    source
        .property::<glib::Object>("signaller")
        .set_property("uri", uri);
    Ok(source)
}

/// Puts caps and a sink behind a pad of the source; the sink's pad.
pub fn sink_behind(pipeline: &gst::Pipeline, pad: &gst::Pad, caps: &str) -> Result<gst::Pad> {
    let caps: gst::Caps = caps.parse()?;
    let filter = gst::ElementFactory::make("capsfilter")
        .property("caps", caps)
        .build()?;
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", false)
        .property("async", false)
        .build()?;
    pipeline.add_many([&filter, &sink])?;
    filter.link(&sink)?;
    sink.sync_state_with_parent()?;
    filter.sync_state_with_parent()?;
    pad.link(&filter.static_pad("sink").context("a capsfilter without a pad")?)?;
    sink.static_pad("sink").context("a fakesink without a pad")
}

fn show(pipeline: &gst::Pipeline, pad: &gst::Pad, marks: &Arc<Marks>) -> Result<()> {
    mark_first_buffer(&sink_behind(pipeline, pad, "video/x-raw(ANY)")?, DECODED, marks);
    Ok(())
}

fn watch_signaller(source: &gst::Element, marks: &Arc<Marks>) {
    let signaller = source.property::<glib::Object>("signaller");
    let welcome = marks.clone();
    signaller.connect_notify(Some("client-id"), move |_, _| welcome.mark("websocket welcome"));
    for (signal, name) in [
        ("session-started", "session started"),
        ("session-description", "offer received"),
    ] {
        let marks = marks.clone();
        signaller.connect(signal, false, move |_| {
            marks.mark(name);
            None
        });
    }
}

/// Watches what the source is made of, as it is made.
fn watch_inside(pipeline: &gst::Pipeline, marks: &Arc<Marks>) {
    let marks = marks.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        let name = element
            .factory()
            .map(|factory| factory.name())
            .unwrap_or_default();
        if name == "webrtcbin" {
            watch_connection(element, &marks);
        } else if name == "rtpjitterbuffer" {
            for (pad, name) in [("sink", "first RTP"), ("src", "out of jitter buffer")] {
                watch_pad(element, pad, name, &marks);
            }
        } else if name.ends_with("depay") {
            watch_pad(element, "src", "encoded frame", &marks);
        }
    });
}

fn watch_connection(webrtcbin: &gst::Element, marks: &Arc<Marks>) {
    for property in ["signaling-state", "ice-connection-state", "connection-state"] {
        let marks = marks.clone();
        webrtcbin.connect_notify(Some(property), move |webrtcbin, _| {
            let value = webrtcbin.property_value(property);
            let Some((_, state)) = glib::EnumValue::from_value(&value) else {
                return;
            };
            match (property, state.nick()) {
                ("signaling-state", "have-remote-offer") => marks.mark("offer set"),
                ("ice-connection-state", "checking") => marks.mark("ICE checking"),
                ("ice-connection-state", "connected") => marks.mark("ICE connected"),
                ("ice-connection-state", "completed") => marks.mark("ICE completed"),
                ("connection-state", "connected") => marks.mark("DTLS connected"),
                _ => (),
            }
        });
    }
}

/// Marks the first buffer of a pad, now or once the pad is there.
fn watch_pad(element: &gst::Element, pad: &'static str, name: &'static str, marks: &Arc<Marks>) {
    if let Some(pad) = element.static_pad(pad) {
        mark_first_buffer(&pad, name, marks);
        return;
    }
    let marks = marks.clone();
    element.connect_pad_added(move |_, added| {
        if added.name() == pad {
            mark_first_buffer(added, name, &marks);
        }
    });
}

fn mark_first_buffer(pad: &gst::Pad, name: &'static str, marks: &Arc<Marks>) {
    let marks = marks.clone();
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, _| {
            marks.mark(name);
            gst::PadProbeReturn::Remove
        },
    );
}
