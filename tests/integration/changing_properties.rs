//! Properties that are set while the element plays: what reaches the sessions that are there, what those that come,
//! and what waits for the next start and says so.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::light::Habit;
use crate::support::{self, Pipeline};
use gst::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a network carries, in bit/s.
const GOOD: u32 = 3_000_000;
const BAD: u32 = 150_000;
/// Nothing of this takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sink whose pictures take as much as they may, and its viewers.
struct Stage {
    pipeline: Pipeline,
    sink: gst::Element,
    crowd: Crowd,
}

impl Stage {
    fn set(settings: &str) -> Self {
        let source =
            "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=15/1";
        let sink = "webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 max-bitrate=1200000";
        let pipeline = Pipeline::parse(&format!("{source} ! {sink} start-bitrate=1000000 {settings}"));
        let (direct, said) = Direct::new();
        let crowd = Crowd::at(&pipeline, direct, said);
        let sink = pipeline.element("ws");
        Self { pipeline, sink, crowd }
    }

    fn play(&self) {
        self.pipeline.play();
        support::has_caps(&self.sink);
    }

    fn invite(&self, session: &str, habit: Habit) {
        self.crowd.invite(session, Some(habit));
        self.crowd.until(session, "media", |guest| guest.packets > 10);
        // It knows what it is sent only now.
        self.crowd.behave(session, habit);
    }

    /// What the encoder runs at that serves a viewer.
    fn bitrate(&self, session: &str) -> Option<u32> {
        let stats = self.sink.property::<gst::Structure>("stats");
        let viewer = stats.get::<gst::Structure>(session).ok()?;
        let viewer = viewer.get::<gst::Structure>("consumer-stats").ok()?;
        let encoders = viewer.get::<gst::Array>("video-encoders").ok()?;
        let bitrate = encoders.first()?.get::<gst::Structure>().ok()?.get::<i32>("bitrate").ok()?;
        u32::try_from(bitrate).ok()
    }

    /// Waits until it is as it should be.
    fn until(&self, what: &str, session: &str, is_so: impl Fn(u32) -> bool) {
        let looked = std::cell::Cell::new(None);
        self.crowd.wait_within(PATIENCE, what, |_| {
            let rate = self.bitrate(session);
            if looked.replace(rate) != rate {
                eprintln!("waiting for {what}: {rate:?} bit/s");
            }
            rate.filter(|rate| is_so(*rate))
        });
    }
}

#[test]
fn bounds_that_change_reach_viewers_who_are_there() {
    let stage = Stage::set("transport=native");
    stage.play();
    stage.invite("viewer", Habit::Says(GOOD));
    stage.until("the old bound", "viewer", |rate| rate > 1_100_000);
    stage.sink.set_property("max-bitrate", 300_000u32);
    stage.until("less than the new bound", "viewer", |rate| rate <= 300_000);
    stage.sink.set_property("max-bitrate", 2_000_000u32);
    stage.until("more than the first bound", "viewer", |rate| rate > 1_500_000 && rate <= 2_000_000);
    stage.sink.set_property("min-bitrate", 700_000u32);
    stage.crowd.behave("viewer", Habit::Says(BAD));
    stage.until("the least that is allowed", "viewer", |rate| (700_000..800_000).contains(&rate));
    stage.sink.set_property("min-bitrate", 1000u32);
    stage.until("what the network carries", "viewer", |rate| rate < 200_000);
}

#[test]
fn bounds_that_change_reach_an_encoder_that_follows_no_network() {
    let stage = Stage::set("transport=native congestion-control=disabled");
    stage.play();
    stage.invite("viewer", Habit::Says(GOOD));
    stage.until("the old bound", "viewer", |rate| rate == 1_200_000);
    stage.sink.set_property("max-bitrate", 300_000u32);
    stage.until("the new bound", "viewer", |rate| rate == 300_000);
    stage.sink.set_property("max-bitrate", 2_000_000u32);
    stage.until("the last bound", "viewer", |rate| rate == 2_000_000);
}

