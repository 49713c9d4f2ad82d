//! How long to wait before the next attempt: exponential, with full jitter from a seed, so that a hundred
//! cameras do not come back in the same instant.

use std::time::Duration;

/// Delays between attempts to connect.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
    random: u64,
}

impl Backoff {
    /// Delays that double from `first` up to `longest`, each shortened by a random share of up to a half.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, attempts: 0, random: seed | 1 }
    }

    /// Attempts since the last success.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts a failed attempt and tells how long to wait before the next.
    pub fn failed(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1u32.checked_shl(self.attempts.min(20)).unwrap_or(u32::MAX));
        self.attempts = self.attempts.saturating_add(1);
        let full = doubled.min(self.longest);
        full.mul_f64(0.5 + 0.5 * self.unit())
    }

    /// Forgets past failures.
    pub fn succeeded(&mut self) {
        self.attempts = 0;
    }

    /// The next number of a xorshift sequence, in 0..1.
    fn unit(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5), 7);
        let delays: Vec<_> = (0..10).map(|_| backoff.failed()).collect();
        for (n, delay) in delays.iter().enumerate() {
            let full = Duration::from_millis(100 << n).min(Duration::from_secs(5));
            assert!(*delay <= full && *delay >= full / 2, "{n}: {delay:?}");
        }
        backoff.succeeded();
        assert!(backoff.failed() <= Duration::from_millis(100));
    }

    #[test]
    fn two_seeds_give_two_sequences() {
        let mut a = Backoff::new(Duration::from_secs(1), Duration::from_secs(1), 1);
        let mut b = Backoff::new(Duration::from_secs(1), Duration::from_secs(1), 99);
        assert_ne!((a.failed(), a.failed()), (b.failed(), b.failed()));
    }
}
