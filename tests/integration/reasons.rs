//! Why a session ended, from where it happened to everyone whom it concerns.

use crate::support::direct::{Direct, Said};
use crate::support::{DEADLINE, Pipeline, VIDEO, Viewer, producer, uri};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::channel;

/// Waits for the end of a session, errors of the element aside.
fn ended(pipeline: &Pipeline) -> gst::Structure {
    let bus = pipeline.0.bus().unwrap();
    let limit = gst::ClockTime::from_seconds(DEADLINE.as_secs());
    loop {
        let message = bus.timed_pop_filtered(limit, &[gst::MessageType::Element]).expect("no end came");
        let structure = message.structure().unwrap();
        if structure.name() == "webrtc-session-ended" {
            return structure.to_owned();
        }
    }
}

#[test]
fn an_error_in_a_sessions_pipeline_is_told_to_both_applications_and_stops_no_one_else() {
    let pipeline = producer(VIDEO, "");
    let (give, pipelines) = channel();
    pipeline.element("ws").connect("consumer-pipeline-created", false, move |values| {
        let _ = give.send(values[2].get::<gst::Pipeline>().unwrap());
        None
    });
    let uri = uri(&pipeline.element("ws"));
    let viewer = Viewer::play(&uri, "video", "video/x-raw");
    viewer.samples(3);
    let session = pipelines.recv_timeout(DEADLINE).unwrap();
    let other = Viewer::play(&uri, "video", "video/x-raw");
    other.samples(3);
    let error = gst::message::Error::builder(gst::ResourceError::Write, "the wire is cut")
        .debug("with scissors")
        .src(&session)
        .build();
    session.post_message(error).unwrap();
    let here = pipeline.message("webrtc-session-ended");
    assert_eq!((here.get("reason"), here.get("is-error")), (Ok("pipeline"), Ok(true)));
    assert!(here.get::<&str>("text").unwrap().contains("the wire is cut"), "{here}");
    assert!(here.get::<&str>("debug").unwrap().contains("with scissors"), "{here}");
    assert!(!here.has_field("peer-reason"));
    let there = ended(&viewer.pipeline);
    assert_eq!((there.get("reason"), there.get("is-error")), (Ok("peer"), Ok(true)));
    assert_eq!(there.get("peer-reason"), Ok("pipeline"));
    assert!(there.get::<&str>("text").unwrap().contains("the wire is cut"), "{there}");
    other.samples(10);
}

/// A sink whose session has been requested through a signaller of the application.
fn requested() -> (Pipeline, Direct, std::sync::mpsc::Receiver<Said>) {
    let (direct, said) = Direct::new();
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\""));
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    direct.session_requested("s", "viewer", None);
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Description(..)) {}
    (pipeline, direct, said)
}

fn fail(pipeline: &Pipeline, direct: &Direct) {
    direct.describe(
        "s",
        gst_webrtc::WebRTCSDPType::Answer,
        "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    );
    assert_eq!(pipeline.message("webrtc-session-ended").get("reason"), Ok("description"));
}

#[test]
fn a_signaller_that_knows_no_reasons_hears_of_ends_as_before() {
    let (pipeline, direct, said) = requested();
    fail(&pipeline, &direct);
    let end = said.iter().find_map(|said| match said {
        Said::Ended(session, error) => Some((session, error)),
        _ => None,
    });
    let (session, error) = end.unwrap();
    assert_eq!(session, "s");
    assert!(error.is_some());
    drop(pipeline);
}

#[test]
fn an_application_that_handles_an_older_signal_hears_of_every_end_by_it() {
    for signal in ["end-session", "end-session-with-error", "end-session-with-reason"] {
        let (pipeline, direct, said) = requested();
        let (give, heard) = channel();
        direct.connect(signal, false, move |values| {
            let texts: Vec<_> =
                values[1..].iter().map(|value| value.get::<Option<String>>().unwrap()).collect();
            let _ = give.send(texts);
            Some(true.to_value())
        });
        fail(&pipeline, &direct);
        let texts = heard.recv_timeout(DEADLINE).unwrap();
        assert_eq!(texts[0].as_deref(), Some("s"));
        match signal {
            "end-session" => assert_eq!(texts.len(), 1),
            "end-session-with-error" => assert!(texts[1].is_some()),
            _ => assert_eq!((texts[1].as_deref(), texts[2].is_some()), (Some("description"), true)),
        }
        drop(pipeline);
        assert!(!said.try_iter().any(|said| matches!(said, Said::Ended(..))), "the signaller heard as well");
    }
}

#[test]
fn what_a_signaller_says_of_ends_and_connections_reaches_the_application() {
    let (pipeline, direct, _said) = requested();
    let details = gst::Structure::builder("any").field("text", "lost it").build();
    direct.connection_changed(false, &details);
    assert_eq!(pipeline.message("webrtc-signalling-lost").get("text"), Ok("lost it"));
    direct.session_ended_with_reason("s", Some("roleDropped"), None);
    let ended = pipeline.message("webrtc-session-ended");
    assert_eq!((ended.get("peer-reason"), ended.get("is-error")), (Ok("roleDropped"), Ok(false)));
}
