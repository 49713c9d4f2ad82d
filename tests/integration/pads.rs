//! Pads of the sink that come and go, in every state and while nothing enters them.

use crate::support::direct::{Direct, Said};
use crate::support::{DEADLINE, Pipeline, VIDEO, Viewer};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::Receiver;

/// The next offer.
fn offer(said: &Receiver<Said>) -> String {
    loop {
        match said.recv_timeout(DEADLINE).expect("no offer in time") {
            Said::Description(_, WebRTCSDPType::Offer, sdp) => return sdp,
            Said::Ended(_, why) => panic!("{why:?}"),
            _ => {}
        }
    }
}

fn pad_names(sink: &gst::Element) -> Vec<String> {
    sink.pads().iter().map(|pad| pad.name().to_string()).collect()
}

fn a_pad_without_caps_holds_the_others_up_for_a_while_only(transport: &str) {
    let (producing, said, consuming) = Direct::with_viewer("s");
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
    let sink = pipeline.element("ws");
    sink.set_property("signaller", &producing);
    let silent = sink.request_pad_simple("audio_%u").unwrap();
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw");
    viewer.pipeline.play();
    pipeline.play();
    assert!(matches!(said.recv_timeout(DEADLINE), Ok(Said::Started)));
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    let first = offer(&said);
    assert!(first.contains("m=video") && !first.contains("m=audio"), "{first}");
    viewer.samples(5);
    // What comes there later is offered then.
    assert!(silent.send_event(gst::event::StreamStart::new("late")));
    let caps = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2".parse().unwrap();
    assert!(silent.send_event(gst::event::Caps::new(&caps)));
    assert!(offer(&said).contains("m=audio"));
    viewer.samples(30);
}

#[test]
fn pads_come_and_go_in_every_state_and_leave_nothing_behind() {
    let pipeline = Pipeline::parse_bin("webrtcsink name=ws stun-server=\"\"");
    let (direct, _said) = Direct::new();
    let sink = pipeline.element("ws");
    sink.set_property("signaller", &direct);
    let bin = sink.downcast_ref::<gst::Bin>().unwrap();
    let states = [gst::State::Null, gst::State::Ready, gst::State::Paused, gst::State::Playing];
    for state in states.iter().chain(states.iter().rev()) {
        let kept = sink.request_pad_simple("video_%u").unwrap();
        pipeline.0.set_state(*state).unwrap();
        let pads = ["video_%u", "audio_%u"].map(|template| sink.request_pad_simple(template).unwrap());
        let weak: Vec<_> = pads.iter().map(|pad| pad.downgrade()).collect();
        assert_eq!((sink.pads().len(), bin.children().len()), (3, 3), "{state:?}");
        pads.iter().for_each(|pad| sink.release_request_pad(pad));
        drop(pads);
        sink.release_request_pad(&kept);
        assert!(weak.iter().all(|pad| pad.upgrade().is_none()), "{state:?}: {:?}", pad_names(&sink));
        assert!(sink.pads().is_empty() && bin.children().is_empty(), "{state:?}");
    }
}

fn a_sink_that_is_stopped_and_played_again_is_watched_every_time(transport: &str) {
    let (producing, said, consuming) = Direct::with_viewer("s");
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
    let sink = pipeline.element("ws");
    sink.set_property("signaller", &producing);
    let name = |task: &std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    // Of the pool of the runtime, which come and go with the load, and all others.
    let threads = || {
        let all = std::fs::read_dir("/proc/self/task").unwrap().map(Result::unwrap);
        let (pool, others): (Vec<_>, Vec<_>) =
            all.partition(|task| name(task).is_ok_and(|name| name.trim() == "webrtc-runtime"));
        (pool.len(), others.len())
    };
    let mut after_first = (0, 0);
    for time in 0..20 {
        let viewer = Viewer::behind(&consuming, "video", "video/x-raw");
        viewer.pipeline.play();
        pipeline.play();
        while !matches!(said.recv_timeout(DEADLINE).expect("it did not start"), Said::Started) {}
        consuming.session_started("s", "producer");
        producing.session_requested("s", "viewer", None);
        viewer.samples(2);
        viewer.pipeline.stop();
        pipeline.stop();
        assert_eq!(pad_names(&sink), ["video_0"]);
        if time == 4 {
            after_first = threads();
        }
    }
    let (pool, others) = threads();
    assert!(others <= after_first.1 + 4, "{} threads have become {others}", after_first.1);
    // Less than one for each of the fifteen rounds.
    assert!(pool <= after_first.0 + 10, "{} threads of the pool have become {pool}", after_first.0);
}

/// Eight streams into one sink, all of which reach the viewer.
fn eight_streams(transport: &str, kinds: [&str; 8]) {
    let (producing, said, consuming) = Direct::with_viewer("s");
    let sources = kinds.map(|kind| match kind {
        "video" => {
            "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=10/1 ! ws.video_%u"
        }
        _ => "audiotestsrc is-live=true ! audio/x-raw,channels=1 ! ws.audio_%u",
    });
    let pipeline = Pipeline::parse(&format!(
        "webrtcsink name=ws stun-server=\"\" rungs=1 video-caps=video/x-vp8 {transport} {}",
        sources.join(" ")
    ));
    pipeline.element("ws").set_property("signaller", &producing);
    let viewer = Pipeline::parse_bin("webrtcsrc name=src stun-server=\"\"");
    viewer.element("src").set_property("signaller", &consuming);
    let (tell, come) = std::sync::mpsc::channel();
    let target = viewer.0.downgrade();
    viewer.element("src").connect_pad_added(move |_, pad| {
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).build().unwrap();
        let (tell, name) = (tell.clone(), pad.name().to_string());
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = tell.send(name.clone());
            gst::PadProbeReturn::Ok
        });
        sink.set_property("async", false);
        target.upgrade().unwrap().add(&sink).unwrap();
        sink.sync_state_with_parent().unwrap();
        pad.link(&sink.static_pad("sink").unwrap()).unwrap();
    });
    viewer.play();
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).expect("it did not start"), Said::Started) {}
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    let mut counts = std::collections::BTreeMap::new();
    while counts.len() < 8 || counts.values().any(|count| *count < 10) {
        let name = come.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no more came: {counts:?}"));
        *counts.entry(name).or_insert(0) += 1;
    }
}

fn eight_streams_of_pictures_and_sound_reach_the_viewer(transport: &str) {
    eight_streams(transport, ["video", "audio", "video", "audio", "video", "audio", "video", "audio"]);
}

fn eight_streams_of_pictures_reach_the_viewer(transport: &str) {
    eight_streams(transport, ["video"; 8]);
}

crate::support::under_both_transports!(
    a_pad_without_caps_holds_the_others_up_for_a_while_only,
    a_sink_that_is_stopped_and_played_again_is_watched_every_time,
    eight_streams_of_pictures_and_sound_reach_the_viewer,
    eight_streams_of_pictures_reach_the_viewer,
);
