//! A network link in virtual time: so many bits per second, a queue that drops what does not fit, a delay, and
//! packets lost at random, the same each time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a link is like, until it is changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Bits per second.
    pub(super) rate: u64,
    /// What the queue holds, as time at this rate.
    pub(super) queue: Duration,
    pub(super) delay: Duration,
    /// Of all packets, this part is lost at random.
    pub(super) loss: f64,
    /// Bytes that pass at once after a rest.
    pub(super) burst: f64,
}

struct Waiting {
    since: Instant,
    bytes: Vec<u8>,
}

/// One direction of a link.
pub(super) struct Link {
    shape: Shape,
    random: u64,
    queue: VecDeque<Waiting>,
    queued: usize,
    /// Bytes that may pass at once, and when that was.
    credit: (f64, Instant),
    /// When the first of the queue has been sent.
    done: Option<Instant>,
    under_way: VecDeque<(Instant, Vec<u8>)>,
    /// Of each packet that was sent: when, its bytes and how long it waited.
    pub(super) carried: Vec<(Instant, usize, Duration)>,
    pub(super) dropped: usize,
}

/// Bytes of IP and UDP.
const HEADERS: usize = 28;

impl Link {
    pub(super) fn new(shape: Shape, seed: u64, now: Instant) -> Self {
        Self {
            shape,
            random: seed,
            queue: VecDeque::new(),
            queued: 0,
            credit: (shape.burst, now),
            done: None,
            under_way: VecDeque::new(),
            carried: Vec::new(),
            dropped: 0,
        }
    }

    pub(super) fn shape(&mut self, shape: Shape, now: Instant) {
        if let Some(done) = &mut self.done {
            let left = done.saturating_duration_since(now).as_secs_f64();
            *done = now + Duration::from_secs_f64(left * self.shape.rate as f64 / shape.rate as f64);
        }
        self.shape = shape;
    }

    /// A number from 0 to 1 (splitmix64).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// When a packet has been sent that is the first from now on.
    fn takes(&mut self, bytes: usize, now: Instant) -> Instant {
        let rate = self.shape.rate as f64 / 8.0;
        let (credit, since) = self.credit;
        let credit =
            (credit + now.saturating_duration_since(since).as_secs_f64() * rate).min(self.shape.burst);
        let lacks = (bytes as f64 - credit).max(0.0);
        let done = now + Duration::from_secs_f64(lacks / rate);
        self.credit = (credit + lacks - bytes as f64, done);
        done
    }

    pub(super) fn send(&mut self, bytes: &[u8], now: Instant) {
        let size = bytes.len() + HEADERS;
        let room = self.shape.rate as f64 / 8.0 * self.shape.queue.as_secs_f64();
        if self.queued + size > (room as usize).max(3000) {
            self.dropped += 1;
            return;
        }
        self.queued += size;
        self.queue.push_back(Waiting { since: now, bytes: bytes.to_vec() });
        if self.done.is_none() {
            self.done = Some(self.takes(size, now));
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.done.into_iter().chain(self.under_way.front().map(|(at, _)| *at)).min()
    }

    /// A packet that arrives by now.
    pub(super) fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        while let Some(done) = self.done.filter(|done| *done <= now) {
            let first = self.queue.pop_front().unwrap();
            let size = first.bytes.len() + HEADERS;
            self.queued -= size;
            self.carried.push((done, size, done.saturating_duration_since(first.since)));
            if self.chance() >= self.shape.loss {
                self.under_way.push_back((done + self.shape.delay, first.bytes));
            }
            let next = self.queue.front().map(|next| next.bytes.len() + HEADERS);
            self.done = next.map(|size| self.takes(size, done));
        }
        let due = self.under_way.front().is_some_and(|(at, _)| *at <= now);
        if due { self.under_way.pop_front().map(|(_, bytes)| bytes) } else { None }
    }
}
