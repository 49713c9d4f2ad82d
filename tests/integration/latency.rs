//! What delay is traded for, and where it goes.

use crate::support::across::across_for;
use crate::support::{VIDEO, Viewer, producer, under_both_transports, uri};
use crate::watching::watched;
use gst::prelude::*;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use str0m::rtp::Extension;

/// What packets say of the viewer's jitter buffer, in seconds.
fn told(settings: &str) -> Option<(f64, f64)> {
    let (_pipeline, mut viewer) =
        watched(settings, |config| config.set_extension(9, Extension::PlayoutDelay));
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    let values = viewer.packet().header.ext_vals;
    Some((values.play_delay_min?.as_seconds(), values.play_delay_max?.as_seconds()))
}

#[test]
fn a_profile_tells_viewers_how_long_to_hold_pictures_back() {
    assert_eq!(told("latency-profile=live"), Some((0.0, 0.1)));
    assert_eq!(told("latency-profile=smooth"), Some((0.2, 1.0)));
    assert_eq!(told("latency-profile=smooth playout-delay-min=50 playout-delay-max=60"), Some((0.05, 0.06)));
    assert_eq!(told(""), None);
}

#[test]
fn a_profile_sets_the_bounds_of_the_jitter_buffers_unless_the_application_does() {
    let viewer = Viewer::new("ws://127.0.0.1:1", "video", "video/x-raw", "latency-profile=live");
    let source = viewer.pipeline.element("src");
    let bounds = || ["jitter-buffer-min", "jitter-buffer-max"].map(|name| source.property::<u32>(name));
    assert_eq!(bounds(), [20, 150]);
    source.set_property("jitter-buffer-max", 90u32);
    source.set_property_from_str("latency-profile", "smooth");
    assert_eq!(bounds(), [90, 90]);
    source.set_property("jitter-buffer-min", 10u32);
    assert_eq!(bounds(), [10, 90]);
}

/// Nothing on one machine takes longer, however busy it is.
const LONGEST: Duration = Duration::from_secs(3);

#[test]
fn packets_say_when_their_frame_was_captured_once_a_second() {
    let (_pipeline, mut viewer) =
        watched("", |config| config.set_extension(9, Extension::AbsoluteCaptureTime));
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    let packets = viewer.watch_for(Duration::from_secs(5));
    let of = |packet: &str0m::rtp::RtpPacket| {
        Some((packet.header.timestamp, packet.header.ext_vals.abs_capture_time?.capture_time))
    };
    let told: Vec<_> = packets.iter().filter_map(of).collect();
    assert!((3..12).contains(&told.len()), "{told:?} in {} packets", packets.len());
    let now = SystemTime::now();
    let mut before = told[0];
    for (timestamp, captured) in told {
        let age = now.duration_since(captured).unwrap();
        assert!(age < Duration::from_secs(5) + LONGEST, "{age:?}");
        // Both clocks of the sender agree.
        let media = f64::from(timestamp.wrapping_sub(before.0)) / 90_000.0;
        let clock = captured.duration_since(before.1).unwrap_or_default().as_secs_f64();
        assert!((media - clock).abs() < 0.05, "{media} {clock}");
        before = (timestamp, captured);
    }
}

/// Nanoseconds since 1900 by this machine's clock.
fn now() -> u64 {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(unix.as_nanos()).unwrap() + 2_208_988_800_000_000_000
}

/// Frames that leave a viewer as `caps` say when they were captured.
fn says_when_frames_were_captured(settings: &str, source: &str, kind: &'static str, caps: &str) {
    let pipeline = producer(source, settings);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), kind, caps);
    let element = viewer.pipeline.element("src");
    let mut before = None;
    let (mut count, mut silent) = (0, 0);
    let delay = loop {
        let sample = viewer.sample();
        let buffer = sample.buffer().unwrap();
        let captured = buffer.meta::<gst::meta::ReferenceTimestampMeta>();
        let Some(captured) = captured else {
            silent += 1;
            assert!(count == 0 && silent < 100, "frames say nothing");
            continue;
        };
        assert!(captured.reference().structure(0).unwrap().name() == "timestamp/x-ntp");
        let captured = captured.timestamp().nseconds();
        let age = now().checked_sub(captured).map(Duration::from_nanos);
        assert!(age.is_some_and(|age| age < LONGEST), "{age:?}");
        assert!(before.is_none_or(|before| before <= captured));
        before = Some(captured);
        count += 1;
        let stats = element.property::<gst::Structure>("stats");
        let stream = stats.get::<gst::Structure>(&format!("{kind}_0")).unwrap();
        assert!(stats.get::<f64>("jitter-buffer-delay").unwrap() >= 0.05);
        // With the sender's reports, of which a busy machine may hold the first up: then the clock seems to be behind.
        if let Ok(delay) = stream.get::<f64>("end-to-end-delay")
            && delay > 0.0
        {
            break delay;
        }
        assert!(count < 1500, "{stats}");
    };
    assert!(delay > 0.0 && delay < LONGEST.as_secs_f64(), "{delay}");
    assert!(count > 0);
}

