//! The examples, each as a program of its own between a signalling server and another end; and their command lines.
//! Those of signallers are in custom_signallers.rs.

use crate::support::ntp::Ntp;
use crate::support::program::{Program, example, in_c, repository};
use crate::support::server::Server;
use crate::support::{DEADLINE, Pipeline, Viewer};
use gst::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A signalling server and its address.
fn server() -> (Server, String) {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    (server, uri)
}

/// An example that produces, and a viewer who has seen pictures of it.
fn watched(name: &str, arguments: &[&str]) -> (Server, Program, Viewer) {
    let (server, uri) = server();
    let arguments = [arguments, &["--uri", &uri]].concat();
    let producer = Program::start(example(name), &arguments);
    let viewer = Viewer::play(&uri, "video", "video/x-raw");
    viewer.samples(10);
    (server, producer, viewer)
}

#[test]
fn a_producer_hears_of_its_viewer_and_a_consumer_of_what_comes() {
    let (_server, uri) = server();
    let producer = Program::start(example("sink"), &["--uri", &uri]);
    let consumer = Program::start(example("source"), &["--uri", &uri]);
    producer.says("watches in session");
    consumer.says("video_0: 0 buffers of video/x-raw");
    consumer.interrupted();
    producer.says("is gone: ");
    producer.interrupted();
}

#[test]
fn an_encoder_is_tuned() {
    let (_server, producer, _viewer) = watched("tune_encoder", &[]);
    let said = producer.interrupted();
    assert!(said.contains("of video_0 starts for"), "{said}");
}

#[test]
fn bitrates_are_split() {
    let (_server, producer, viewer) = watched("split_bitrates", &[]);
    producer.says("video_1=(int)");
    viewer.samples(10);
    producer.interrupted();
}

#[test]
fn statistics_are_a_table_or_lines_of_json() {
    let (_server, table, _viewer) = watched("watch_statistics", &[]);
    table.says("1280x720");
    table.interrupted();
    let (_server, lines, _viewer) = watched("watch_statistics", &["--json", "yes"]);
    lines.says("\"video-encoders\":[{");
    lines.interrupted();
}

#[test]
fn a_viewer_controls_the_producer_and_is_answered() {
    let (_server, uri) = server();
    let producer = Program::start(example("remote_control"), &["produce", "--uri", &uri]);
    let viewer = Program::start(example("remote_control"), &["watch", "--uri", &uri, "--sink", "fakesink"]);
    producer.says("mouse-move");
    producer.says("shows ball");
    viewer.says("the producer did it");
    viewer.says("the producer could not: No sink pad could handle the request");
    viewer.interrupted();
    producer.interrupted();
}

#[test]
fn streams_come_and_go_while_others_play() {
    let (_server, uri) = server();
    let producer = Program::start(example("change_streams"), &["--uri", &uri, "--every", "0.7"]);
    let consumer = Program::start(example("source"), &["--uri", &uri]);
    consumer.says("video_1: 0 buffers of");
    producer.says("added video_");
    producer.says("removed video_");
    consumer.interrupted();
    producer.interrupted();
}

/// A file with ten seconds of H.264 and Opus, under this name.
pub(crate) fn film(name: &str) -> PathBuf {
    let film = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let pipeline = Pipeline::parse(&format!(
        "mp4mux name=film ! filesink location=\"{}\"
         videotestsrc num-buffers=150 ! video/x-raw,format=I420,width=320,height=240,framerate=15/1 !
         x264enc speed-preset=ultrafast key-int-max=15 ! h264parse ! queue ! film.
         audiotestsrc num-buffers=430 ! opusenc ! queue ! film.",
        film.display()
    ));
    pipeline.play();
    let bus = pipeline.0.bus().unwrap();
    let limit = gst::ClockTime::from_seconds(DEADLINE.as_secs());
    let end = bus.timed_pop_filtered(limit, &[gst::MessageType::Eos, gst::MessageType::Error]);
    assert_eq!(end.map(|message| message.type_()), Some(gst::MessageType::Eos));
    film
}

#[test]
fn encoded_pictures_are_passed_on_as_they_are() {
    let film = film("film.mp4");
    for input in [&[][..], &[film.to_str().unwrap()]] {
        let (_server, producer, _viewer) = watched("passthrough", input);
        producer.says("is sent the pictures as they came");
        producer.interrupted();
    }
}

#[test]
fn producers_and_receivers_are_in_step_by_a_time_server() {
    let time = Ntp::start(Duration::from_secs(3600));
    let clock = format!("127.0.0.1:{}", time.port());
    let (_server, uri) = server();
    let arguments = ["--ntp", &clock, "--uri", &uri];
    let sender = Program::start(example("precise_sync_send"), &arguments);
    let receiver = Program::start(example("precise_sync_receive"), &arguments);
    // What the receiver's latency says, by that clock.
    receiver.says("shown 0:00:00.4");
    receiver.interrupted();
    sender.interrupted();
}

#[test]
fn a_command_line_that_is_wrong_is_answered_with_the_right_one() {
    for (name, arguments, said) in [
        ("sink", &["--help"][..], "Without --uri it runs a signalling server"),
        ("sink", &["--url", "x"], "--url is not understood"),
        ("source", &["--uri"], "--uri needs a value"),
        ("custom_signaller", &["many"], "FRAMES is a number"),
        ("remote_control", &[], "`produce` or `watch`"),
        ("change_streams", &["--every", "soon"], "takes a number of seconds"),
        ("passthrough", &["nothing.mp4"], "name a file with H.264, or a camera"),
    ] {
        let (status, text) = Program::start(example(name), arguments).end();
        assert_eq!(status.success(), arguments == ["--help"], "{name}: {text}");
        assert!(text.contains(said), "{name}: {text}");
    }
}

#[test]
fn applications_in_python_and_c_produce_for_each_other() {
    let application = in_c("APPLICATION", "application");
    let receiver = repository("examples/python/receiver.py");
    let producer = repository("examples/python/producer.py");
    let (_server, uri) = server();
    let in_python = Program::start(&producer, &["--uri", &uri]);
    let in_c = Program::start(&application, &["receive", "--uri", &uri, "--sink", "fakesink"]);
    in_python.says("video_0 starts for");
    in_c.says("video_0 plays: video/x-raw");
    in_python.says("bit/s");
    in_c.interrupted();
    in_python.says("is gone: ");
    in_python.interrupted();

    let (_server, uri) = server();
    let in_c = Program::start(&application, &["produce", "--uri", &uri]);
    let sinks = ["--video-sink", "fakesink", "--audio-sink", "fakesink"];
    let in_python = Program::start(&receiver, &[&["--uri", &uri][..], &sinks].concat());
    in_python.says("video_0 plays: video/x-raw");
    in_c.says("connected: ");
    in_c.interrupted();
    let said = in_python.ends_well();
    assert!(said.contains("over: "), "{said}");
}
