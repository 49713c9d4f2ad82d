//! Encoders that are chosen, set up and replaced: by a table of the user's, and when they fail.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::encoders::{
    self, NO_CAPS, NOT_PAUSED, NOT_READY, OBEDIENT, SHORT_LIVED, SILENT, STANDING, STUBBORN, TableFile,
};
use crate::support::light::Habit;
use crate::support::{DEADLINE, Pipeline, VIDEO, has_caps};
use gst::prelude::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;

/// A sink with a table of encoders, and its viewers.
struct Scene {
    pipeline: Pipeline,
    crowd: Crowd,
    _table: TableFile,
}

impl Scene {
    fn set(table: &str, settings: &str) -> Self {
        Self::of(VIDEO, table, settings)
    }

    fn of(source: &str, table: &str, settings: &str) -> Self {
        crate::support::init();
        encoders::register();
        let table = TableFile::new(table);
        let path = table.0.display();
        let pipeline = Pipeline::parse(&format!(
            "{source} ! webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 encoder-table={path} {settings}"
        ));
        let (direct, said) = Direct::new();
        let crowd = Crowd::at(&pipeline, direct, said);
        Self { pipeline, crowd, _table: table }
    }

    fn play(&self) {
        self.pipeline.play();
        has_caps(&self.pipeline.element("ws"));
    }

    fn invite(&self, session: &str) {
        self.crowd.invite(session, Some(Habit::Says(3_000_000)));
    }

    /// Waits until a viewer has been sent so many more packets.
    fn watch(&self, session: &str, count: usize) {
        let before = self.crowd.of(session, |guest| guest.packets);
        self.crowd.until(session, "media", |guest| guest.packets >= before + count);
    }

    /// What the statistics say of the encoder of a viewer's pictures.
    fn encoder(&self, session: &str) -> gst::Structure {
        let stats = self.pipeline.element("ws").property::<gst::Structure>("stats");
        let viewer = stats.get::<gst::Structure>(session).unwrap();
        let viewer = viewer.get::<gst::Structure>("consumer-stats").unwrap();
        viewer.get::<gst::Array>("video-encoders").unwrap()[0].get().unwrap()
    }

    /// Who the application is told has failed, and who is tried next.
    fn failure(&self) -> (String, Option<String>) {
        let message = self.pipeline.message("webrtc-encoder-failed");
        assert_eq!((message.get("pad"), message.get("codec")), (Ok("video_0"), Ok("video/x-vp8")));
        let text = message.get::<String>("text").unwrap();
        let encoder = message.get::<String>("encoder").unwrap();
        let words = match encoder.as_str() {
            SHORT_LIVED => "the device is gone",
            NO_CAPS => "negotiation problem",
            NOT_READY | NOT_PAUSED => "there is no session left",
            SILENT => "makes nothing of them",
            _ => "",
        };
        assert!(text.contains(words), "{encoder}: {text}");
        (message.get("encoder").unwrap(), message.get("next-encoder").ok())
    }
}

/// Pictures that take as much as they may.
const BUSY: &str = "videotestsrc is-live=true pattern=zone-plate kx2=20 ky2=20 kt=3 ! video/x-raw,width=320,height=240,framerate=30/1";

/// A row that gives one of the test's encoders its bitrate.
fn rated(encoder: &str, change: &str) -> String {
    let bitrate = "bitrate = { property = \"bitrate\", unit = \"kbit/s\" }";
    format!("[{encoder}]\nrank = 999\n{bitrate}\nchange = \"{change}\"\n")
}

/// A sink whose only viewer has a network that gets worse.
fn worse(encoder: &str, change: &str) -> Scene {
    let settings = "rungs=1 start-bitrate=1000000 max-bitrate=1000000";
    let scene = Scene::of(BUSY, &rated(encoder, change), settings);
    scene.play();
    scene.invite("a");
    scene.watch("a", 60);
    scene.crowd.behave("a", Habit::Says(150_000));
    scene
}

