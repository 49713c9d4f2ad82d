//! Who decides what each stream of a viewer gets: signal `define-encoder-bitrates`.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::light::Habit;
use crate::support::{Pipeline, VIDEO};
use gst::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The encoder made last for each pad.
type Encoders = Arc<Mutex<HashMap<String, gst::Element>>>;

/// A sink with two streams of pictures, and its viewers.
struct Stage {
    crowd: Crowd,
    encoders: Encoders,
    estimator: Arc<Mutex<Option<gst::Element>>>,
    _pipeline: Pipeline,
}

impl Stage {
    fn set(
        settings: &str,
        divide: impl Fn(&str, i32, gst::Structure) -> Option<gst::Structure> + Send + Sync + 'static,
    ) -> Self {
        let sink = "webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 rungs=1";
        let pipeline = Pipeline::parse(&format!("{sink} {settings} {VIDEO} ! ws. {VIDEO} ! ws."));
        let (direct, said) = Direct::new();
        let crowd = Crowd::at(&pipeline, direct, said);
        let (encoders, estimator) = (Encoders::default(), Arc::<Mutex<_>>::default());
        let ws = pipeline.element("ws");
        let made = encoders.clone();
        ws.connect("encoder-setup", false, move |values| {
            made.lock().unwrap().insert(values[2].get().unwrap(), values[3].get().unwrap());
            Some(false.to_value())
        });
        ws.connect("define-encoder-bitrates", false, move |values| {
            let (viewer, all) = (values[1].get::<String>().unwrap(), values[2].get().unwrap());
            Some(divide(&viewer, all, values[3].get().unwrap()).to_value())
        });
        if settings.contains("webrtcbin") {
            let found = estimator.clone();
            ws.connect("consumer-added", false, move |values| {
                let found = found.clone();
                values[2].get::<gst::Bin>().unwrap().connect_deep_element_added(move |_, _, element| {
                    if element.factory().is_some_and(|factory| factory.name() == "rtpgccbwe") {
                        *found.lock().unwrap() = Some(element.clone());
                    }
                });
                None
            });
        }
        pipeline.play();
        for pad in ["video_0", "video_1"] {
            crate::support::has_caps_on(&ws, pad);
        }
        Self { crowd, encoders, estimator, _pipeline: pipeline }
    }

    /// A viewer's network carries so much.
    fn carries(&self, session: &str, rate: u32) {
        self.crowd.behave(session, Habit::Says(rate));
        if let Some(estimator) = &*self.estimator.lock().unwrap() {
            estimator.set_property("min-bitrate", 1u32);
            estimator.set_property("max-bitrate", rate);
            estimator.set_property("min-bitrate", rate);
            estimator.set_property("estimated-bitrate", rate);
        }
    }

    /// What the encoders of both streams are told to make.
    fn rates(&self) -> Vec<i32> {
        let encoders = self.encoders.lock().unwrap();
        ["video_0", "video_1"].iter().map(|pad| encoders[*pad].property("target-bitrate")).collect()
    }

    /// Waits until the encoders make about this, as long as media comes.
    fn make(&self, session: &str, wanted: [i32; 2]) {
        let fits = |rate: i32, wanted: i32| (rate - wanted).abs() <= wanted / 20 + 1;
        for _ in 0..200 {
            let before = self.crowd.of(session, |guest| guest.packets);
            self.crowd.until(session, "more packets", |guest| guest.packets > before + 2);
            if self.rates().iter().zip(wanted).all(|(rate, wanted)| fits(*rate, wanted)) {
                return;
            }
        }
        panic!("{:?} instead of {wanted:?}", self.rates());
    }
}

fn bitrates() -> gst::structure::Builder {
    gst::Structure::builder("webrtcsink/encoder-bitrates")
}

fn three_quarters(all: i32) -> gst::Structure {
    bitrates().field("video_0", all / 4 * 3).field("video_1", all / 4).build()
}

fn two_streams_share_what_the_network_carries_as_a_handler_says(transport: &str) {
    let calls = Arc::<Mutex<Vec<_>>>::default();
    let called = calls.clone();
    let settings = format!("{transport} max-bitrate=2000000 start-bitrate=500000");
    let stage = Stage::set(&settings, move |viewer, all, shares| {
        called.lock().unwrap().push((viewer.to_owned(), all, shares));
        Some(three_quarters(all))
    });
    stage.crowd.invite("v", Some(Habit::Says(1_200_000)));
    stage.crowd.until("v", "media", |guest| guest.packets > 30);
    stage.carries("v", 1_200_000);
    // Headers take a thirtieth.
    stage.make("v", [870_000, 290_000]);
    stage.carries("v", 600_000);
    stage.make("v", [435_000, 145_000]);
    let (viewer, all, shares) = calls.lock().unwrap().last().unwrap().clone();
    assert_eq!((viewer.as_str(), shares.name().as_str()), ("viewer", "webrtcsink/encoder-bitrates"));
    let share: i32 = shares.get("video_0").unwrap();
    assert_eq!((shares.n_fields(), shares.get("video_1")), (2, Ok(share)), "equal to begin with");
    assert!((all - 2 * share).abs() <= 1, "{all}: {shares}");
}

fn two_streams_share_what_is_allowed_where_nothing_is_measured(transport: &str) {
    let settings = format!("{transport} congestion-control=disabled max-bitrate=400000");
    let stage = Stage::set(&settings, |_, all, _| Some(three_quarters(all / 2)));
    stage.crowd.invite("v", Some(Habit::Says(1_200_000)));
    stage.crowd.until("v", "media", |guest| guest.packets > 30);
    stage.make("v", [300_000, 100_000]);
}

#[test]
fn an_answer_that_says_no_bitrates_leaves_them_as_they_are_and_any_other_is_kept_within_the_bounds() {
    const MOST: i32 = 400_000;
    crate::support::init();
    let answers = [
        (None, [MOST, MOST]),
        (Some(bitrates().build()), [MOST, MOST]),
        (Some(bitrates().field("video_0", "much").field("video_1", 0).build()), [MOST, 2000]),
        (Some(bitrates().field("video_0", -7i64).field("video_1", u32::MAX).build()), [2000, MOST]),
        (Some(bitrates().field("video_0", 150_000u64).field("video_1", u64::MAX).build()), [150_000, MOST]),
        (Some(gst::Structure::builder("other").field("video_0", 9.5f64).build()), [MOST, MOST]),
    ];
    let next = Arc::new(Mutex::new(None));
    let said = next.clone();
    let settings = format!(
        "transport=native encoder-sharing=private enable-mitigation-modes=none congestion-control=disabled \
         min-bitrate=2000 max-bitrate={MOST}"
    );
    let stage = Stage::set(&settings, move |_, _, _| said.lock().unwrap().clone());
    for (at, (answer, wanted)) in answers.into_iter().enumerate() {
        *next.lock().unwrap() = answer;
        let session = format!("v{at}");
        stage.crowd.invite(&session, Some(Habit::Says(1_200_000)));
        stage.crowd.until(&session, "media", |guest| guest.packets > 10);
        stage.make(&session, wanted);
    }
}

crate::support::under_both_transports!(
    two_streams_share_what_the_network_carries_as_a_handler_says,
    two_streams_share_what_is_allowed_where_nothing_is_measured,
);
