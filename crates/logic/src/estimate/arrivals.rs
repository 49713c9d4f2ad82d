//! How fast packets arrive: on average, and within a train of packets that were sent as one.

use std::collections::VecDeque;
use std::time::Duration;

/// Over which the average is taken, in microseconds.
const WINDOW: i64 = 400_000;
/// Packets that are remembered at most, whatever the peer says of the time.
const MOST: usize = 4096;
/// No packet for so long, in microseconds: they were held up.
const HELD_UP: i64 = 45_000;
/// Packets that were sent so soon after each other are of one train.
const COUPLING: Duration = Duration::from_micros(1500);
/// Packets of a train that tells something.
const LENGTH: u32 = 4;
/// Trains that are remembered, for how long, and of which a judgement needs so many.
const TRAINS: usize = 24;
const MEMORY: Duration = Duration::from_millis(700);
const ENOUGH: usize = 5;
/// The peer's clock tells a quarter of a millisecond.
const GRAIN: i64 = 250;

/// What has arrived of late.
#[derive(Default)]
pub(super) struct Arrivals {
    recent: VecDeque<(i64, u32)>,
    train: Option<Train>,
    trains: VecDeque<(Duration, f64)>,
}

struct Train {
    last_sent: Duration,
    first: i64,
    last: i64,
    /// Of all packets but the first.
    bytes: u32,
    count: u32,
}

impl Train {
    fn rate(&self) -> Option<f64> {
        let span = (self.last - self.first).max(GRAIN);
        (self.count >= LENGTH).then(|| f64::from(self.bytes) * 8e6 / span as f64)
    }
}

impl Arrivals {
    pub(super) fn add(&mut self, sent: Duration, arrived: i64, bytes: u32) {
        self.recent.push_back((arrived, bytes));
        let over = |(old, _): &(i64, u32)| arrived - old > WINDOW || *old > arrived + WINDOW;
        while self.recent.len() > MOST || self.recent.front().is_some_and(over) {
            self.recent.pop_front();
        }
        match &mut self.train {
            Some(train) if sent < train.last_sent + COUPLING && sent >= train.last_sent => {
                train.last_sent = sent;
                train.last = train.last.max(arrived);
                train.bytes += bytes;
                train.count += 1;
            }
            _ => {
                let next = Train { last_sent: sent, first: arrived, last: arrived, bytes: 0, count: 1 };
                let over = self.train.replace(next);
                if let Some(rate) = over.as_ref().and_then(Train::rate) {
                    self.trains.push_back((sent, rate));
                }
            }
        }
        let old = |(at, _): &(Duration, f64)| *at + MEMORY < sent;
        while self.trains.len() > TRAINS || self.trains.front().is_some_and(old) {
            self.trains.pop_front();
        }
    }

    /// Bits per second on average; unknown while little has arrived.
    pub(super) fn rate(&self) -> Option<f64> {
        let ((first, _), (last, _)) = (self.recent.front()?, self.recent.back()?);
        let span = last - first;
        let bytes: u32 = self.recent.iter().skip(1).map(|(_, bytes)| bytes).sum();
        (span >= WINDOW / 4).then(|| f64::from(bytes) * 8e6 / span as f64)
    }

    /// The same of a third of the time, unless packets were held up in it.
    fn late(&self) -> Option<f64> {
        let (last, _) = self.recent.back()?;
        let late = self.recent.iter().filter(|(at, _)| last - at <= WINDOW / 3);
        let (first, _) = late.clone().next()?;
        let gaps = late.clone().zip(late.clone().skip(1)).map(|((one, _), (next, _))| next - one);
        if gaps.max()? > HELD_UP {
            return self.rate();
        }
        let bytes: u32 = late.skip(1).map(|(_, bytes)| bytes).sum();
        Some(f64::from(bytes) * 8e6 / (last - first).max(WINDOW / 6) as f64)
    }

    /// The lesser of both, and the greater.
    pub(super) fn least(&self) -> Option<f64> {
        Some(self.rate()?.min(self.late()?))
    }

    pub(super) fn best(&self) -> Option<f64> {
        Some(self.rate()?.max(self.late()?))
    }

    /// What the slower half of trains say that the network carries, in bits per second. Others in the same queue, and
    /// networks that let a little pass at once, make it more or less than it is.
    pub(super) fn hint(&self) -> Option<f64> {
        if self.trains.len() < ENOUGH {
            return None;
        }
        let mut rates: Vec<_> = self.trains.iter().map(|(_, rate)| *rate).collect();
        rates.sort_unstable_by(f64::total_cmp);
        rates.get(rates.len() / 3).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_be_take_up_no_room() {
        let mut arrivals = Arrivals::default();
        for at in 0..9000 {
            arrivals.add(Duration::from_millis(at), 7, 1200);
        }
        assert_eq!(arrivals.recent.len(), MOST);
    }
}
