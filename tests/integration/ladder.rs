//! Viewers on the rungs of a ladder: each is sent what its network carries, and sees of a switch another size.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::light::Habit;
use crate::support::seen::Seen;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What networks carry, in bit/s.
pub(crate) const GOOD: u32 = 3_000_000;
pub(crate) const BAD: u32 = 120_000;
/// All of the pixels, and a quarter.
pub(crate) const LARGE: (u16, u16) = (640, 480);
pub(crate) const SMALL: (u16, u16) = (320, 240);
/// Nothing of this takes longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// A sink whose pictures take as much as they may, and its viewers.
pub(crate) struct Stage {
    pub(crate) pipeline: Pipeline,
    pub(crate) crowd: Crowd,
    /// What measures the network of a session through webrtcbin.
    estimators: Arc<Mutex<HashMap<String, gst::Element>>>,
}

impl Stage {
    pub(crate) fn set(settings: &str) -> Self {
        let source =
            "videotestsrc is-live=true pattern=snow ! video/x-raw,width=640,height=480,framerate=30/1";
        let sink = "webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 max-bitrate=1200000";
        let pipeline = Pipeline::parse(&format!("{source} ! {sink} start-bitrate=1000000 {settings}"));
        let (direct, said) = Direct::new();
        let crowd = Crowd::at(&pipeline, direct, said);
        let estimators = Arc::<Mutex<HashMap<_, _>>>::default();
        if settings.contains("webrtcbin") {
            let found = estimators.clone();
            pipeline.element("ws").connect("consumer-added", false, move |values| {
                let bin = values[2].get::<gst::Bin>().unwrap();
                let session = bin.name().strip_prefix("webrtcbin-").unwrap().to_owned();
                let found = found.clone();
                bin.connect_deep_element_added(move |_, _, element| {
                    if element.factory().is_some_and(|factory| factory.name() == "rtpgccbwe") {
                        found.lock().unwrap().insert(session.clone(), element.clone());
                    }
                });
                None
            });
        }
        pipeline.play();
        crate::support::has_caps(&pipeline.element("ws"));
        Self { pipeline, crowd, estimators }
    }

    /// A viewer comes whose network is good, and is sent pictures of this size.
    pub(crate) fn invite(&self, session: &str, size: (u16, u16)) {
        self.crowd.invite(session, Some(Habit::Says(GOOD)));
        self.crowd.until(session, "media", |guest| guest.packets > 30);
        self.carries(session, GOOD);
        self.crowd.ask(session);
        until(&self.crowd, session, "pictures", |sent| sent == size);
    }

    /// A viewer's network carries so much from now on.
    pub(crate) fn carries(&self, session: &str, rate: u32) {
        match self.estimators.lock().unwrap().get(session) {
            None => self.crowd.behave(session, Habit::Says(rate)),
            Some(estimator) => {
                estimator.set_property("min-bitrate", 1u32);
                estimator.set_property("max-bitrate", rate);
                estimator.set_property("min-bitrate", rate);
                estimator.set_property("estimated-bitrate", rate);
            }
        }
    }

    /// Counts encoders from now on.
    fn encoders(&self) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        self.pipeline.element("ws").connect("encoder-setup", false, move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Some(false.to_value())
        });
        count
    }

    /// What the statistics say of the encoder of a viewer's pictures.
    pub(crate) fn encoder(&self, session: &str) -> gst::Structure {
        let stats = self.pipeline.element("ws").property::<gst::Structure>("stats");
        let viewer = stats.get::<gst::Structure>(session).unwrap();
        let viewer = viewer.get::<gst::Structure>("consumer-stats").unwrap();
        viewer.get::<gst::Array>("video-encoders").unwrap()[0].get().unwrap()
    }
}

/// Waits until a viewer is sent pictures of such a size.
pub(crate) fn until(crowd: &Crowd, session: &str, what: &str, is_so: impl Fn((u16, u16)) -> bool) {
    crowd.wait_within(PATIENCE, what, |all| {
        let guest = &all[session];
        assert!(guest.ended.is_none(), "{session} was ended before {what}: {:?}", guest.ended);
        let came = guest.joined.as_ref()?.came.lock().unwrap();
        came.iter().rev().find_map(|packet| packet.size).filter(|size| is_so(*size))
    });
}

/// The sizes of all pictures that came to a viewer.
fn sizes(crowd: &Crowd, session: &str) -> Vec<(u16, u16)> {
    came(crowd, session).iter().filter_map(|packet| packet.size).collect()
}

/// All that came to a viewer.
pub(crate) fn came(crowd: &Crowd, session: &str) -> Vec<Seen> {
    let mut came = crowd.of(session, |guest| guest.joined.as_ref().unwrap().came.lock().unwrap().clone());
    came.sort_by_key(|packet| packet.sequence);
    came
}

