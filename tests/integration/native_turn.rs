//! The native transport behind TURN servers: coturn over UDP and TCP, and servers that are not there, refuse or die.

use crate::native::{NATIVE, alone, offer};
use crate::support::direct::{Direct, Said};
use crate::support::turn::{Turn, free_address};
use crate::support::udp::own_address;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer, picture};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;
use std::net::Ipv6Addr;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What the transport warns of or, at this level, tells.
fn log(level: gst::DebugLevel) -> Receiver<String> {
    support::init();
    let (tell, told) = channel();
    gst::log::set_threshold_for_name("webrtc-native", level);
    gst::log::add_log_function(move |category, _, _, _, _, _, message| {
        if category.name() == "webrtc-native" {
            let _ = tell.send(message.get().unwrap().to_string());
        }
    });
    told
}

fn logged(log: &Receiver<String>, parts: &[&str], limit: Duration) {
    let (end, mut all) = (Instant::now() + limit, String::new());
    while let Ok(line) = log.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if parts.iter().all(|part| line.contains(part)) {
            return;
        }
        all += &(line + "\n");
    }
    panic!("nobody said {parts:?}, but:\n{all}");
}

/// A sink and its viewer, which tell each other all that they find.
struct Pair {
    producer: Pipeline,
    viewer: Viewer,
    _feeder: picture::Feeder,
}

fn pair(settings: &str) -> Pair {
    let (producing, consuming) = Direct::pair();
    let sink = format!("webrtcsink name=ws stun-server=\"\" {NATIVE} video-caps=video/x-vp8 {settings}");
    let producer = Pipeline::parse(&format!("{} ! {sink}", picture::source()));
    producer.element("ws").set_property("signaller", &producing);
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
    viewer.pipeline.play();
    producer.play();
    let feeder = picture::Feeder::start(&producer);
    support::has_caps(&producer.element("ws"));
    consuming.session_started("s", "producer");
    producing.session_requested("s", "viewer", None);
    Pair { producer, viewer, _feeder: feeder }
}

fn relayed(url: &str) -> String {
    format!("turn-servers=<\"{url}\"> ice-transport-policy=relay")
}

#[test]
fn a_viewer_is_served_through_a_turn_server_over_udp() {
    let turn = Turn::with_user();
    let pair = pair(&relayed(&turn.url("udp")));
    pair.viewer.samples(60);
    turn.says("CHANNEL_BIND processed, success");
    let stats = pair.producer.element("ws").property::<gst::Structure>("stats");
    let stats = stats.get::<gst::Structure>("s").unwrap();
    let path = stats.get::<gst::Structure>("consumer-stats").unwrap();
    assert_eq!(path.get("local-candidate-type"), Ok("relay"), "{stats}");
    drop(pair);
    // The address is given back.
    turn.says("REFRESH processed, success");
}

#[test]
fn a_viewer_is_served_through_a_turn_server_over_tcp() {
    let turn = Turn::with_user();
    let pair = pair(&relayed(&turn.url("tcp")));
    pair.viewer.samples(60);
    turn.says("CHANNEL_BIND processed, success");
    pair.viewer.samples(30);
    drop(pair);
    turn.says("REFRESH processed, success");
}

#[test]
fn a_turn_server_that_shares_a_secret_serves_too() {
    let turn = Turn::with_secret();
    pair(&relayed(&turn.url_of_secret())).viewer.samples(30);
}

#[test]
fn relayed_candidates_follow_when_they_are_known_and_are_the_only_ones_where_only_they_may_be() {
    let turn = Turn::with_user();
    let servers = format!("turn-servers=<\"{}\">", turn.url("udp"));
    for (settings, hosts) in
        [(servers.clone(), true), (format!("{servers} ice-transport-policy=relay"), false)]
    {
        let (_pipeline, direct, said) = alone(&format!("{NATIVE} {settings}"));
        let sdp = offer(&direct, &said, "s");
        assert_eq!(sdp.contains(" typ host"), hosts, "{sdp}");
        let relay = |text: &str| text.contains(" typ relay") && text.contains(&turn.address.ip().to_string());
        // It may be there before the offer is made.
        while !relay(&sdp) {
            match said.recv_timeout(DEADLINE).expect("no candidate in time") {
                Said::Candidate(_, candidate) if relay(&candidate) => break,
                _ => {}
            }
        }
    }
}

