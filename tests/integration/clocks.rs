//! Whose time RTP timestamps are (RFC 7273): what descriptions say, whether packets keep it, and what receivers make of it.

use crate::support::ntp::Ntp;
use crate::support::picture::{self, Numbered};
use crate::support::{AUDIO, DEADLINE, Pipeline, SINK, VIDEO, Viewer, init, registered, uri};
use gst::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

/// Nothing on one machine takes longer, however busy it is.
const LONGEST: Duration = Duration::from_secs(3);
/// By how much the clock of the tests is ahead of the machine's.
const AHEAD: Duration = Duration::from_secs(1000);
/// What two receivers of one instant may be apart at most: their clocks are estimates of the server's, on a busy machine.
const APART: Duration = Duration::from_millis(20);
/// What timestamps may be off: less than a tick of them, and what producers round.
const TICK: Duration = Duration::from_micros(50);

/// A producer that is registered, by this clock.
fn producer(source: &str, settings: &str, clock: &gst::Clock) -> Pipeline {
    let pipeline = Pipeline::parse(&format!("{source} ! {SINK} do-clock-signalling=true {settings}"));
    pipeline.0.use_clock(Some(clock));
    pipeline.play();
    registered(&pipeline.element("ws"));
    pipeline
}

/// What an offer says of clocks.
fn said(settings: &str, clock: Option<&gst::Clock>) -> Vec<String> {
    use crate::support::direct::{Direct, Said};
    use gstrswebrtc::signaller::SignallableExt;
    let sink = format!("webrtcsink name=ws stun-server=\"\" {settings}");
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {sink} {AUDIO} ! ws."));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.0.use_clock(clock);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    direct.session_requested("s", "viewer", None);
    loop {
        if let Said::Description(_, _, sdp) = said.recv_timeout(DEADLINE).unwrap() {
            let clocks = |line: &&str| line.starts_with("a=ts-refclk") || line.starts_with("a=mediaclk");
            return sdp.lines().filter(clocks).map(str::to_owned).collect();
        }
    }
}

fn offers_say_whose_time_timestamps_are_where_that_is_wanted(transport: &str) {
    init();
    let signalling = format!("{transport} do-clock-signalling=true");
    let own = ["a=ts-refclk:local", "a=mediaclk:sender"].repeat(2);
    assert_eq!(said(transport, None), Vec::<String>::new());
    assert_eq!(said(&signalling, Some(&gst::SystemClock::obtain())), own);
    let ntp = gst_net::NtpClock::new(None, "127.0.0.1", 5, gst::ClockTime::ZERO);
    let direct = ["a=ts-refclk:ntp=127.0.0.1:5", "a=mediaclk:direct=0"].repeat(2);
    assert_eq!(said(&signalling, Some(ntp.upcast_ref())), direct);
}

/// The time by the clock that a frame says that it was captured at, once it says so by the clock of the server.
fn referred(sample: &gst::Sample, ntp: &Ntp) -> Option<gst::ClockTime> {
    let buffer = sample.buffer().unwrap();
    let meta = buffer.meta::<gst::meta::ReferenceTimestampMeta>()?;
    let reference = meta.reference().structure(0).unwrap();
    assert_eq!(reference.name(), "timestamp/x-ntp");
    assert_eq!(reference.get("host"), Ok("127.0.0.1"));
    assert_eq!(reference.get("port"), Ok(i32::from(ntp.port())));
    Some(meta.timestamp())
}

/// Frames that leave a viewer are as old as they can be, by the clock of the server.
fn keeps_time(source: &str, kind: &'static str, caps: &str, settings: &str) {
    let ntp = Ntp::start(AHEAD);
    let clock = ntp.clock();
    let pipeline = producer(source, settings, &clock);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), kind, caps);
    let is_right = |count: usize| {
        for _ in 0..count {
            let captured = referred(&viewer.sample(), &ntp).expect("a frame says nothing");
            let age = clock.time().checked_sub(captured).map(Duration::from);
            assert!(age.is_some_and(|age| age < LONGEST), "{age:?}");
        }
    };
    is_right(20);
    // Its base time is another afterwards.
    pipeline.0.set_state(gst::State::Paused).unwrap();
    viewer.count_for(Duration::from_millis(400));
    pipeline.0.set_state(gst::State::Playing).unwrap();
    viewer.samples(5);
    is_right(20);
}