/// Whether one packet follows the other, and one picture, in time.
pub(crate) fn follows_on(came: &[Seen]) {
    for pair in came.windows(2) {
        let [one, next] = pair else { unreachable!() };
        assert_eq!(next.sequence, one.sequence + 1, "packets are missing: {pair:?}");
        if next.begins {
            assert_eq!(
                next.picture,
                one.picture.map(|id| (id + 1) & 0x7fff),
                "pictures are missing: {pair:?}"
            );
            let step = next.timestamp.wrapping_sub(one.timestamp);
            // Thirty a second; a machine that is busy may leave some out, and an encoder that is told to make a tenth.
            assert!((1..30 * 3000).contains(&step), "{step}: {pair:?}");
        } else {
            assert_eq!((next.picture, next.timestamp), (one.picture, one.timestamp), "{pair:?}");
        }
    }
}

fn a_viewer_whose_network_gets_worse_and_better_sees_other_sizes_and_nothing_else(transport: &str) {
    let stage = Stage::set(transport);
    stage.invite("v", LARGE);
    for _ in 0..2 {
        stage.carries("v", BAD);
        until(&stage.crowd, "v", "small pictures", |size| size == SMALL);
        stage.carries("v", GOOD);
        until(&stage.crowd, "v", "large pictures", |size| size == LARGE);
    }
    let before = stage.crowd.of("v", |guest| guest.packets);
    stage.crowd.until("v", "more of them", |guest| guest.packets > before + 100);
    follows_on(&came(&stage.crowd, "v"));
}

fn one_of_several_whose_network_gets_bad_goes_down_alone(transport: &str) {
    let stage = Stage::set(transport);
    let others = ["a", "b"];
    for session in ["a", "b", "c"] {
        stage.invite(session, LARGE);
    }
    stage.carries("c", BAD);
    until(&stage.crowd, "c", "small pictures", |size| size == SMALL);
    let before = stage.crowd.of("c", |guest| guest.packets);
    stage.crowd.until("c", "more of them", |guest| guest.packets > before + 60);
    for session in others {
        assert!(sizes(&stage.crowd, session).iter().all(|size| *size == LARGE));
        let encoder = stage.encoder(session);
        assert!(encoder.get::<i32>("bitrate").unwrap() > 1_100_000, "{encoder}");
        assert_eq!(encoder.get("rung"), Ok(0u32));
    }
    let encoder = stage.encoder("c");
    assert!(encoder.get::<i32>("bitrate").unwrap() <= 130_000, "{encoder}");
    assert_eq!(
        (encoder.get("rung"), encoder.get("width"), encoder.get("height")),
        (Ok(2u32), Ok(320), Ok(240))
    );
    for session in ["a", "b", "c"] {
        follows_on(&came(&stage.crowd, session));
    }
}

/// Waits for something about the encoder of a viewer's pictures, as long as pictures come.
pub(crate) fn encoder_until(stage: &Stage, session: &str, is_so: impl Fn(&gst::Structure) -> bool) {
    for _ in 0..200 {
        let before = stage.crowd.of(session, |guest| guest.packets);
        stage.crowd.until(session, "more packets", |guest| guest.packets > before + 2);
        if is_so(&stage.encoder(session)) {
            return;
        }
    }
    panic!("still {}", stage.encoder(session));
}

pub(crate) fn bitrate(encoder: &gst::Structure) -> i32 {
    encoder.get("bitrate").unwrap()
}

#[test]
fn an_encoder_of_ones_own_is_followed_down_by_nobody_else() {
    let stage = Stage::set("transport=native encoder-sharing=private");
    let encoders = stage.encoders();
    stage.invite("a", LARGE);
    stage.invite("b", LARGE);
    assert_eq!(encoders.load(Ordering::SeqCst), 2);
    encoder_until(&stage, "b", |encoder| bitrate(encoder) > 1_100_000);
    stage.carries("a", BAD);
    until(&stage.crowd, "a", "small pictures", |size| size == SMALL);
    assert!(bitrate(&stage.encoder("a")) <= 130_000);
    assert!(bitrate(&stage.encoder("b")) > 1_100_000);
    assert_eq!(encoders.load(Ordering::SeqCst), 3);
    follows_on(&came(&stage.crowd, "a"));
}

#[test]
fn a_single_encoder_serves_all_in_one_size() {
    let stage = Stage::set("transport=native encoder-sharing=single enable-mitigation-modes=none");
    let encoders = stage.encoders();
    for session in ["a", "b", "c"] {
        stage.invite(session, LARGE);
    }
    stage.carries("a", BAD);
    stage.carries("b", BAD);
    encoder_until(&stage, "c", |encoder| bitrate(encoder) <= 130_000);
    assert_eq!(encoders.load(Ordering::SeqCst), 1);
    for session in ["a", "b", "c"] {
        assert!(sizes(&stage.crowd, session).iter().all(|size| *size == LARGE));
    }
}

