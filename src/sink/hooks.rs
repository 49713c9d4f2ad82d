//! What a rung asks of the element around it: the application's hooks, key units from upstream, failures.

use super::input::Input;
use super::mitigation::Mitigating;
use super::rungs::Which;
use super::settings::Settings;
use super::signals;
use crate::chain::fault::Fault;
use crate::chain::rung::Hooks;
use crate::runtime;
use gst::prelude::*;
use logic::following::Stubborn;
use logic::picture::Cut;
use std::sync::Arc;

/// The rung's way to the element.
pub(super) struct InputHooks {
    input: std::sync::Weak<Input>,
    which: Which,
    peer_id: String,
    mitigating: Mitigating,
}

impl InputHooks {
    pub(super) fn new(input: &Arc<Input>, which: Which, settings: &Settings, peer_id: &str) -> Self {
        let mitigating = Mitigating::new(settings);
        Self { input: Arc::downgrade(input), which, peer_id: peer_id.into(), mitigating }
    }
}

impl Hooks for InputHooks {
    fn encoder(&self, encoder: &gst::Element) -> bool {
        let Some(input) = self.input.upgrade() else {
            return false;
        };
        input
            .element
            .upgrade()
            .is_some_and(|e| signals::encoder_setup(&e, &self.peer_id, &input.name, encoder))
    }

    fn payloader(&self, payloader: &gst::Element) -> bool {
        let Some(input) = self.input.upgrade() else {
            return false;
        };
        input
            .element
            .upgrade()
            .is_some_and(|e| signals::payloader_setup(&e, &self.peer_id, &input.name, payloader))
    }

    fn filter(&self, caps: &gst::Caps) -> Option<gst::Element> {
        let input = self.input.upgrade()?;
        let owner = self.which.owner.map(|_| self.peer_id.as_str());
        signals::encoded_filter(&input.element.upgrade()?, owner, &input.name, caps)
    }

    fn cut(&self, source: &gst::Caps, bits_per_second: u32) -> Option<Cut> {
        let input = self.input.upgrade()?;
        self.mitigating.cut(&input.element.upgrade()?, &input.name, &self.which, source, bits_per_second)
    }

    fn upstream_key_unit(&self) {
        let Some(pad) = self.input.upgrade().and_then(|input| input.pad.upgrade()) else {
            return;
        };
        pad.push_event(gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build());
    }

    fn encoder_failed(&self, encoder: &str, next: Option<&str>, text: &str) {
        let Some(input) = self.input.upgrade() else { return };
        self.mitigating.begin();
        input.note_failure(encoder);
        input.tell_failure(self.which.codec, encoder, next, text);
    }

    fn context(&self, message: &gst::Message) {
        if let Some(element) = self.input.upgrade().and_then(|input| input.element.upgrade()) {
            let _ = element.post_message(message.clone());
        }
    }

    fn bitrate_not_followed(&self, encoder: &str, stubborn: Stubborn) {
        if let Some(input) = self.input.upgrade() {
            input.tell_stubborn(self.which.codec, encoder, stubborn);
        }
    }

    fn failed(&self, fault: Fault) {
        let Some(input) = self.input.upgrade() else { return };
        // At once: who starts the rung anew meanwhile does so with another.
        fault.encoder.iter().for_each(|encoder| input.note_failure(encoder));
        let which = self.which;
        runtime::spawn_blocking(move || input.rung_failed(&which, &fault));
    }
}
