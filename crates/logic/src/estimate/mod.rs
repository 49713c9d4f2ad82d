//! What the network to one peer carries, from the peer's reports on every packet
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//!
//! | file | what it knows |
//! |---|---|
//! | `history` | what was sent and not reported on yet |
//! | `delay` | how long packets wait in the network |
//! | `arrivals` | how fast they arrive, on average and in trains |
//! | `losses` | how many are lost, and how many would be at any rate |
//! | `trial` | whether fewer are lost at a lower rate |
//! | `number` | the numbers of packets |
//! | `facts` | what statistics tell of it |
//! | `bucket` | when packets may go |
//! | `flow` | how much comes to be sent |
//!
//! While packets wait, what arrives is what the network carries: the rate falls to a little less until the wait is
//! over, and returns to just below. It grows slowly there, and fast where nothing says that the limit is near; trains
//! of packets that arrive as fast as they were sent say that it is not. A loss that stays when the rate is lowered is
//! no sign of congestion, and one that goes is. Where the wait stays though the rate is lowered, somebody else fills
//! the queue, and only losses count from then on until the queue is seen empty again.

mod arrivals;
mod bucket;
mod delay;
mod facts;
mod flow;
mod history;
mod losses;
mod number;
mod trial;

pub use bucket::Bucket;
pub use facts::Facts;
pub use flow::Flow;
pub use number::number;

use crate::bitrate::{BitsPerSecond, Bounds};
use arrivals::Arrivals;
use delay::{Delays, Waiting};
use history::{History, Sent};
use losses::Losses;
use std::time::Duration;
use trial::{Trial, Verdict};

/// Milliseconds that packets may wait, all of them and on average, before the rate falls.
const STANDING: f64 = 25.0;
const AVERAGE: f64 = 60.0;
/// So little is none.
const EMPTY: f64 = 10.0;
/// The same where somebody else fills the queue.
const OTHERS: f64 = 400.0;
/// Of what the network carries, what is used when the limit was met and the wait is over.
const REST: f64 = 0.95;
/// Growth in a second, as a natural logarithm: near the limit, beside others, where no limit is near at most and where
/// that is sure at least; above which it is fast; and what of what arrives it may be ahead.
const SLOW: f64 = 0.03;
const BESIDE: f64 = 0.2;
const FAST: f64 = 1.2;
const PROVEN: f64 = 1.2;
const SURE: f64 = 0.3;
const EAGER: f64 = 0.12;
/// Seconds in which growth doubles while nothing says that a limit is near.
const DOUBLING: f64 = 0.2;
/// What is sent at first goes at once, and tells nothing of rates.
const OPENING: Duration = Duration::from_millis(200);
/// How much more than a limit is tried, for how long, and how long after the rate fell.
const TRY: f64 = 1.2;
const TRY_FOR: Duration = Duration::from_millis(500);
const TRY_AFTER: Duration = Duration::from_millis(1000);
const SURE_AFTER: Duration = Duration::from_millis(500);
const AT_ONCE: f64 = 5.0;
/// Of the rate before somebody else came, what is tried beside him.
const SHARE: f64 = 0.5;
/// For how long a limit is remembered.
const MEMORY: Duration = Duration::from_secs(20);
/// Packets of a report that are looked at.
const TOLD: usize = 1024;
/// Without a report for so long, beyond what reports take, the rate falls.
const SILENCE: Duration = Duration::from_millis(500);
/// No further than to this: it has to be seen when the network is back.
const FAINT: f64 = 50_000.0;
/// To less than this part, within so long, the rate falls and does not decline.
const FALL: f64 = 0.6;
const FALLING: Duration = Duration::from_millis(1500);
/// What a packet adds to what waits, in bits.
const PACKET: f64 = 9600.0;

/// A limit that was met.
#[derive(Debug, Clone, Copy)]
struct Limit {
    rate: f64,
    at: Duration,
}

/// The wait is to get shorter.
#[derive(Debug, Clone, Copy)]
struct Drain {
    /// Since when, and since when at this rate.
    since: Duration,
    changed: Duration,
    /// The wait then, in milliseconds.
    from: f64,
    /// The rate before it.
    before: f64,
}

/// The estimator of one session. Times are since it began.
pub struct Estimator {
    bounds: Bounds,
    most: f64,
    history: History,
    delays: Delays,
    arrivals: Arrivals,
    losses: Losses,
    trial: Trial,
    rate: f64,
    limit: Option<Limit>,
    drain: Option<Drain>,
    /// The rate fell last; what was sent before tells nothing of it.
    lowered: Duration,
    /// It was decided last.
    decided: Duration,
    round_trip: Duration,
    heard: bool,
    /// Since when packets have gone that no report was heard after.
    unheard: Option<Duration>,
    beside: bool,
    waiting: Waiting,
    /// The rate fell by much at once.
    fell: bool,
    /// How fast it grows.
    growth: f64,
    /// Since when more than the limit is tried.
    tried: Option<Duration>,
}