#[test]
fn a_turn_server_with_an_ipv6_address_gives_one() {
    let turn = Turn::with_user_at(Ipv6Addr::LOCALHOST.into());
    for transport in ["udp", "tcp"] {
        let (_pipeline, direct, said) = alone(&format!("{NATIVE} {}", relayed(&turn.url(transport))));
        let sdp = offer(&direct, &said, "s");
        let relay = |text: &str| text.contains(" ::1 ") && text.contains(" typ relay");
        while !relay(&sdp) {
            match said.recv_timeout(DEADLINE).expect("no candidate in time") {
                Said::Candidate(_, candidate) if relay(&candidate) => break,
                _ => {}
            }
        }
    }
}

#[test]
fn two_viewers_of_one_element_have_an_address_each() {
    let turn = Turn::with_user();
    let log = log(gst::DebugLevel::Info);
    let settings = format!("{NATIVE} {}", relayed(&turn.url("udp")));
    let (_pipeline, direct, said) = alone(&settings);
    offer(&direct, &said, "one");
    offer(&direct, &said, "two");
    let server = turn.address.to_string();
    logged(&log, &[&server, "an allocation at"], DEADLINE);
    logged(&log, &[&server, "an allocation at"], DEADLINE);
}

#[test]
fn a_peer_that_the_turn_server_refused_is_asked_for_again() {
    let peer = own_address().to_string();
    let turn = Turn::that_denies(&peer);
    let log = log(gst::DebugLevel::Info);
    let _pair = pair(&relayed(&turn.url("udp")));
    for _ in 0..2 {
        logged(&log, &[&turn.address.to_string(), &format!("does not let {peer} pass")], DEADLINE);
    }
}

#[test]
fn a_turn_server_that_is_not_there_or_refuses_is_named_and_nobody_waits_for_it() {
    let turn = Turn::with_user();
    let nobody = free_address(own_address());
    for (url, server, cause) in [
        (format!("turn://u:p@{nobody}"), nobody, "refused"),
        (format!("turn://u:p@{nobody}?transport=tcp"), nobody, "refused"),
        (turn.url_with("user", "wrong", "udp"), turn.address, "user name or password"),
        (turn.url_with("user", "wrong", "tcp"), turn.address, "user name or password"),
    ] {
        let log = log(gst::DebugLevel::Warning);
        let pair = pair(&format!("turn-servers=<\"{url}\">"));
        logged(&log, &[&server.to_string(), cause], DEADLINE);
        pair.viewer.samples(10);
    }
}

#[test]
fn a_session_that_may_use_nothing_but_a_turn_server_that_refuses_ends_at_once_with_the_reason() {
    let turn = Turn::with_user();
    let pair = pair(&relayed(&turn.url_with("user", "wrong", "udp")));
    let message = pair.producer.message("webrtc-session-ended");
    assert_eq!(message.get("reason"), Ok("transport-failed"));
    let text = message.get::<String>("text").unwrap();
    assert!(text.contains("user name or password") && text.contains(&turn.address.to_string()), "{text}");
}

#[test]
fn a_turn_server_that_dies_is_named_and_takes_only_its_own_viewers_with_it() {
    let mut turn = Turn::with_user();
    let log = log(gst::DebugLevel::Warning);
    let lost = pair(&relayed(&turn.url("tcp")));
    let other = pair("");
    // Longer than the handshakes may last.
    lost.viewer.samples(90);
    other.viewer.samples(30);
    turn.kill();
    logged(&log, &[&turn.address.to_string(), "is lost"], DEADLINE);
    other.viewer.samples(60);
    let message = lost.producer.message_within("webrtc-session-ended", Duration::from_secs(45));
    assert_eq!(message.get("reason"), Ok("vanished"));
}

#[test]
fn a_turn_server_that_cannot_be_used_is_a_warning_that_names_the_property() {
    for element in ["webrtcsink", "webrtcsrc"] {
        let servers = "stun-server=\"\" turn-servers=<\"turn://192.0.2.1:3478\">";
        let pipeline = Pipeline::parse_bin(&format!("{element} {servers}"));
        pipeline.0.set_state(gst::State::Paused).unwrap();
        let text = pipeline.warning();
        assert!(text.contains("turn-servers") && text.contains("192.0.2.1:3478"), "{element}: {text}");
    }
}

#[test]
fn relays_only_without_any_relay_is_a_warning_that_says_what_to_set() {
    for transport in ["native", "webrtcbin"] {
        let settings = format!("transport={transport} ice-transport-policy=relay");
        let pipeline = Pipeline::parse(&format!("{VIDEO} ! {} {settings}", support::SINK));
        pipeline.play();
        let text = pipeline.warning();
        assert!(text.contains("ice-transport-policy") && text.contains("turn-servers"), "{text}");
    }
}
