//! The rungs of an input: at most one per codec, shared by leases, started by the first viewer, stopped a
//! while after the last.

use super::input::Input;
use crate::chain::member::Member;
use crate::chain::rung::Rung;
use crate::runtime;
use logic::codec::Codec;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// A rung's place, while it is built, runs and lingers.
pub(super) struct Slot {
    codec: &'static Codec,
    rung: OnceLock<Result<Arc<Rung>, String>>,
    /// What each viewer's network carries, in bit/s; one entry a lease.
    leases: Mutex<HashMap<u64, Option<u32>>>,
    /// Counts the times that the last viewer left.
    emptied: AtomicU64,
}

impl Slot {
    pub(super) fn new(codec: &'static Codec) -> Self {
        Self { codec, rung: OnceLock::new(), leases: Mutex::default(), emptied: AtomicU64::new(0) }
    }

    pub(super) fn codec(&self) -> &'static Codec {
        self.codec
    }

    /// Whether nobody has come since the last viewer left for the `turn`th time.
    pub(super) fn is_empty_since(&self, turn: u64) -> bool {
        self.leases().is_empty() && self.emptied.load(Ordering::Relaxed) == turn
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

    fn leases(&self) -> MutexGuard<'_, HashMap<u64, Option<u32>>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One viewer's share of a rung; dropping it gives it back.
pub(super) struct Lease {
    input: Arc<Input>,
    slot: Arc<Slot>,
    id: u64,
    member: Option<Arc<Member>>,
    linger: Duration,
}

impl Lease {
    pub(super) fn new(input: &Arc<Input>, slot: &Arc<Slot>, linger: Duration) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        slot.leases().insert(id, None);
        Self { input: input.clone(), slot: slot.clone(), id, member: None, linger }
    }

    fn rung(&self) -> Option<&Arc<Rung>> {
        self.slot.rung()
    }

    /// Starts the flow to a viewer whose transport is up.
    pub(super) fn join(&mut self, member: Arc<Member>) {
        if self.member.is_some() {
            return;
        }
        let Some(rung) = self.rung().cloned() else { return };
        rung.fan_out().join(member.clone());
        self.member = Some(member);
        rung.request_key_unit();
    }

    /// The viewer's transport lost packets that matter.
    pub(super) fn key_unit_wanted(&self) -> impl Fn() + Send + Sync + 'static {
        let rung = self.rung().map(Arc::downgrade);
        move || {
            if let Some(rung) = rung.as_ref().and_then(std::sync::Weak::upgrade) {
                rung.request_key_unit();
            }
        }
    }

    /// A handle by which estimates reach the rung.
    pub(super) fn estimate(&self, bounds: logic::bitrate::Bounds) -> impl Fn(u32) + Send + Sync + 'static {
        let (slot, id) = (Arc::downgrade(&self.slot), self.id);
        move |bits_per_second| {
            let Some(slot) = slot.upgrade() else { return };
            let mut known: Vec<_> = {
                let mut leases = slot.leases();
                let Some(entry) = leases.get_mut(&id) else { return };
                *entry = Some(bits_per_second);
                leases.values().filter_map(|estimate| *estimate).collect()
            };
            if let Some(rung) = slot.rung() {
                rung.set_bitrate(logic::bitrate::shared(bounds, &mut known));
            }
        }
    }

    /// Why the rung failed, where it did while it was being joined.
    pub(super) fn failure(&self) -> Option<String> {
        self.rung()?.failure().map(str::to_owned)
    }

    /// The rung, for statistics.
    pub(super) fn rung_weak(&self) -> std::sync::Weak<Rung> {
        self.rung().map(Arc::downgrade).unwrap_or_default()
    }

    /// What the stream is sent as.
    pub(super) fn codec(&self) -> &'static Codec {
        self.slot.codec
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(member), Some(rung)) = (self.member.take(), self.rung()) {
            rung.fan_out().leave(&member);
        }
        let empty = {
            let mut leases = self.slot.leases();
            leases.remove(&self.id);
            leases.is_empty()
        };
        if !empty {
            return;
        }
        let turn = self.slot.emptied.fetch_add(1, Ordering::Relaxed) + 1;
        let (input, slot, linger) = (Arc::downgrade(&self.input), Arc::downgrade(&self.slot), self.linger);
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
