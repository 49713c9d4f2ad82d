//! What goes beside a frame while it is encoded or on its way: kept by the RTP timestamp, until the frame comes out with it.

use std::collections::VecDeque;

/// Frames that may be on their way; of more, the first is forgotten.
const MOST: usize = 256;
/// What timestamps may differ by that are the same: two ways of rounding.
const SAME: u32 = 2;

/// What waits for frames.
#[derive(Debug, Clone)]
pub struct Pairing<T> {
    waiting: VecDeque<(u32, T)>,
}

impl<T> Default for Pairing<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Pairing<T> {
    /// Something goes beside the frame with this timestamp; what a frame had before is replaced.
    pub fn put(&mut self, timestamp: u32, item: T) {
        self.take(timestamp);
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        self.waiting.push_back((timestamp, item));
    }

    /// What goes beside a frame that comes out, once. Frames come in any order; some never do.
    pub fn take(&mut self, timestamp: u32) -> Option<T> {
        let is_same = |(other, _): &(u32, T)| other.wrapping_sub(timestamp).wrapping_add(SAME) <= 2 * SAME;
        let at = self.waiting.iter().position(is_same)?;
        self.waiting.remove(at).map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gets_what_is_its_own_once_in_whatever_order_they_come() {
        let mut pairing = Pairing::default();
        for frame in 0..6u32 {
            pairing.put((frame * 3000).wrapping_sub(5000), frame);
        }
        let taken = [0, 3, 1, 2, 5].map(|frame: u32| pairing.take((frame * 3000 + 1).wrapping_sub(5001)));
        assert_eq!(taken, [Some(0), Some(3), Some(1), Some(2), Some(5)]);
        assert_eq!(pairing.take(0u32.wrapping_sub(5000)), None);
        assert_eq!(pairing.take(12_345), None);
    }

    #[test]
    fn two_roundings_of_one_time_are_the_same_and_the_next_frame_is_not() {
        let mut pairing = Pairing::default();
        pairing.put(u32::MAX, "a");
        assert_eq!(pairing.take(375), None);
        assert_eq!(pairing.take(1), Some("a"));
        pairing.put(9, "b");
        pairing.put(10, "c");
        assert_eq!((pairing.take(9), pairing.take(9)), (Some("c"), None));
    }

    #[test]
    fn what_waits_for_frames_that_never_come_is_bounded() {
        let mut pairing = Pairing::default();
        (0..10_000).for_each(|frame| pairing.put(frame * 3000, frame));
        assert_eq!(pairing.waiting.len(), MOST);
        assert_eq!(pairing.take(9_999 * 3000), Some(9_999));
    }
}
