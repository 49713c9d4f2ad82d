//! The estimator against networks of virtual time: frames go as packets in clumps, reports come every 50 ms.

use super::*;
use std::collections::{BTreeMap, VecDeque};

mod forged;
mod sparse;

const BOUNDS: Bounds = Bounds { min: 1_000, max: 8_192_000, start: 2_048_000 };
const SIZE: usize = 1200;

/// What a packet in the link is.
#[derive(Debug, Clone, Copy)]
enum What {
    Ours(u16),
    Theirs,
}

/// A connection that fills the queue: a window that grows with each answer, and is halved with a loss.
struct Filler {
    window: f64,
    under_way: usize,
    halved: u64,
    carried: usize,
}

/// A link, and both ends. Times are in microseconds.
struct Network {
    estimator: Estimator,
    bucket: Bucket,
    now: u64,
    rate: f64,
    queue: u64,
    delay: u64,
    loss: f64,
    random: u64,
    busy: u64,
    number: u16,
    waiting: f64,
    events: BTreeMap<(u64, u64), What>,
    count: u64,
    /// Numbers that the peer has seen, and when.
    seen: Vec<(u16, i64)>,
    told: u16,
    carried: usize,
    filler: Option<Filler>,
    /// Between frames.
    period: u64,
    /// Whether the peer hears nothing for 80 ms of every two seconds.
    stalls: bool,
    /// Of each of our packets: when, and how long it waited.
    waits: VecDeque<(u64, u64)>,
}

impl Network {
    fn new(rate: f64, round_trip: u64, loss: f64) -> Self {
        let estimator = Estimator::new(BOUNDS);
        Self {
            bucket: Bucket::new(estimator.pace()),
            estimator,
            now: 0,
            rate,
            queue: 150_000,
            delay: round_trip / 2,
            loss,
            random: 7,
            busy: 0,
            number: 0,
            waiting: 0.0,
            events: BTreeMap::new(),
            count: 0,
            seen: Vec::new(),
            told: 0,
            carried: 0,
            filler: None,
            period: 33_300,
            stalls: false,
            waits: VecDeque::new(),
        }
    }

    fn chance(&mut self) -> f64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A packet enters the link; false where there is no room for it.
    fn send(&mut self, what: What) -> bool {
        let waits = self.busy.saturating_sub(self.now);
        if waits > self.queue {
            return false;
        }
        self.busy = self.busy.max(self.now) + (SIZE as f64 * 8e6 / self.rate) as u64;
        if matches!(what, What::Ours(_)) {
            self.waits.push_back((self.now, waits));
        }
        if self.chance() >= self.loss {
            self.count += 1;
            self.events.insert((self.busy + self.delay, self.count), what);
        }
        true
    }

    /// A tenth of a millisecond passes.
    fn step(&mut self) {
        self.now += 100;
        let now = Duration::from_micros(self.now);
        if self.now.is_multiple_of(self.period) {
            self.waiting += f64::from(self.estimator.estimate()) * 0.0333 / 8.0;
        }
        while self.waiting >= SIZE as f64 && self.bucket.has_room(now) {
            self.waiting -= SIZE as f64;
            self.bucket.take(SIZE, now);
            self.estimator.sent(self.number, SIZE, now);
            self.send(What::Ours(self.number));
            self.number = self.number.wrapping_add(1);
        }
        let stalled = self.stalls && self.now % 2_000_000 < 80_000;
        while !stalled
            && let Some((&at, &what)) = self.events.first_key_value().filter(|((at, _), _)| *at <= self.now)
        {
            self.events.remove(&at);
            match what {
                What::Ours(number) => {
                    self.seen.push((number, self.now as i64));
                    self.carried += SIZE;
                }
                What::Theirs => {
                    if let Some(filler) = &mut self.filler {
                        filler.under_way -= 1;
                        filler.carried += SIZE;
                        filler.window += 1.0 / filler.window;
                    }
                }
            }
        }
        self.fill();
        // The way back takes as long.
        if self.now.is_multiple_of(50_000) {
            self.report();
        }
    }

    fn fill(&mut self) {
        while let Some(filler) =
            self.filler.as_mut().filter(|filler| filler.under_way < filler.window as usize)
        {
            filler.under_way += 1;
            let halved = filler.halved;
            if !self.send(What::Theirs)
                && let (now, Some(filler)) = (self.now, &mut self.filler)
            {
                filler.under_way -= 1;
                if now > halved + 200_000 {
                    filler.window = (filler.window / 2.0).max(2.0);
                    filler.halved = now;
                }
                break;
            }
        }
    }

    fn report(&mut self) {
        let late = self.now as i64 - self.delay as i64;
        let (seen, rest): (Vec<_>, Vec<_>) = self.seen.iter().partition(|(_, at)| *at <= late);
        self.seen = rest;
        let Some(last) =
            seen.iter().map(|(number, _)| *number).max_by_key(|number| number.wrapping_sub(self.told))
        else {
            return;
        };
        let span = last.wrapping_sub(self.told);
        let packets = (0..=span).map(|index| {
            let number = self.told.wrapping_add(index);
            (number, seen.iter().find(|(other, _)| *other == number).map(|(_, at)| *at))
        });
        let now = Duration::from_micros(self.now);
        self.estimator.report(packets, now);
        self.told = last.wrapping_add(1);
        self.bucket.set_rate(self.estimator.pace(), now);
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + seconds * 1_000_000;
        while self.now < end {
            self.step();
        }
    }

