//! When packets may go: no faster than a rate, in small clumps.

use std::time::Duration;

/// A clump is what goes in so long, or a few packets.
const CLUMP: Duration = Duration::from_millis(5);
const PACKETS: f64 = 5.0 * 1200.0 * 8.0;

/// Bits that may go, and those that went too soon.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    level: f64,
    at: Duration,
    rate: f64,
}

impl Bucket {
    /// A full one.
    pub fn new(bits_per_second: u32) -> Self {
        let mut bucket = Self { level: 0.0, at: Duration::ZERO, rate: 1.0 };
        bucket.set_rate(bits_per_second, Duration::ZERO);
        bucket.level = bucket.room();
        bucket
    }

    fn room(&self) -> f64 {
        (self.rate * CLUMP.as_secs_f64()).max(PACKETS)
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.level = (self.level + self.rate * passed).min(self.room());
    }

    /// How fast it fills from now on.
    pub fn set_rate(&mut self, bits_per_second: u32, now: Duration) {
        self.fill(now);
        self.rate = f64::from(bits_per_second).max(10_000.0);
    }

    /// So many bytes went.
    pub fn take(&mut self, bytes: usize, now: Duration) {
        self.fill(now);
        // A debt is not for ever.
        self.level = (self.level - bytes as f64 * 8.0).max(-self.rate / 4.0);
    }

    /// Whether more may go.
    pub fn has_room(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.level > 0.0
    }

    /// When the next clump may go.
    pub fn next(&self) -> Duration {
        let lacks = (self.room() - self.level).max(0.0);
        self.at + Duration::from_secs_f64(lacks / self.rate)
    }
}
