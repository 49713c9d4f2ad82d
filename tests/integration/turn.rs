//! Sessions through webrtcbin behind a TURN server, coturn, and nowhere else.

use crate::support::direct::Direct;
use crate::support::turn::Turn;
use crate::support::{self, Viewer, picture};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;

/// A viewer who watches through nothing but a relay, as statistics say, too.
fn is_watched(turn: &Turn, url: &str) {
    let (producing, consuming) = Direct::pair();
    let relayed = format!("turn-servers=<\"{url}\"> ice-transport-policy=relay");
    let sink =
        format!("webrtcsink name=ws stun-server=\"\" transport=webrtcbin video-caps=video/x-vp8 {relayed}");
    let producer = support::Pipeline::parse(&format!("{} ! {sink}", picture::source()));
    let sink = producer.element("ws");
    sink.set_property("signaller", &producing);
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
    viewer.pipeline.play();
    producer.play();
    let _feeder = picture::Feeder::start(&producer);
    support::has_caps(&sink);
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    viewer.samples(60);
    turn.says("processed, success");
    let stats = sink.property::<gst::Structure>("stats").get::<gst::Structure>("s").unwrap();
    let path = stats.get::<gst::Structure>("consumer-stats").unwrap();
    assert_eq!(path.get("local-candidate-type"), Ok("relay"), "{stats}");
}

#[test]
fn a_viewer_is_served_by_webrtcbin_through_a_turn_server_over_udp() {
    let turn = Turn::with_user();
    is_watched(&turn, &turn.url("udp"));
}

#[test]
fn a_viewer_is_served_by_webrtcbin_through_a_turn_server_over_tcp() {
    let turn = Turn::with_user();
    is_watched(&turn, &turn.url("tcp"));
}
