//! The header extension by which a sender bounds how long pictures wait for their show.

/// Header extension in which a sender says how long its packets should wait in the jitter buffer (WebRTC's
/// `playout-delay`).
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// Bounds of how long a receiver holds pictures back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutDelay {
    min: u16,
    max: u16,
}

impl PlayoutDelay {
    /// In milliseconds, of which ten are one step; a negative number leaves that bound to the receiver.
    pub fn new(min: i32, max: i32) -> Option<Self> {
        const LONGEST: u16 = 0xfff;
        if min < 0 && max < 0 {
            return None;
        }
        let steps = |ms: i32| u16::try_from(ms.div_euclid(10)).unwrap_or(LONGEST).min(LONGEST);
        let max = if max < 0 { LONGEST } else { steps(max) };
        let min = if min < 0 { 0 } else { steps(min) };
        Some(Self { min: min.min(max), max })
    }

    /// Both bounds, in hundredths of a second.
    pub fn hundredths(self) -> (u16, u16) {
        (self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_told_in_hundredths_of_a_second_and_its_bounds_do_not_cross() {
        let told = |min, max| PlayoutDelay::new(min, max).map(PlayoutDelay::hundredths);
        assert_eq!(told(-1, -1), None);
        assert_eq!(told(0, 0), Some((0, 0)));
        assert_eq!(told(105, -1), Some((10, 4095)));
        assert_eq!(told(-1, 200), Some((0, 20)));
        assert_eq!(told(500, 200), Some((20, 20)));
        assert_eq!(told(i32::MAX, i32::MAX), Some((4095, 4095)));
    }
}
