//! Sessions come and go: killed viewers, lost servers, producers that come late, pads that come later.

use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer, producer, uri};
use gst::glib;
use gst::prelude::*;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The folder of the plugin that this build made.
fn plugin_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().to_path_buf()
}

/// A viewer in a process of its own.
pub(crate) fn process(uri: &str) -> Child {
    Command::new("gst-launch-1.0")
        .args([
            "-q",
            "webrtcsrc",
            "connect-to-first-producer=true",
            "stun-server=\"\"",
            &format!("signaller::uri={uri}"),
        ])
        .args(["!", "fakesink"])
        .env("GST_PLUGIN_PATH", plugin_folder())
        .env("GST_REGISTRY", plugin_folder().join("integration-registry.bin"))
        .stdin(Stdio::null())
        .spawn()
        .expect("gst-launch-1.0 is not installed: apt install gstreamer1.0-tools")
}

fn sessions(sink: &gst::Element) -> Vec<String> {
    sink.emit_by_name("get-sessions", &[])
}

fn a_viewer_that_is_killed_is_gone_within_the_consent_time(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let sink = pipeline.element("ws");
    let mut viewer = process(&uri(&sink));
    pipeline.message("webrtc-session-connected");
    assert_eq!(sessions(&sink).len(), 1);
    viewer.kill().unwrap();
    // The server keeps its place for a while, should it come back.
    pipeline.message_within("webrtc-session-ended", Duration::from_secs(45));
    assert!(sessions(&sink).is_empty());
    viewer.wait().unwrap();
}

fn a_viewer_that_leaves_is_gone_at_once_and_the_others_play_on(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let uri = uri(&pipeline.element("ws"));
    let stays = Viewer::play(&uri, "video", "video/x-raw");
    let leaves = Viewer::play(&uri, "video", "video/x-raw");
    stays.samples(5);
    leaves.samples(5);
    leaves.pipeline.stop();
    let message = pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("is-error"), Ok(false));
    stays.samples(30);
}

fn a_producer_that_stops_ends_its_viewers_streams(transport: &str) {
    let pipeline = producer(VIDEO, transport);
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-raw");
    viewer.samples(5);
    pipeline.stop();
    let message = viewer.pipeline.message("webrtc-session-ended");
    assert_eq!(message.get("reason"), Ok("peer"));
}

/// Notified with each identifier that the sink's signaller gets.
fn identifiers(sink: &gst::Element) -> std::sync::mpsc::Receiver<Option<String>> {
    let (give, take) = channel();
    sink.property::<glib::Object>("signaller").connect_notify(Some("client-id"), move |signaller, _| {
        let _ = give.send(signaller.property("client-id"));
    });
    take
}

#[test]
fn a_lost_server_stops_no_media_and_is_found_again() {
    let server = Server::start("127.0.0.1:0");
    let address = server.address;
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri=ws://{address}"
    ));
    let sink = pipeline.element("ws");
    let identifiers = identifiers(&sink);
    pipeline.play();
    assert!(identifiers.recv_timeout(DEADLINE).unwrap().is_some());
    let viewer = Viewer::play(&format!("ws://{address}"), "video", "video/x-raw");
    viewer.samples(10);
    drop(server);
    assert_eq!(identifiers.recv_timeout(DEADLINE).unwrap(), None);
    viewer.samples(30);
    let _server = Server::start(&address.to_string());
    while identifiers.recv_timeout(DEADLINE).expect("the sink never registered again").is_none() {}
    let late = Viewer::play(&format!("ws://{address}"), "video", "video/x-raw");
    late.samples(10);
    viewer.samples(10);
}

#[test]
fn a_producer_that_comes_later_is_found() {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let viewer = Viewer::play(&uri, "video", "video/x-raw");
    let signaller = viewer.pipeline.element("src").property::<glib::Object>("signaller");
    let (give, known) = channel();
    signaller.connect_notify(Some("client-id"), move |_, _| {
        let _ = give.send(());
    });
    if signaller.property::<Option<String>>("client-id").is_none() {
        known.recv_timeout(DEADLINE).unwrap();
    }
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri={uri}"));
    pipeline.play();
    viewer.samples(10);
}

#[test]
fn metadata_of_a_producer_reaches_listeners() {
    use gstrswebrtc::signaller::{SignallableExt, Signaller, WebRTCSignallerRole};
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri={uri} meta=\"meta,name=camera,number=(int)7\""
    ));
    let listener = Signaller::new(WebRTCSignallerRole::Listener);
    listener.set_property("uri", &uri);
    let (give, added) = channel();
    listener.connect("producer-added", false, move |values| {
        let _ = give.send(values[2].get::<Option<gst::Structure>>().unwrap());
        None
    });
    SignallableExt::start(&listener);
    pipeline.play();
    let meta = added.recv_timeout(DEADLINE).unwrap().unwrap();
    assert_eq!((meta.get("name"), meta.get("number")), (Ok("camera"), Ok(7u64)));
    SignallableExt::stop(&listener);
}

#[test]
fn unknown_messages_from_a_server_are_ignored() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (give, heard) = channel();
    let server = std::thread::spawn(move || {
        let mut socket = support::websocket::accept(&listener);
        for text in [
            r#"{"type":"fromTheFuture","a":1}"#,
            "no json",
            r#"{"type":"peerStatusChanged"}"#,
            r#"{"type":"welcome","peerId":"me","extra":[1]}"#,
        ] {
            support::websocket::send(&mut socket, text);
        }
        while let Some(text) = support::websocket::receive(&mut socket) {
            let _ = give.send(text);
        }
    });
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address}"));
    pipeline.play();
    let is_registration = |text: &String| text.contains("setPeerStatus") && text.contains("producer");
    assert!((0..2).any(|_| is_registration(&heard.recv_timeout(DEADLINE).unwrap())));
    pipeline.stop();
    drop(pipeline);
    server.join().unwrap();
}

fn a_second_stream_that_is_added_while_playing_reaches_the_viewers_of_the_first(transport: &str) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK} {transport}"));
    pipeline.play();
    let sink = pipeline.element("ws");
    support::registered(&sink);
    let viewer = Viewer::new(&uri(&sink), "audio", "audio/x-raw", "");
    viewer.pipeline.play();
    pipeline.message("webrtc-session-connected");
    let tone = gst::parse::bin_from_description("audiotestsrc is-live=true ! audioconvert", true).unwrap();
    pipeline.0.add(&tone).unwrap();
    tone.link_pads(Some("src"), &sink, Some("audio_%u")).unwrap();
    tone.sync_state_with_parent().unwrap();
    viewer.samples(10);
}

crate::support::under_both_transports!(
    a_viewer_that_is_killed_is_gone_within_the_consent_time,
    a_viewer_that_leaves_is_gone_at_once_and_the_others_play_on,
    a_producer_that_stops_ends_its_viewers_streams,
    a_second_stream_that_is_added_while_playing_reaches_the_viewers_of_the_first,
);
