//! What passed a link, what did not, and how long it waited.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Waiting times are told apart to this.
const STEP: Duration = Duration::from_millis(1);
/// Longer ones are counted as this many steps.
const STEPS: usize = 4000;

/// Packets of one fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub packets: u64,
    /// With their IP headers.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            packets: self.packets.saturating_sub(earlier.packets),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }
}

/// One direction of a link since it began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// What came to it.
    pub offered: Count,
    /// What found no room in the queue.
    pub dropped: Count,
    /// What was sent and got lost on the way.
    pub lost: Count,
    /// What was sent and arrives.
    pub passed: Count,
    /// How long packets waited in the queue before they were sent.
    pub waited: Histogram,
    /// How much later than the model says packets were handed over: how far the emulation can be trusted.
    pub late: Histogram,
}

impl Counters {
    /// What happened after an earlier look.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            offered: self.offered.since(earlier.offered),
            dropped: self.dropped.since(earlier.dropped),
            lost: self.lost.since(earlier.lost),
            passed: self.passed.since(earlier.passed),
            waited: self.waited.since(&earlier.waited),
            late: self.late.since(&earlier.late),
        }
    }
}

/// Times, by the millisecond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    pub(crate) fn add(&mut self, time: Duration) {
        let step = usize::try_from(time.as_nanos() / STEP.as_nanos()).map_or(STEPS, |step| step.min(STEPS));
        if self.0.len() <= step {
            self.0.resize(step + 1, 0);
        }
        if let Some(count) = self.0.get_mut(step) {
            *count += 1;
        }
    }

    fn since(&self, earlier: &Self) -> Self {
        let before = earlier.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect())
    }

    /// The time that this share of all is not above, to the next millisecond; nothing where there was none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.0.iter().sum();
        let wanted = (share * all as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (step, count) in (1_u32..).zip(&self.0) {
            seen += count;
            if seen >= wanted {
                return Some(STEP * step);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    fn histogram(times: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        times.into_iter().for_each(|time| histogram.add(Duration::from_micros(time)));
        histogram
    }

    #[test]
    fn a_quantile_is_the_time_that_so_many_are_not_above() {
        let histogram = histogram((0..100).map(|milliseconds| milliseconds * 1000 + 500));
        assert_eq!(histogram.quantile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(histogram.quantile(0.95), Some(Duration::from_millis(95)));
        assert_eq!(histogram.quantile(0.0), Some(Duration::from_millis(1)));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn a_difference_has_only_what_came_later() {
        let (earlier, later) = (histogram([1000, 2000]), histogram([1000, 2000, 90_000]));
        assert_eq!(later.since(&earlier).quantile(0.5), Some(Duration::from_millis(91)));
    }

    #[test]
    fn what_is_beyond_all_bounds_is_still_counted() {
        assert_eq!(histogram([u64::MAX]).quantile(0.5), Some(Duration::from_millis(4001)));
    }
}