impl Estimator {
    /// One that starts at the bounds' start.
    pub fn new(bounds: Bounds) -> Self {
        let mut estimator = Self {
            bounds,
            most: 0.0,
            history: History::default(),
            delays: Delays::default(),
            arrivals: Arrivals::default(),
            losses: Losses::default(),
            trial: Trial::default(),
            rate: f64::from(bounds.start),
            limit: None,
            drain: None,
            lowered: Duration::ZERO,
            decided: Duration::ZERO,
            round_trip: Duration::ZERO,
            heard: false,
            unheard: None,
            beside: false,
            waiting: Waiting::default(),
            fell: false,
            growth: FAST,
            tried: None,
        };
        estimator.aim(bounds.max);
        estimator
    }

    /// The application allows more or less from now on; how much is of use is told by [`aim`](Self::aim).
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
        self.rate = self.rate.max(f64::from(bounds.min));
    }

    /// More than this is of no use to anyone.
    pub fn aim(&mut self, desired: BitsPerSecond) {
        // What is sent besides the media has to fit too.
        self.most = f64::from(desired) * 1.15 + 100_000.0;
    }

    /// A packet was sent: its transport-wide number and its length with all headers.
    pub fn sent(&mut self, number: u16, bytes: usize, at: Duration) {
        self.history.add(Sent::new(number, bytes, at));
        let unheard = *self.unheard.get_or_insert(at);
        if self.heard && at > unheard + SILENCE + 2 * self.round_trip {
            self.unheard = Some(at);
            self.lower((self.rate * 0.7).max(self.rate.min(FAINT)), at);
        }
    }

    /// A report: packets' numbers, and when each arrived, in microseconds of the peer's clock.
    pub fn report(&mut self, packets: impl Iterator<Item = (u16, Option<i64>)>, now: Duration) {
        let (mut received, mut lost, mut latest) = (0, 0, None);
        // Few bytes can claim the loss of very many.
        for (number, arrived) in packets.take(TOLD) {
            let Some(sent) = self.history.take(number) else { continue };
            if let Some(arrived) = arrived {
                self.delays.add(sent.at(), arrived);
                self.arrivals.add(sent.at(), arrived, sent.bytes.into());
                latest = latest.max(Some(sent.at()));
            }
            // Losses at another rate are no news.
            if sent.at() >= self.lowered {
                if arrived.is_some() { received += 1 } else { lost += 1 }
            }
        }
        let Some(latest) = latest else { return };
        if !std::mem::replace(&mut self.heard, true) {
            self.lowered = latest + OPENING;
        }
        self.losses.add(now, received, lost);
        self.unheard = None;
        let took = now.saturating_sub(latest);
        // The least, which is forgotten in time.
        self.round_trip = if self.round_trip.is_zero() || took < self.round_trip {
            took
        } else {
            self.round_trip + (took - self.round_trip) / 64
        };
        self.decide(now);
        self.decided = now;
    }

    /// What the network carries, in bits per second, with all headers.
    pub fn estimate(&self) -> BitsPerSecond {
        self.rate as u32
    }

    /// How fast packets may go: a little faster, for frames that are larger than others, unless what waits in the
    /// network is to get less.
    pub fn pace(&self) -> BitsPerSecond {
        let factor = match self.drain {
            Some(_) => 1.0,
            None if self.growth > EAGER => 1.1,
            None => 1.3,
        };
        (self.rate * factor) as u32
    }

    /// Whether the network carries much less than it did just now: asked once, told once.
    pub fn has_fallen(&mut self) -> bool {
        std::mem::take(&mut self.fell)
    }

    /// What is known.
    pub fn facts(&self) -> Facts {
        Facts {
            estimate: self.estimate(),
            round_trip: self.round_trip,
            loss: self.losses.loss().unwrap_or_default(),
            queue: Duration::from_secs_f64(self.waiting.standing.max(0.0) / 1000.0),
            beside: self.beside,
        }
    }

    fn decide(&mut self, now: Duration) {
        if let Some(waiting) = self.delays.waiting(self.lowered) {
            self.waiting = waiting;
            if waiting.standing < EMPTY && std::mem::take(&mut self.beside) {
                self.limit = None;
            }
            if self.drain.is_some() {
                return self.drain(waiting, now);
            }
            // Slow networks have few packets, which wait for each other.
            let packet = PACKET / self.rate * 1000.0;
            let (standing, average) =
                if self.beside { (OTHERS, OTHERS) } else { (STANDING + packet, AVERAGE + 4.0 * packet) };
            // Where only some wait, all were held up for a moment, as a radio or a busy machine does it.
            let all = waiting.standing > EMPTY / 2.0;
            if waiting.standing > standing || all && waiting.average > average {
                let drain = Drain { since: now, changed: now, from: waiting.standing, before: self.rate };
                return self.back_off(drain, now);
            }
            // Fast growth that is felt ends before it is too much. What waits for the rest of its clump alone is no sign,
            // where clumps do not pass at once.
            let alone =
                if self.arrivals.hint().is_some_and(|hint| hint > self.rate * AT_ONCE) { 0.5 } else { 2.5 };
            if self.growth > EAGER && !self.beside && all && waiting.average > EMPTY + alone * packet {
                let carried = self.carried();
                self.limit = Some(Limit { rate: carried, at: now });
                return self.lower(self.rate.min(carried * REST), now);
            }
        }
        match self.trial.judge(&self.losses, self.rate, self.beside, now) {
            Some(Verdict::Lower(rate)) => {
                self.lower(rate, now);
                return;
            }
            Some(Verdict::Limit) => self.limit = Some(Limit { rate: self.rate, at: now }),
            Some(Verdict::Restore(rate)) => {
                self.losses.accept();
                self.rate = rate.max(self.rate).min(self.most);
            }
            None => {}
        }
        if !self.trial.is_on() && (self.waiting.standing < STANDING / 2.0 || self.beside) {
            self.grow(now);
        }
    }

    /// What the network carries, where packets wait.
    fn carried(&self) -> f64 {
        let carried = self.arrivals.least().map(|rate| rate / (1.0 - self.losses.inherent()));
        carried.unwrap_or(self.rate * 0.85)
    }

    /// Packets wait: what arrives is what the network carries.
    fn back_off(&mut self, drain: Drain, now: Duration) {
        let carried = self.carried();
        self.limit = Some(Limit { rate: carried, at: now });
        let part = ((drain.from - EMPTY) / 400.0).clamp(0.05, 0.35);
        self.fell |=
            carried < drain.before * FALL && self.drain.is_none_or(|drain| drain.since + FALLING > now);
        self.drain = Some(drain);
        self.trial = Trial::default();
        self.lower(self.rate.min(carried * (1.0 - part)), now);
    }

    fn drain(&mut self, waiting: Waiting, now: Duration) {
        let Some(drain) = self.drain else { return };
        if waiting.standing < EMPTY + PACKET / self.rate * 1000.0 {
            self.drain = None;
            let limit = self.limit.map_or(self.rate, |limit| limit.rate);
            self.rate = self.rate.max(limit * REST).min(self.most);
            return;
        }
        if now < drain.changed + self.round_trip + Duration::from_millis(300) {
            return;
        }
        let again = Drain { changed: now, from: waiting.standing, ..drain };
        let long = now > drain.since + 3 * self.round_trip + Duration::from_millis(2000);
        if long && self.rate < drain.before * 0.7 {
            // It is not ours.
            self.drain = None;
            self.beside = true;
            self.rate = self.rate.max(drain.before * SHARE);
        } else if waiting.standing > drain.from * 0.7 {
            self.back_off(again, now);
        } else {
            self.drain = Some(again);
        }
    }

    fn grow(&mut self, now: Duration) {
        let time = now.saturating_sub(self.decided).min(Duration::from_millis(250)).as_secs_f64();
        let hint = self.arrivals.hint();
        // Frames of few packets are no trains, and say nothing.
        let more = hint.is_none_or(|hint| hint > self.rate * 1.35) && self.waiting.average < EMPTY;
        let fast = FAST.min(0.3 / (self.round_trip.as_secs_f64() + 0.2));
        let mut most = self.most;
        // Trains that arrive as fast as anything can may only have been let pass at once.
        let sure = more && hint.is_some_and(|hint| hint < self.rate * AT_ONCE);
        let sure = sure && now > self.lowered + self.round_trip + SURE_AFTER;
        self.limit = self.limit.filter(|limit| now <= limit.at + MEMORY && !sure);
        self.growth = match self.limit.filter(|limit| self.rate > limit.rate * 0.9) {
            None if sure => (self.growth.max(SURE) * 2f64.powf(time / DOUBLING)).min(fast),
            None => (self.growth * 2f64.powf(time / DOUBLING)).min(fast),
            // So much more for a while, and if that is not felt it is no limit any more.
            Some(limit) if (more || self.rate > limit.rate * 1.08) && now > self.lowered + TRY_AFTER => {
                most = most.min(limit.rate * TRY);
                if self.rate < most * 0.98 {
                    self.tried = None;
                } else if now > *self.tried.get_or_insert(now) + TRY_FOR + self.round_trip {
                    self.limit = None;
                }
                fast
            }
            Some(_) => SLOW,
        };
        let growth = match hint {
            _ if self.beside => BESIDE,
            Some(hint) if self.rate > hint * 0.85 => self.growth.min(fast / 5.0),
            _ => self.growth,
        };
        // What is not sent proves nothing, but trains do to some extent.
        let proven =
            self.arrivals.best().unwrap_or_default() / (1.0 - self.losses.inherent()) * PROVEN + 30_000.0;
        let hinted = hint.filter(|_| !self.beside).unwrap_or_default() * 0.7;
        let most = most.min(proven.max(hinted));
        let wanted = self.rate * (growth * time).exp();
        self.rate = self.rate.max(wanted.min(most)).min(self.most.max(f64::from(self.bounds.min)));
    }

    fn lower(&mut self, rate: f64, now: Duration) {
        self.rate = rate.max(f64::from(self.bounds.min)).min(self.most);
        self.lowered = now;
        self.growth = SLOW;
        self.tried = None;
        self.losses.forget();
    }
}

#[cfg(test)]
mod tests;
