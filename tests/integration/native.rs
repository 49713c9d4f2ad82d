//! What the native transport does that no other does: one port for all, and a choice that is told.

use crate::support::across::{Across, across};
use crate::support::direct::{Direct, Said};
use crate::support::{self, DEADLINE, Pipeline, VIDEO, picture};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

pub(crate) const NATIVE: &str = "transport=native";
/// Pictures that fill packets.
const NOISE: &str =
    "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=30/1";

/// A sink that plays and whose viewers are played by the test.
pub(crate) fn alone(settings: &str) -> (Pipeline, Direct, Receiver<Said>) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {settings}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    (pipeline, direct, said)
}

pub(crate) fn offer(direct: &Direct, said: &Receiver<Said>, session: &str) -> String {
    direct.session_requested(session, "viewer", None);
    loop {
        match said.recv_timeout(DEADLINE).expect("no offer in time") {
            Said::Description(id, WebRTCSDPType::Offer, sdp) if id == session => return sdp,
            Said::Ended(_, why) => panic!("{why:?}"),
            _ => {}
        }
    }
}

pub(crate) fn ports(sdp: &str) -> Vec<u16> {
    let candidates = sdp.lines().filter(|line| line.starts_with("a=candidate:") && !line.contains("::"));
    candidates.map(|line| line.split(' ').nth(5).unwrap().parse().unwrap()).collect()
}

#[test]
fn all_viewers_are_offered_the_same_port() {
    let (_pipeline, direct, said) = alone(NATIVE);
    let (one, two) = (offer(&direct, &said, "one"), offer(&direct, &said, "two"));
    let mut ports: Vec<_> = ports(&one).into_iter().chain(ports(&two)).collect();
    assert!(ports.len() >= 2, "{one}");
    ports.dedup();
    assert_eq!(ports.len(), 1, "{one}\n{two}");
}

/// Answers as a STUN server that sees everybody at 203.0.113.7:4242 (RFC 8489 section 14.2).
fn answer_as_a_stun_server(socket: &UdpSocket) {
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut packet = [0; 64];
    let (size, from) = socket.recv_from(&mut packet).expect("nobody asked");
    assert_eq!((size, &packet[..8]), (20, &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..]));
    let mut response = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    response.extend(&packet[8..20]);
    response.extend([0, 0x20, 0, 8, 0, 1]);
    response.extend([0x10 ^ 0x21, 0x92 ^ 0x12]);
    response.extend([203 ^ 0x21, 0x12, 113 ^ 0xa4, 7 ^ 0x42]);
    // From someone who was not asked it counts for nothing.
    let mut lie = response.clone();
    lie[28] ^= 1;
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&lie, from).unwrap();
    socket.send_to(&response, from).unwrap();
}

#[test]
fn what_a_stun_server_sees_is_told_when_it_is_known_and_nobody_waits_for_it() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (_pipeline, direct, said) =
        alone(&format!("{NATIVE} stun-server=stun://{}", server.local_addr().unwrap()));
    let first = offer(&direct, &said, "one");
    assert!(first.contains(" typ host") && !first.contains(" typ srflx"), "{first}");
    assert!(!first.contains("end-of-candidates"), "{first}");
    answer_as_a_stun_server(&server);
    let told = loop {
        match said.recv_timeout(DEADLINE).expect("no candidate in time") {
            Said::Candidate(session, candidate) if session == "one" => break candidate,
            _ => {}
        }
    };
    assert!(told.contains(" 203.0.113.7 4242 typ srflx raddr "), "{told}");
    // Who comes next has it at once.
    let second = offer(&direct, &said, "two");
    assert!(
        second.contains("203.0.113.7 4242 typ srflx") && second.contains("end-of-candidates"),
        "{second}"
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_its_property() {
    let taken = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {} {NATIVE} udp-port={port}", support::SINK));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err());
    let text = pipeline.error();
    assert!(text.contains(&port.to_string()) && text.contains("udp-port"), "{text}");
}

/// Which transport a session got, and why.
fn chosen(settings: &str, prepare: impl FnOnce(&gst::Element)) -> (String, String) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {settings}"));
    let (direct, said) = Direct::new();
    let sink = pipeline.element("ws");
    sink.set_property("signaller", &direct);
    prepare(&sink);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    offer(&direct, &said, "s");
    let stats = sink.property::<gst::Structure>("stats").get::<gst::Structure>("s").unwrap();
    (stats.get("transport").unwrap(), stats.get("transport-reason").unwrap())
}

