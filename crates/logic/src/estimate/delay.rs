//! How long packets wait in the network: what they took beyond the least of late. The clocks of the two sides need
//! not agree, and may drift.

use std::collections::VecDeque;
use std::time::Duration;

/// The least is that of so many stretches of such a length.
const STRETCHES: usize = 10;
const STRETCH: Duration = Duration::from_secs(3);
/// Packets that arrived within so long tell of now.
const NOW: i64 = 60_000;
/// Packets that are remembered at most, whatever the peer says of the time.
const MOST: usize = 1024;
/// Packets that tell something.
const ENOUGH: usize = 3;
/// A clock that jumps so far begins anew.
const JUMP: i64 = 10_000_000;

/// What is known of delays. Times of arrival are microseconds of the peer's clock.
#[derive(Default)]
pub(super) struct Delays {
    least: VecDeque<(Duration, i64)>,
    recent: VecDeque<Seen>,
}

struct Seen {
    sent: Duration,
    arrived: i64,
    took: i64,
}

/// How packets fare now, in milliseconds beyond the least.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Waiting {
    /// What each of them waits.
    pub(super) standing: f64,
    /// What they wait on average.
    pub(super) average: f64,
}

impl Delays {
    pub(super) fn add(&mut self, sent: Duration, arrived: i64) {
        let took = arrived - i64::try_from(sent.as_micros()).unwrap_or(i64::MAX);
        if self.least().is_some_and(|least| (took - least).abs() > JUMP) {
            self.least.clear();
            self.recent.clear();
        }
        match self.least.back_mut() {
            Some((since, least)) if sent < *since + STRETCH => *least = took.min(*least),
            _ => {
                self.least.push_back((sent, took));
                if self.least.len() > STRETCHES {
                    self.least.pop_front();
                }
            }
        }
        self.recent.push_back(Seen { sent, arrived, took });
        // Of slow networks the latest tell, however old they are.
        let old = |old: &Seen| arrived - old.arrived > NOW;
        while self.recent.len() > MOST || self.recent.len() > ENOUGH && self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
    }

    fn least(&self) -> Option<i64> {
        self.least.iter().map(|(_, took)| *took).min()
    }

    /// Of the latest packets, and of those alone that were sent after a time.
    pub(super) fn waiting(&self, after: Duration) -> Option<Waiting> {
        let least = self.least()?;
        let late = self.recent.iter().filter(|seen| seen.sent > after).map(|seen| seen.took - least);
        let (count, sum, standing) =
            late.fold((0, 0, i64::MAX), |(count, sum, min), late| (count + 1, sum + late, min.min(late)));
        (count >= ENOUGH).then(|| Waiting {
            standing: standing as f64 / 1000.0,
            average: sum as f64 / count as f64 / 1000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packets_wait_is_told_whatever_the_clocks_say() {
        let mut delays = Delays::default();
        let millis = |millis: u64| Duration::from_millis(millis);
        let offset = 5_000_000_000;
        for at in 0..10 {
            delays.add(millis(at * 10), offset + at as i64 * 10_000 + 20_000);
        }
        assert_eq!(delays.waiting(Duration::ZERO), Some(Waiting { standing: 0.0, average: 0.0 }));
        for at in 20..30 {
            delays.add(millis(at * 10), offset + at as i64 * 10_000 + 70_000);
        }
        let waiting = delays.waiting(Duration::ZERO).unwrap();
        assert!((waiting.standing - 50.0).abs() < 0.1, "{waiting:?}");
        assert_eq!(delays.waiting(millis(280)), None);
        // Another clock.
        for at in 30..33 {
            delays.add(millis(at * 10), at as i64 * 10_000);
        }
        assert_eq!(delays.waiting(Duration::ZERO).unwrap().standing, 0.0);
    }

    #[test]
    fn times_that_cannot_be_take_up_no_room() {
        let mut delays = Delays::default();
        for at in 0..9000 {
            delays.add(Duration::from_millis(at), 7);
        }
        assert_eq!(delays.recent.len(), MOST);
    }
}
