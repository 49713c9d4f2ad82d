//! How long a receiver's jitter buffer is: short at first, grown by what the network does, shrunk slowly.

use std::time::Duration;

/// What was seen since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Interarrival jitter (RFC 3550 section 6.4.1).
    pub jitter: Duration,
    /// Packets that came after their time in the buffer was over.
    pub late: u64,
    /// Packets that never came.
    pub lost: u64,
}

/// Follows the network with the length of a jitter buffer.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    shortest: Duration,
    longest: Duration,
    current: Duration,
    calm: Duration,
}

impl JitterBuffer {
    /// A buffer that starts at `shortest` and never grows over `longest`.
    pub fn new(shortest: Duration, longest: Duration) -> Self {
        let longest = longest.max(shortest);
        Self { shortest, longest, current: shortest, calm: Duration::ZERO }
    }

    /// The length now.
    pub fn current(&self) -> Duration {
        self.current
    }

    /// Takes in what was seen over the last `interval`; returns the new length where it changes.
    ///
    /// Four times the jitter covers nearly every packet of a bell-shaped delay. Packets that came too late
    /// double the buffer at once, losses make room for one retransmission (80 ms); calm of ten seconds
    /// takes a tenth away.
    pub fn update(&mut self, seen: Seen, interval: Duration) -> Option<Duration> {
        let mut wanted = (seen.jitter * 4).max(self.shortest);
        if seen.late > 0 {
            wanted = wanted.max(self.current * 2).max(Duration::from_millis(20));
        }
        if seen.lost > 0 {
            wanted = wanted.max(Duration::from_millis(80));
        }
        let wanted = wanted.clamp(self.shortest, self.longest);
        let next = if wanted > self.current {
            self.calm = Duration::ZERO;
            wanted
        } else {
            self.calm += interval;
            if self.calm < Duration::from_secs(10) {
                return None;
            }
            self.calm = Duration::ZERO;
            self.current.mul_f64(0.9).max(wanted)
        };
        // A change below a millisecond is not worth a new latency for the whole pipeline.
        if next.abs_diff(self.current) < Duration::from_millis(1) {
            return None;
        }
        self.current = next;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(200);

    fn jitter(ms: u64) -> Seen {
        Seen { jitter: Duration::from_millis(ms), ..Seen::default() }
    }

    #[test]
    fn it_stays_short_on_a_calm_network_and_grows_with_jitter_at_once() {
        let mut buffer = JitterBuffer::new(Duration::from_millis(10), Duration::from_millis(200));
        assert_eq!(buffer.update(jitter(1), STEP), None);
        assert_eq!(buffer.update(jitter(15), STEP), Some(Duration::from_millis(60)));
    }

    #[test]
    fn it_never_leaves_its_bounds() {
        let mut buffer = JitterBuffer::new(Duration::from_millis(10), Duration::from_millis(200));
        assert_eq!(buffer.update(jitter(5000), STEP), Some(Duration::from_millis(200)));
        for _ in 0..100_000 {
            buffer.update(Seen::default(), STEP);
        }
        assert!(buffer.current() >= Duration::from_millis(10));
        assert!(buffer.current() < Duration::from_millis(12));
    }

    #[test]
    fn late_packets_double_it_and_losses_make_room_for_a_retransmission() {
        let mut buffer = JitterBuffer::new(Duration::from_millis(10), Duration::from_millis(500));
        let lost = Seen { lost: 3, ..Seen::default() };
        assert_eq!(buffer.update(lost, STEP), Some(Duration::from_millis(80)));
        let late = Seen { late: 1, ..Seen::default() };
        assert_eq!(buffer.update(late, STEP), Some(Duration::from_millis(160)));
    }
}
