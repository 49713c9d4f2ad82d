//! How much comes to be sent, as a network has to carry it: what rises counts soon, what falls only in the long run.

use super::BitsPerSecond;
use std::time::Duration;

/// What is measured at once.
const SPAN: Duration = Duration::from_millis(500);
/// What counts of a rise in each of these, and of a fall.
const RISE: f64 = 0.7;
const FALL: f64 = 0.03;

/// The rate of what comes.
#[derive(Debug, Default)]
pub struct Flow {
    bytes: u64,
    since: Duration,
    rate: f64,
}

impl Flow {
    /// So many bytes come.
    pub fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The rate, where it is time to take it again.
    pub fn rate(&mut self, now: Duration) -> Option<BitsPerSecond> {
        let passed = now.saturating_sub(self.since);
        if passed < SPAN {
            return None;
        }
        let rate = self.bytes as f64 * 8.0 / passed.as_secs_f64();
        self.rate += (rate - self.rate) * if rate > self.rate { RISE } else { FALL };
        (self.bytes, self.since) = (0, now);
        Some(self.rate as BitsPerSecond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_counts_soon_and_a_pause_hardly() {
        let mut flow = Flow::default();
        let mut run = |from: u64, to: u64, bytes: usize| {
            let rates = (from..to).filter_map(|at| {
                flow.add(bytes);
                flow.rate(Duration::from_millis(at))
            });
            rates.last().map_or(0.0, |rate| f64::from(rate) / 1e6)
        };
        assert!((19.0..21.0).contains(&run(0, 2000, 2500)));
        assert!(run(2000, 5000, 0) > 15.0);
        assert!(run(5000, 120_000, 0) < 0.1);
    }
}
