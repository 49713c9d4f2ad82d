//! What every scenario needs: producers, viewers, waiting with a deadline.

pub(crate) mod across;
pub(crate) mod channel;
pub(crate) mod crowd;
pub(crate) mod delays;
pub(crate) mod direct;
pub(crate) mod echo;
pub(crate) mod emulated;
pub(crate) mod encoders;
pub(crate) mod light;
pub(crate) mod memories;
pub(crate) mod ntp;
pub(crate) mod picture;
pub(crate) mod program;
pub(crate) mod relay;
pub(crate) mod seen;
pub(crate) mod server;
pub(crate) mod stage;
pub(crate) mod tone;
pub(crate) mod turn;
pub(crate) mod udp;
pub(crate) mod watcher;
pub(crate) mod websocket;

use gst::glib;
use gst::prelude::*;
use std::sync::Once;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Nothing that works takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// GStreamer with the plugin of this build.
pub(crate) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().unwrap();
        gstrswebrtc::plugin_register_static().unwrap();
    });
}

/// A pipeline that is stopped when the test is over, whatever its outcome.
pub(crate) struct Pipeline(pub(crate) gst::Pipeline);

impl Pipeline {
    /// A pipeline from its description.
    pub(crate) fn parse(description: &str) -> Self {
        init();
        Self(gst::parse::launch(description).unwrap().downcast::<gst::Pipeline>().unwrap())
    }

    pub(crate) fn play(&self) {
        self.0.set_state(gst::State::Playing).unwrap();
    }

    pub(crate) fn element(&self, name: &str) -> gst::Element {
        self.0.by_name(name).unwrap()
    }

    /// Waits for an element message.
    pub(crate) fn message(&self, name: &str) -> gst::Structure {
        self.message_within(name, DEADLINE)
    }

    /// The same, where it takes long.
    pub(crate) fn message_within(&self, name: &str, limit: Duration) -> gst::Structure {
        self.wait_for(limit, |message| match message.view() {
            gst::MessageView::Element(element) => {
                let structure = element.structure()?;
                (structure.name() == name).then(|| structure.to_owned())
            }
            gst::MessageView::Error(err) => {
                panic!("{}: {:?} while waiting for {name}", err.error(), err.debug())
            }
            _ => None,
        })
    }

    /// Waits for an error and returns its text.
    pub(crate) fn error(&self) -> String {
        self.wait(|message| match message.view() {
            gst::MessageView::Error(err) => {
                Some(format!("{} {}", err.error(), err.debug().unwrap_or_default()))
            }
            _ => None,
        })
    }

    /// Waits for a warning and returns its text.
    pub(crate) fn warning(&self) -> String {
        self.wait(|message| match message.view() {
            gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
            _ => None,
        })
    }

    fn wait<T>(&self, found: impl FnMut(&gst::Message) -> Option<T>) -> T {
        self.wait_for(DEADLINE, found)
    }

