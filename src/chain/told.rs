//! Which packets tell viewers when they were captured: the first of each key unit, and one a second.

use logic::capture::INTERVAL;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// One rung's; only the thread of its payloader asks.
pub(super) struct Told {
    epoch: Instant,
    /// When it was told last, in ms since `epoch`.
    last: AtomicU64,
    /// Whether the next packet is a frame's first.
    first: AtomicBool,
    due: AtomicBool,
}

impl Told {
    pub(super) fn new() -> Self {
        let due = AtomicBool::new(true);
        Self { epoch: Instant::now(), last: AtomicU64::new(0), first: AtomicBool::new(false), due }
    }

    /// A frame begins.
    pub(super) fn frame(&self) {
        self.first.store(true, Ordering::Relaxed);
    }

    /// The next frame tells.
    pub(super) fn anew(&self) {
        self.due.store(true, Ordering::Relaxed);
    }

    /// Whether the next packet tells.
    pub(super) fn is_due(&self) -> bool {
        if !self.first.swap(false, Ordering::Relaxed) {
            return false;
        }
        let now = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let since = now.saturating_sub(self.last.load(Ordering::Relaxed));
        let due = self.due.swap(false, Ordering::Relaxed) || u128::from(since) >= INTERVAL.as_millis();
        if due {
            self.last.store(now, Ordering::Relaxed);
        }
        due
    }
}
