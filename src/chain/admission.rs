//! Which encoded frames enter a rung: what decodes begins with a key unit, and after one that found no room all up to
//! the next key unit are left out.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Who is asked for a key unit and makes none is asked again.
const PATIENCE: Duration = Duration::from_secs(1);

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Enters,
    StaysOut,
    /// The same, and the input is to be asked for a key unit.
    Ask,
}

/// A rung's door.
pub(super) struct Admission {
    skips: AtomicBool,
    /// When a key unit was asked for, in ms since `epoch`; 0: since the last one, not.
    asked: AtomicU64,
    known: AtomicBool,
    epoch: Instant,
}

impl Admission {
    /// One through which nothing enters before a key unit, or anything.
    pub(super) fn new(begins_at_key_unit: bool) -> Self {
        Self {
            skips: AtomicBool::new(begins_at_key_unit),
            asked: AtomicU64::new(0),
            known: AtomicBool::new(false),
            epoch: Instant::now(),
        }
    }

    /// Whether any frame has come.
    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Whether nothing enters before a key unit.
    pub(super) fn waits(&self) -> bool {
        self.skips.load(Ordering::Relaxed)
    }

    /// A frame, and whether there is no room for it.
    pub(super) fn offer(&self, key_unit: bool, is_full: bool) -> Verdict {
        self.known.store(true, Ordering::Relaxed);
        if is_full {
            self.skips.store(true, Ordering::Relaxed);
        } else if key_unit {
            self.skips.store(false, Ordering::Relaxed);
            self.asked.store(0, Ordering::Relaxed);
        }
        if !self.skips.load(Ordering::Relaxed) {
            return Verdict::Enters;
        }
        let now = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let asked = self.asked.load(Ordering::Relaxed);
        if asked != 0 && u128::from(now.saturating_sub(asked)) < PATIENCE.as_millis() {
            return Verdict::StaysOut;
        }
        self.asked.store(now, Ordering::Relaxed);
        Verdict::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_unit_opens_what_begins_with_one_and_is_asked_for_once_meanwhile() {
        let door = Admission::new(true);
        assert_eq!(door.offer(false, false), Verdict::Ask);
        assert_eq!(door.offer(false, false), Verdict::StaysOut);
        assert_eq!(door.offer(true, false), Verdict::Enters);
        assert_eq!(door.offer(false, false), Verdict::Enters);
    }

    #[test]
    fn after_a_frame_without_room_all_up_to_the_next_key_unit_are_left_out() {
        let door = Admission::new(false);
        assert_eq!(door.offer(false, false), Verdict::Enters);
        assert_eq!(door.offer(false, true), Verdict::Ask);
        assert_eq!(door.offer(true, true), Verdict::StaysOut);
        assert_eq!(door.offer(false, false), Verdict::StaysOut);
        assert_eq!(door.offer(true, false), Verdict::Enters);
        assert_eq!(door.offer(false, true), Verdict::Ask);
    }
}
