//! How a rung is started: with the first of its encoders that works.

use super::encoding::Encoding;
use super::fault::Fault;
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
            let built = match Encoding::start(plan, &hooks, candidate) {
                Ok(encoding) => Self::build(plan, hooks.clone(), Some(encoding)),
                Err(text) => {
                    let fault = Fault { text, encoder: Some(name.clone()) };
                    Err(RungError::Link { codec: plan.codec.name, fault })
                }
            };
            // With another encoder, what is wrong elsewhere stays so.
            let cause = match built {
                Err(RungError::Link { fault: Fault { text, encoder: Some(_) }, .. }) => text,
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Told, candidate, with_plan};
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn an_element_of_the_applications_that_does_not_start_is_not_blamed_on_encoders() {
        let filter: fn() -> gst::Element = || {
            let text = "tee name=t ! identity t. ! queue ! fakesink state-error=ready-to-paused";
            gst::parse::bin_from_description(text, true).unwrap().upcast()
        };
        let hooks = Arc::new(Told { filter: Some(filter), ..Told::default() });
        with_plan(vec![candidate("vp8enc"), candidate("vp8enc")], |plan| {
            let Err(RungError::Link { fault, .. }) = Rung::start(plan, hooks.clone()) else {
                panic!("it started, or failed otherwise");
            };
            assert_eq!(fault.encoder, None, "{fault:?}");
            assert_eq!(*hooks.tried.lock().unwrap(), [""; 0]);
        });
    }

    #[test]
    fn an_encoder_whose_frames_are_refused_behind_it_is_not_to_blame() {
        let filter: fn() -> gst::Element = || {
            let filter = gst::ElementFactory::make("identity").build().unwrap();
            filter.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, |_, info| {
                info.flow_res = Err(gst::FlowError::Error);
                info.data = None;
                gst::PadProbeReturn::Handled
            });
            filter
        };
        let (give, take) = channel();
        let hooks = Told { filter: Some(filter), faults: Mutex::new(Some(give)), ..Told::default() };
        with_plan(vec![candidate("vp8enc")], |plan| {
            let rung = Rung::start(plan, Arc::new(hooks)).unwrap();
            for frame in 0..3 {
                let mut buffer = gst::Buffer::with_size(320 * 240 * 3 / 2).unwrap();
                buffer.get_mut().unwrap().set_pts(frame * gst::ClockTime::from_mseconds(33));
                rung.push(buffer, plan.input);
            }
            let fault = take.recv_timeout(Duration::from_secs(20)).unwrap();
            assert_eq!(fault.encoder, None, "{fault:?}");
        });
    }
}
