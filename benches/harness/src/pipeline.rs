//! What every child does with a pipeline as any application would: follow its bus, stop it.

use crate::child::say;
use crate::job::Said;
use anyhow::{Context, Result};
use gst::prelude::*;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// This process is ending: what its pipelines say now is of no interest.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Says what goes wrong and distributes latencies, in a thread of its own.
pub fn follow_bus(pipeline: &gst::Pipeline) {
    let (Some(bus), pipeline) = (pipeline.bus(), pipeline.downgrade()) else {
        return;
    };
    std::thread::spawn(move || {
        let mut known = HashSet::new();
        for message in bus.iter_timed(None) {
            if STOPPING.load(Ordering::Relaxed) {
                return;
            }
            if let Some(text) = problem(&message).filter(|text| known.insert(text.clone())) {
                say(&Said::Problem { text });
            }
            if matches!(message.view(), gst::MessageView::Latency(_)) {
                // Fails only while the pipeline stops.
                drop(pipeline.upgrade().map(|pipeline| pipeline.recalculate_latency()));
            }
        }
    });
}

/// Stops a pipeline of a process that is about to end.
pub fn stop(pipeline: &gst::Pipeline) -> Result<()> {
    STOPPING.store(true, Ordering::Relaxed);
    pipeline
        .set_state(gst::State::Null)
        .context("failed to stop a pipeline")?;
    Ok(())
}

/// An error, a warning, or a session that ended with one.
fn problem(message: &gst::Message) -> Option<String> {
    let from = message
        .src()
        .map(|source| source.path_string().to_string())
        .unwrap_or_default();
    match message.view() {
        gst::MessageView::Error(error) => {
            Some(format!("{from}: error: {} {:?}", error.error(), error.debug()))
        }
        gst::MessageView::Warning(warning) => Some(format!(
            "{from}: warning: {} {:?}",
            warning.error(),
            warning.debug()
        )),
        gst::MessageView::Element(told) => {
            let structure = told
                .structure()
                .filter(|structure| structure.get("is-error") == Ok(true))?;
            Some(format!("{from}: told: {structure}"))
        }
        _ => None,
    }
}
