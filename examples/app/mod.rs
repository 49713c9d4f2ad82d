//! What every example has around the one thing that it shows: a command line, and a pipeline that plays until it
//! ends, fails, or is asked to end.

use anyhow::{Context, Error, bail, ensure};
use futures::{StreamExt, stream};
use gst::glib;
use gst::prelude::*;
use std::{env, process};

/// GStreamer with the plugin inside this program, and the values of these options, in this order. A name without
/// dashes stands for a word without a name. `source` is the example's own text: its first comment is its help.
pub(crate) fn begin<const N: usize>(source: &str, names: [&str; N]) -> Result<[Option<String>; N], Error> {
    let help: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let help = help.join("\n");
    let mut values = [const { None }; N];
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-h" | "--help") {
            println!("{}", help.trim_start());
            process::exit(0);
        }
        let is_option = word.starts_with('-');
        let mut places = names.iter().zip(values.iter_mut());
        let place = places.find(|(name, value)| match is_option {
            true => **name == word,
            false => !name.starts_with('-') && value.is_none(),
        });
        let (name, place) = place.with_context(|| format!("{word} is not understood\n{help}"))?;
        *place = if is_option { words.next() } else { Some(word) };
        ensure!(place.is_some(), "{name} needs a value\n{help}");
    }
    gst::init()?;
    gstrswebrtc::plugin_register_static()?;
    Ok(values)
}

/// Has an element meet its peers at a signalling server. Where none is named, a producer runs one itself, and the page;
/// a consumer looks for it at the usual place.
pub(crate) fn meet(element: &gst::Element, server: Option<String>) {
    if let Some(server) = server {
        element.property::<glib::Object>("signaller").set_property("uri", server);
    } else if element.has_property("run-signalling-server") {
        element.set_property("run-signalling-server", true);
        element.set_property("run-web-server", true);
        println!("Watch at {}", element.property::<String>("web-server-host-addr"));
    }
}

/// Plays a pipeline until it ends, fails, or is asked to end by Ctrl-C or SIGTERM. `hear` is given what elements tell.
pub(crate) fn play(pipeline: &gst::Pipeline, mut hear: impl FnMut(&gst::StructureRef)) -> Result<(), Error> {
    let (interrupt, terminate) = (glib_unix::signal_stream(2), glib_unix::signal_stream(15));
    let stop = stream::select(interrupt, terminate).map(|()| None);
    let messages = pipeline.bus().context("a pipeline has a bus")?.stream().map(Some);
    let mut news = stream::select(messages, stop);
    // Why it failed comes over the bus.
    let _ = pipeline.set_state(gst::State::Playing);
    let outcome = glib::MainContext::default().block_on(async {
        while let Some(Some(message)) = news.next().await {
            match message.view() {
                gst::MessageView::Error(error) => bail!("{}", error.error()),
                gst::MessageView::Eos(_) => break,
                gst::MessageView::Element(news) => news.structure().into_iter().for_each(&mut hear),
                _ => {}
            }
        }
        Ok(())
    });
    pipeline.set_state(gst::State::Null)?;
    outcome
}
