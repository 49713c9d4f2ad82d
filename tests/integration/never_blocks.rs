//! `webrtcsink` never holds up the pipeline in front of it: the other branch of a `tee` keeps its frame rate.

use crate::support::{self, Pipeline, SINK, Viewer, registered, uri};
use gst::prelude::*;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A tee with a sink on one branch and a counter on the other; three frames of room between them.
fn tee(sink: &str) -> (Pipeline, Receiver<()>) {
    let pipeline = Pipeline::parse(&format!(
        "videotestsrc is-live=true pattern=snow ! video/x-raw,width=640,height=360,framerate=30/1 ! tee name=t \
         t. ! queue max-size-buffers=3 max-size-bytes=0 max-size-time=0 ! {sink} \
         t. ! queue max-size-buffers=3 max-size-bytes=0 max-size-time=0 ! fakesink name=other signal-handoffs=true sync=false"
    ));
    let (give, frames) = channel();
    pipeline.element("other").connect("handoff", false, move |_| {
        let _ = give.send(());
        None
    });
    (pipeline, frames)
}

/// Whether the other branch gets its thirty frames a second, give or take the machine's own hiccups.
fn flows(frames: &Receiver<()>) {
    while frames.try_recv().is_ok() {}
    let start = Instant::now();
    for n in 0..60 {
        frames.recv_timeout(Duration::from_secs(2)).unwrap_or_else(|_| panic!("stuck after {n} frames"));
    }
    let took = start.elapsed();
    assert!(took < Duration::from_millis(2600), "sixty frames took {took:?}");
}

/// Holds a viewer's transport up: every packet takes that long, or for ever.
fn hold_up(sink: &gst::Element, each: Option<Duration>) -> Receiver<()> {
    let (held, is_held) = channel();
    sink.connect("consumer-added", false, move |values| {
        let transport = values[2].get::<gst::Element>().unwrap();
        let held = held.clone();
        transport.connect_pad_added(move |_, pad| {
            let held = held.clone();
            let (_keep, never) = channel::<()>();
            let never = std::sync::Mutex::new((Some(_keep), never));
            pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
                let _ = held.send(());
                let _ = never.lock().unwrap().1.recv_timeout(each.unwrap_or(Duration::from_secs(8)));
                gst::PadProbeReturn::Ok
            });
        });
        None
    });
    is_held
}

#[test]
fn by_a_viewer_whose_transport_is_slow() {
    let (pipeline, frames) = tee(SINK);
    let sink = pipeline.element("ws");
    let held = hold_up(&sink, Some(Duration::from_millis(100)));
    pipeline.play();
    registered(&sink);
    let _viewer = Viewer::play(&uri(&sink), "video", "application/x-rtp");
    held.recv_timeout(support::DEADLINE).expect("no packet reached the transport");
    flows(&frames);
}

#[test]
fn by_a_viewer_whose_transport_takes_nothing_at_all() {
    let (pipeline, frames) = tee(SINK);
    let sink = pipeline.element("ws");
    let held = hold_up(&sink, None);
    pipeline.play();
    registered(&sink);
    let _viewer = Viewer::play(&uri(&sink), "video", "application/x-rtp");
    held.recv_timeout(support::DEADLINE).expect("no packet reached the transport");
    flows(&frames);
    let message = pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("reason"), Ok("stalled"));
}

#[test]
fn by_an_encoder_that_is_too_slow() {
    let (pipeline, frames) = tee(&format!("{SINK} video-caps=video/x-vp9"));
    let sink = pipeline.element("ws");
    let (slow, is_slow) = channel();
    sink.connect("encoder-setup", false, move |values| {
        let encoder = values[3].get::<gst::Element>().unwrap();
        let slow = slow.clone();
        let (keep, never) = channel::<()>();
        let never = std::sync::Mutex::new((keep, never));
        encoder.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = slow.send(());
            let _ = never.lock().unwrap().1.recv_timeout(Duration::from_millis(500));
            gst::PadProbeReturn::Ok
        });
        Some(false.to_value())
    });
    pipeline.play();
    registered(&sink);
    let _viewer = Viewer::play(&uri(&sink), "video", "video/x-vp9");
    is_slow.recv_timeout(support::DEADLINE).expect("the encoder got nothing");
    flows(&frames);
}

#[test]
fn by_a_signalling_server_that_is_gone() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (pipeline, frames) = tee(&format!("webrtcsink stun-server=\"\" signaller::uri=ws://{address}"));
    pipeline.play();
    let socket = silent.accept().unwrap();
    flows(&frames);
    drop((socket, silent));
    flows(&frames);
}

#[test]
fn one_slow_viewer_does_not_delay_another() {
    let (pipeline, _frames) = tee(SINK);
    let sink = pipeline.element("ws");
    pipeline.play();
    registered(&sink);
    let good = Viewer::play(&uri(&sink), "video", "video/x-vp8");
    good.samples(10);
    let held = hold_up(&sink, Some(Duration::from_millis(200)));
    let _slow = Viewer::play(&uri(&sink), "video", "video/x-vp8");
    held.recv_timeout(support::DEADLINE).expect("no packet reached the transport");
    good.samples(5);
    let count = good.count_for(Duration::from_secs(2));
    assert!(count >= 50, "{count} frames in two seconds");
}
