//! What a viewer who sees every packet sees of sessions through the native transport.

use crate::support::direct::{Direct, Said};
use crate::support::watcher::Watcher;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;
use std::time::Duration;
use str0m::RtcConfig;
use str0m::rtp::RtpPacket;

/// A sink that plays, and a viewer that is about to answer.
fn watched(settings: &str, prepare: impl FnOnce(RtcConfig) -> RtcConfig) -> (Pipeline, Watcher) {
    let sink = "webrtcsink name=ws stun-server=\"\" transport=native video-caps=video/x-vp8";
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {sink} {settings}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    (pipeline, Watcher::new((direct, said), prepare))
}

/// Whether every packet follows the one before.
fn is_gapless(packets: &[RtpPacket]) -> bool {
    let numbers: Vec<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

fn line<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

/// Whose offers say that it does this about the handshake; what its answers say from then on.
fn moves(setup: &str, after: &str) {
    let (_pipeline, mut viewer) = watched("", |config| config);
    let offer = viewer.offered().replace("a=setup:actpass", &format!("a=setup:{setup}"));
    viewer.answer(&offer, |answer| answer);
    viewer.packets(60);
    for _ in 0..3 {
        let answer = viewer.move_away();
        assert_ne!(line(&answer, "a=ice-ufrag:"), line(&offer, "a=ice-ufrag:"));
        assert_eq!(line(&answer, "a=setup:"), after);
        // The first that come are those that found nobody at the old place, sent again.
        let packets = viewer.packets(150);
        assert!(is_gapless(&packets[100..]));
    }
}

#[test]
fn a_viewer_that_moves_restarts_ice_and_media_goes_on() {
    moves("actpass", "active");
}

#[test]
fn who_waited_for_the_handshake_says_so_when_ice_restarts() {
    moves("passive", "passive");
}

#[test]
fn a_viewer_from_which_nothing_comes_is_offered_a_restart_and_found_again() {
    let (_pipeline, mut viewer) = watched("", |config| config);
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    // What comes with the handshakes says nothing about reports.
    viewer.watch_for(Duration::from_secs(4));
    viewer.cut_off = true;
    let again = viewer.offered();
    assert_ne!(line(&again, "a=ice-ufrag:"), line(&offer, "a=ice-ufrag:"));
    viewer.cut_off = false;
    viewer.answer(&again, |answer| answer);
    let packets = viewer.packets(300);
    assert!(is_gapless(&packets[250..]));
}

#[test]
fn a_viewer_whose_certificate_changes_is_somebody_else() {
    let (pipeline, mut viewer) = watched("", |config| config);
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    viewer.packets(10);
    viewer.offer(|offer| offer.replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:"));
    let message = pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("reason"), Ok("description"));
}
