//! What handlers of signals may do: everything. No signal is emitted under a lock, or on a thread that must not wait.

use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer, uri};
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::webrtcsink::WebRTCSinkMitigationMode;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// With both transports.
const SINK_SIGNALS: [&str; 7] = [
    "session-added",
    "encoder-setup",
    "payloader-setup",
    "request-encoded-filter",
    "define-encoder-bitrates",
    "configure-mitigation-caps",
    "data-channel-added",
];
const SIGNALLER_SIGNALS: [&str; 7] = [
    "request-meta",
    "connection-changed",
    "session-requested",
    "munge-session-description",
    "session-description",
    "handle-ice",
    "session-ended-with-reason",
];
/// Where there is an element to hand out.
const SINK_ELEMENT_SIGNALS: [&str; 3] = ["consumer-pipeline-created", "consumer-added", "consumer-removed"];
const SIGNALLER_ELEMENT_SIGNALS: [&str; 3] = ["consumer-added", "webrtcbin-ready", "consumer-removed"];
/// What a handler does takes no longer, on a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

/// All that applications do in handlers.
fn work(sink: &gst::Element, is_first: bool) {
    let _ = sink.property::<gst::Structure>("stats");
    let _ = sink.emit_by_name::<Vec<String>>("get-sessions", &[]);
    sink.set_property("encoder-linger", 4000u32);
    sink.set_property("enable-mitigation-modes", WebRTCSinkMitigationMode::all());
    let _ = sink.property::<glib::Object>("signaller").property::<Option<String>>("uri");
    // Viewers are offered what is there each time.
    if is_first {
        let pad = sink.request_pad_simple("audio_%u").unwrap();
        sink.release_request_pad(&pad);
    }
}

/// What a handler returns that changes nothing.
fn nothing(signal: &str, values: &[glib::Value]) -> Option<glib::Value> {
    match signal {
        "encoder-setup" | "payloader-setup" | "session-ended-with-reason" => Some(false.to_value()),
        "request-encoded-filter" => Some(None::<gst::Element>.to_value()),
        "request-meta" => Some(None::<gst::Structure>.to_value()),
        "define-encoder-bitrates" => Some(values[3].clone()),
        "munge-session-description" => Some(values[2].clone()),
        "configure-mitigation-caps" => Some(gst::Caps::new_empty_simple("video/x-raw").to_value()),
        _ => None,
    }
}

/// Handlers that tell when they are done.
struct Handlers {
    tell: Sender<(String, Duration)>,
    told: Receiver<(String, Duration)>,
    expected: BTreeSet<String>,
}

impl Handlers {
    fn new() -> Self {
        let (tell, told) = channel();
        Self { tell, told, expected: BTreeSet::new() }
    }

    fn connect(&mut self, sink: &gst::Element, object: &glib::Object, whose: &str, signals: &[&'static str]) {
        for signal in signals.iter().copied() {
            let name = format!("{signal} of the {whose}");
            self.expected.insert(name.clone());
            let (sink, tell, first) = (sink.downgrade(), self.tell.clone(), Arc::new(Mutex::new(true)));
            object.connect(signal, false, move |values| {
                let start = Instant::now();
                if let Some(sink) = sink.upgrade() {
                    let is_first = std::mem::take(&mut *first.lock().unwrap());
                    work(&sink, is_first);
                }
                let _ = tell.send((name.clone(), start.elapsed()));
                nothing(signal, values)
            });
        }
    }

    /// Waits until those handlers are done that are still missing, but for some that come later.
    fn wait_for_all_but(&mut self, later: &[&str]) {
        let missing = |expected: &BTreeSet<String>| {
            expected.iter().any(|name| later.iter().all(|later| !name.starts_with(later)))
        };
        let end = Instant::now() + DEADLINE;
        while missing(&self.expected) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((name, took)) = self.told.recv_timeout(left) else {
                panic!("handlers that were not called, or hang: {:?}", self.expected)
            };
            assert!(took < LIMIT, "a handler of {name} took {took:?}");
            self.expected.remove(&name);
        }
    }
}

fn everything_may_be_done_in_every_handler(transport: &str) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK} {transport}"));
    let sink = pipeline.element("ws");
    let signaller = sink.property::<glib::Object>("signaller");
    let mut handlers = Handlers::new();
    handlers.connect(&sink, sink.upcast_ref(), "sink", &SINK_SIGNALS);
    handlers.connect(&sink, &signaller, "signaller", &SIGNALLER_SIGNALS);
    if transport.contains("webrtcbin") {
        handlers.connect(&sink, sink.upcast_ref(), "sink", &SINK_ELEMENT_SIGNALS);
        handlers.connect(&sink, &signaller, "signaller", &SIGNALLER_ELEMENT_SIGNALS);
    }
    pipeline.play();
    support::registered(&sink);
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
    viewer.samples(5);
    let source = viewer.pipeline.element("src");
    let opened = source.emit_by_name::<Option<glib::Object>>(
        "open-data-channel",
        &[&None::<String>, &"mine", &None::<gst::Structure>],
    );
    assert!(opened.is_some());
    handlers.wait_for_all_but(&["session-ended-with-reason", "consumer-removed"]);
    viewer.samples(30);
    viewer.pipeline.stop();
    handlers.wait_for_all_but(&[]);
    let took = pipeline.stop();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn handlers_that_are_handed_no_webrtcbin_leave_sessions_with_the_native_transport() {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK}"));
    let sink = pipeline.element("ws");
    let mut handlers = Handlers::new();
    handlers.connect(&sink, sink.upcast_ref(), "sink", &SINK_SIGNALS);
    pipeline.play();
    support::registered(&sink);
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
    viewer.samples(1);
    handlers.wait_for_all_but(&["data-channel-added", "define-encoder-bitrates"]);
    let stats = sink.property::<gst::Structure>("stats");
    let (_, session) = stats.iter().next().unwrap();
    assert_eq!(session.get::<gst::Structure>().unwrap().get("transport"), Ok("native"));
}

crate::support::under_both_transports!(everything_may_be_done_in_every_handler);
