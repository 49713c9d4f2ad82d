//! How a rung is started: with the first of its encoders that works.

use super::encoding::Encoding;
use super::rung::{Hooks, Plan, Rung, RungError};
use gst::prelude::*;
use std::sync::Arc;

impl Rung {
    /// Builds and starts a rung.
    ///
    /// # Errors
    /// An element is missing or none of the encoders starts.
    pub(crate) fn start(plan: &Plan<'_>, hooks: Arc<dyn Hooks>) -> Result<Arc<Self>, RungError> {
        if !plan.placement.encodes() {
            return Self::build(plan, hooks, None);
        }
        let mut tried = Vec::new();
        for (index, candidate) in plan.encoders.iter().enumerate() {
            let name = &candidate.name;
            let built = match Encoding::start(plan, &*hooks, candidate) {
                Ok(encoding) => Self::build(plan, hooks.clone(), Some(encoding)),
                Err(cause) => Err(RungError::Link { codec: plan.codec.name, cause }),
            };
            let cause = match built {
                Err(RungError::Link { cause, .. }) => cause,
                done => return done,
            };
            let next = plan.encoders.get(index + 1).map(|next| next.name.as_str());
            hooks.encoder_failed(name, next, &cause);
            tried.push(format!("{name} ({cause})"));
        }
        let tried = if tried.is_empty() {
            "none is installed".to_owned()
        } else {
            format!("tried {}", tried.join(", "))
        };
        Err(RungError::NoEncoder { codec: plan.codec.name, tried })
    }

    fn build(
        plan: &Plan<'_>,
        hooks: Arc<dyn Hooks>,
        encoding: Option<Encoding>,
    ) -> Result<Arc<Self>, RungError> {
        let pipeline = gst::Pipeline::with_name(&plan.name);
        let encoder = encoding.as_ref().map(|encoding| encoding.element().clone());
        let built = Self::put_together(plan, hooks, encoding, &pipeline);
        if built.is_err() {
            let _ = pipeline.set_state(gst::State::Null);
            if let Some(encoder) = encoder {
                let _ = encoder.set_state(gst::State::Null);
            }
        }
        built
    }
}