fn timestamps_of_pictures_are_the_clocks_time_also_after_a_pause(transport: &str) {
    keeps_time(VIDEO, "video", "video/x-raw", transport);
}

#[test]
fn timestamps_of_sound_are_the_clocks_time_also_after_a_pause() {
    keeps_time(AUDIO, "audio", "audio/x-raw", "");
}

#[test]
fn jitter_buffers_follow_the_clock_that_a_producer_names_only_where_they_are_told_to() {
    // They ask it, whatever host it is.
    let ntp = Ntp::start(AHEAD);
    let pipeline = producer(VIDEO, "", &ntp.clock());
    for follows in [false, true] {
        let settings = format!("rfc7273-sync={follows}");
        let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", "video/x-raw", &settings);
        viewer.pipeline.play();
        viewer.samples(5);
        let mut all = viewer.pipeline.0.iterate_recurse().into_iter().flatten();
        let is_buffer =
            |element: &gst::Element| element.factory().is_some_and(|made| made.name() == "rtpjitterbuffer");
        let buffer = all.find(is_buffer).unwrap();
        let caps = buffer.emit_by_name::<Option<gst::Caps>>("request-pt-map", &[&96u32]).unwrap();
        let caps = caps.structure(0).unwrap();
        let server = format!("ntp=127.0.0.1:{}", ntp.port());
        let expected = follows.then_some((server.as_str(), "direct=0"));
        assert_eq!(caps.get("a-ts-refclk").ok().zip(caps.get("a-mediaclk").ok()), expected, "{caps}");
    }
}

/// The instants, by the pipeline's clock, at which a viewer shows numbered pictures.
fn shown(viewer: &Viewer, base_time: gst::ClockTime) -> HashMap<u16, (gst::ClockTime, gst::ClockTime)> {
    let mut all = HashMap::new();
    for sample in viewer.samples(30) {
        let segment = sample.segment().unwrap().downcast_ref::<gst::ClockTime>().unwrap().clone();
        let running = segment.to_running_time(sample.buffer().unwrap().pts()).unwrap();
        let captured = sample.buffer().unwrap().meta::<gst::meta::ReferenceTimestampMeta>();
        let captured = captured.map_or(gst::ClockTime::ZERO, |meta| meta.timestamp());
        all.insert(picture::number(&sample), (base_time + running, captured));
    }
    all
}

fn what_two_producers_capture_at_once_leaves_two_viewers_with_one_time(transport: &str) {
    let ntp = Ntp::start(AHEAD);
    let clock = ntp.clock();
    let producers = [0, 1].map(|_| producer(&picture::source(), transport, &clock));
    let numbered = Numbered::start([&producers[0], &producers[1]], &clock);
    let viewers = producers.each_ref().map(|producer| {
        let settings = "rfc7273-sync=true jitter-buffer-min=500";
        let viewer = Viewer::new(&uri(&producer.element("ws")), "video", "video/x-raw,format=I420", settings);
        viewer.pipeline.0.use_clock(Some(&clock));
        viewer.pipeline.play();
        viewer
    });
    viewers.iter().for_each(|viewer| drop(viewer.samples(15)));

    let [one, other] = viewers.each_ref().map(|viewer| shown(viewer, viewer.pipeline.0.base_time().unwrap()));
    let pushed = numbered.stop();
    let both: Vec<_> =
        one.iter().filter_map(|(number, at)| Some((*at, *other.get(number)?, pushed[number]))).collect();
    assert!(both.len() >= 10, "{} pictures", both.len());
    for ((one, captured), (other, others), pushed) in both {
        let off = |time: gst::ClockTime| Duration::from(time.absdiff(pushed));
        assert!(off(captured) < TICK && off(others) < TICK, "{captured} {others}, at {pushed}");
        assert!(off(one) < APART && off(other) < APART, "{one} {other}, at {pushed}");
        assert!(Duration::from(one.absdiff(other)) < APART, "{one} {other}");
    }
}

crate::support::under_both_transports!(
    offers_say_whose_time_timestamps_are_where_that_is_wanted,
    timestamps_of_pictures_are_the_clocks_time_also_after_a_pause,
    what_two_producers_capture_at_once_leaves_two_viewers_with_one_time,
);
