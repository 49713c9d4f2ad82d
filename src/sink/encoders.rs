//! How the encoders of an input are started, shared and forgotten.

use super::hooks::InputHooks;
use super::input::Input;
use super::rungs::{Lease, Slot, Which};
use super::settings::Settings;
use super::terms::Terms;
use crate::chain::fault::Fault;
use crate::chain::rung::{self, Rung, RungError};
use crate::codec;
use gst::subclass::prelude::*;
use logic::placement::{self, Input as Entering, Placement};
use std::sync::Arc;
use std::time::Duration;

impl Input {
    /// Whether what has these caps is encoded for viewers who take `wanted`, and so can be in several ways.
    pub(super) fn encodes(caps: &gst::Caps, wanted: &'static logic::codec::Codec) -> bool {
        let entering = codec::input(caps);
        entering.is_some_and(|entering| placement::place(entering, wanted).is_ok_and(Placement::encodes))
    }

    /// A share of an encoder, which is started where it does not run, at `bitrate`; blocks meanwhile.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn lease(
        self: &Arc<Self>,
        which: Which,
        bitrate: u32,
        settings: &Settings,
        peer_id: &str,
    ) -> Result<Lease, String> {
        let (slot, lease) = {
            let mut state = self.state();
            let slot = match state.slots.iter().find(|slot| slot.serves(&which)) {
                Some(slot) => slot.clone(),
                None => {
                    let terms = state.terms.clone().ok_or("take a stream that is not known any more")?;
                    let slot = Arc::new(Slot::new(which, terms));
                    state.slots.push(slot.clone());
                    slot
                }
            };
            // Under the lock that a slot is forgotten under: one of the two comes first.
            let lease = Lease::new(self, &slot);
            (slot, lease)
        };
        let build = || {
            self.start_rung(which, slot.terms(), bitrate, settings, peer_id).map_err(|err| err.to_string())
        };
        match slot.get_or_start(build) {
            Ok(_) => {
                self.encoders_changed();
                Ok(lease)
            }
            Err(text) => {
                self.forget(&slot);
                Err(text.clone())
            }
        }
    }

    fn start_rung(
        self: &Arc<Self>,
        which: Which,
        terms: &Terms,
        bitrate: u32,
        settings: &Settings,
        peer_id: &str,
    ) -> Result<Arc<Rung>, RungError> {
        let row = which.codec;
        let caps = self.caps().unwrap_or_else(gst::Caps::new_empty);
        let entering = codec::input(&caps).unwrap_or(Entering::Raw);
        let link =
            |cause: placement::Impossible| RungError::Link { codec: row.name, fault: Fault::new(&cause) };
        let element = self.element.upgrade();
        let owner = which.owner.map(|owner| format!("-viewer{owner}")).unwrap_or_default();
        let place = if which.rung > 0 { format!("-rung{}", which.rung) } else { String::new() };
        let plan = rung::Plan {
            name: format!("{}-{}{place}{owner}", self.name, row.name.to_lowercase()),
            codec: row,
            placement: placement::place(entering, row).map_err(link)?,
            input: &caps,
            told: &terms.caps,
            numbers: self.numbers(row, settings.payload_type(row), terms, settings),
            encoders: self.candidates(row, settings),
            bitrate,
            start_bitrate: settings.start_bitrate,
            shape: which.shape,
            mtu: settings.mtu,
            clock: element.as_ref().and_then(gst::prelude::ElementExt::clock),
            base_time: element.as_ref().and_then(|element| element.timeline().base_time(element)),
        };
        let hooks = InputHooks::new(self, which, settings, peer_id);
        Rung::start(&plan, Arc::new(hooks))
    }

    /// How long an encoder goes on after its last viewer has left.
    pub(super) fn linger(&self) -> Duration {
        let milliseconds =
            self.element.upgrade().map_or(0, |element| element.imp().settings().encoder_linger);
        Duration::from_millis(milliseconds.into())
    }

    /// An encoder that runs.
    pub(super) fn running(&self, which: &Which) -> Option<Arc<Rung>> {
        self.state().slots.iter().find(|slot| slot.serves(which))?.rung().cloned()
    }

    /// The running rungs, and which each is.
    pub(super) fn running_rungs(&self) -> Vec<(Which, Arc<Rung>)> {
        let state = self.state();
        state.slots.iter().filter_map(|slot| Some((*slot.which(), slot.rung()?.clone()))).collect()
    }

    /// The running rungs, for a new base time.
    pub(super) fn rungs(&self) -> Vec<Arc<Rung>> {
        self.state().slots.iter().filter_map(|slot| slot.rung().cloned()).collect()
    }

    /// Forgets a slot whose last viewer has left for the `turn`th time, unless another has come.
    pub(super) fn forget_empty(&self, slot: &Arc<Slot>, turn: u64) {
        self.remove(|other| Arc::ptr_eq(other, slot) && slot.is_empty_since(turn));
    }

    fn forget(&self, slot: &Arc<Slot>) {
        self.remove(|other| Arc::ptr_eq(other, slot));
    }

    /// Forgets a rung that failed: the next viewer starts it anew.
    pub(super) fn forget_failed(&self, which: &Which) {
        // Not a rung that has taken the failed one's place meanwhile.
        self.remove(|slot| slot.which() == which && slot.rung().is_some_and(|rung| rung.failure().is_some()));
    }

    fn remove(&self, is_gone: impl Fn(&Arc<Slot>) -> bool) {
        let gone: Vec<_> = {
            let mut state = self.state();
            let (gone, kept) = state.slots.drain(..).partition(is_gone);
            state.slots = kept;
            gone
        };
        if !gone.is_empty() {
            drop(gone);
            self.encoders_changed();
        }
    }

    pub(super) fn encoders_changed(&self) {
        if let Some(element) = self.element.upgrade() {
            element.audience_changed();
        }
    }
}
