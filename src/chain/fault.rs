//! What is wrong with a rung, and who is told: while it starts, who starts it; later, who uses it.

use super::encoding::Encoding;
use super::rung::Hooks;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Why a rung cannot go on.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) text: String,
    /// The encoder that is to blame.
    pub(crate) encoder: Option<String>,
}

impl Fault {
    /// One that no encoder is to blame for.
    pub(crate) fn new(text: &dyn std::fmt::Display) -> Self {
        Self { text: text.to_string(), encoder: None }
    }
}

/// A rung's.
#[derive(Default)]
pub(super) struct Faults {
    /// Elements post more than one error; the first tells the cause.
    first: OnceLock<Fault>,
    runs: AtomicBool,
    told: AtomicBool,
}

impl Faults {
    /// The first.
    pub(super) fn first(&self) -> Option<&Fault> {
        self.first.get()
    }

    /// Something is wrong; true where those who use the rung are to be told.
    pub(super) fn note(&self, fault: Fault) -> bool {
        self.first.set(fault).is_ok() && self.runs.load(Ordering::SeqCst) && self.is_news()
    }

    /// The rung runs.
    ///
    /// # Errors
    /// Something has been wrong before, and nobody has been told.
    pub(super) fn runs(&self) -> Result<(), Fault> {
        self.runs.store(true, Ordering::SeqCst);
        match self.first() {
            Some(fault) if self.is_news() => Err(fault.clone()),
            _ => Ok(()),
        }
    }

    fn is_news(&self) -> bool {
        !self.told.swap(true, Ordering::SeqCst)
    }
}

/// Hands on what is about contexts: elements of graphics cards find the application's display by these, at once or not
/// at all.
pub(super) fn tell_context(message: &gst::Message, hooks: &dyn Hooks) -> bool {
    use gst::MessageView::{HaveContext, NeedContext};
    let is_about = matches!(message.view(), NeedContext(_) | HaveContext(_));
    if is_about {
        hooks.context(message);
    }
    is_about
}

/// Notes the errors of a rung's pipeline. An encoder is to blame for its own, and for those of the entrance, where
/// what it refuses is felt, unless those behind it refuse what it makes.
pub(super) fn watch(
    pipeline: &gst::Pipeline,
    encoder: Option<&Encoding>,
    entrance: &gst::Element,
    faults: &Arc<Faults>,
    hooks: Weak<dyn Hooks>,
) {
    let Some(bus) = pipeline.bus() else { return };
    let (faults, entrance) = (faults.clone(), entrance.downgrade());
    let exit = encoder.and_then(Encoding::exit).map(|pad| pad.downgrade());
    let encoder = encoder.map(|encoder| (encoder.element().downgrade(), encoder.name().to_owned()));
    bus.set_sync_handler(move |_, message| {
        if let Some(hooks) = hooks.upgrade() {
            tell_context(message, &*hooks);
        }
        if let gst::MessageView::Error(err) = message.view() {
            let is_at = |element: Option<gst::Element>| {
                element.is_some_and(|element| {
                    let source = message.src();
                    source.is_some_and(|source| source == &element || source.has_as_ancestor(&element))
                })
            };
            let is_refused = exit.as_ref().and_then(gst::glib::WeakRef::upgrade).is_some_and(|exit| {
                let last = exit.last_flow_result();
                last.is_err_and(|err| !matches!(err, gst::FlowError::Flushing | gst::FlowError::Eos))
            });
            let blamed = encoder.as_ref().filter(|_| !is_refused);
            let blamed = blamed.filter(|(encoder, _)| is_at(encoder.upgrade()) || is_at(entrance.upgrade()));
            let fault = Fault {
                text: format!("{} ({})", err.error(), err.debug().unwrap_or_default()),
                encoder: blamed.map(|(_, name)| name.clone()),
            };
            if faults.note(fault.clone())
                && let Some(hooks) = hooks.upgrade()
            {
                hooks.failed(fault);
            }
        }
        gst::BusSyncReply::Drop
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        Fault { text: text.into(), encoder: None }
    }

    #[test]
    fn a_fault_is_told_once_to_who_starts_the_rung_or_to_who_uses_it() {
        let early = Faults::default();
        assert!(!early.note(fault("early")));
        assert!(!early.note(fault("again")));
        assert_eq!(early.runs().unwrap_err().text, "early");
        let late = Faults::default();
        assert!(late.runs().is_ok());
        assert!(late.note(fault("late")));
        assert!(!late.note(fault("again")));
        assert_eq!(late.first().unwrap().text, "late");
    }
}
