//! Streams a test pattern, or a file in a loop, to every browser that opens the page. `scripts/demo` runs it.

use anyhow::{Context, Error, anyhow, bail, ensure};
use futures::{StreamExt, stream};
use gst::glib;
use gst::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, path::Path, str::FromStr, sync::Arc};

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

/// Colour bars and a quiet tone.
fn add_test_pattern(pipeline: &gst::Pipeline, sink: &gst::Element) -> Result<(), Error> {
    let video = "videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1";
    let audio = "audiotestsrc is-live=true volume=0.05 ! audio/x-raw,channels=2";
    for (source, pad) in [(video, "video_%u"), (audio, "audio_%u")] {
        let source = gst::parse::bin_from_description(&format!("{source} ! queue"), true)?;
        pipeline.add(&source)?;
        source.link_pads(None, sink, Some(pad))?;
    }
    Ok(())
}

/// The first video and the first audio of a file or URI, again and again.
fn add_media(pipeline: &gst::Pipeline, sink: &gst::Element, media: &str) -> Result<(), Error> {
    let uri = if media.contains("://") {
        media.into()
    } else {
        let path = Path::new(media).canonicalize();
        glib::filename_to_uri(path.with_context(|| media.to_owned())?, None)?
    };
    let source = gst::ElementFactory::make_with_name("uridecodebin", None)?;
    source.set_property("uri", uri);
    pipeline.add(&source)?;
    let (sink, running) = (sink.clone(), Arc::new(AtomicUsize::new(0)));
    source.connect_pad_added(move |source, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let (name, template) = match caps.structure(0).map(|format| format.name().as_str()) {
            Some("video/x-raw") => ("video_0", "video_%u"),
            Some("audio/x-raw") => ("audio_0", "audio_%u"),
            _ => return,
        };
        let old = sink.static_pad(name);
        let input = old.or_else(|| sink.request_pad_simple(template));
        let Some(input) = input.filter(|input| !input.is_linked()) else {
            return;
        };
        // A round begins now; the first one with the pipeline, which has no time yet.
        pad.set_offset(sink.current_running_time().map_or(0, |now| now.nseconds() as i64));
        running.fetch_add(1, Ordering::SeqCst);
        let (running, source) = (running.clone(), source.downgrade());
        // The sink hears of no end: the round ends with its last stream, and another begins.
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if !matches!(info.event().map(|event| event.type_()), Some(gst::EventType::Eos)) {
                return gst::PadProbeReturn::Ok;
            }
            let last = running.fetch_sub(1, Ordering::SeqCst) == 1;
            if let Some(source) = source.upgrade().filter(|_| last) {
                let again = gst::message::Application::builder(gst::Structure::new_empty("again"));
                let _ = source.post_message(again.src(&source).build());
            }
            gst::PadProbeReturn::Handled
        });
        if let Err(error) = pad.link(&input) {
            eprintln!("cannot stream {caps}: {error}");
        }
    });
    Ok(())
}

/// Runs the pipeline until it ends, fails, or is asked to end by Ctrl-C or SIGTERM.
fn run(pipeline: &gst::Pipeline, page: &str) -> Result<(), Error> {
    let (interrupt, terminate) = (glib_unix::signal_stream(2), glib_unix::signal_stream(15));
    let stop = stream::select(interrupt, terminate).map(|()| None);
    let messages = pipeline.bus().context("a pipeline has a bus")?.stream().map(Some);
    let (mut news, mut announced) = (stream::select(messages, stop), false);
    // Why it failed comes over the bus.
    let _ = pipeline.set_state(gst::State::Playing);
    while let Some(Some(message)) = glib::MainContext::default().block_on(news.next()) {
        if let gst::MessageView::Error(error) = message.view() {
            bail!("{}", error.error());
        }
        let Some(news) = message.structure() else { continue };
        let field = |name| news.get::<String>(name).unwrap_or_default();
        match news.name().as_str() {
            "again" => {
                let source = message.src().and_then(|source| source.downcast_ref::<gst::Element>());
                let source = source.context("the source of a file says when it ends")?;
                source.set_state(gst::State::Null)?;
                source.sync_state_with_parent()?;
            }
            // Not before there is something to watch.
            "webrtc-signalling-connected" if !announced => {
                println!("Streaming. Watch at {page}/ and end it with Ctrl-C.");
                announced = true;
            }
            "webrtc-session-connected" => println!("{} watches.", field("peer-id")),
            "webrtc-session-ended" => println!("{} no longer watches: {}.", field("peer-id"), field("text")),
            _ => {}
        }
    }
    Ok(())
}
