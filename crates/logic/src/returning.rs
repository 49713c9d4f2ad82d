//! What becomes of a consumer whose session ends: what downstream and the application are told, and when the next
//! session is asked for.

use crate::backoff::Backoff;
use std::time::Duration;

/// The first delay before another session is asked for, and the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// A session that was up for so long was no failure, whatever ended it.
const LASTING: Duration = Duration::from_secs(10);

/// What the application wants when a session ends that it did not end itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtEnd {
    /// The streams end; a failure is an error as well.
    #[default]
    Auto,
    /// The streams end, whatever the reason.
    Eos,
    /// It is an error, whatever the reason.
    Error,
    /// The streams go on with the next session.
    Wait,
}

/// What the streams see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Whoever holds a frame lets go of it, and no more come.
    Flush,
    /// They end.
    End,
    /// Nothing: they are to go on.
    Keep,
}

/// What to do at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// What the streams see.
    pub streams: Streams,
    /// Whether it is an error of the element.
    pub is_error: bool,
    /// Whether it is worth a warning.
    pub is_warning: bool,
}

impl AtEnd {
    /// What follows from the end of a session: whether the element itself is stopping, or the session failed.
    pub fn ending(self, stopping: bool, failed: bool) -> Ending {
        if stopping {
            return Ending { streams: Streams::Flush, is_error: false, is_warning: false };
        }
        let is_error = match self {
            Self::Auto => failed,
            Self::Error => true,
            Self::Eos | Self::Wait => false,
        };
        let streams = if self == Self::Wait { Streams::Keep } else { Streams::End };
        Ending { streams, is_error, is_warning: failed && !is_error }
    }
}

/// When to ask for the next session: soon after one that lasted, later and later after those that fail.
#[derive(Debug, Clone)]
pub struct Returning {
    delays: Backoff,
    connected: Option<Duration>,
}

impl Returning {
    /// No session yet. Consumers with different seeds do not come back in the same instant.
    pub fn new(seed: u64) -> Self {
        Self { delays: Backoff::new(FIRST, LONGEST, seed), connected: None }
    }

    /// The session's transport came up.
    pub fn connected(&mut self, at: Duration) {
        self.connected = Some(at);
    }

    /// The session is over; after how long to ask for the next.
    pub fn ended(&mut self, at: Duration) -> Duration {
        if self.connected.take().is_some_and(|since| at.saturating_sub(since) >= LASTING) {
            self.delays.succeeded();
        }
        self.delays.failed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_property_chooses_between_the_end_an_error_and_waiting() {
        let ending = |at_end: AtEnd, failed| {
            let Ending { streams, is_error, is_warning } = at_end.ending(false, failed);
            (streams, is_error, is_warning)
        };
        assert_eq!(ending(AtEnd::Auto, false), (Streams::End, false, false));
        assert_eq!(ending(AtEnd::Auto, true), (Streams::End, true, false));
        assert_eq!(ending(AtEnd::Eos, false), (Streams::End, false, false));
        assert_eq!(ending(AtEnd::Eos, true), (Streams::End, false, true));
        assert_eq!(ending(AtEnd::Error, false), (Streams::End, true, false));
        assert_eq!(ending(AtEnd::Error, true), (Streams::End, true, false));
        assert_eq!(ending(AtEnd::Wait, false), (Streams::Keep, false, false));
        assert_eq!(ending(AtEnd::Wait, true), (Streams::Keep, false, true));
    }

    #[test]
    fn an_element_that_stops_says_nothing_whatever_the_property() {
        for at_end in [AtEnd::Auto, AtEnd::Eos, AtEnd::Error, AtEnd::Wait] {
            let quiet = Ending { streams: Streams::Flush, is_error: false, is_warning: false };
            assert_eq!(at_end.ending(true, true), quiet, "{at_end:?}");
        }
    }

    #[test]
    fn delays_grow_while_sessions_fail_and_are_short_again_after_one_that_lasted() {
        let second = Duration::from_secs(1);
        let mut returning = Returning::new(3);
        let mut now = Duration::ZERO;
        let mut fail = |returning: &mut Returning, up: Duration| {
            now += second;
            returning.connected(now);
            now += up;
            returning.ended(now)
        };
        assert!(fail(&mut returning, second) <= FIRST);
        let delays: Vec<_> = (0..20).map(|_| fail(&mut returning, second)).collect();
        assert!(delays.iter().all(|delay| *delay <= LONGEST), "{delays:?}");
        assert!(delays.last().is_some_and(|delay| *delay >= LONGEST / 2), "{delays:?}");
        assert!(fail(&mut returning, LASTING) <= FIRST);
        // One that never came up did not last, however long that took.
        let mut never = Returning::new(3);
        never.ended(Duration::from_secs(100));
        assert!(never.ended(Duration::from_secs(200)) > FIRST / 2);
    }
}