#[test]
fn nothing_is_decided_where_congestion_control_is_disabled() {
    let stage = Stage::set("transport=native congestion-control=disabled");
    stage.invite("v", LARGE);
    stage.carries("v", BAD);
    let before = stage.crowd.of("v", |guest| guest.packets);
    stage.crowd.until("v", "more packets", |guest| guest.packets > before + 300);
    assert_eq!(bitrate(&stage.encoder("v")), 1_200_000);
    assert!(sizes(&stage.crowd, "v").iter().all(|size| *size == LARGE));
}

#[test]
fn rungs_may_leave_frames_out_and_one_that_all_have_left_stops() {
    let stage = Stage::set("transport=native rungs=\"1,1/4@1/2\" encoder-linger=0");
    let (gone, is_gone) = channel();
    let gone = Mutex::new(gone);
    stage.pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let gone = gone.lock().unwrap().clone();
        values[3].get::<gst::Element>().unwrap().add_weak_ref_notify(move || {
            let _ = gone.send(());
        });
        Some(false.to_value())
    });
    stage.invite("v", LARGE);
    stage.carries("v", BAD);
    until(&stage.crowd, "v", "small pictures", |size| size == SMALL);
    is_gone.recv_timeout(DEADLINE).expect("the encoder of large pictures never stopped");
    let before = stage.crowd.of("v", |guest| guest.packets);
    stage.crowd.until("v", "more of them", |guest| guest.packets > before + 40);
    let came = came(&stage.crowd, "v");
    follows_on(&came);
    let first = came.iter().rposition(|packet| packet.size == Some(SMALL)).unwrap();
    let times: Vec<_> = came[first..].iter().filter(|packet| packet.begins).map(|p| p.timestamp).collect();
    let steps = times.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    // Half of thirty a second, or less on a busy machine.
    assert!(steps.into_iter().skip(1).all(|step| step >= 5990), "{times:?}");
}

#[test]
fn a_rung_that_fails_is_left_out_and_its_viewers_go_on_with_another() {
    let stage = Stage::set("transport=native rungs=1,1/4");
    let made = Arc::new(AtomicUsize::new(0));
    stage.pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let encoder = values[3].get::<gst::Element>().unwrap();
        if made.fetch_add(1, Ordering::SeqCst) == 1 {
            // After some pictures.
            let frames = AtomicUsize::new(0);
            let pad = encoder.static_pad("src").unwrap();
            let encoder = encoder.downgrade();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                if frames.fetch_add(1, Ordering::SeqCst) == 20 {
                    gst::element_error!(encoder.upgrade().unwrap(), gst::LibraryError::Encode, ("broken"));
                }
                gst::PadProbeReturn::Ok
            });
        }
        Some(false.to_value())
    });
    stage.invite("v", LARGE);
    stage.carries("v", BAD);
    until(&stage.crowd, "v", "small pictures", |size| size == SMALL);
    until(&stage.crowd, "v", "large pictures again", |size| size == LARGE);
    let before = stage.crowd.of("v", |guest| guest.packets);
    stage.crowd.until("v", "more of them", |guest| guest.packets > before + 40);
    assert_eq!(stage.encoder("v").get("rung"), Ok(0u32));
    follows_on(&came(&stage.crowd, "v"));
}

fn a_sink_stops_in_time_while_a_viewer_goes_from_one_rung_to_another(transport: &str) {
    for pause in [0, 5, 30] {
        let stage = Stage::set(transport);
        stage.invite("v", LARGE);
        let (began, begins) = channel();
        let began = Mutex::new(began);
        stage.pipeline.element("ws").connect("encoder-setup", false, move |_| {
            let _ = began.lock().unwrap().send(());
            Some(false.to_value())
        });
        stage.carries("v", BAD);
        begins.recv_timeout(DEADLINE).expect("no other encoder was made");
        let _ = begins.recv_timeout(Duration::from_millis(pause));
        let took = stage.pipeline.stop();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[test]
fn rungs_that_cannot_be_read_are_refused_with_their_cure() {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink rungs=\"1, 3/2\""));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err());
    let text = pipeline.error();
    assert!(text.contains("property rungs") && text.contains("3/2") && text.contains("1/4@1/2"), "{text}");
}

crate::support::under_both_transports!(
    a_viewer_whose_network_gets_worse_and_better_sees_other_sizes_and_nothing_else,
    one_of_several_whose_network_gets_bad_goes_down_alone,
    a_sink_stops_in_time_while_a_viewer_goes_from_one_rung_to_another,
);
