//! What is given up of pictures whose encoder has a low bitrate: size and frames, as far as the application allows.

use super::BitsPerSecond;

/// The shorter side that pictures have at most, with bitrates below these.
const SIDES: [(BitsPerSecond, u32); 2] = [(1_000_000, 360), (2_000_000, 720)];
/// Below this every second frame is left out.
const HALF: BitsPerSecond = 500_000;
/// Estimates sway: what is given up comes back with so much more than what it went with, in percent.
const SLACK: u64 = 110;

/// What may be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// Size.
    pub downscaled: bool,
    /// Frames.
    pub downsampled: bool,
}

impl Modes {
    /// Both.
    pub const ALL: Self = Self { downscaled: true, downsampled: true };
    /// Neither.
    pub const NONE: Self = Self { downscaled: false, downsampled: false };
}

/// What is left of pictures at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Pixels of the shorter side.
    pub side: Option<u32>,
    /// Every second frame only.
    pub half: bool,
}

impl Limits {
    /// What is usual at a bitrate.
    pub fn usual(bits_per_second: BitsPerSecond, modes: Modes) -> Self {
        Self::default().next(bits_per_second, modes)
    }

    /// What is usual at a bitrate after these.
    #[must_use]
    pub fn next(self, bits_per_second: BitsPerSecond, modes: Modes) -> Self {
        let held = |side: u32| self.side.is_some_and(|held| held <= side);
        let mut sides = SIDES.into_iter().filter(|_| modes.downscaled);
        let side = sides.find(|(least, side)| is_below(bits_per_second, *least, held(*side)));
        let half = modes.downsampled && is_below(bits_per_second, HALF, self.half);
        Self { side: side.map(|(_, side)| side), half }
    }
}

/// Follows the bitrate of one encoder.
#[derive(Debug, Clone, Default)]
pub struct Mitigation {
    limits: Limits,
    low: bool,
}

impl Mitigation {
    /// What is given up at a bitrate: nothing where it is not below `least`, if there is that.
    pub fn follow(
        &mut self,
        bits_per_second: BitsPerSecond,
        modes: Modes,
        least: Option<BitsPerSecond>,
    ) -> Limits {
        self.low = least.is_none_or(|least| is_below(bits_per_second, least, self.low));
        self.limits = if self.low { self.limits.next(bits_per_second, modes) } else { Limits::default() };
        self.limits
    }
}

/// Whether a rate is below a limit, or is still.
fn is_below(rate: BitsPerSecond, least: BitsPerSecond, still: bool) -> bool {
    let slack = if still { SLACK } else { 100 };
    u64::from(rate) * 100 < u64::from(least) * slack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_the_bitrate_the_less_is_left() {
        let usual = |rate| Limits::usual(rate, Modes::ALL);
        assert_eq!(usual(2_000_000), Limits::default());
        assert_eq!(usual(1_999_999), Limits { side: Some(720), half: false });
        assert_eq!(usual(1_000_000), Limits { side: Some(720), half: false });
        assert_eq!(usual(999_999), Limits { side: Some(360), half: false });
        assert_eq!(usual(499_999), Limits { side: Some(360), half: true });
    }

    #[test]
    fn nothing_is_given_up_that_may_not_be() {
        assert_eq!(Limits::usual(1, Modes::NONE), Limits::default());
        let smaller = Modes { downscaled: true, downsampled: false };
        assert_eq!(Limits::usual(1, smaller), Limits { side: Some(360), half: false });
        let slower = Modes { downscaled: false, downsampled: true };
        assert_eq!(Limits::usual(1, slower), Limits { side: None, half: true });
        let mut mitigation = Mitigation::default();
        assert!(mitigation.follow(1, Modes::ALL, None).half);
        assert_eq!(mitigation.follow(1, Modes::NONE, None), Limits::default());
    }

    #[test]
    fn a_bitrate_that_sways_about_a_limit_changes_nothing() {
        let mut mitigation = Mitigation::default();
        let mut follow = |rate| mitigation.follow(rate, Modes::ALL, None);
        assert_eq!(follow(1_050_000).side, Some(720));
        assert_eq!(follow(990_000).side, Some(360));
        assert_eq!(follow(1_090_000).side, Some(360));
        assert_eq!(follow(1_100_000).side, Some(720));
        assert_eq!(follow(2_150_000).side, Some(720));
        assert_eq!(follow(2_200_000).side, None);
    }

    #[test]
    fn where_a_ladder_has_its_own_sizes_it_begins_below_them() {
        let mut mitigation = Mitigation::default();
        let mut follow = |rate| mitigation.follow(rate, Modes::ALL, Some(300_000));
        assert_eq!(follow(300_000), Limits::default());
        assert!(follow(299_999).half);
        assert!(follow(320_000).half);
        assert_eq!(follow(330_000), Limits::default());
    }
}
