//! The current group of pictures of a stream that is encoded already, for viewers who come in the middle of it: how
//! much of it is kept, when it is given to a viewer rather than have him wait for the next key unit, and at which
//! times its frames are shown to him.

use std::time::Duration;

/// More frames take too long to decode.
const MOST_FRAMES: usize = 300;
/// A group with no more is sent as it is: it is as good as live.
const FEW_FRAMES: usize = 3;
/// By how much frames follow each other that only lead to the last one (1/90000 s).
const STEP: u32 = 90;
/// An encoder that answers within this time makes a key unit for each who comes.
const PROMPT: Duration = Duration::from_millis(150);

/// A part of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Whether a key unit begins with it.
    pub key_unit: bool,
    /// The frame's.
    pub timestamp: u32,
    /// Its size.
    pub bytes: usize,
}

/// What is kept of a group. One that is too large, or whose frames are not in the order of their show, is not kept:
/// the next key unit begins another.
#[derive(Debug, Clone)]
pub struct Group<T> {
    most: usize,
    parts: Vec<T>,
    frames: usize,
    bytes: usize,
    /// The timestamp of the last frame.
    last: u32,
}

impl<T> Group<T> {
    /// A group that is no larger than so many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, parts: Vec::new(), frames: 0, bytes: 0, last: 0 }
    }

    /// Has a part that follows on those before kept, or not; whether it is to be handed to [`Group::keep`].
    pub fn takes(&mut self, part: Part) -> bool {
        let ahead = part.timestamp.wrapping_sub(self.last).cast_signed();
        // The parts of a key unit may all say so.
        let begins = part.key_unit && (self.frames == 0 || ahead != 0);
        if begins {
            self.clear();
        } else if self.frames == 0 {
            return false;
        }
        if begins || ahead != 0 {
            self.frames += 1;
        }
        self.bytes += part.bytes;
        let is_in_order = begins || ahead >= 0;
        if !is_in_order || self.bytes > self.most || self.frames > MOST_FRAMES {
            self.clear();
            return false;
        }
        self.last = part.timestamp;
        true
    }

    /// Keeps a part.
    pub fn keep(&mut self, part: T) {
        self.parts.push(part);
    }

    /// Nothing of before is of use any more.
    pub fn clear(&mut self) {
        self.parts = Vec::new();
        (self.frames, self.bytes) = (0, 0);
    }

    /// All parts since the key unit, where there are any, and the times at which they are shown.
    pub fn parts(&self) -> Option<(&[T], Times)> {
        let times =
            Times { left: self.frames, last: self.last, frame: None, are_true: self.frames <= FEW_FRAMES };
        (!self.parts.is_empty()).then_some((&self.parts, times))
    }
}

/// The times at which the frames of a group are shown to who comes after them: the last at its own, those that lead
/// to it shortly before, one after the other.
#[derive(Debug, Clone)]
pub struct Times {
    /// Frames that have not been asked for.
    left: usize,
    last: u32,
    /// The timestamp of the frame that was asked for last.
    frame: Option<u32>,
    are_true: bool,
}

impl Times {
    /// By how much a packet is later than its timestamp says; packets are asked for in their order.
    pub fn later(&mut self, timestamp: u32) -> u32 {
        if self.frame != Some(timestamp) {
            self.frame = Some(timestamp);
            self.left = self.left.saturating_sub(1);
        }
        if self.are_true {
            return 0;
        }
        let after = u32::try_from(self.left).unwrap_or_default() * STEP;
        self.last.wrapping_sub(after).wrapping_sub(timestamp)
    }
}

/// Whether the encoder makes key units when it is asked: then a viewer waits for that, and does not get the group.
/// Time is any monotonic clock's reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers {
    asked: Option<Duration>,
    is_prompt: bool,
    /// Since when somebody waits.
    waits: Option<Duration>,
}

impl Answers {
    /// A key unit is asked for.
    pub fn asked(&mut self, now: Duration) {
        self.asked.get_or_insert(now);
    }

    /// A key unit comes.
    pub fn key_unit(&mut self, now: Duration) {
        self.waits = None;
        if let Some(asked) = self.asked.take() {
            self.is_prompt = now.saturating_sub(asked) < PROMPT;
        }
    }