    fn wait_for<T>(&self, limit: Duration, mut found: impl FnMut(&gst::Message) -> Option<T>) -> T {
        let end = Instant::now() + limit;
        let bus = self.0.bus().unwrap();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let left = gst::ClockTime::from_mseconds(u64::try_from(left.as_millis()).unwrap());
            let message = bus.timed_pop(left).expect("the bus said nothing in time");
            if let Some(result) = found(&message) {
                return result;
            }
        }
    }

    /// Stops the pipeline and tells how long that took.
    pub(crate) fn stop(&self) -> Duration {
        let start = Instant::now();
        self.0.set_state(gst::State::Null).unwrap();
        start.elapsed()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

/// Properties of a sink that runs its own servers and asks nobody on the internet.
pub(crate) const SINK: &str = "webrtcsink name=ws run-signalling-server=true signalling-server-host=127.0.0.1 signalling-server-port=0 stun-server=\"\"";

/// The address of a sink's signalling server.
pub(crate) fn uri(sink: &gst::Element) -> String {
    sink.property::<glib::Object>("signaller").property::<Option<String>>("uri").unwrap()
}

/// A producer that plays and is registered at its own server.
pub(crate) fn producer(source: &str, settings: &str) -> Pipeline {
    let pipeline = Pipeline::parse(&format!("{source} ! {SINK} {settings}"));
    pipeline.play();
    registered(&pipeline.element("ws"));
    pipeline
}

/// Waits until a sink is registered at its server.
pub(crate) fn registered(sink: &gst::Element) {
    let signaller = sink.property::<glib::Object>("signaller");
    let (known, is_known) = channel();
    signaller.connect_notify(Some("client-id"), move |_, _| {
        let _ = known.send(());
    });
    let registered = || signaller.property::<Option<String>>("client-id").is_some();
    let end = Instant::now() + DEADLINE;
    while !registered() {
        is_known
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .expect("the sink never registered");
    }
}

/// Waits until a sink knows what its first video stream is.
pub(crate) fn has_caps(sink: &gst::Element) {
    has_caps_on(sink, "video_0");
}

/// The same of another pad.
pub(crate) fn has_caps_on(sink: &gst::Element, pad: &str) {
    let pad = sink.static_pad(pad).unwrap();
    let (known, is_known) = channel();
    pad.connect_notify(Some("caps"), move |_, _| {
        let _ = known.send(());
    });
    if pad.current_caps().is_none() {
        is_known.recv_timeout(DEADLINE).expect("the sink never heard what its stream is");
    }
}

/// A viewer whose pads of `kind` end in an appsink that takes `caps`.
pub(crate) struct Viewer {
    pub(crate) pipeline: Pipeline,
    samples: Receiver<gst::Sample>,
}

impl Viewer {
    /// A viewer of the first producer at `uri`, not yet playing.
    pub(crate) fn new(uri: &str, kind: &'static str, caps: &str, settings: &str) -> Self {
        let description = format!(
            "webrtcsrc name=src connect-to-first-producer=true stun-server=\"\" signaller::uri={uri} {settings}"
        );
        let pipeline = Pipeline::parse_bin(&description);
        let samples = collect(&pipeline, kind, caps);
        Self { pipeline, samples }
    }

    /// A viewer that hears of its producer from this signaller, not yet playing.
    pub(crate) fn behind(signaller: &direct::Direct, kind: &'static str, caps: &str) -> Self {
        let pipeline = Pipeline::parse_bin("webrtcsrc name=src stun-server=\"\"");
        pipeline.element("src").set_property("signaller", signaller);
        let samples = collect(&pipeline, kind, caps);
        Self { pipeline, samples }
    }

    /// A viewer that plays.
    pub(crate) fn play(uri: &str, kind: &'static str, caps: &str) -> Self {
        let viewer = Self::new(uri, kind, caps, "");
        viewer.pipeline.play();
        viewer
    }

    /// The samples that have come and that nobody took yet.
    pub(crate) fn come(&self) -> impl Iterator<Item = gst::Sample> {
        self.samples.try_iter()
    }

    /// The next sample.
    pub(crate) fn sample(&self) -> gst::Sample {
        self.samples.recv_timeout(DEADLINE).expect("no media came in time")
    }

    /// The next samples.
    pub(crate) fn samples(&self, count: usize) -> Vec<gst::Sample> {
        (0..count).map(|_| self.sample()).collect()
    }

    /// How many samples came within `time`.
    pub(crate) fn count_for(&self, time: Duration) -> usize {
        let end = Instant::now() + time;
        std::iter::from_fn(|| self.samples.recv_timeout(end.saturating_duration_since(Instant::now())).ok())
            .count()
    }
}

impl Pipeline {
    /// A pipeline around a description that may be a single element.
    pub(crate) fn parse_bin(description: &str) -> Self {
        init();
        let pipeline = gst::Pipeline::new();
        let element = gst::parse::launch(description).unwrap();
        pipeline.add(&element).unwrap();
        Self(pipeline)
    }
}

/// Links every new pad of `kind` to an appsink whose samples are sent on.
fn collect(pipeline: &Pipeline, kind: &'static str, caps: &str) -> Receiver<gst::Sample> {
    let (give, take) = channel();
    let caps: gst::Caps = caps.parse().unwrap();
    let target = pipeline.0.downgrade();
    pipeline.element("src").connect_pad_added(move |_, pad| {
        if !pad.name().starts_with(kind) {
            return;
        }
        let (Some(pipeline), sink) = (target.upgrade(), sink(&caps, give.clone())) else {
            return;
        };
        pipeline.add(&sink).unwrap();
        sink.sync_state_with_parent().unwrap();
        pad.link(&sink.static_pad("sink").unwrap()).unwrap();
    });
    take
}

fn sink(caps: &gst::Caps, give: Sender<gst::Sample>) -> gst::Element {
    let sink = gst_app::AppSink::builder().caps(caps).sync(false).build();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let _ = give.send(sink.pull_sample().map_err(|_| gst::FlowError::Eos)?);
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    sink.upcast()
}

/// Small live pictures.
pub(crate) const VIDEO: &str = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1";
/// A live tone.
pub(crate) const AUDIO: &str =
    "audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=48000,channels=2";

/// Tests of scenarios that take a setting of the sink, with each transport.
macro_rules! under_both_transports {
    ($($scenario:ident),+ $(,)?) => {
        mod through_webrtcbin {
            $(#[test] fn $scenario() { super::$scenario("transport=webrtcbin"); })+
        }
        mod through_native {
            $(#[test] fn $scenario() { super::$scenario("transport=native"); })+
        }
    };
}
pub(crate) use under_both_transports;