    /// Of what the link carries, what was used in so many seconds from now on.
    fn used(&mut self, seconds: u64) -> f64 {
        let before = self.carried;
        self.run(seconds);
        (self.carried - before) as f64 * 8.0 / seconds as f64 / self.rate
    }

    /// What 19 of 20 packets waited at most since then, in milliseconds.
    fn waited(&self, since: u64) -> f64 {
        let mut all: Vec<_> =
            self.waits.iter().filter(|(at, _)| *at >= since).map(|(_, wait)| *wait).collect();
        all.sort_unstable();
        all[all.len() * 19 / 20] as f64 / 1000.0
    }
}

#[test]
fn a_network_is_used_and_its_queue_left_short() {
    for (rate, round_trip) in [(1e6, 0), (4e6, 0), (4e6, 40_000), (6e6, 240_000)] {
        let mut network = Network::new(rate, round_trip, 0.0);
        network.run(15);
        let (since, used) = (network.now, network.used(30));
        let waited = network.waited(since);
        assert!(used > 0.88 && waited < 100.0, "{rate} {round_trip}: {used:.3}, {waited:.0} ms");
    }
}

#[test]
fn a_network_that_carries_less_and_more_again_is_followed_within_seconds() {
    for round_trip in [0, 40_000] {
        let mut network = Network::new(4e6, round_trip, 0.0);
        network.run(20);
        network.rate = 1e6;
        network.run(1);
        let (since, used) = (network.now, network.used(2));
        assert!(network.waited(since) < 160.0 && used > 0.5, "{used:.2}, {:.0} ms", network.waited(since));
        let (since, used) = (network.now, network.used(20));
        assert!(used > 0.88 && network.waited(since) < 100.0, "{used:.2}, {:.0} ms", network.waited(since));
        network.rate = 4e6;
        network.run(3);
        let used = network.used(1);
        assert!(used > 0.8, "{used:.2} of the link after three seconds");
    }
}

#[test]
fn packets_lost_at_random_are_no_sign_of_congestion() {
    for (round_trip, loss) in [(50_000, 0.01), (50_000, 0.05), (50_000, 0.1), (240_000, 0.05), (240_000, 0.1)]
    {
        let mut network = Network::new(6e6, round_trip, loss);
        network.run(15);
        let used = network.used(45) / (1.0 - loss);
        assert!(used > 0.7, "{round_trip} {loss}: {used:.2}");
    }
}

#[test]
fn packets_lost_for_want_of_room_are() {
    let mut network = Network::new(3e6, 40_000, 0.0);
    // So little that no packet waits for long.
    network.queue = 22_000;
    network.run(20);
    let (sent, used) = (network.number, network.used(20));
    let sent = f64::from(network.number.wrapping_sub(sent)) * SIZE as f64 * 8.0 / 20.0 / network.rate;
    assert!(used > 0.7 && sent < used * 1.05, "{used:.2} used of {sent:.2}");
}

#[test]
fn another_who_fills_the_queue_leaves_a_share_and_is_left_one() {
    let mut network = Network::new(4e6, 40_000, 0.0);
    network.run(10);
    network.filler = Some(Filler { window: 2.0, under_way: 0, halved: 0, carried: 0 });
    network.run(20);
    let before = network.filler.as_ref().map_or(0, |filler| filler.carried);
    let ours = network.used(60);
    let theirs = network.filler.as_ref().map_or(0, |filler| filler.carried) - before;
    let theirs = theirs as f64 * 8.0 / 60.0 / network.rate;
    assert!(ours > 0.2 && theirs > 0.2, "{ours:.2} and {theirs:.2}");
    network.filler = None;
    network.run(5);
    let used = network.used(10);
    assert!(used > 0.85, "{used:.2} when alone again");
}

#[test]
fn a_peer_that_is_held_up_now_and_then_is_no_slow_network() {
    let mut network = Network::new(6e6, 50_000, 0.05);
    network.stalls = true;
    network.run(15);
    let used = network.used(30) / 0.95;
    assert!(used > 0.6, "{used:.2}");
}

#[test]
fn frames_that_come_seldom_are_no_sign_of_a_network_that_is_gone() {
    let mut network = Network::new(50e6, 40_000, 0.0);
    network.period = 1_000_000;
    network.run(30);
    assert!(network.estimator.estimate() >= BOUNDS.start, "{}", network.estimator.estimate());
}

#[test]
fn a_network_that_was_gone_while_packets_waited_is_used_again() {
    for seconds in [10, 20] {
        let mut network = Network::new(4e6, 40_000, 0.0);
        network.run(10);
        network.rate = 1e6;
        while network.estimator.drain.is_none() {
            network.step();
        }
        network.loss = 1.0;
        network.run(seconds);
        network.loss = 0.0;
        network.rate = 4e6;
        network.run(6);
        let used = network.used(5);
        assert!(used > 0.8, "{used:.2} after {seconds} s");
    }
}
