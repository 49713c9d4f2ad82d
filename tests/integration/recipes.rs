//! What the documents tell people to type: pipelines in blocks that say `sh run` play with a viewer or a producer, and
//! those in other blocks are at least understood by GStreamer.

use crate::examples;
use crate::support::program::repository;
use crate::support::server::Server;
use crate::support::websocket::passive_consumer;
use crate::support::{self, DEADLINE, Pipeline, Viewer};
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;

/// Elements of devices, which are not installed everywhere.
const DEVICES: [&str; 6] =
    ["libcamerasrc", "nvarguscamerasrc", "v4l2src", "ximagesrc", "pulsesrc", "autovideosink"];

/// A command of a document: whether it is to be run, and its words as the shell hands them over.
struct Recipe {
    document: String,
    runs: bool,
    words: Vec<String>,
}

/// Every pipeline of the documents, in `folder` as the shell has it there.
fn recipes(folder: &Path) -> Vec<Recipe> {
    let mut documents = vec![repository("README.md")];
    documents.extend(std::fs::read_dir(repository("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut found = Vec::new();
    for document in documents.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(document).unwrap();
        for block in text.split("\n```sh").skip(1) {
            let (kind, block) = block.split_once('\n').unwrap();
            let commands = block.split("\n```").next().unwrap().replace("\\\n", "");
            for command in commands.lines().filter(|line| line.starts_with("gst-launch-1.0 ")) {
                let document = document.file_name().unwrap().to_string_lossy().into_owned();
                found.push(Recipe { document, runs: kind == " run", words: words(command, folder) });
            }
        }
    }
    found
}

/// The words of a command behind its name, as the shell makes them.
fn words(command: &str, folder: &Path) -> Vec<String> {
    let script = format!("gst-launch-1.0() {{ printf '%s\\0' \"$@\"; }}; {command}");
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').filter(|word| *word != "-e").map(str::to_owned).collect()
}

impl Recipe {
    /// The pipeline, whose windows are none; not one of the elements that are missing.
    fn parsed(&self) -> Result<Pipeline, glib::Error> {
        support::init();
        let words = self.words.iter().map(|word| match word.as_str() {
            "autovideosink" | "autoaudiosink" => "fakesink",
            word => word,
        });
        let words: Vec<&str> = words.collect();
        let element = gst::parse::launchv_full(&words, None, gst::ParseFlags::FATAL_ERRORS)?;
        Ok(Pipeline(element.downcast().expect("a recipe is more than one element")))
    }

    fn said(&self) -> String {
        format!("{}: {}", self.document, self.words.join(" "))
    }

    /// Plays it, until the other end has seen something of it.
    fn plays(&self) {
        eprintln!("{}", self.said());
        let pipeline = self.parsed().unwrap_or_else(|err| panic!("{}: {err}", self.said()));
        let made_by = |name: &str| {
            let found = pipeline.0.children().into_iter();
            found.filter(|one| one.factory().is_some_and(|by| by.name() == name)).collect::<Vec<_>>()
        };
        let (sinks, sources) = (made_by("webrtcsink"), made_by("webrtcsrc"));
        sinks.iter().for_each(|sink| self.serves(&pipeline, sink, &sources));
        if sinks.is_empty() {
            sources.iter().for_each(|source| self.receives(&pipeline, source));
        }
    }

    /// Nothing that the recipe does is lost, but the ports, which others may have. What `beside` the sink takes talk-back is
    /// known at its server.
    fn serves(&self, pipeline: &Pipeline, sink: &gst::Element, beside: &[gst::Element]) {
        // Their server's port is not known before.
        for source in beside {
            source.set_locked_state(true);
        }
        sink.set_property("signalling-server-host", "127.0.0.1");
        sink.set_property("signalling-server-port", 0u32);
        sink.set_property("web-server-host-addr", "http://127.0.0.1:0");
        sink.set_property("udp-port", 0u32);
        sink.set_property("stun-server", None::<&str>);
        assert!(sink.property::<bool>("run-signalling-server"), "{}", self.said());
        pipeline.play();
        support::registered(sink);
        for pad in sink.pads() {
            let kind = if pad.name().starts_with("video") { "video" } else { "audio" };
            let caps = if kind == "video" { "video/x-raw" } else { "audio/x-raw" };
            let viewer = Viewer::play(&support::uri(sink), kind, caps);
            viewer.samples(5);
        }
        for source in beside {
            source.property::<glib::Object>("signaller").set_property("uri", support::uri(sink));
            source.set_property("stun-server", None::<&str>);
            source.set_locked_state(false);
            source.sync_state_with_parent().unwrap();
            let meta = sink.property::<gst::Structure>("meta");
            let told = passive_consumer(&support::uri(sink));
            assert_eq!(told["talk-back"], meta.get::<&str>("name").unwrap(), "{}", self.said());
        }
        pipeline.stop();
    }

    fn receives(&self, pipeline: &Pipeline, source: &gst::Element) {
        let server = Server::start("127.0.0.1:0");
        let uri = format!("ws://{}", server.address);
        source.property::<glib::Object>("signaller").set_property("uri", &uri);
        source.set_property("stun-server", None::<&str>);
        let producer = Pipeline::parse(&format!(
            "{} ! webrtcsink name=ws stun-server=\"\" signaller::uri={uri}",
            support::VIDEO
        ));
        producer.play();
        let (give, seen) = channel();
        let end = pipeline.0.iterate_sinks().into_iter().map(Result::unwrap).next().unwrap();
        end.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = give.send(());
            gst::PadProbeReturn::Ok
        });
        pipeline.play();
        for _ in 0..5 {
            seen.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{}: nothing came", self.said()));
        }
        pipeline.stop();
    }
}

#[test]
fn pipelines_of_the_documents_play() {
    let film = examples::film("movie.mp4");
    let recipes = recipes(film.parent().unwrap());
    let run: Vec<_> = recipes.iter().filter(|recipe| recipe.runs).collect();
    assert!(run.len() > 8, "only {} were found", run.len());
    run.iter().for_each(|recipe| recipe.plays());
}

#[test]
fn pipelines_of_the_documents_are_understood() {
    let recipes = recipes(Path::new("/"));
    let mut faults = Vec::new();
    let mut documents = BTreeSet::new();
    for recipe in recipes.iter().filter(|recipe| !recipe.runs) {
        documents.insert(&recipe.document);
        if let Err(err) = recipe.parsed() {
            let is_device = DEVICES.iter().any(|device| err.message().contains(&format!("\"{device}\"")));
            if !(is_device && err.matches(gst::ParseError::NoSuchElement)) {
                faults.push(format!("{}: {err}", recipe.said()));
            }
        }
    }
    assert!(documents.len() > 3, "pipelines were found in {documents:?} only");
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}
