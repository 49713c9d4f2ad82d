//! What delay is traded for: the numbers behind each latency profile.

use crate::rtp::PlayoutDelay;
use std::time::Duration;

/// What matters most to whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// The shortest delay; what is lost on the way may be seen.
    Live,
    /// Short on good networks, as long as repair takes on bad ones.
    #[default]
    Balanced,
    /// Undisturbed pictures; a second more does no harm.
    Smooth,
}

impl Profile {
    /// The shortest and the longest jitter buffer of a receiver, in ms.
    ///
    /// A network with a round trip of 240 ms that loses one packet in twenty needs room for three or four attempts at
    /// a repair for pictures that do not stop.
    pub fn jitter_buffer(self) -> (u32, u32) {
        match self {
            Self::Live => (20, 150),
            Self::Balanced => (50, 1000),
            Self::Smooth => (200, 2000),
        }
    }

    /// What a sender tells receivers about their jitter buffers; the application's own bounds in ms, where it has
    /// set any, come first.
    ///
    /// Browsers show pictures as soon as they are decoded where the least is 0 and the most is no more than 500 ms.
    pub fn playout_delay(self, min: i32, max: i32) -> Option<PlayoutDelay> {
        PlayoutDelay::new(min, max).or_else(|| match self {
            Self::Live => PlayoutDelay::new(0, 100),
            Self::Balanced => None,
            Self::Smooth => PlayoutDelay::new(200, 1000),
        })
    }

    /// The bounds of a receiver's jitter buffer, the application's own first; they do not cross.
    pub fn bounds(self, shortest: Option<u32>, longest: Option<u32>) -> (Duration, Duration) {
        let (short, long) = self.jitter_buffer();
        let shortest = shortest.unwrap_or_else(|| longest.unwrap_or(short).min(short));
        let longest = longest.unwrap_or(long).max(shortest);
        (Duration::from_millis(shortest.into()), Duration::from_millis(longest.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_application_sets_comes_before_the_profile() {
        let told = |profile: Profile, min, max| profile.playout_delay(min, max).map(PlayoutDelay::hundredths);
        assert_eq!(told(Profile::Live, -1, -1), Some((0, 10)));
        assert_eq!(told(Profile::Balanced, -1, -1), None);
        assert_eq!(told(Profile::Smooth, -1, -1), Some((20, 100)));
        assert_eq!(told(Profile::Smooth, 0, 0), Some((0, 0)));
        let ms = Duration::from_millis;
        assert_eq!(Profile::Live.bounds(None, None), (ms(20), ms(150)));
        assert_eq!(Profile::Live.bounds(None, Some(400)), (ms(20), ms(400)));
        assert_eq!(Profile::Smooth.bounds(None, Some(100)), (ms(100), ms(100)));
        assert_eq!(Profile::Live.bounds(Some(300), None), (ms(300), ms(300)));
    }

    #[test]
    fn balanced_has_room_for_three_repairs_over_a_long_way() {
        let (_, longest) = Profile::Balanced.bounds(None, None);
        assert!(longest >= Duration::from_millis(3 * 240 + 40));
    }
}