#[test]
fn auto_takes_the_native_transport_unless_something_needs_the_other_and_says_why() {
    for settings in ["", "transport=auto"] {
        let (transport, why) = chosen(settings, |_| {});
        assert_eq!(transport, "native", "{why}");
    }
    let relays = |scheme: &str| format!("turn-servers=<\"{scheme}://u:p@127.0.0.1:9\">");
    let (transport, why) = chosen(&format!("transport=auto {}", relays("turn")), |_| {});
    assert_eq!(transport, "native", "{why}");
    let (transport, why) = chosen("transport=auto ice-transport-policy=relay", |_| {});
    assert_eq!(transport, "native", "{why}");
    let (transport, why) = chosen(&format!("transport=auto {}", relays("turns")), |_| {});
    assert!(transport == "webrtcbin" && why.contains("turn-servers"), "{transport}: {why}");
    let (transport, why) = chosen("transport=auto", |sink| {
        sink.connect("consumer-added", false, |_| None);
    });
    assert!(transport == "webrtcbin" && why.contains("consumer-added"), "{transport}: {why}");
    let (transport, why) = chosen(&format!("{NATIVE} {}", relays("turns")), |_| {});
    assert!(transport == "native" && why.contains("turn-servers"), "{transport}: {why}");
}

#[test]
fn a_viewer_is_found_by_where_its_checks_come_from() {
    let across = across("", |sdp| sdp);
    across.viewer.samples(30);
}

#[test]
fn a_viewer_that_waits_for_the_handshake_is_served() {
    let across = across("", |sdp| sdp.replace("a=setup:actpass", "a=setup:active"));
    across.viewer.samples(30);
}

/// The largest datagram with media that the viewer of a sink gets.
fn largest(settings: &str) -> usize {
    let across = Across::of(NOISE, settings, |sdp| sdp);
    across.viewer.samples(30);
    across.network.weather.largest.load(Ordering::SeqCst)
}

#[test]
fn no_datagram_with_media_is_larger_than_the_mtu_and_most_come_near_it() {
    for transport in ["native", "webrtcbin"] {
        for (settings, mtu) in [("", 1200), ("mtu=700", 700)] {
            let noise = format!("transport={transport} playout-delay-min=0 playout-delay-max=100 {settings}");
            let largest = largest(&noise);
            assert!(largest <= mtu && largest + 60 > mtu, "{largest} of {mtu} bytes through {transport}");
        }
    }
}

#[test]
fn lost_packets_are_sent_again() {
    // Without congestion control nothing is sent again that nobody asked for.
    let across = across("congestion-control=disabled", |sdp| sdp);
    let weather = &across.network.weather;
    let count = || (weather.lost.load(Ordering::SeqCst), weather.repeated.load(Ordering::SeqCst));
    across.viewer.samples(10);
    assert_eq!(count(), (0, 0));
    weather.loss.store(10, Ordering::SeqCst);
    // The viewer's first requests come late, with its first reports.
    across.viewer.samples(60);
    let before = count();
    across.viewer.samples(90);
    let after = count();
    let (lost, repeated) = (after.0 - before.0, after.1 - before.1);
    assert!(lost >= 6 && repeated * 2 >= lost, "of {lost} lost packets {repeated} were sent again");
}

#[test]
fn a_viewer_that_vanishes_without_a_word_is_given_up() {
    let across = across("", |sdp| sdp);
    across.viewer.samples(90);
    across.network.weather.silent.store(true, Ordering::SeqCst);
    let message = across.producer.message_within("webrtc-session-ended", Duration::from_secs(45));
    assert_eq!(message.get("reason"), Ok("vanished"));
}

#[test]
fn a_viewer_that_keeps_its_credentials_when_it_is_offered_a_restart_is_found_again() {
    let (give, offered) = channel();
    let across = across("", move |sdp| {
        let name = sdp.lines().find(|line| line.starts_with("a=ice-ufrag:")).unwrap();
        let _ = give.send(name.to_owned());
        sdp
    });
    across.viewer.samples(120);
    let first = offered.recv().unwrap();
    across.network.weather.silent.store(true, Ordering::SeqCst);
    while offered.recv_timeout(DEADLINE).expect("no restart was offered") == first {}
    across.network.weather.silent.store(false, Ordering::SeqCst);
    across.viewer.samples(120);
}

#[test]
fn packets_that_make_no_sense_disturb_nobody() {
    let across = across("", |sdp| sdp);
    across.viewer.samples(30);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sink = across.network.sink();
    // Every kind that shares the port (RFC 7983), cut at every length, and a check that names nobody.
    for first in 0..=255u8 {
        for size in [0, 1, 2, 3, 4, 8, 12, 13, 19, 20, 21, 28, 60, 200, 1200] {
            let packet: Vec<u8> = (0..size).map(|at| if at == 0 { first } else { (at * 31) as u8 }).collect();
            stranger.send_to(&packet, sink).unwrap();
        }
    }
    let mut check = vec![0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42];
    check.extend([7; 12]);
    check.extend([0, 6, 0, 3]);
    check.extend(b"a:b\0");
    stranger.send_to(&check, sink).unwrap();
    let numbers: Vec<u16> = across.viewer.samples(30).iter().map(picture::number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    across.viewer.samples(60);
}
