//! Media over an emulated link.

use crate::support::emulated::{PRODUCER, Scenario, Stage, say};
use crate::support::{self, Viewer};
use gst::prelude::*;
use link::{Direction, Shape};
use std::time::{Duration, Instant};

const RATE: u64 = 2_000_000;
/// What an encoder begins with, and may have, that has to find out that the link carries more.
const START: u64 = 800_000;
const MOST: u64 = 1_200_000;
/// What a link carries that is too narrow for what encoders begin with.
const NARROW: u64 = 1_200_000;
/// From the first picture on, until what is sent has to fit it.
const SETTLED: Duration = Duration::from_secs(8);
/// For so long what is sent is watched once it has grown.
const WATCHED: Duration = Duration::from_secs(5);

/// Moving detail, of which an encoder makes as much as it may.
const DETAIL: &str = "videotestsrc is-live=true pattern=zone-plate kx2=30 ky2=30 kt=3 \
                      ! video/x-raw,format=I420,width=640,height=360,framerate=30/1";

/// Says where it can be viewed, then what its encoder is set to, ten times a second.
fn produce(settings: &str) {
    let settings = format!("signalling-server-host={PRODUCER} video-caps=video/x-vp8 {settings}");
    let pipeline = support::producer(DETAIL, &settings);
    let sink = pipeline.element("ws");
    say(support::uri(&sink));
    let bitrate = |stats: gst::Structure| {
        let session = stats.iter().find_map(|(_, session)| session.get::<gst::Structure>().ok())?;
        let consumer = session.get::<gst::Structure>("consumer-stats").ok()?;
        let encoders = consumer.get::<gst::Array>("video-encoders").ok()?;
        encoders.first()?.get::<gst::Structure>().ok()?.get::<i32>("bitrate").ok()
    };
    each_tenth_of_a_second(|| {
        if let Some(bitrate) = bitrate(sink.property("stats")) {
            say(bitrate);
        }
    });
}

/// Says each picture that it gets.
fn view(uri: &str) {
    let viewer = Viewer::play(uri, "video", "video/x-raw");
    loop {
        viewer.sample();
        say("picture");
    }
}

/// Until killed.
fn each_tenth_of_a_second(deed: impl Fn()) {
    let (_nobody, never) = std::sync::mpsc::channel::<()>();
    while never.recv_timeout(Duration::from_millis(100)).is_err() {
        deed();
    }
}

fn watch_it_grow(stage: &mut Stage) {
    let producer = stage.producer();
    let viewer = stage.viewer(&producer.says());
    viewer.says();
    let enough = |bitrate: String| bitrate.parse::<u64>().unwrap() > MOST * 9 / 10;
    assert!(!enough(producer.says()), "it began with more than it was told to");
    let end = Instant::now() + 2 * support::DEADLINE;
    while !enough(producer.says()) {
        assert!(Instant::now() < end, "nobody found out that the link carries more than {START} bit/s");
    }
    viewer.says_within(Duration::ZERO);
    let before = stage.network.counters(Direction::LeftToRight);
    let pictures = viewer.says_within(WATCHED).len();
    let passed = stage.network.counters(Direction::LeftToRight).since(&before);

    let waited = passed.waited.quantile(0.95).unwrap();
    let told = format!(
        "{pictures} pictures, waited {waited:?}, {:?} dropped of {:?}",
        passed.dropped, passed.offered
    );
    assert!(waited < Duration::from_millis(100), "the queue of the link stood: {told}");
    assert_eq!(passed.dropped.packets, 0, "more was sent than the link carries: {told}");
    assert!(pictures as u64 > 25 * WATCHED.as_secs(), "the picture stood: {told}");
}

fn watch_it_fit(stage: &mut Stage) {
    let producer = stage.producer();
    let viewer = stage.viewer(&producer.says());
    viewer.says();
    producer.says_within(SETTLED);
    viewer.says_within(Duration::ZERO);
    let before = stage.network.counters(Direction::LeftToRight);
    let bitrates = producer.says_within(WATCHED);
    let pictures = viewer.says_within(Duration::ZERO).len();
    let passed = stage.network.counters(Direction::LeftToRight).since(&before);

    let bitrates = bitrates.iter().map(|bitrate| bitrate.parse::<u64>().unwrap());
    let mean = bitrates.clone().sum::<u64>() / bitrates.count() as u64;
    let [mostly, waited] = [0.5, 0.95].map(|share| passed.waited.quantile(share).unwrap());
    let used = passed.passed.bytes * 8 * 100 / WATCHED.as_secs() / NARROW;
    let told = format!(
        "{mean} bit/s, {used} % used, {pictures} pictures, waited {mostly:?} and {waited:?}, {:?} dropped of {:?}",
        passed.dropped, passed.offered
    );
    assert!(mean < NARROW, "the encoder was set to more than the link carries: {told}");
    assert!(used > 60, "the link was left empty: {told}");
    assert!(mostly < Duration::from_millis(50), "the queue of the link stood: {told}");
    assert!(pictures as u64 > 15 * WATCHED.as_secs(), "the picture stood: {told}");
}

fn scenario(name: &'static str, rate: u64, producer: fn(), watch: fn(&mut Stage)) {
    let back = Shape { delay: Duration::from_millis(20), ..Shape::default() };
    let towards = Shape { rate: Some(rate), ..back };
    Scenario { name, towards, back, producer, viewer: view, watch }.run();
}

/// The settings of a producer that begins with less than the link carries.
fn modest(transport: &str) -> String {
    format!("start-bitrate={START} max-bitrate={MOST} transport={transport}")
}

#[test]
fn through_webrtcbin_the_picture_grows_into_the_link_and_leaves_its_queue_short() {
    let name =
        "emulated_networks::through_webrtcbin_the_picture_grows_into_the_link_and_leaves_its_queue_short";
    scenario(name, RATE, || produce(&modest("webrtcbin")), watch_it_grow);
}

#[test]
fn through_the_native_transport_the_picture_grows_into_the_link_and_leaves_its_queue_short() {
    let name = "emulated_networks::through_the_native_transport_the_picture_grows_into_the_link_and_leaves_its_queue_short";
    scenario(name, RATE, || produce(&modest("native")), watch_it_grow);
}

#[test]
fn through_the_native_transport_the_picture_shrinks_to_a_narrow_link_and_leaves_its_queue_short() {
    let name = "emulated_networks::through_the_native_transport_the_picture_shrinks_to_a_narrow_link_and_leaves_its_queue_short";
    scenario(name, NARROW, || produce("transport=native"), watch_it_fit);
}
