//! What a viewer who sees every packet sees of sessions through the native transport.

use crate::support::direct::{Direct, Said};
use crate::support::seen::Seen;
use crate::support::tone::Tone;
use crate::support::watcher::Watcher;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;
use std::time::Duration;
use str0m::RtcConfig;
use str0m::bwe::Bitrate;
use str0m::rtp::{Extension, RtpPacket};

/// A sink that plays, and a viewer that is about to answer.
pub(crate) fn watched(settings: &str, prepare: impl FnOnce(RtcConfig) -> RtcConfig) -> (Pipeline, Watcher) {
    watched_from(VIDEO, settings, prepare)
}

fn watched_from(
    source: &str,
    settings: &str,
    prepare: impl FnOnce(RtcConfig) -> RtcConfig,
) -> (Pipeline, Watcher) {
    let sink = "webrtcsink name=ws stun-server=\"\" transport=native video-caps=video/x-vp8";
    let pipeline = Pipeline::parse(&format!("{source} ! {sink} {settings}"));
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
    assert!(viewer.end().is_some_and(|why| why.contains("certificate")));
    let message = pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("reason"), Ok("description"));
}

fn sent_lines(sdp: &str) -> usize {
    sdp.matches("a=sendonly").count()
}

fn media_lines(sdp: &str) -> usize {
    sdp.matches("m=").count()
}

/// Payload types: VP8 in video, the first codec of `audio-caps` after it.
fn is_sound(packet: &RtpPacket) -> bool {
    *packet.header.payload_type == 97
}

#[test]
fn the_place_of_a_stream_that_is_gone_is_taken_by_the_next_of_its_kind() {
    let (pipeline, mut viewer) = watched("", |config| config);
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    let pictures = *viewer.packet().header.ssrc;
    let mut sources = Vec::new();
    for _ in 0..3 {
        let tone = Tone::add(&pipeline);
        let offer = viewer.answer_until(|offer| sent_lines(offer) == 2, |answer| answer);
        assert_eq!(media_lines(&offer), 2, "{offer}");
        let packet = viewer.packet_that(is_sound);
        assert!(!sources.contains(&packet.header.ssrc), "{sources:?}");
        sources.push(packet.header.ssrc);
        tone.remove(&pipeline);
        let offer = viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
        assert_eq!(media_lines(&offer), 2, "{offer}");
        viewer.watch_for(Duration::from_millis(300));
        let after = viewer.watch_for(Duration::from_millis(300));
        assert!(after.len() > 5 && !after.iter().any(is_sound));
    }
    assert_eq!(viewer.missing(pictures), 0);
}

#[test]
fn a_viewer_that_refuses_a_stream_in_a_later_answer_is_sent_the_others() {
    let (pipeline, mut viewer) = watched("", |config| config);
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    let _tone = Tone::add(&pipeline);
    viewer.answer_until(|offer| sent_lines(offer) == 2, |answer| answer);
    viewer.packet_that(is_sound);
    let _other = Tone::add(&pipeline);
    let refuse = |answer: String| answer.replacen("m=audio 9", "m=audio 0", 1);
    let offer = viewer.answer_until(|offer| sent_lines(offer) == 3, refuse);
    let second: Vec<_> = offer.lines().filter(|line| line.starts_with("a=ssrc:")).collect();
    viewer.watch_for(Duration::from_millis(300));
    let after = viewer.watch_for(Duration::from_secs(1));
    let last = second.last().unwrap().split([':', ' ']).nth(1).unwrap().parse::<u32>().unwrap();
    assert!(after.iter().filter(|packet| is_sound(packet)).all(|packet| *packet.header.ssrc == last));
    assert!(after.iter().any(is_sound) && after.iter().any(|packet| !is_sound(packet)));
}

#[test]
fn a_viewer_that_prefers_another_codec_in_a_later_answer_is_sent_that() {
    let (pipeline, mut viewer) = watched("video-caps=video/x-vp8;video/x-vp9", |config| config);
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    viewer.packet_that(|packet| *packet.header.payload_type == 96);
    let _tone = Tone::add(&pipeline);
    let swap = |answer: String| {
        let line = answer.lines().find(|line| line.starts_with("m=video ")).unwrap().to_owned();
        let others = line.replace(" 97", "").replace("SAVPF", "SAVPF 97");
        answer.replace(&line, &others)
    };
    viewer.answer_until(|offer| sent_lines(offer) == 2, swap);
    viewer.packet_that(|packet| *packet.header.payload_type == 97);
    viewer.watch_for(Duration::from_millis(500));
    let after = viewer.watch_for(Duration::from_millis(500));
    assert!(after.len() > 5 && after.iter().all(|packet| *packet.header.payload_type != 96));
}

