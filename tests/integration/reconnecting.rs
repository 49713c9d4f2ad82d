//! The signalling server is lost and found again, by itself or another one in its place, of 1.2 or older: what
//! runs goes on, and the application hears of it.

use crate::support::relay::{Relay, uri};
use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer};
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::signaller::{SignallableExt, Signaller, WebRTCSignallerRole, WebRTCSignallerState};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Delays that no test has to wait for.
const QUICK: &str = "signaller::reconnect-delay-min=1 signaller::reconnect-delay-max=20";

fn sink(uri: &str, settings: &str) -> Pipeline {
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri={uri} {QUICK} {settings}"
    ));
    pipeline.play();
    let connected = pipeline.message("webrtc-signalling-connected");
    assert_eq!((connected.get("resumed"), connected.get("attempts")), (Ok(false), Ok(1u32)));
    pipeline
}

fn signaller(pipeline: &Pipeline, element: &str) -> glib::Object {
    pipeline.element(element).property("signaller")
}

fn sessions(pipeline: &Pipeline) -> usize {
    pipeline.element("ws").emit_by_name::<Vec<String>>("get-sessions", &[]).len()
}

#[test]
fn a_connection_that_is_cut_is_resumed_with_its_sessions_and_nobody_else_hears_of_it() {
    let server = Server::start("127.0.0.1:0");
    let relay = Relay::start(&server, false);
    let pipeline = sink(&relay.uri(), "");
    let id: Option<String> = signaller(&pipeline, "ws").property("client-id");
    let viewer = Viewer::play(&uri(&server), "video", "video/x-raw");
    viewer.samples(5);
    relay.cut();
    let lost = pipeline.message("webrtc-signalling-lost");
    assert!(lost.get::<u64>("retry-in").unwrap() <= 20_000_000, "{lost}");
    assert!(lost.get::<&str>("text").unwrap().contains("lost"), "{lost}");
    let connected = pipeline.message("webrtc-signalling-connected");
    assert_eq!(connected.get("resumed"), Ok(true));
    assert_eq!(connected.get("client-id"), Ok(id.unwrap().as_str()));
    let late = Viewer::play(&uri(&server), "video", "video/x-raw");
    late.samples(5);
    viewer.samples(5);
    assert_eq!(sessions(&pipeline), 2);
    // The session is still one that the server knows: its end is told at once.
    pipeline.stop();
    for viewer in [viewer, late] {
        let ended = viewer.pipeline.message("webrtc-session-ended");
        assert_eq!((ended.get("reason"), ended.get("is-error")), (Ok("peer"), Ok(false)));
    }
}

#[test]
fn a_source_is_back_in_time_as_well_and_does_not_start_a_second_session() {
    let server = Server::start("127.0.0.1:0");
    let relay = Relay::start(&server, false);
    let pipeline = sink(&uri(&server), "");
    let viewer = Viewer::new(&relay.uri(), "video", "video/x-raw", QUICK);
    viewer.pipeline.play();
    viewer.samples(5);
    relay.cut();
    viewer.pipeline.message("webrtc-signalling-lost");
    let connected = viewer.pipeline.message("webrtc-signalling-connected");
    assert_eq!(connected.get("resumed"), Ok(true));
    viewer.samples(5);
    assert_eq!(sessions(&pipeline), 1);
}

#[test]
fn when_another_server_takes_the_place_both_register_anew_and_their_session_goes_on() {
    let server = Server::start("127.0.0.1:0");
    let address = server.address.to_string();
    let pipeline = sink(&uri(&server), "");
    let viewer = Viewer::new(&uri(&server), "video", "video/x-raw", QUICK);
    viewer.pipeline.play();
    viewer.samples(5);
    drop(server);
    pipeline.message("webrtc-signalling-lost");
    viewer.pipeline.message("webrtc-signalling-lost");
    let server = Server::start(&address);
    for pipeline in [&pipeline, &viewer.pipeline] {
        let connected = pipeline.message("webrtc-signalling-connected");
        assert_eq!(connected.get("resumed"), Ok(false));
    }
    let late = Viewer::play(&uri(&server), "video", "video/x-raw");
    late.samples(5);
    viewer.samples(5);
    assert_eq!(sessions(&pipeline), 2, "the first viewer asked for a second session");
    // The server does not know the session, so its end has nothing to wait for.
    let took = viewer.pipeline.stop();
    assert!(took < Duration::from_secs(1), "took {took:?}");
    late.samples(5);
}