#[test]
fn bounds_that_change_reach_a_session_through_webrtcbin_and_its_estimator() {
    let stage = Stage::set("transport=webrtcbin");
    let found = Arc::<Mutex<Option<gst::Element>>>::default();
    let estimator = found.clone();
    stage.sink.connect("consumer-added", false, move |values| {
        let found = found.clone();
        values[2].get::<gst::Bin>().unwrap().connect_deep_element_added(move |_, _, element| {
            if element.factory().is_some_and(|factory| factory.name() == "rtpgccbwe") {
                *found.lock().unwrap() = Some(element.clone());
            }
        });
        None
    });
    stage.play();
    stage.invite("viewer", Habit::Says(GOOD));
    stage.until("a bitrate", "viewer", |rate| rate > 500_000);
    stage.sink.set_property("max-bitrate", 300_000u32);
    stage.sink.set_property("min-bitrate", 20_000u32);
    let estimator = estimator.lock().unwrap().clone().unwrap();
    assert_eq!(estimator.property::<u32>("max-bitrate"), 300_000);
    assert_eq!(estimator.property::<u32>("min-bitrate"), 20_000);
    stage.until("less than the new bound", "viewer", |rate| rate <= 300_000);
}

#[test]
fn codecs_that_change_are_offered_to_viewers_who_come_and_those_who_are_there_go_on() {
    let stage = Stage::set("transport=native");
    stage.play();
    stage.invite("first", Habit::Says(GOOD));
    stage.sink.set_property_from_str("video-caps", "video/x-vp9; video/x-vp8");
    let offer = |session: &str| {
        stage.crowd.wait("offer", |all| all.get(session)?.offer.as_ref().map(ToString::to_string))
    };
    let first = offer("first");
    stage.crowd.invite("second", None);
    let second = offer("second");
    assert!(!first.contains("VP9"), "{first}");
    assert!(second.find("VP9").unwrap() < second.find("VP8").unwrap(), "{second}");
    // Those who take the same share an encoder, whose packets have one number.
    let number = |offer: &str| {
        let line = offer.lines().find(|line| line.contains("VP8/90000")).unwrap().to_owned();
        line.split(' ').next().unwrap().to_owned()
    };
    assert_eq!(number(&first), number(&second));
    let before = stage.crowd.of("first", |guest| guest.packets);
    stage.crowd.until("first", "more media", |guest| guest.packets > before + 20);
}

#[test]
fn an_encoder_lingers_as_long_as_was_said_last() {
    let stage = Stage::set("transport=native encoder-linger=0");
    let started = Arc::new(AtomicUsize::new(0));
    let count = started.clone();
    stage.sink.connect("encoder-setup", false, move |_| {
        count.fetch_add(1, SeqCst);
        Some(false.to_value())
    });
    stage.play();
    stage.invite("first", Habit::Says(GOOD));
    assert_eq!(started.load(SeqCst), 1);
    stage.sink.set_property("encoder-linger", 60_000u32);
    stage.crowd.leave("first");
    stage.crowd.invite("second", Some(Habit::Says(GOOD)));
    stage.crowd.until("second", "media", |guest| guest.packets > 10);
    stage.crowd.leave("second");
    stage.invite("third", Habit::Says(GOOD));
    assert_eq!(started.load(SeqCst), 1, "the encoder did not linger");
}

#[test]
fn what_all_sessions_agree_on_waits_for_the_next_start_and_the_application_is_told() {
    let stage = Stage::set("transport=native");
    stage.play();
    stage.invite("first", Habit::Says(GOOD));
    let names = [
        "rungs",
        "mtu",
        "encoder-sharing",
        "encoder-table",
        "congestion-control",
        "udp-port",
        "web-server-path",
    ];
    for name in names.into_iter().chain(["signalling-server-port"]) {
        let value = match name {
            "signalling-server-port" => 0u32.to_value(),
            "mtu" => 600u32.to_value(),
            "udp-port" => 0u32.to_value(),
            "rungs" => "1".to_value(),
            "web-server-path" => "page".to_value(),
            "encoder-table" => "table.toml".to_value(),
            "encoder-sharing" => gstrswebrtc::webrtcsink::WebRTCSinkEncoderSharing::Private.to_value(),
            _ => gstrswebrtc::webrtcsink::WebRTCSinkCongestionControl::Disabled.to_value(),
        };
        stage.sink.set_property_from_value(name, &value);
        let warning = stage.pipeline.warning();
        assert!(warning.contains(&format!("property {name} ")) && warning.contains("READY"), "{warning}");
    }
    // Who comes shares the first one's encoder.
    stage.invite("second", Habit::Says(GOOD));
    assert_eq!(stage.bitrate("second"), stage.bitrate("first"));
}
