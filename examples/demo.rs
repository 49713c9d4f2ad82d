//! Streams a test pattern, or a file in a loop, to every browser that opens the page. `scripts/demo` runs it.

use anyhow::{Context, Error, bail, ensure};
use futures::StreamExt;
use gst::glib;
use gst::prelude::*;
use std::{env, path::Path};

const USAGE: &str = "usage: demo [--web-port PORT] [--signalling-port PORT] [--host ADDRESS] [FILE-OR-URI]";

fn main() -> Result<(), Error> {
    let mut words: Vec<String> = env::args().skip(1).collect();
    let host = option(&mut words, "--host", "127.0.0.1")?;
    let page = format!("http://{host}:{}", option(&mut words, "--web-port", "8080")?);
    let port = option(&mut words, "--signalling-port", "8443")?;
    ensure!(
        words.len() < 2 && !words.iter().any(|word| word.starts_with('-')),
        USAGE
    );

    gst::init()?;
    gstrswebrtc::plugin_register_static()?;
    let pipeline = gst::Pipeline::new();
    let sink = gst::ElementFactory::make("webrtcsink")
        .property("run-signalling-server", true)
        .property("signalling-server-host", host)
        .property(
            "signalling-server-port",
            port.parse::<u16>().map(u32::from).context("--signalling-port")?,
        )
        .property("run-web-server", true)
        .property("web-server-host-addr", &page)
        .property(
            "meta",
            gst::Structure::builder("meta").field("name", "demo").build(),
        )
        .build()?;
    pipeline.add(&sink)?;
    match words.first() {
        None => add_test_pattern(&pipeline, &sink)?,
        Some(media) => add_media(&pipeline, &sink, media)?,
    }
    let outcome = run(&pipeline, &page);
    pipeline.set_state(gst::State::Null)?;
    outcome
}

/// Takes `name VALUE` out of the command line.
fn option(words: &mut Vec<String>, name: &str, otherwise: &str) -> Result<String, Error> {
    let Some(at) = words.iter().position(|word| word == name) else {
        return Ok(otherwise.to_owned());
    };
    ensure!(at + 1 < words.len(), "{name} needs a value; {USAGE}");
    words.remove(at);
    Ok(words.remove(at))
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
            .with_context(|| format!("cannot play {media}"))?;
        glib::filename_to_uri(path, None)?
    };
    let source = gst::ElementFactory::make("uridecodebin")
        .property("uri", uri)
        .build()?;
    pipeline.add(&source)?;
    let sink = sink.clone();
    source.connect_pad_added(move |_, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let template = match caps.structure(0).map(|format| format.name().as_str()) {
            Some("video/x-raw") => "video_%u",
            Some("audio/x-raw") => "audio_%u",
            _ => return,
        };
        let taken = sink
            .sink_pads()
            .iter()
            .any(|input| input.name().starts_with(&template[..5]));
        if !taken
            && !sink
                .request_pad_simple(template)
                .is_some_and(|input| pad.link(&input).is_ok())
        {
            eprintln!("cannot stream {caps}");
        }
    });
    // All of it is connected, so it can seek; but not from the thread that says so.
    source.connect_no_more_pads(|source| tell(source, "connected"));
    Ok(())
}

/// Puts a word on the bus, for `run`.
fn tell(element: &impl IsA<gst::Element>, word: &str) {
    let word = gst::message::Application::builder(gst::Structure::new_empty(word))
        .src(element)
        .build();
    let _ = element.post_message(word);
}

/// Runs the pipeline until it ends, fails, or is asked to end by Ctrl-C or SIGTERM.
fn run(pipeline: &gst::Pipeline, page: &str) -> Result<(), Error> {
    const SIGINT_AND_SIGTERM: [i32; 2] = [2, 15];
    for signal in SIGINT_AND_SIGTERM {
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
            // The end of a round comes as `SegmentDone`. Then there is nothing to flush, and the next round
            // follows without a gap.
            gst::MessageView::SegmentDone(_) => rewind(pipeline, gst::SeekFlags::SEGMENT),
            gst::MessageView::Application(said)
                if said.structure().is_some_and(|word| word.has_name("connected")) =>
            {
                rewind(pipeline, gst::SeekFlags::SEGMENT | gst::SeekFlags::FLUSH);
            }
            gst::MessageView::Application(_) => break,
            gst::MessageView::Element(news) => news.structure().into_iter().for_each(print_session),
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

/// Says which viewers come and go.
fn print_session(news: &gst::StructureRef) {
    let field = |name| news.get::<String>(name).unwrap_or_default();
    match news.name().as_str() {
        "webrtc-session-connected" => println!("{} watches.", field("peer-id")),
        "webrtc-session-ended" => println!("{} no longer watches: {}.", field("peer-id"), field("text")),
        _ => {}
    }
}
