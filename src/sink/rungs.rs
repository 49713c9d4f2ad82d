//! The encoders of an input: one for each rung of a ladder, shared by leases, started by the first viewer, stopped
//! a while after the last.

use super::input::Input;
use super::terms::Terms;
use crate::chain::member::Member;
use crate::chain::rung::Rung;
use crate::runtime;
use logic::bitrate::Picture;
use logic::codec::Codec;
use logic::picture::Shape;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Which encoder of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) codec: &'static Codec,
    /// The ladder of whom it is, where each viewer has one of his own.
    pub(super) owner: Option<u64>,
    /// Its place on the ladder, from the best on.
    pub(super) rung: usize,
    /// What it makes of the pictures.
    pub(super) shape: Shape,
}

/// A rung's place, while it is built, runs and lingers.
pub(super) struct Slot {
    which: Which,
    /// What its viewers were told, which it makes true.
    terms: Arc<Terms>,
    rung: OnceLock<Result<Arc<Rung>, String>>,
    leases: AtomicUsize,
    /// Counts the times that the last viewer left.
    emptied: AtomicU64,
}

impl Slot {
    pub(super) fn new(which: Which, terms: Arc<Terms>) -> Self {
        Self { which, terms, rung: OnceLock::new(), leases: AtomicUsize::new(0), emptied: AtomicU64::new(0) }
    }

    pub(super) fn which(&self) -> &Which {
        &self.which
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Whether this is that encoder, and has not failed.
    pub(super) fn serves(&self, which: &Which) -> bool {
        self.which == *which && self.rung().is_none_or(|rung| rung.failure().is_none())
    }

    /// Whether nobody has come since the last viewer left for the `turn`th time.
    pub(super) fn is_empty_since(&self, turn: u64) -> bool {
        self.leases.load(Ordering::SeqCst) == 0 && self.emptied.load(Ordering::SeqCst) == turn
    }

    /// The rung, where it runs.
    pub(super) fn rung(&self) -> Option<&Arc<Rung>> {
        self.rung.get()?.as_ref().ok()
    }

    /// The rung, built by the first who asks; others wait for it.
    pub(super) fn get_or_start(
        &self,
        build: impl FnOnce() -> Result<Arc<Rung>, String>,
    ) -> &Result<Arc<Rung>, String> {
        self.rung.get_or_init(build)
    }
}

/// One viewer's share of a rung; dropping it gives it back.
pub(super) struct Lease {
    input: Arc<Input>,
    slot: Arc<Slot>,
    member: Option<Arc<Member>>,
    /// Whether an encoder without viewers waits for others: nobody else can come to one of one's own.
    lingers: bool,
}

impl Lease {
    pub(super) fn new(input: &Arc<Input>, slot: &Arc<Slot>) -> Self {
        slot.leases.fetch_add(1, Ordering::SeqCst);
        let lingers = slot.which.owner.is_none();
        Self { input: input.clone(), slot: slot.clone(), member: None, lingers }
    }

    /// The rung.
    pub(super) fn rung(&self) -> Option<&Arc<Rung>> {
        self.slot.rung()
    }

    /// Which it is.
    pub(super) fn which(&self) -> &Which {
        self.slot.which()
    }

    /// Starts the flow to a viewer whose transport is up; a key unit is to be asked for then.
    pub(super) fn join(&mut self, member: &Arc<Member>) {
        if let (None, Some(rung)) = (&self.member, self.slot.rung()) {
            rung.fan_out().join(member.clone());
            self.member = Some(member.clone());
        }
    }

    /// Gives it back for a viewer who went before he came to it: an encoder that nobody else has does not linger.
    pub(super) fn give_up(mut self) {
        self.lingers = false;
    }

    /// Whether it is this rung that the viewer is sent.
    pub(super) fn serves(&self) -> bool {
        let rung = self.slot.rung();
        self.member.as_ref().zip(rung).is_some_and(|(member, rung)| rung.fan_out().serves(member))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(member), Some(rung)) = (self.member.take(), self.slot.rung()) {
            rung.fan_out().leave(&member);
        }
        if self.slot.leases.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        let turn = self.slot.emptied.fetch_add(1, Ordering::SeqCst) + 1;
        let linger = if self.lingers { self.input.linger() } else { Duration::ZERO };
        let (input, slot) = (Arc::downgrade(&self.input), Arc::downgrade(&self.slot));
        runtime::spawn(async move {
            tokio::time::sleep(linger).await;
            let (Some(input), Some(slot)) = (input.upgrade(), slot.upgrade()) else {
                return;
            };
            if slot.is_empty_since(turn) {
                runtime::spawn_blocking(move || input.forget_empty(&slot, turn));
            }
        });
    }
}

/// Width and height of a rung's pictures, where known; what is passed on has the input's.
pub(super) fn size(input: &Input, rung: &Rung) -> Option<(u32, u32)> {
    if rung.encoder().is_none() {
        let picture = input.caps().as_ref().and_then(picture)?;
        return Some((picture.width, picture.height));
    }
    let (width, height) = rung.size()?;
    Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
}

/// The pictures with these caps.
pub(super) fn picture(caps: &gst::Caps) -> Option<Picture> {
    let structure = caps.structure(0)?;
    let number = |name: &str| u32::try_from(structure.get::<i32>(name).ok()?).ok();
    let rate = structure.get::<gst::Fraction>("framerate").ok();
    let rate = rate.map_or(0.0, |rate| f64::from(rate.numer()) / f64::from(rate.denom()));
    Some(Picture { width: number("width")?, height: number("height")?, frames_per_second: rate })
}
