//! Remote control: a viewer's mouse moves a mark in the producer's picture, and a request of the application's own
//! changes the pattern.
//!
//! cargo run --release --example remote_control produce [-- --uri ws://HOST:8443]
//! cargo run --release --example remote_control watch [-- --uri ws://HOST:8443 --sink autovideosink]
//!
//! `produce` without --uri runs a signalling server and the page, which has a button "Control". `watch` receives from
//! the first producer: move the mouse over its window.

mod app;

use anyhow::{Context, Error, bail};
use gst::glib;
use gst::prelude::*;
use std::time::Duration;

fn main() -> Result<(), Error> {
    let [uri, sink, role] = app::begin(include_str!("remote_control.rs"), ["--uri", "--sink", "ROLE"])?;
    match role.as_deref() {
        Some("produce") => produce(uri),
        Some("watch") => watch(uri, &sink.unwrap_or_else(|| "autovideosink".into())),
        _ => bail!("say what this end is to do: `produce` or `watch`; --help says more"),
    }
}

/// Events of viewers arrive upstream of the sink, as those of a window would.
fn produce(uri: Option<String>) -> Result<(), Error> {
    let pipeline = gst::parse::launch(
        "videotestsrc name=camera is-live=true ! video/x-raw,width=640,height=360 ! navigationtest ! queue !
         webrtcsink name=sink enable-control-data-channel=true",
    )?;
    let pipeline = pipeline.downcast::<gst::Pipeline>().ok().context("this is a pipeline")?;
    app::meet(&pipeline.by_name("sink").context("the pipeline has a sink")?, uri);
    let camera = pipeline.by_name("camera").context("the pipeline has a camera")?;
    let pad = camera.static_pad("src").context("a camera has a pad")?;
    let camera = camera.downgrade();
    // The mouse is for navigationtest; what reaches the camera is told, and what it understands, done.
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let (Some(event), Some(camera)) = (info.event(), camera.upgrade()) else {
            return gst::PadProbeReturn::Ok;
        };
        match (event.view(), event.structure()) {
            (gst::EventView::CustomUpstream(_), Some(request)) if request.has_name("show-pattern") => {
                let pattern = request.get::<String>("pattern").unwrap_or_default();
                let known = glib::EnumClass::with_type(camera.property_value("pattern").type_());
                if known.is_some_and(|known| known.value_by_nick(&pattern).is_some()) {
                    println!("shows {pattern}");
                    camera.set_property_from_str("pattern", &pattern);
                    // The viewer is answered that this was done; what is not handled is answered with an error.
                    return gst::PadProbeReturn::Handled;
                }
            }
            (gst::EventView::Navigation(_), Some(event)) => {
                println!("{event}");
                return gst::PadProbeReturn::Handled;
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    app::play(&pipeline, |_| {})
}

/// What a window has of mouse and keys goes upstream by itself; everything else is an event that the element is sent.
fn watch(uri: Option<String>, sink: &str) -> Result<(), Error> {
    let pipeline = gst::Pipeline::new();
    let source = gst::ElementFactory::make("webrtcsrc")
        .property("connect-to-first-producer", true)
        .property("enable-control-data-channel", true)
        .build()?;
    app::meet(&source, uri);
    pipeline.add(&source)?;
    let window = format!("queue ! videoconvert ! {sink}");
    let bin = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        if let Some(bin) = bin.upgrade()
            && pad.name().starts_with("video")
            && let Err(error) = show(&bin, pad, &window)
        {
            eprintln!("there is no window: {error:#}");
        }
    });

    // Another pattern every two seconds; the channel is not open yet where the event is not taken.
    let element = source.downgrade();
    let mut patterns = ["ball", "snow", "no such pattern", "smpte"].into_iter().cycle();
    let mut pattern = patterns.next();
    glib::timeout_add_local(Duration::from_millis(500), move || {
        let Some(source) = element.upgrade() else {
            return glib::ControlFlow::Break;
        };
        let click = gst_video::NavigationEvent::MouseMove {
            x: 320.0,
            y: 180.0,
            modifier_state: gst_video::NavigationModifierType::empty(),
        };
        source.send_event(gst::event::Navigation::new(click.structure()));
        let request = gst::Structure::builder("show-pattern").field("pattern", pattern).build();
        if source.send_event(gst::event::CustomUpstream::new(request)) {
            pattern = patterns.next();
        }
        glib::ControlFlow::Continue
    });
    app::play(&pipeline, |news| {
        if news.has_name("webrtc-control-response") {
            match news.get::<String>("error") {
                Ok(error) => println!("the producer could not: {error}"),
                Err(_) => println!("the producer did it"),
            }
        }
    })
}

/// A window for a stream.
fn show(bin: &gst::Pipeline, pad: &gst::Pad, window: &str) -> Result<(), Error> {
    let window = gst::parse::bin_from_description(window, true)?;
    bin.add(&window)?;
    window.sync_state_with_parent()?;
    pad.link(&window.static_pad("sink").context("a window has a pad")?)?;
    Ok(())
}
