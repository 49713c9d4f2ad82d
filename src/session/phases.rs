//! When a session reached its phases: noted by whoever sees it, from any thread, at the cost of an atomic.

use logic::phases::{Phase, Reached};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Not reached.
const NEVER: u64 = u64::MAX;

/// One session's, from the request for it on.
pub(crate) struct Phases {
    requested: Instant,
    /// The same in milliseconds since 1970.
    at: u64,
    /// Milliseconds since the request.
    reached: [AtomicU64; Phase::COUNT],
    /// The first sound, which counts where there are no pictures.
    sound: AtomicU64,
    /// Whether pictures were agreed on.
    pictures: AtomicBool,
}

impl Phases {
    /// A session is requested now.
    pub(super) fn begin() -> Self {
        let phases = Self {
            requested: Instant::now(),
            at: now(),
            reached: [const { AtomicU64::new(NEVER) }; Phase::COUNT],
            sound: AtomicU64::new(NEVER),
            pictures: AtomicBool::new(false),
        };
        phases.reach(Phase::Requested);
        phases
    }

    /// A phase is reached, unless it was before.
    pub(crate) fn reach(&self, phase: Phase) {
        if let Some(mark) = self.reached.get(phase as usize) {
            self.mark(mark);
        }
    }

    /// Both sides agreed, before anything is on its way, on what there is to send: with pictures or without.
    pub(crate) fn agree(&self, pictures: bool) {
        self.pictures.store(pictures, Ordering::Relaxed);
    }

    /// The first sound is on its way.
    pub(crate) fn reach_sound(&self) {
        self.mark(&self.sound);
        if !self.pictures.load(Ordering::Relaxed) {
            self.reach(Phase::FirstFrame);
        }
    }

    fn mark(&self, mark: &AtomicU64) {
        let after = u64::try_from(self.requested.elapsed().as_millis()).unwrap_or(NEVER - 1);
        let _ = mark.compare_exchange(NEVER, after, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What was reached so far.
    pub(crate) fn reached(&self) -> Reached {
        let at = |mark: &AtomicU64| {
            let after = Some(mark.load(Ordering::Relaxed)).filter(|after| *after != NEVER)?;
            Some(self.at.saturating_add(after))
        };
        Reached::of(|phase| {
            let reached = self.reached.get(phase as usize).and_then(at);
            let counts = || phase == Phase::FirstFrame && !self.pictures.load(Ordering::Relaxed);
            reached.or_else(|| at(&self.sound).filter(|_| counts()))
        })
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_reached_once() {
        let phases = Phases::begin();
        phases.reached[Phase::Requested as usize].store(7, Ordering::Relaxed);
        phases.reach(Phase::Requested);
        assert_eq!(phases.reached[Phase::Requested as usize].load(Ordering::Relaxed), 7);
    }

    #[test]
    fn sound_counts_where_there_are_no_pictures_and_nowhere_else() {
        let phases = Phases::begin();
        let first = || phases.reached().at(Phase::FirstFrame);
        phases.agree(true);
        phases.reach_sound();
        assert_eq!(first(), None);
        phases.agree(false);
        assert!(first().is_some());

        let phases = Phases::begin();
        let first = || phases.reached().at(Phase::FirstFrame);
        phases.agree(false);
        phases.reach_sound();
        let sound = first();
        // Pictures that come later change nothing about what came first.
        phases.agree(true);
        assert!(sound.is_some() && first() == sound);
    }
}
