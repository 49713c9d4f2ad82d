//! One direction of an emulated link: holds, drops and paces packets. Pure: time is an argument, counted from wherever
//! the caller likes, and the same packets at the same times with the same seed have the same fate.

use crate::counters::Counters;
use crate::random::Random;
use crate::schedule::Schedule;
use crate::shape::Shape;
use std::collections::VecDeque;
use std::time::Duration;

/// A link with packets of any kind in it.
#[derive(Debug)]
pub struct Link<P> {
    shape: Shape,
    schedule: VecDeque<(Duration, u64)>,
    random: Random,
    /// Within a burst of losses.
    bad: bool,
    bucket: Bucket,
    waiting: VecDeque<Waiting<P>>,
    waiting_bytes: usize,
    /// By when they are due.
    flying: VecDeque<(Duration, P)>,
    counters: Counters,
}

#[derive(Debug)]
struct Waiting<P> {
    packet: P,
    bytes: usize,
    came: Duration,
}

impl<P> Link<P> {
    /// A link from now on.
    pub fn new(shape: Shape, seed: u64, now: Duration) -> Self {
        Self {
            shape,
            schedule: VecDeque::new(),
            random: Random::new(seed),
            bad: false,
            bucket: Bucket { tokens: shape.burst as f64, at: now },
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flying: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Changes it. What waits already goes on waiting, however short the queue becomes.
    pub fn reshape(&mut self, shape: Shape, now: Duration) {
        self.advance(now);
        self.bucket.fill(&self.shape, now);
        self.shape = shape;
    }

    /// Has the rate change by a schedule that begins now, in place of the one before.
    pub fn follow(&mut self, schedule: &Schedule, now: Duration) {
        self.advance(now);
        self.schedule = schedule.changes().iter().map(|(at, rate)| (now + *at, *rate)).collect();
        self.advance(now);
    }

    /// What it is like at present.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What happened since it began.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes a packet.
    pub fn push(&mut self, packet: P, bytes: usize, now: Duration) {
        self.advance(now);
        self.counters.offered.add(bytes);
        if !self.waiting.is_empty() && self.waiting_bytes + bytes > self.shape.room() {
            self.counters.dropped.add(bytes);
            return;
        }
        self.waiting_bytes += bytes;
        self.waiting.push_back(Waiting { packet, bytes, came: now });
        self.advance(now);
    }

    /// Hands over the next packet that is due.
    pub fn pop(&mut self, now: Duration) -> Option<P> {
        self.pop_timed(now).map(|(_, packet)| packet)
    }

    /// The same, and when it was due: for who takes that for the time of its arrival.
    pub fn pop_timed(&mut self, now: Duration) -> Option<(Duration, P)> {
        self.advance(now);
        let (due, _) = self.flying.front()?;
        let late = now.checked_sub(*due)?;
        self.counters.late.add(late);
        self.flying.pop_front()
    }

    /// When there is something to do again, at the latest.
    pub fn next(&self) -> Option<Duration> {
        let arrival = self.flying.front().map(|(due, _)| *due);
        let departure =
            self.waiting.front().and_then(|head| self.bucket.ready(&self.shape, head.bytes, head.came));
        let change = self.schedule.front().map(|(at, _)| *at);
        [arrival, departure, change].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Duration) {
        while let Some((at, rate)) = self.schedule.front().copied().filter(|(at, _)| *at <= now) {
            self.schedule.pop_front();
            self.depart(at);
            self.bucket.fill(&self.shape, at);
            self.shape.rate = Some(rate);
        }
        self.depart(now);
    }

    /// Sends what may be sent by now, at the times at which it might be.
    fn depart(&mut self, now: Duration) {
        while let Some(head) = self.waiting.front() {
            let Some(at) = self.bucket.ready(&self.shape, head.bytes, head.came).filter(|at| *at <= now)
            else {
                return;
            };
            let Some(head) = self.waiting.pop_front() else { return };
            self.bucket.take(&self.shape, head.bytes, at);
            self.waiting_bytes -= head.bytes;
            self.counters.waited.add(at.saturating_sub(head.came));
            if self.is_lost() {
                self.counters.lost.add(head.bytes);
            } else {
                self.counters.passed.add(head.bytes);
                self.fly(head.packet, at);
            }
        }
    }

    fn is_lost(&mut self) -> bool {
        if let Some(bursts) = self.shape.bursts {
            let change = if self.bad { bursts.end } else { bursts.begin };
            self.bad ^= self.random.happens(change);
        } else {
            self.bad = false;
        }
        // Asked in any case, so that the one kind of loss does not move the other.
        self.random.happens(self.shape.loss) | self.bad
    }

    fn fly(&mut self, packet: P, at: Duration) {
        let jitter = if self.shape.jitter.is_zero() {
            Duration::ZERO
        } else {
            self.shape.jitter.mul_f64(self.random.fraction())
        };
        let due = at + self.shape.delay + jitter;
        let last = self.flying.back().map_or(Duration::ZERO, |(last, _)| *last);
        self.flying.push_back((due.max(last), packet));
    }
}

/// A token bucket: what may be sent at a time.
#[derive(Debug)]
struct Bucket {
    /// Bytes that could be sent at once at `at`.
    tokens: f64,
    at: Duration,
}

impl Bucket {
    /// What it would hold at a time, which is never before `at`.
    fn tokens(&self, shape: &Shape, at: Duration) -> f64 {
        let rate = shape.rate.unwrap_or(0) as f64 / 8.0;
        (self.tokens + at.saturating_sub(self.at).as_secs_f64() * rate).min(shape.burst as f64)
    }

    fn fill(&mut self, shape: &Shape, at: Duration) {
        self.tokens = self.tokens(shape, at);
        self.at = self.at.max(at);
    }

    /// When a packet that came at a time can be sent; never at a rate of 0.
    fn ready(&self, shape: &Shape, bytes: usize, came: Duration) -> Option<Duration> {
        let from = self.at.max(came);
        let Some(rate) = shape.rate else { return Some(from) };
        // A packet that is larger than the bucket needs a full one.
        let missing = bytes.min(shape.burst) as f64 - self.tokens(shape, from);
        if missing <= 0.0 {
            return Some(from);
        }
        let wait = Duration::try_from_secs_f64(missing * 8.0 / rate as f64).ok()?;
        // Rounded up: a nanosecond too early there would still be something missing.
        from.checked_add(wait + Duration::from_nanos(1))
    }

    fn take(&mut self, shape: &Shape, bytes: usize, at: Duration) {
        self.fill(shape, at);
        if shape.rate.is_some() {
            self.tokens -= bytes as f64;
        }
    }
}

#[cfg(test)]
#[path = "emulated/tests.rs"]
mod tests;