fn ranked(encoders: &[&str]) -> String {
    let ranks = (1..).map(|place| 1000 - place);
    encoders.iter().zip(ranks).map(|(name, rank)| format!("[{name}]\nrank = {rank}\n")).collect()
}

/// What the application is told when they fail one after the other.
fn in_turn(encoders: &[&str]) -> Vec<(String, Option<String>)> {
    let next = encoders.iter().skip(1).map(|name| Some((*name).to_owned()));
    encoders.iter().map(|name| (*name).to_owned()).zip(next).collect()
}

#[test]
fn encoders_that_do_not_start_are_left_out_and_the_application_is_told() {
    let scene = Scene::set(&ranked(&[NOT_READY, NOT_PAUSED]), "");
    scene.play();
    scene.invite("a");
    scene.watch("a", 20);
    let told = [scene.failure(), scene.failure()];
    assert_eq!(told.to_vec(), in_turn(&[NOT_READY, NOT_PAUSED, "vp8enc"]));
    assert_eq!(scene.encoder("a").get("encoder"), Ok("vp8enc"));
}

fn viewers_stay_while_encoders_fail_that_have_begun(transport: &str) {
    let scene = Scene::set(&ranked(&[SHORT_LIVED, NO_CAPS, NOT_PAUSED]), transport);
    scene.play();
    for session in ["a", "b"] {
        scene.invite(session);
    }
    let told = [scene.failure(), scene.failure(), scene.failure()];
    assert_eq!(told.to_vec(), in_turn(&[SHORT_LIVED, NO_CAPS, NOT_PAUSED, "vp8enc"]));
    for session in ["a", "b"] {
        scene.watch(session, 60);
        assert_eq!(scene.encoder(session).get("encoder"), Ok("vp8enc"));
        assert_eq!(scene.crowd.of(session, |guest| guest.missing), 0);
    }
    // Who comes later is not made to wait for the ones that failed.
    scene.invite("c");
    scene.watch("c", 20);
    let bus = scene.pipeline.0.bus().unwrap();
    let failed = bus.iter().filter(|message| {
        message.structure().is_some_and(|structure| structure.name() == "webrtc-encoder-failed")
    });
    assert_eq!(failed.count(), 0);
}

#[test]
fn viewers_stay_where_there_is_nothing_to_decide() {
    viewers_stay_while_encoders_fail_that_have_begun("congestion-control=disabled");
}

#[test]
fn a_viewer_whose_encoders_all_fail_is_told_of_it() {
    let scene = Scene::set(&format!("{}[vp8enc]\nforbidden = true\n", ranked(&[SHORT_LIVED, NOT_READY])), "");
    scene.play();
    scene.invite("a");
    let told = [scene.failure(), scene.failure()];
    assert_eq!(told.to_vec(), [(SHORT_LIVED.into(), Some(NOT_READY.into())), (NOT_READY.into(), None)]);
    scene.crowd.end("a", DEADLINE);
}

#[test]
fn a_row_of_the_users_is_put_over_the_built_in_one() {
    let scene = Scene::set("[vp8enc]\nsettings = { cpu-used = 7, token-partitions = 2 }\n", "");
    let (give, take) = channel();
    let give = Mutex::new(give);
    scene.pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let _ = give.lock().unwrap().send(values[3].get::<gst::Element>().unwrap());
        Some(false.to_value())
    });
    scene.play();
    scene.invite("a");
    scene.watch("a", 10);
    let encoder = take.recv_timeout(DEADLINE).unwrap();
    assert_eq!((encoder.property::<i32>("cpu-used"), encoder.property::<i64>("deadline")), (7, 1));
}

