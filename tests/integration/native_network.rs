//! Ports and addresses of the native transport: what it listens on, what viewers are told, and networks that
//! come and go.

use crate::native::{NATIVE, alone, offer, ports};
use crate::support::across::across;
use crate::support::direct::{Direct, Said};
use crate::support::{self, Pipeline, VIDEO, Viewer, emulated, picture};
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use gstrswebrtc::signaller::SignallableExt;
use std::net::{Ipv6Addr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

/// A port that nobody has.
fn free_port() -> u16 {
    UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port()
}

/// The error of a sink that does not start.
fn refusal(settings: &str) -> String {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {} {NATIVE} {settings}", support::SINK));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err(), "it started with {settings}");
    pipeline.error()
}

/// The addresses that a description tells, sorted.
fn told(sdp: &str) -> Vec<String> {
    let candidates = sdp.lines().filter(|line| line.starts_with("a=candidate:"));
    let mut told: Vec<_> = candidates.map(|line| line.split(' ').nth(4).unwrap().to_owned()).collect();
    told.sort();
    told.dedup();
    told
}

#[test]
fn elements_that_name_the_same_port_share_it() {
    let port = free_port();
    let (_one, one_direct, one_said) = alone(&format!("{NATIVE} udp-port={port}"));
    let (_two, two_direct, two_said) = alone(&format!("{NATIVE} udp-port={port}"));
    for (direct, said) in [(one_direct, one_said), (two_direct, two_said)] {
        let sdp = offer(&direct, &said, "s");
        assert!(ports(&sdp).iter().all(|its| *its == port), "{sdp}");
    }
}

#[test]
fn elements_that_name_the_same_port_and_want_different_things_of_it_are_told_so() {
    let port = free_port();
    let (_one, ..) = alone(&format!("{NATIVE} udp-port={port} udp-threads=1"));
    for (settings, property) in
        [("udp-threads=2", "udp-threads"), ("ice-addresses=127.0.0.1", "ice-addresses")]
    {
        let text = refusal(&format!("udp-port={port} {settings}"));
        assert!(text.contains(&port.to_string()) && text.contains(property), "{text}");
    }
}

#[test]
fn a_range_of_ports_that_is_none_or_taken_is_named_with_its_properties() {
    let taken = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = refusal(&format!("udp-port={port} udp-port-max={}", port - 1));
    assert!(text.contains("udp-port-max"), "{text}");
    let text = refusal("udp-port-max=5000");
    assert!(text.contains("udp-port-max=5000"), "{text}");
}

#[test]
fn only_addresses_that_may_be_used_are_told() {
    let (_pipeline, direct, said) = alone(&format!("{NATIVE} ice-addresses=127.0.0.0/8,::1"));
    assert!(told(&offer(&direct, &said, "s")).iter().all(|ip| ip == "127.0.0.1" || ip == "::1"));
    let (_pipeline, direct, said) = alone(&format!("{NATIVE} ice-interfaces=lo ice-addresses=!::/0"));
    assert_eq!(told(&offer(&direct, &said, "s")), ["127.0.0.1"]);
}

#[test]
fn addresses_that_leave_nothing_or_cannot_be_read_are_named_with_their_property() {
    for (settings, parts) in [
        ("ice-interfaces=nothing*", ["ice-interfaces", "127.0.0.1 (lo)"]),
        ("ice-addresses=203.0.113.0/24", ["ice-addresses", "127.0.0.1 (lo)"]),
        ("ice-addresses=127.0.0.0/40", ["ice-addresses", "127.0.0.0/40"]),
        ("ice-advertised-addresses=media.example", ["ice-advertised-addresses", "media.example"]),
        (
            "ice-addresses=127.0.0.1 ice-advertised-addresses=2001:db8::1",
            ["ice-advertised-addresses", "2001:db8::1"],
        ),
    ] {
        let text = refusal(settings);
        assert!(parts.iter().all(|part| text.contains(part)), "{settings}: {text}");
    }
}

#[test]
fn a_viewer_behind_a_translator_is_told_of_the_address_outside_and_served() {
    let across = across("ice-advertised-addresses=203.0.113.7 ice-addresses=!::/0", |sdp| {
        // What the network made of the address is not what the sink told.
        assert!(!sdp.contains("203.0.113.7"), "{sdp}");
        sdp
    });
    across.viewer.samples(10);
    let (_pipeline, direct, said) =
        alone(&format!("{NATIVE} ice-advertised-addresses=203.0.113.7,2001:db8::7"));
    let told = told(&offer(&direct, &said, "s"));
    assert!(told.iter().all(|ip| ip == "203.0.113.7" || ip == "2001:db8::7"), "{told:?}");
    assert!(told.contains(&"203.0.113.7".to_owned()), "{told:?}");
}

#[test]
fn a_viewer_is_served_over_ipv6_alone() {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).expect("this machine has no ::1, which this test is about");
    let across = across("ice-addresses=::1", |sdp| sdp);
    across.viewer.samples(30);
}

