//! What became of a stretch of time in which a session and its viewer were watched.

use super::World;
use std::time::{Duration, Instant};

/// What became of a stretch of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    /// Of what the link carries, in the second half; and how much of the whole was video that was not sent before.
    pub(super) used: f64,
    pub(super) useful: f64,
    /// Seconds until 80 % of the link were used for half a second.
    pub(super) to_most: Option<f64>,
    /// Milliseconds in the link's queue.
    pub(super) queued: f64,
    /// Of all the time.
    pub(super) frozen: f64,
    pub(super) rate: f64,
    /// Milliseconds from capture to decoding, and the same of sound.
    pub(super) late: f64,
    pub(super) sound_late: f64,
    pub(super) sound_lost: f64,
}

fn percentile(mut all: Vec<f64>, part: f64) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all.get(((all.len() as f64 * part) as usize).min(all.len().max(1) - 1)).copied().unwrap_or(f64::NAN)
}

impl World {
    /// Of the time from there on.
    pub(super) fn report(&self, from: Instant, rate: u64) -> Report {
        let (length, end) = ((self.now - from).as_secs_f64(), self.now);
        let middle = from + Duration::from_secs_f64(length / 2.0);
        let carried = |from: Instant, to: Instant| {
            let all = self.forth.carried.iter().filter(|(at, ..)| *at >= from && *at < to);
            all.map(|(_, bytes, _)| *bytes as f64 * 8.0).sum::<f64>() / (to - from).as_secs_f64()
        };
        let half = Duration::from_millis(500);
        let slots = (0..(length * 10.0) as u32).map(|slot| from + slot * Duration::from_millis(100));
        let most =
            slots.map(|slot| slot + half).find(|slot| carried(*slot - half, *slot) >= rate as f64 * 0.8);
        let useful = self.viewer.useful.iter().filter(|(at, _)| *at >= from);
        let useful = useful.map(|(_, bytes)| *bytes as f64 * 8.0).sum::<f64>() / length;
        let since = |at: &Instant| *at >= from;
        let queued = self.forth.carried.iter().filter(|(at, ..)| since(at));
        let shown: Vec<_> = self.viewer.shown.iter().filter(|(at, _)| since(at)).collect();
        let edges = std::iter::once(from).chain(shown.iter().map(|(at, _)| *at)).chain([end]);
        let edges: Vec<_> = edges.collect();
        let gaps = edges.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
        let heard: Vec<_> = self.viewer.heard.iter().filter(|(at, _)| since(at)).collect();
        let spoken = |number: u32| self.start + Duration::from_millis(20) * (number / 960);
        let filmed = |number: u32| self.start + Duration::from_secs_f64(f64::from(number) / 30.0);
        let millis = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64() * 1000.0;
        Report {
            used: carried(middle, end) / rate as f64,
            useful: useful / rate as f64,
            to_most: most.map(|at| (at - from).as_secs_f64()),
            queued: percentile(queued.map(|(.., waited)| waited.as_secs_f64() * 1000.0).collect(), 0.95),
            frozen: gaps.filter(|gap| *gap > 0.3).sum::<f64>() / length,
            rate: shown.len() as f64 / length,
            late: percentile(shown.iter().map(|(at, number)| millis(filmed(*number), *at)).collect(), 0.95),
            sound_late: percentile(
                heard.iter().map(|(at, number)| millis(spoken(*number), *at)).collect(),
                0.95,
            ),
            sound_lost: 1.0 - heard.len() as f64 / (length * 50.0),
        }
    }
}