#[test]
fn what_both_sides_agreed_on_stands_in_the_header_of_each_packet() {
    let (_pipeline, mut viewer) = watched("playout-delay-min=100 playout-delay-max=2000", |config| {
        config.set_extension(9, Extension::PlayoutDelay)
    });
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    let packets = viewer.packets(30);
    assert_eq!(packets[0].header.ext_vals.mid.map(|mid| mid.to_string()).as_deref(), Some("video0"));
    // Between them are those that try how much the network carries.
    let numbers = packets.iter().map(|packet| packet.header.ext_vals.transport_cc.unwrap());
    assert!(numbers.is_sorted_by(|one, next| one < next));
    for packet in packets {
        let values = packet.header.ext_vals;
        let [min, max] =
            [values.play_delay_min, values.play_delay_max].map(|delay| delay.unwrap().as_seconds());
        assert_eq!((min, max), (0.1, 2.0));
    }
}

/// The bitrate of the picture's encoder.
fn bitrate(sink: &gst::Element) -> Option<i32> {
    let session = sink.property::<gst::Structure>("stats").get::<gst::Structure>("s").ok()?;
    let viewer = session.get::<gst::Structure>("consumer-stats").ok()?;
    let encoders = viewer.get::<gst::Array>("video-encoders").ok()?;
    encoders.first()?.get::<gst::Structure>().ok()?.get("bitrate").ok()
}

#[test]
fn a_viewer_that_does_not_report_on_every_packet_of_sound_says_itself_what_its_network_carries() {
    let (pipeline, mut viewer) = watched("audiotestsrc is-live=true ! ws.", |config| config);
    let sink = pipeline.element("ws");
    // As Firefox answers.
    let partly = |answer: String| {
        let (video, audio) = answer.split_at(answer.find("m=audio").unwrap());
        let audio: String = audio.split_inclusive('\n').filter(|line| !line.contains("transport")).collect();
        format!("{video}{audio}")
    };
    viewer.answer_until(|offer| sent_lines(offer) == 2, partly);
    let packet = viewer.packet_that(|packet| !is_sound(packet));
    assert!(packet.header.ext_vals.abs_send_time.is_some() && packet.header.ext_vals.transport_cc.is_none());
    for wanted in [300_000, 900_000] {
        let source = packet.header.ssrc;
        viewer.rtc.direct_api().stream_rx(&source).unwrap().request_remb(Bitrate::bps(wanted));
        // Less what sound takes, and what stands around payloads.
        let left = wanted as i32 * 6 / 10..wanted as i32 * 29 / 30;
        viewer.go_on_until(|_| bitrate(&sink).filter(|rate| left.contains(rate)));
    }
}

#[test]
fn packets_are_protected_by_aes_gcm_where_the_viewer_has_it_and_stats_say_so() {
    let (pipeline, mut viewer) = watched("", |config| config);
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    viewer.packets(10);
    let sink = pipeline.element("ws");
    let ciphers = viewer.go_on_until(|_| {
        let session = sink.property::<gst::Structure>("stats").get::<gst::Structure>("s").ok()?;
        let transport = session.get::<gst::Structure>("transport-stats_native").ok()?;
        Some(["srtp-cipher", "dtls-cipher"].map(|name| transport.get::<String>(name).unwrap()))
    });
    assert_eq!(ciphers, ["SRTP_AEAD_AES_256_GCM", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]);
}

/// Whether a packet of VP8 begins a frame, and whether that is a key frame (RFC 7741 sections 4.2 and 4.3).
fn frame_start(payload: &[u8]) -> Option<bool> {
    let mut at = 1;
    if payload[0] & 0x80 != 0 {
        let extended = payload[1];
        at = 2;
        if extended & 0x80 != 0 {
            at += if payload[2] & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(extended & 0x40 != 0) + usize::from(extended & 0x30 != 0);
    }
    (payload[0] & 0x1f == 0x10).then(|| payload[at] & 1 == 0)
}

#[test]
fn a_viewer_that_falls_behind_goes_on_at_key_units_and_misses_no_number() {
    // Coded before it comes in, and far above the start: nobody can lower its bitrate to what the pacer lets through
    // until the network is known.
    let source = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=30/1 \
                  ! vp8enc deadline=1 target-bitrate=4000000 keyframe-max-dist=15";
    let (_pipeline, mut viewer) = watched_from(source, "start-bitrate=100000", |config| config);
    viewer.answer_until(|offer| sent_lines(offer) == 1, |answer| answer);
    let first = viewer.packet();
    let (mut before, mut skipped) = (first.header.timestamp, 0);
    let seen = |packet: &RtpPacket| Seen::new(*packet.seq_no, packet.header.timestamp, &packet.payload);
    let mut picture = seen(&first).picture.unwrap();
    while skipped < 1 {
        let packet = viewer.packet();
        let next = seen(&packet);
        picture = (picture + u16::from(next.begins)) & 0x7fff;
        assert_eq!(next.picture, Some(picture), "a picture is missing");
        let step = packet.header.timestamp.wrapping_sub(before);
        before = packet.header.timestamp;
        if step > 3 * 3000 {
            assert_eq!(frame_start(&packet.payload), Some(true), "{step}");
            skipped += 1;
        }
    }
    viewer.watch_for(Duration::from_millis(500));
    assert_eq!(viewer.missing(*first.header.ssrc), 0);
}