/// A sink whose viewer sees of it only what is at `address`.
fn beside(address: &'static str, port: u16) -> (Pipeline, Viewer, picture::Feeder) {
    let (producing, consuming) = Direct::pair();
    let settings = format!("{NATIVE} udp-port={port} video-caps=video/x-vp8");
    let sink = format!("webrtcsink name=ws stun-server=\"\" {settings}");
    let producer = Pipeline::parse(&format!("{} ! {sink}", picture::source()));
    producer.element("ws").set_property("signaller", &producing);
    let to = consuming.clone();
    producing.connect("send-session-description", false, move |values| {
        let offer = values[2].get::<WebRTCSessionDescription>().unwrap();
        let text = offer.sdp().as_text().unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("a=candidate:") || line.contains(address));
        to.describe("s", offer.type_(), &lines.map(|line| format!("{line}\r\n")).collect::<String>());
        Some(true.to_value())
    });
    // The sink sees no more of the viewer than what its checks show.
    consuming.connect("send-ice", false, |_| Some(true.to_value()));
    // Nor the viewer of itself.
    consuming.connect("webrtcbin-ready", false, move |values| {
        let webrtcbin = values[2].get::<gst::Element>().unwrap();
        let agent = webrtcbin.property::<gst::glib::Object>("ice-agent");
        assert!(agent.emit_by_name::<bool>("add-local-ip-address", &[&address]));
        None
    });
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
    viewer.pipeline.play();
    producer.play();
    let feeder = picture::Feeder::start(&producer);
    support::has_caps(&producer.element("ws"));
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    (producer, viewer, feeder)
}

fn ip(arguments: &str) {
    let status =
        Command::new("ip").args(arguments.split(' ')).status().expect("ip is needed, of package iproute2");
    assert!(status.success(), "ip {arguments}: {status}");
}

/// Waits until an interface works, which the system finds out in its own time.
fn is_up(name: &str) {
    let end = Instant::now() + support::DEADLINE;
    let show = || Command::new("ip").args(["link", "show", name]).output().unwrap().stdout;
    while !String::from_utf8_lossy(&show()).contains("state UP") {
        assert!(Instant::now() < end, "{name} never came up");
    }
}

/// For how long the threads of the transport have run.
fn busy() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let named = tasks.filter(|task| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("webrtc-native"))
    });
    // The first number is the time on a processor, in nanoseconds.
    let times = named.map(|task| std::fs::read_to_string(task.join("schedstat")).unwrap());
    times.map(|times| Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())).sum()
}

/// In a network of its own, which takes the rights of root, or user namespaces that everyone may make.
#[test]
fn an_interface_that_goes_away_takes_only_its_own_viewers_with_it() {
    let name = "native_network::an_interface_that_goes_away_takes_only_its_own_viewers_with_it";
    emulated::alone(name, lose_an_interface);
}

fn lose_an_interface() {
    ip("link set lo up");
    for (name, address) in [("one", "10.71.0.1"), ("two", "10.72.0.1")] {
        ip(&format!("link add {name} type veth peer name {name}-end"));
        ip(&format!("address add {address}/24 dev {name}"));
        ip(&format!("link set {name} up"));
        ip(&format!("link set {name}-end up"));
    }
    is_up("one");
    is_up("two");
    let port = free_port();
    let (_going, lost, _its_feeder) = beside("10.71.0.1", port);
    let (staying, viewer, _feeder) = beside("10.72.0.1", port);
    lost.samples(30);
    viewer.samples(30);
    let before = busy();
    ip("link delete one");
    let numbers: Vec<u16> = viewer.samples(90).iter().map(picture::number).collect();
    let spent = busy() - before;
    assert!(numbers.is_sorted_by(|a, b| a < b) && numbers.last().unwrap() - numbers[0] < 100, "{numbers:?}");
    // Three seconds have passed.
    assert!(spent < Duration::from_millis(600), "the transport was busy for {spent:?}");
    let (direct, said) = Direct::new();
    let next = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" {NATIVE} udp-port={port} video-caps=video/x-vp8"
    ));
    next.element("ws").set_property("signaller", &direct);
    next.play();
    while !matches!(said.recv_timeout(support::DEADLINE).unwrap(), Said::Started) {}
    let told = told(&offer(&direct, &said, "s"));
    assert!(told.contains(&"10.72.0.1".to_owned()) && !told.contains(&"10.71.0.1".to_owned()), "{told:?}");
    drop(staying);
}
