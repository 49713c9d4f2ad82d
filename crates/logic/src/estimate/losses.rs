//! How many packets are lost, and how many of them would be at any rate.

use std::collections::VecDeque;
use std::time::Duration;

/// Over which losses are counted, and how many packets tell something.
const WINDOW: Duration = Duration::from_millis(1000);
const FEW: u32 = 40;
/// For how long the least loss is remembered.
const MEMORY: Duration = Duration::from_secs(12);
/// More than this is never taken for what would be lost anyway.
const MOST: f64 = 0.2;

/// What has been lost of late.
#[derive(Default)]
pub(super) struct Losses {
    recent: VecDeque<(Duration, u32, u32)>,
    past: VecDeque<(Duration, f64)>,
}

impl Losses {
    /// Packets that were reported on at this time.
    pub(super) fn add(&mut self, now: Duration, received: u32, lost: u32) {
        self.recent.push_back((now, received, lost));
        while self.recent.front().is_some_and(|(at, ..)| *at + WINDOW < now) {
            self.recent.pop_front();
        }
        let due = self.past.back().is_none_or(|(at, _)| *at + WINDOW <= now);
        if due && let Some(loss) = self.loss() {
            self.past.push_back((now, loss));
            while self.past.front().is_some_and(|(at, _)| *at + MEMORY < now) {
                self.past.pop_front();
            }
        }
    }

    /// What is lost now is lost at any rate.
    pub(super) fn accept(&mut self) {
        let loss = self.loss().unwrap_or_default();
        self.past.iter_mut().for_each(|(_, past)| *past = loss);
    }

    /// Whether all of the window is known.
    pub(super) fn is_full(&self) -> bool {
        let ends = self.recent.front().zip(self.recent.back());
        ends.is_some_and(|((first, ..), (last, ..))| *last >= *first + WINDOW * 3 / 4)
    }

    /// How far the part that is lost may be off by chance.
    pub(super) fn deviation(&self) -> f64 {
        let all: u32 = self.recent.iter().map(|(_, received, lost)| received + lost).sum();
        let inherent = self.inherent().max(0.002);
        (inherent * (1.0 - inherent) / f64::from(all.max(1))).sqrt()
    }

    /// Forgets what was lost before the rate was changed.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
    }

    /// The part that is lost.
    pub(super) fn loss(&self) -> Option<f64> {
        let (received, lost) = self
            .recent
            .iter()
            .fold((0, 0), |(received, lost), (_, more, gone)| (received + more, lost + gone));
        (received + lost >= FEW).then(|| f64::from(lost) / f64::from(received + lost))
    }

    /// The part that is lost at any rate: the least of late.
    pub(super) fn inherent(&self) -> f64 {
        let least = self.past.iter().map(|(_, loss)| *loss).min_by(f64::total_cmp);
        least.unwrap_or(0.0).min(MOST)
    }
}
