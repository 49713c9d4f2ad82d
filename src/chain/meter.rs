//! How much a rung sends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is measured at once.
const SPAN: Duration = Duration::from_secs(1);
/// What UDP, IP and encryption add to a packet (bytes).
const AROUND: u64 = 38;

/// Counts what is sent.
pub(crate) struct Meter {
    bytes: AtomicU64,
    last: Mutex<Measured>,
}

struct Measured {
    since: Instant,
    bytes: u64,
    rate: Option<u32>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        let last = Measured { since: Instant::now(), bytes: 0, rate: None };
        Self { bytes: AtomicU64::new(0), last: Mutex::new(last) }
    }

    /// So many packets with so many bytes are sent.
    pub(crate) fn count(&self, packets: usize, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or_default();
        let around = u64::try_from(packets).unwrap_or_default() * AROUND;
        self.bytes.fetch_add(bytes + around, Ordering::Relaxed);
    }

    /// All that was counted (bytes).
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What was sent lately, in bit/s; none before a second has passed.
    pub(crate) fn rate(&self, now: Instant) -> Option<u32> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(last.since);
        if passed >= SPAN {
            let bytes = self.bytes.load(Ordering::Relaxed);
            let bits = (bytes - last.bytes).saturating_mul(8000);
            let rate = u128::from(bits) / passed.as_millis().max(1);
            *last = Measured { since: now, bytes, rate: Some(u32::try_from(rate).unwrap_or(u32::MAX)) };
        }
        last.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_what_was_sent_since_the_last_one_with_what_is_around_it() {
        let meter = Meter::new();
        let start = Instant::now();
        assert_eq!(meter.rate(start), None);
        meter.count(10, 120);
        // 500 bytes in two seconds.
        assert_eq!(meter.rate(start + Duration::from_secs(2)), Some(2_000));
        meter.count(1, 1_000);
        assert_eq!(meter.rate(start + Duration::from_millis(2_500)), Some(2_000));
        assert_eq!(meter.rate(start + Duration::from_secs(4)), Some(4_152));
    }
}
