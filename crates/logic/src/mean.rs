//! A delay as statistics tell it: the mean of about the last second.

use std::time::Duration;

/// Over how long values are averaged.
const SPAN: Duration = Duration::from_secs(1);
/// What was measured longer ago says nothing about now.
const STALE: Duration = Duration::from_secs(5);

/// The mean of what was measured in the last whole second, or so far in the first.
#[derive(Debug, Clone, Default)]
pub struct Mean {
    began: Duration,
    latest: Duration,
    sum: Duration,
    count: u32,
    last: Option<Duration>,
}

impl Mean {
    /// Takes in a value that was measured at a time since any beginning.
    pub fn add(&mut self, value: Duration, now: Duration) {
        if self.count > 0 && now.saturating_sub(self.began) >= SPAN {
            let fresh = now.saturating_sub(self.latest) < STALE;
            self.last = self.so_far().filter(|_| fresh);
            (self.sum, self.count) = (Duration::ZERO, 0);
        }
        if self.count == 0 {
            self.began = now;
        }
        self.sum = self.sum.saturating_add(value);
        self.count += 1;
        self.latest = now;
    }

    fn so_far(&self) -> Option<Duration> {
        self.sum.checked_div(self.count)
    }

    /// The mean, where anything was measured of late.
    pub fn at(&self, now: Duration) -> Option<Duration> {
        let mean = self.last.or_else(|| self.so_far());
        mean.filter(|_| now.saturating_sub(self.latest) < STALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_is_the_mean_of_the_last_whole_second() {
        let mut mean = Mean::default();
        assert_eq!(mean.at(ms(0)), None);
        mean.add(ms(10), ms(100));
        mean.add(ms(20), ms(200));
        assert_eq!(mean.at(ms(200)), Some(ms(15)));
        for at in 0..10 {
            mean.add(ms(40), ms(1150 + at * 100));
        }
        assert_eq!(mean.at(ms(2050)), Some(ms(15)));
        mean.add(ms(1), ms(2200));
        assert_eq!(mean.at(ms(2200)), Some(ms(40)));
    }

    #[test]
    fn what_was_measured_long_ago_says_nothing() {
        let mut mean = Mean::default();
        mean.add(ms(10), ms(100));
        assert_eq!(mean.at(ms(5099)), Some(ms(10)));
        assert_eq!(mean.at(ms(5100)), None);
        mean.add(ms(30), ms(60_000));
        assert_eq!(mean.at(ms(60_000)), Some(ms(30)));
    }
}