#[test]
fn a_server_of_1_1_is_spoken_to_as_before_and_loses_nothing_that_runs() {
    let server = Server::start("127.0.0.1:0");
    let relay = Relay::start(&server, true);
    let pipeline = sink(&relay.uri(), "signaller::heartbeat-interval=50");
    let viewer = Viewer::new(&relay.uri(), "video", "video/x-raw", QUICK);
    viewer.pipeline.play();
    viewer.samples(5);
    relay.cut();
    for pipeline in [&pipeline, &viewer.pipeline] {
        pipeline.message("webrtc-signalling-lost");
        assert_eq!(pipeline.message("webrtc-signalling-connected").get("resumed"), Ok(false));
    }
    let said: Vec<String> = relay.said.try_iter().collect();
    assert!(said.iter().any(|text| text.contains("v1_1")), "{said:?}");
    let newer = said.iter().find(|text| text.contains("v1_2") || text.contains("heartbeat"));
    assert_eq!(newer, None);
    // The server, which has told both that the other is gone, and the transports decide what becomes of the session.
    let late = Viewer::play(&uri(&server), "video", "video/x-raw");
    late.samples(5);
}

#[test]
fn when_the_attempts_are_used_up_there_is_one_error_with_cause_and_cure() {
    let server = Server::start("127.0.0.1:0");
    let pipeline = sink(&uri(&server), "signaller::reconnect-attempts=3");
    let signaller = signaller(&pipeline, "ws");
    assert_eq!(signaller.property::<WebRTCSignallerState>("state"), WebRTCSignallerState::Connected);
    let address = server.address.to_string();
    drop(server);
    let text = pipeline.error();
    for part in [address.as_str(), "all 3 attempts", "reconnect-attempts", "gst-webrtc-signalling-server"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(signaller.property::<WebRTCSignallerState>("state"), WebRTCSignallerState::Disconnected);
    pipeline.stop();
    let bus = pipeline.0.bus().unwrap();
    assert!(bus.pop_filtered(&[gst::MessageType::Error]).is_none(), "a second error");
}

#[test]
fn the_state_is_told_as_it_changes() {
    let server = Server::start("127.0.0.1:0");
    let relay = Relay::start(&server, false);
    let signaller = Signaller::new(WebRTCSignallerRole::Listener);
    signaller.set_property("uri", relay.uri());
    signaller.set_property("reconnect-delay-min", 1u32);
    let (give, states) = channel();
    signaller.connect_notify(Some("state"), move |signaller, _| {
        let _ = give.send(signaller.property::<WebRTCSignallerState>("state"));
    });
    let next = || states.recv_timeout(DEADLINE).unwrap();
    SignallableExt::start(&signaller);
    assert_eq!(next(), WebRTCSignallerState::Connecting);
    assert_eq!(next(), WebRTCSignallerState::Connected);
    relay.cut();
    assert_eq!(next(), WebRTCSignallerState::Reconnecting);
    assert_eq!(next(), WebRTCSignallerState::Connected);
    SignallableExt::stop(&signaller);
    assert_eq!(next(), WebRTCSignallerState::Disconnected);
}

#[test]
fn a_change_of_meta_while_playing_is_announced_to_listeners() {
    support::init();
    let server = Server::start("127.0.0.1:0");
    let listener = Signaller::new(WebRTCSignallerRole::Listener);
    listener.set_property("uri", uri(&server));
    let (give, added) = channel();
    listener.connect("producer-added", false, move |values| {
        let meta = values[2].get::<Option<gst::Structure>>().unwrap();
        let name = meta.and_then(|meta| meta.get::<String>("name").ok());
        let _ = give.send((name, values[3].get::<bool>().unwrap()));
        None
    });
    SignallableExt::start(&listener);
    let pipeline = sink(&uri(&server), "meta=\"meta,name=one\"");
    let next = || added.recv_timeout(DEADLINE).unwrap();
    assert_eq!(next().0.as_deref(), Some("one"));
    let meta = gst::Structure::builder("meta").field("name", "two").build();
    pipeline.element("ws").set_property("meta", &meta);
    assert_eq!(next(), (Some("two".into()), false));
    SignallableExt::stop(&listener);
}