    /// Somebody waits; whether for long enough.
    pub fn is_enough(&mut self, now: Duration) -> bool {
        let since = *self.waits.get_or_insert(now);
        if now.saturating_sub(since) >= PROMPT {
            self.is_prompt = false;
        }
        !self.is_prompt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn add(group: &mut Group<u32>, key_unit: bool, timestamp: u32, bytes: usize) -> bool {
        let takes = group.takes(Part { key_unit, timestamp, bytes });
        if takes {
            group.keep(timestamp);
        }
        takes
    }

    /// A key unit at `start` and frames 3000 apart, each in two parts.
    fn group(start: u32, frames: u32) -> Group<u32> {
        let mut group = Group::new(1_000_000);
        for frame in 0..frames {
            let timestamp = start.wrapping_add(frame * 3000);
            assert!(add(&mut group, frame == 0, timestamp, 100));
            assert!(add(&mut group, false, timestamp, 100));
        }
        group
    }

    fn shown(group: &Group<u32>) -> Vec<u32> {
        let (parts, mut times) = group.parts().unwrap();
        parts.iter().map(|timestamp| timestamp.wrapping_add(times.later(*timestamp))).collect()
    }

    #[test]
    fn nothing_is_kept_before_the_first_key_unit_and_each_begins_anew() {
        let mut group = Group::new(1000);
        assert!(!add(&mut group, false, 1, 10));
        assert!(group.parts().is_none());
        assert!(add(&mut group, true, 2, 10) && add(&mut group, false, 3, 10));
        assert_eq!(group.parts().unwrap().0, [2, 3]);
        assert!(add(&mut group, true, 4, 10) && add(&mut group, true, 4, 10));
        assert_eq!(group.parts().unwrap().0, [4, 4]);
        group.clear();
        assert!(!add(&mut group, false, 5, 10));
    }

    #[test]
    fn a_group_that_is_too_large_or_too_long_is_given_up_until_the_next_key_unit() {
        let mut group = Group::new(1000);
        assert!(add(&mut group, true, 0, 600) && add(&mut group, false, 1, 400));
        assert!(!add(&mut group, false, 2, 1));
        assert!(group.parts().is_none());
        assert!(!add(&mut group, false, 3, 1) && !add(&mut group, true, 4, 1001));
        assert!(add(&mut group, true, 5, 1));
        assert!((0..299).all(|n| add(&mut group, false, 6 + n, 1)));
        assert!(!add(&mut group, false, 400, 1));
        assert!(group.parts().is_none());
    }

    #[test]
    fn a_group_whose_frames_are_not_in_the_order_of_their_show_is_not_kept() {
        let mut group = Group::new(1000);
        assert!(add(&mut group, true, 0, 1) && add(&mut group, false, 9000, 1));
        assert!(!add(&mut group, false, 3000, 1) && !add(&mut group, false, 12_000, 1));
        assert!(group.parts().is_none());
    }

    #[test]
    fn the_last_frame_is_shown_at_its_time_and_the_others_shortly_before_it() {
        for start in [0, u32::MAX - 20_000] {
            let last = start.wrapping_add(27_000);
            let expected = (0..10).rev().flat_map(|before| [last.wrapping_sub(before * 90); 2]);
            assert_eq!(shown(&group(start, 10)), expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_young_group_is_shown_as_it_is() {
        assert_eq!(shown(&group(7, 3)), [7, 7, 3007, 3007, 6007, 6007]);
    }

    #[test]
    fn nobody_waits_for_an_encoder_that_has_not_shown_that_it_answers() {
        let mut answers = Answers::default();
        assert!(answers.is_enough(ms(0)));
        answers.asked(ms(0));
        answers.key_unit(ms(1200));
        assert!(answers.is_enough(ms(2000)));
        answers.asked(ms(2000));
        answers.asked(ms(3000));
        answers.key_unit(ms(3100));
        assert!(answers.is_enough(ms(3200)));
    }

    #[test]
    fn who_comes_waits_for_an_encoder_that_answers_but_not_long() {
        let mut answers = Answers::default();
        answers.asked(ms(0));
        answers.key_unit(ms(40));
        answers.key_unit(ms(1000));
        assert!(!answers.is_enough(ms(2000)));
        answers.asked(ms(2000));
        assert!(!answers.is_enough(ms(2100)));
        answers.key_unit(ms(2140));
        assert!(!answers.is_enough(ms(5000)));
        assert!(answers.is_enough(ms(5150)));
        answers.key_unit(ms(6000));
        assert!(answers.is_enough(ms(7000)));
    }
}
