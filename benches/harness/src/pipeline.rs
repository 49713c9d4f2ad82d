//! What every child does with a pipeline as any application would: follow its bus, stop it.

use crate::child::say;
use crate::job::Said;
use anyhow::{Context, Result};
use gst::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A pipeline's bus that is being followed.
pub struct Following {
    stopping: Arc<AtomicBool>,
}

/// Says what goes wrong and distributes latencies, in a thread of its own.
pub fn follow_bus(pipeline: &gst::Pipeline) -> Following {
    let stopping = Arc::new(AtomicBool::new(false));
    let following = Following {
        stopping: stopping.clone(),
    };
    let (Some(bus), pipeline) = (pipeline.bus(), pipeline.downgrade()) else {
        return following;
    };
    std::thread::spawn(move || {
        let mut known = HashSet::new();
        for message in bus.iter_timed(None) {
            if stopping.load(Ordering::Relaxed) {
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
    following
}

impl Following {
    /// Stops the pipeline; what it says from now on is of no interest.
    pub fn stop(self, pipeline: &gst::Pipeline) -> Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        pipeline
            .set_state(gst::State::Null)
            .context("failed to stop a pipeline")?;
        Ok(())
    }
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
