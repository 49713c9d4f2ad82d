//! What a viewer may send wrongly ends its session with a reason, and nobody else's.

use crate::support::direct::{Direct, Said};
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// A sink whose viewers are played by the test.
fn sink(source: &str, settings: &str) -> (Pipeline, Direct, Receiver<Said>) {
    let pipeline = Pipeline::parse(&format!("{source} ! webrtcsink name=ws stun-server=\"\" {settings}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    wait(&said, |said| matches!(said, Said::Started).then_some(()));
    (pipeline, direct, said)
}

fn wait<T>(said: &Receiver<Said>, mut found: impl FnMut(&Said) -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        let next = said
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .expect("nothing was said in time");
        if let Some(result) = found(&next) {
            return result;
        }
    }
}

fn offer(said: &Receiver<Said>, session: &str) -> String {
    wait(said, |said| match said {
        Said::Description(id, WebRTCSDPType::Offer, sdp) if id == session => Some(sdp.clone()),
        Said::Ended(id, why) if id == session => panic!("{why:?}"),
        _ => None,
    })
}

fn end(said: &Receiver<Said>, session: &str) -> String {
    wait(said, |said| match said {
        Said::Ended(id, why) if id == session => Some(why.clone().expect("no reason was given")),
        _ => None,
    })
}

/// An answer that takes the offer's first video format, with `change` applied to its text.
fn answer(offer: &str, change: impl Fn(String) -> String) -> String {
    let kept = |line: &&str| !line.starts_with("a=candidate") && !line.starts_with("a=ssrc");
    let text: String = offer.lines().filter(kept).map(|line| format!("{line}\r\n")).collect();
    change(text.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active"))
}

/// Sends a changed answer and returns why the session ended.
fn refused(transport: &str, settings: &str, change: impl Fn(String) -> String) -> String {
    let (_pipeline, direct, said) = sink(VIDEO, &format!("{transport} {settings}"));
    direct.session_requested("bad", "viewer", None);
    direct.session_requested("good", "viewer", None);
    let text = answer(&offer(&said, "bad"), change);
    direct.describe("bad", WebRTCSDPType::Answer, &text);
    let why = end(&said, "bad");
    // The other viewer's session still answers.
    direct.describe("good", WebRTCSDPType::Answer, "v=0\r\n");
    end(&said, "good");
    why
}

fn garbage_instead_of_an_answer(transport: &str) {
    let why = refused(transport, "", |_| "v=0\r\no=garbage\r\n".into());
    assert!(why.contains("read the session description"), "{why}");
}

fn an_answer_without_a_codec_that_both_know(transport: &str) {
    let why = refused(transport, "video-caps=video/x-vp8", |sdp| sdp.replace("VP8/90000", "VP7/90000"));
    assert!(why.contains("VP7") && why.contains("VP8"), "{why}");
}

fn an_h264_profile_that_nobody_has_heard_of(transport: &str) {
    let why = refused(transport, "video-caps=video/x-h264", |sdp| {
        sdp.replace("profile-level-id=42e0", "profile-level-id=zzzz")
    });
    assert!(why.contains("zzzz"), "{why}");
}

fn an_answer_that_refuses_everything(transport: &str) {
    let why = refused(transport, "", |sdp| {
        sdp.replace("m=video 9", "m=video 0").replace("a=recvonly", "a=inactive")
    });
    assert!(why.contains("wants none"), "{why}");
}

fn an_answer_that_nobody_asked_for(transport: &str) {
    let (_pipeline, direct, said) = sink(VIDEO, transport);
    direct.session_requested("s", "viewer", None);
    let text = answer(&offer(&said, "s"), |sdp| sdp);
    direct.describe("s", WebRTCSDPType::Answer, &text);
    direct.describe("s", WebRTCSDPType::Answer, &text);
    assert!(end(&said, "s").contains("an answer"));
}

fn the_application_hears_of_each_end_and_plays_on(transport: &str) {
    let (pipeline, direct, said) = sink(VIDEO, transport);
    direct.session_requested("s", "viewer", None);
    offer(&said, "s");
    direct.describe("s", WebRTCSDPType::Answer, "v=0\r\n");
    let message = pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("session-id"), Ok("s"));
    assert_eq!(message.get("peer-id"), Ok("viewer"));
    assert_eq!(message.get("reason"), Ok("description"));
    assert_eq!(pipeline.0.state(gst::ClockTime::ZERO).1, gst::State::Playing);
}

fn a_viewer_that_leaves_in_the_middle_of_the_negotiation_leaves_nothing_behind(transport: &str) {
    let (pipeline, direct, said) = sink(VIDEO, transport);
    for n in 0..20 {
        let session = format!("s{n}");
        direct.session_requested(&session, "viewer", None);
        if n % 2 == 0 {
            offer(&said, &session);
        }
        direct.session_ended(&session, None);
        pipeline.message("webrtc-session-ended");
    }
    let sessions = pipeline.element("ws").emit_by_name::<Vec<String>>("get-sessions", &[]);
    assert!(sessions.is_empty(), "{sessions:?}");
}

fn candidates_and_descriptions_of_unknown_sessions_change_nothing(transport: &str) {
    let (pipeline, direct, said) = sink(VIDEO, transport);
    direct.handle_ice("nobody", 7, Some("x"), "candidate:1 1 UDP 1 192.0.2.1 9 typ host");
    direct.describe("nobody", WebRTCSDPType::Answer, "v=0\r\n");
    direct.session_ended("nobody", Some("why"));
    direct.session_requested("s", "viewer", None);
    offer(&said, "s");
    assert_eq!(pipeline.0.state(gst::ClockTime::ZERO).1, gst::State::Playing);
}

fn a_candidate_before_its_description_is_held(transport: &str) {
    let (_pipeline, direct, said) = sink(VIDEO, transport);
    direct.session_requested("s", "viewer", None);
    direct.handle_ice("s", 0, None, "candidate:1 1 UDP 2015363327 127.0.0.1 9 typ host");
    let text = answer(&offer(&said, "s"), |sdp| sdp);
    direct.handle_ice("s", 0, None, "garbage that is no candidate");
    direct.describe("s", WebRTCSDPType::Answer, &text);
    direct.describe("s", WebRTCSDPType::Answer, &text);
    // Only the second answer ends the session: neither early candidate did.
    assert!(end(&said, "s").contains("an answer"));
}

crate::support::under_both_transports!(
    garbage_instead_of_an_answer,
    an_answer_without_a_codec_that_both_know,
    an_h264_profile_that_nobody_has_heard_of,
    an_answer_that_refuses_everything,
    an_answer_that_nobody_asked_for,
    the_application_hears_of_each_end_and_plays_on,
    a_viewer_that_leaves_in_the_middle_of_the_negotiation_leaves_nothing_behind,
    candidates_and_descriptions_of_unknown_sessions_change_nothing,
    a_candidate_before_its_description_is_held,
);
