//! aiortc, which shares no code with the others, plays what the sink serves: it takes only ECDSA certificates, answers
//! and offers, and tells every candidate in its description.

use crate::support::direct::{Direct, Said};
use crate::support::{AUDIO, DEADLINE, Pipeline, VIDEO, program};
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::SignallableExt;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A viewer in a process of its own, and what it says.
struct Viewer {
    child: Child,
    said: Receiver<Value>,
}

impl Viewer {
    fn start(arguments: &[&str]) -> Self {
        let python = program::built().parent().unwrap().join("aiortc/bin/python");
        assert!(python.is_file(), "{} is not there: run scripts/test, which installs it", python.display());
        let viewer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aiortc/viewer.py");
        let mut child = Command::new(python)
            .arg(viewer)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (give, said) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = give.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, said }
    }

    fn tell(&mut self, message: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn description(&self) -> String {
        self.until("description", |said| said["sdp"].as_str().map(str::to_owned))
    }

    fn until<T>(&self, what: &str, found: impl Fn(&Value) -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let said = self.said.recv_timeout(left).unwrap_or_else(|_| panic!("no {what} in time"));
            if let Some(found) = found(&said) {
                return found;
            }
        }
    }

    /// Waits for so many frames with something in them.
    fn sees(&self, video: usize, audio: usize) {
        let (mut videos, mut audios) = (0, 0);
        while videos < video || audios < audio {
            let (kind, measure) = self.until("frames", |said| {
                Some((said["frame"].as_str()?.to_owned(), said["measure"].as_i64()?))
            });
            videos += usize::from(kind == "video" && measure > 100);
            audios += usize::from(kind == "audio" && measure > 1000);
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sink of a picture and a tone.
fn sink(settings: &str) -> (Pipeline, Direct, Receiver<Said>) {
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {settings} {AUDIO} ! ws."));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    (pipeline, direct, said)
}

/// Tells the viewer what the sink says, and the sink what the viewer answers, until media flows.
fn negotiate(viewer: &mut Viewer, direct: &Direct, said: &Receiver<Said>, pipeline: &Pipeline) {
    let bus = pipeline.0.bus().unwrap();
    let is_connected = |message: gst::Message| match message.view() {
        gst::MessageView::Element(element) => {
            element.structure()?.name().ends_with("connected").then_some(())
        }
        _ => None,
    };
    let end = Instant::now() + DEADLINE;
    while !bus.iter().any(|message| is_connected(message).is_some()) {
        assert!(Instant::now() < end, "no connection in time");
        match said.recv_timeout(std::time::Duration::from_millis(100)) {
            Ok(Said::Description(_, WebRTCSDPType::Offer, sdp)) => {
                viewer.tell(&json!({ "type": "offer", "sdp": sdp }));
                direct.describe("s", WebRTCSDPType::Answer, &viewer.description());
            }
            Ok(Said::Description(_, _, sdp)) => viewer.tell(&json!({ "type": "answer", "sdp": sdp })),
            Ok(Said::Candidate(_, candidate)) if !candidate.is_empty() => {
                viewer.tell(&json!({ "candidate": candidate, "index": 0 }));
            }
            Ok(Said::Ended(_, why)) => panic!("{why:?}"),
            _ => {}
        }
    }
}

fn answers(settings: &str) {
    let (pipeline, direct, said) = sink(settings);
    let mut viewer = Viewer::start(&[]);
    direct.session_requested("s", "viewer", None);
    negotiate(&mut viewer, &direct, &said, &pipeline);
    viewer.sees(60, 60);
}

fn it_answers_and_plays_vp8_and_opus(transport: &str) {
    answers(&format!("{transport} video-caps=video/x-vp8"));
}

fn it_answers_and_plays_h264_and_opus(transport: &str) {
    answers(&format!("{transport} video-caps=video/x-h264"));
}

fn it_offers_waits_for_the_handshake_and_plays(transport: &str) {
    let (pipeline, direct, said) = sink(&format!("{transport} video-caps=video/x-vp8"));
    let mut viewer = Viewer::start(&["--offer"]);
    let offer = gst_sdp::SDPMessage::parse_buffer(viewer.description().as_bytes()).unwrap();
    let offer = WebRTCSessionDescription::new(WebRTCSDPType::Offer, offer);
    direct.session_requested("s", "viewer", Some(&offer));
    negotiate(&mut viewer, &direct, &said, &pipeline);
    viewer.sees(60, 60);
}

crate::support::under_both_transports!(
    it_answers_and_plays_vp8_and_opus,
    it_answers_and_plays_h264_and_opus,
    it_offers_waits_for_the_handshake_and_plays,
);
