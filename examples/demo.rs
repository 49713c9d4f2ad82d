//! Streams a test pattern, or a file in a loop, to every browser that opens the page. `scripts/demo` runs it.

use anyhow::{Context, Error, anyhow, bail, ensure};
use futures::StreamExt;
use gst::glib;
use gst::prelude::*;
use std::{env, path::Path, str::FromStr};

const USAGE: &str = "usage: demo [--web-port PORT] [--signalling-port PORT] [--host ADDRESS] [FILE-OR-URI]";

fn main() -> Result<(), Error> {
    let mut words: Vec<String> = env::args().skip(1).collect();
    let host = option(&mut words, "--host", String::from("127.0.0.1"))?;
    let page = format!("http://{host}:{}", option(&mut words, "--web-port", 8080u16)?);
    let port = option(&mut words, "--signalling-port", 8443u16)?;
    let media = words.pop();
    let understood = words.is_empty() && !media.iter().any(|word| word.starts_with('-'));
    ensure!(understood, USAGE);

    gst::init()?;
    gstrswebrtc::plugin_register_static()?;
    let pipeline = gst::Pipeline::new();
    let sink = gst::ElementFactory::make("webrtcsink")
        .property("run-signalling-server", true)
        .property("signalling-server-host", host)
        .property("signalling-server-port", u32::from(port))
        .property("run-web-server", true)
        .property("web-server-host-addr", &page)
        .property_from_str("meta", "meta, name=demo")
        .build()?;
    pipeline.add(&sink)?;
    match &media {
        None => add_test_pattern(&pipeline, &sink)?,
        Some(media) => add_media(&pipeline, &sink, media)?,
    }
    let outcome = run(&pipeline, &page);
    pipeline.set_state(gst::State::Null)?;
    outcome
}

/// Takes `name VALUE` out of the command line.
fn option<T: FromStr>(words: &mut Vec<String>, name: &str, default: T) -> Result<T, Error> {
    let Some(at) = words.iter().position(|word| word == name) else {
        return Ok(default);
    };
    words.remove(at);
    ensure!(at < words.len(), USAGE);
    words.remove(at).parse().map_err(|_| anyhow!(USAGE))
}

/// A moving picture with a quiet tone.
fn add_test_pattern(pipeline: &gst::Pipeline, sink: &gst::Element) -> Result<(), Error> {
    let video = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=1280,height=720,framerate=30/1";
    let audio = "audiotestsrc is-live=true volume=0.05 ! audio/x-raw,channels=2";
    for (source, pad) in [(video, "video_%u"), (audio, "audio_%u")] {
        let source = gst::parse::bin_from_description(&format!("{source} ! queue"), true)?;
        pipeline.add(&source)?;
        source.link_pads(None, sink, Some(pad))?;
    }
    Ok(())
}

/// The first video and the first audio of a file or URI.
fn add_media(pipeline: &gst::Pipeline, sink: &gst::Element, media: &str) -> Result<(), Error> {
    let uri = if media.contains("://") {
        media.into()
    } else {
        let path = Path::new(media)
            .canonicalize()
            .with_context(|| format!("cannot play {media}"));
        glib::filename_to_uri(path?, None)?
    };
    let source = gst::ElementFactory::make_with_name("uridecodebin", None)?;
    source.set_property("uri", uri);
    pipeline.add(&source)?;
    let sink = sink.clone();
    source.connect_pad_added(move |_, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let template = match caps.structure(0).map(|format| format.name().as_str()) {
            Some("video/x-raw") => "video_%u",
            Some("audio/x-raw") => "audio_%u",
            _ => return,
        };
        let inputs = sink.sink_pads();
        if inputs
            .iter()
            .any(|input| input.name().starts_with(&template[..5]))
        {
            return; // Of every kind the first.
        }
        let input = sink.request_pad_simple(template);
        if !input.is_some_and(|input| pad.link(&input).is_ok()) {
            eprintln!("cannot stream {caps}");
        }
    });
    // All of it is connected, so it can seek; but not from the thread that says so.
    source.connect_no_more_pads(|source| tell(source, "connected"));
    Ok(())
}

/// Puts a word on the bus, for `run`.
fn tell(element: &impl IsA<gst::Element>, word: &str) {
    let word = gst::message::Application::new(gst::Structure::new_empty(word));
    let _ = element.post_message(word);
}

/// Runs the pipeline until it ends, fails, or is asked to end by Ctrl-C or SIGTERM.
fn run(pipeline: &gst::Pipeline, page: &str) -> Result<(), Error> {
    let (interrupt, terminate) = (2, 15);
    for signal in [interrupt, terminate] {
        let pipeline = pipeline.clone();
        glib::unix_signal_add(signal, move || {
            tell(&pipeline, "stop");
            glib::ControlFlow::Continue
        });
    }
    let mut messages = pipeline.bus().context("a pipeline has a bus")?.stream();
    if pipeline.set_state(gst::State::Playing).is_ok() {
        println!("Streaming. Watch at {page}/ and end it with Ctrl-C.");
    }
    while let Some(message) = glib::MainContext::default().block_on(messages.next()) {
        match message.view() {
            gst::MessageView::Error(error) => bail!("{}", error.error()),
            gst::MessageView::Eos(_) => break,
            // The end of a round. There is nothing to flush, so the next one follows without a gap.
            gst::MessageView::SegmentDone(_) => rewind(pipeline, gst::SeekFlags::SEGMENT),
            _ => {}
        }
        let Some(news) = message.structure() else { continue };
        let field = |name| news.get::<String>(name).unwrap_or_default();
        match news.name().as_str() {
            "connected" => rewind(pipeline, gst::SeekFlags::SEGMENT | gst::SeekFlags::FLUSH),
            "stop" => break,
            "webrtc-session-connected" => println!("{} watches.", field("peer-id")),
            "webrtc-session-ended" => println!("{} no longer watches: {}.", field("peer-id"), field("text")),
            _ => {}
        }
    }
    Ok(())
}

/// Back to the start of the media.
fn rewind(pipeline: &gst::Pipeline, flags: gst::SeekFlags) {
    let (set, none) = (gst::SeekType::Set, gst::SeekType::None);
    let seek = gst::event::Seek::new(1.0, flags, set, gst::ClockTime::ZERO, none, gst::ClockTime::NONE);
    if !pipeline.send_event(seek) {
        println!("This cannot be repeated: it plays once.");
    }
}
