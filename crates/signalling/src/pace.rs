//! How fast a peer is listened to: so many messages each second on average, with short bursts. What comes
//! faster is not lost: it waits in the network, and slows its sender down.

use std::time::Duration;
use tokio::time::Instant;

/// How many seconds' worth of messages may come at once.
const BURST: f64 = 2.0;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    allowance: f64,
    last: Instant,
}

impl Pace {
    /// Lets `rate` messages pass each second; all of them for 0.
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        let rate = f64::from(rate);
        Self { rate, allowance: rate * BURST, last: now }
    }

    /// Counts a message; how long to wait before the next is read.
    pub(crate) fn spend(&mut self, now: Instant) -> Duration {
        if self.rate == 0.0 {
            return Duration::ZERO;
        }
        let since = now.saturating_duration_since(self.last).as_secs_f64();
        self.last = now;
        self.allowance = (self.allowance + since * self.rate).min(self.rate * BURST) - 1.0;
        if self.allowance >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.allowance / self.rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_what_comes_faster_on_average_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        for _ in 0..200 {
            assert_eq!(pace.spend(start), Duration::ZERO);
        }
        let mut now = start;
        for _ in 0..500 {
            now += pace.spend(now);
        }
        let taken = (now - start).as_secs_f64();
        assert!((4.9..5.1).contains(&taken), "500 messages took {taken} s");
    }

    #[test]
    fn who_is_quiet_for_long_may_burst_no_longer_than_at_first() {
        let start = Instant::now();
        let mut pace = Pace::new(10, start);
        let later = start + Duration::from_secs(1000);
        for _ in 0..20 {
            assert_eq!(pace.spend(later), Duration::ZERO);
        }
        assert!(pace.spend(later) > Duration::ZERO);
    }

    #[test]
    fn zero_is_no_limit() {
        let now = Instant::now();
        let mut pace = Pace::new(0, now);
        assert!((0..100_000).all(|_| pace.spend(now).is_zero()));
    }
}