fn decoded_frames_say_when_they_were_captured(transport: &str) {
    says_when_frames_were_captured(transport, VIDEO, "video", "video/x-raw");
}

fn encoded_frames_say_when_they_were_captured(transport: &str) {
    says_when_frames_were_captured(transport, VIDEO, "video", "video/x-vp8");
}

fn sound_says_when_it_was_captured(transport: &str) {
    says_when_frames_were_captured(transport, crate::support::AUDIO, "audio", "audio/x-raw");
}

/// Where the milliseconds go on their way to the only viewer, in seconds.
fn delays(sink: &gst::Element) -> Option<[f64; 4]> {
    let id = sink.emit_by_name::<Vec<String>>("get-sessions", &[]).pop()?;
    let session = sink.property::<gst::Structure>("stats").get::<gst::Structure>(id.as_str()).ok()?;
    let streams = session.get::<gst::Structure>("consumer-stats").ok()?.get::<gst::Array>("streams").ok()?;
    let stream = streams.first()?.get::<gst::Structure>().ok()?;
    assert_eq!(stream.get("pad"), Ok("video_0"));
    let names = ["capture-to-encode-delay", "encode-delay", "send-delay", "network-delay"];
    let [to_encode, encode, send, network] = names.map(|name| stream.get::<f64>(name).ok());
    Some([to_encode?, encode?, send?, network?])
}

fn the_default_adds_less_than_a_frame_on_the_sending_side(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let sink = pipeline.element("ws");
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-vp8");
    // The viewer's first report on the round trip comes after some seconds; and a second may be another program's.
    let mut least = f64::INFINITY;
    let within = (0..30).any(|_| {
        viewer.samples(30);
        let Some([to_encode, encode, send, network]) = delays(&sink) else { return false };
        assert!(encode > 0.0 && send > 0.0 && (0.0..2.0).contains(&network), "{encode} {send} {network}");
        least = least.min(to_encode + encode + send);
        least < 1.0 / 30.0
    });
    assert!(within, "{least} s");
}

#[test]
fn jitter_buffers_make_room_for_a_retransmission_by_the_measured_round_trip() {
    let across = across_for("", "congestion-control=disabled", |sdp| sdp);
    let weather = &across.network.weather;
    across.viewer.samples(10);
    weather.delay.store(150, Ordering::SeqCst);
    weather.loss.store(20, Ordering::SeqCst);
    let source = across.viewer.pipeline.element("src");
    let mut seen = (0..40).map(|_| {
        across.viewer.samples(15);
        let stats = source.property::<gst::Structure>("stats");
        (stats.get::<f64>("jitter-buffer-delay").unwrap(), stats.get::<f64>("round-trip-time").unwrap_or(0.0))
    });
    let room = |(buffer, round_trip): &(f64, f64)| *round_trip >= 0.15 && *buffer >= *round_trip + 0.04;
    assert!(seen.any(|seen| room(&seen)), "the jitter buffers did not grow");
}

#[test]
fn what_is_only_late_is_not_asked_for_again() {
    // Each picture is many packets, which the sender's pacer spreads.
    let source = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=640,height=360,framerate=30/1";
    let pipeline = producer(source, "transport=native");
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-vp8");
    viewer.samples(90);
    let mut all = viewer.pipeline.0.iterate_recurse().into_iter().flatten();
    let buffer = all.find(|element| element.factory().is_some_and(|made| made.name() == "rtpjitterbuffer"));
    let stats = buffer.unwrap().property::<gst::Structure>("stats");
    let count = |name: &str| stats.get::<u64>(name).unwrap();
    assert!(count("num-pushed") > 500, "{stats}");
    assert!(count("rtx-count") <= 5, "{stats}");
}

under_both_transports!(
    the_default_adds_less_than_a_frame_on_the_sending_side,
    decoded_frames_say_when_they_were_captured,
    encoded_frames_say_when_they_were_captured,
    sound_says_when_it_was_captured,
);