#[test]
fn an_encoder_that_the_plugin_does_not_know_is_used_and_follows_the_network() {
    let scene = Scene::set(&rated(OBEDIENT, "live"), "start-bitrate=700000 rungs=1");
    let (give, take) = channel();
    let give = Mutex::new(give);
    scene.pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let _ = give.lock().unwrap().send(values[3].get::<gst::Element>().unwrap());
        Some(false.to_value())
    });
    scene.play();
    scene.invite("a");
    scene.watch("a", 10);
    let encoder = take.recv_timeout(DEADLINE).unwrap();
    assert_eq!(scene.encoder("a").get("encoder"), Ok(OBEDIENT));
    let (set, is_set) = channel();
    encoder.connect_notify(Some("bitrate"), move |encoder, _| {
        let _ = set.send(encoder.property::<u32>("bitrate"));
    });
    scene.crowd.behave("a", Habit::Says(100_000));
    let rate = is_set.recv_timeout(DEADLINE).expect("the bitrate was never set");
    assert!(rate <= 700, "{rate}");
}

#[test]
fn a_table_that_cannot_be_read_is_an_error_that_names_file_line_and_key() {
    let scene = Scene::set("[vp8enc]\n\nrnak = 1\n", "");
    assert!(scene.pipeline.0.set_state(gst::State::Playing).is_err());
    let text = scene.pipeline.error();
    let path = scene._table.0.display().to_string();
    assert!([path.as_str(), "line 3", "rnak", "rank"].iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn a_row_that_an_element_does_not_understand_is_a_warning() {
    let scene = Scene::set("[vp8enc]\nsettings = { cpu-usde = 1 }\n", "");
    scene.play();
    let text = scene.pipeline.warning();
    assert!(
        ["line 2", "vp8enc has no property cpu-usde", "gst-inspect-1.0"]
            .iter()
            .all(|word| text.contains(word)),
        "{text}"
    );
}

#[test]
fn an_encoder_that_makes_nothing_is_replaced() {
    let scene = Scene::set(&ranked(&[SILENT]), "");
    scene.play();
    scene.invite("a");
    assert_eq!(scene.failure(), (SILENT.into(), Some("vp8enc".into())));
    scene.watch("a", 20);
}

#[test]
fn an_encoder_that_does_not_follow_its_bitrate_is_told_of_once_and_in_the_statistics() {
    let scene = worse(STUBBORN, "live");
    assert_eq!(scene.encoder("a").get("follows-bitrate"), Ok(true));
    let message = scene.pipeline.message("webrtc-bitrate-not-followed");
    assert_eq!((message.get("pad"), message.get("encoder")), (Ok("video_0"), Ok(STUBBORN)));
    let (told, output) = (message.get::<u32>("bitrate").unwrap(), message.get::<u32>("output").unwrap());
    assert!(told <= 200_000 && output > 2 * told, "{message}");
    assert_eq!(scene.encoder("a").get("follows-bitrate"), Ok(false));
}

#[test]
fn an_encoder_that_does_not_take_a_bitrate_while_it_runs_is_told_of() {
    let scene = worse(STANDING, "live");
    let message = scene.pipeline.message("webrtc-bitrate-not-followed");
    assert!(message.get::<u32>("bitrate").unwrap() < 1_000_000 && !message.has_field("output"), "{message}");
}

#[test]
fn an_encoder_that_has_to_stand_for_a_new_bitrate_is_started_anew_at_its_place() {
    let scene = worse(STANDING, "needs-restart");
    let low = |scene: &Scene| scene.encoder("a").get::<i32>("bitrate").unwrap() <= 200_000;
    let went_down = (0..200).any(|_| {
        scene.watch("a", 2);
        low(&scene)
    });
    assert!(went_down, "{}", scene.encoder("a"));
    scene.watch("a", 60);
    assert_eq!(scene.crowd.of("a", |guest| guest.missing), 0);
    assert_eq!(scene.encoder("a").get("encoder"), Ok(STANDING));
    assert_eq!(scene.encoder("a").get("follows-bitrate"), Ok(true));
}

crate::support::under_both_transports!(viewers_stay_while_encoders_fail_that_have_begun);
