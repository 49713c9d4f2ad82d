//! What the network of one session carries: its packets are noted, the peer's reports read, and what comes of it is
//! how fast packets go and what is left to media.

use super::opening::Opening;
use logic::bitrate::Bounds;
use logic::codec::MediaKind;
use logic::estimate::{Bucket, Estimator, Facts, Flow, number};
use std::time::{Duration, Instant};
use str0m::rtp::rtcp::Twcc;

/// Bytes of IP and UDP before each packet.
const HEADERS: usize = 28;
/// What they and the packets' own take of each packet, with what encryption adds.
const AROUND: usize = HEADERS + 34;
/// In which what waits here is to have gone.
const PATIENCE: f64 = 0.35;
/// Of the estimate, what is left to media at least.
const LEAST: f64 = 0.3;
/// Of what comes, what a network has to be tried for: input that is encoded already is not ours to make less.
const MORE: f64 = 1.25;
/// Encoders are told of changes of this part, and of more only so often.
const CHANGE: f64 = 0.03;
const OFTEN: Duration = Duration::from_millis(150);
/// Seconds that video may be late, and when the network carries much less all at once; and how seldom it is skipped.
const LATE: f64 = 1.0;
const LATE_AFTER_FALL: f64 = 0.2;
const REST: Duration = Duration::from_secs(3);
/// A longer round trip than this is long.
const FAR: Duration = Duration::from_millis(120);
/// Over which the rate of what is sent again is taken.
const AVERAGE: Duration = Duration::from_millis(500);

/// What a packet is to its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Sound,
    /// It, or another, is sent again.
    Again,
}

/// What is known of the network, for statistics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) facts: Facts,
    /// What is left to media, in bit/s with all headers.
    pub(super) target: u32,
    /// In how many seconds what waits here will have gone.
    pub(super) held: f64,
}

/// Measures the network of one session.
pub(super) struct Measuring {
    estimator: Estimator,
    bucket: Bucket,
    start: Instant,
    /// Identifier of the header extension with transport-wide numbers.
    extension: u8,
    /// Bits per second of what is sent again, bits since the rate was taken, and when that was.
    again: f64,
    bits: f64,
    taken: Duration,
    told: Option<(u32, Duration)>,
    /// When video began anew.
    begun: Option<Duration>,
    /// What is wanted, and what the network is tried for because so much comes.
    desired: u32,
    comes: u32,
    flow: Flow,
}

impl Measuring {
    /// Where the peer reports on packets.
    pub(super) fn of(opening: &Opening, now: Instant) -> Option<Self> {
        let (extension, bounds) = opening.measured()?;
        let mut estimator = Estimator::new(bounds);
        let video = opening.streams.iter().filter(|stream| stream.kind == MediaKind::Video).count();
        let desired = bounds.max.saturating_mul(u32::try_from(video).unwrap_or(u32::MAX));
        estimator.aim(desired);
        Some(Self {
            bucket: Bucket::new(estimator.pace()),
            estimator,
            start: now,
            extension,
            again: 0.0,
            bits: 0.0,
            taken: Duration::ZERO,
            told: None,
            begun: None,
            desired,
            comes: 0,
            flow: Flow::default(),
        })
    }

    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.start)
    }

    /// A packet goes that is this to its stream.
    pub(super) fn sent(&mut self, packet: &[u8], kind: Kind, at: Instant) {
        let Some(number) = number(packet, self.extension) else { return };
        let (at, bytes) = (self.since(at), packet.len() + HEADERS);
        self.estimator.sent(number, bytes, at);
        // Video was charged when it was handed over.
        if kind != Kind::Video {
            self.bucket.take(bytes, at);
        }
        if kind == Kind::Again {
            self.bits += bytes as f64 * 8.0;
        }
    }

    /// The peer reports on packets.
    pub(super) fn report(&mut self, report: Twcc, now: Instant) {
        let (at, zero) = (self.since(now), self.start);
        // Numbers count from anywhere: only their last bits matter.
        let packets = report.into_iter(zero, (1 << 20).into()).map(|(number, _, arrived)| {
            let arrived = arrived.map(|at| at.saturating_duration_since(zero).as_micros());
            (*number as u16, arrived.and_then(|at| i64::try_from(at).ok()))
        });
        self.estimator.report(packets, at);
        self.bucket.set_rate(self.estimator.pace(), at);
    }

    /// No more than this is wanted, unless more comes.
    pub(super) fn aim(&mut self, desired: u32) {
        self.desired = desired;
        self.estimator.aim(desired.max(self.comes));
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&mut self, bounds: Bounds) {
        self.estimator.set_bounds(bounds);
    }

    /// So much video comes, in so many packets.
    pub(super) fn take_in(&mut self, packets: usize, payload: usize) {
        self.flow.add(payload + packets * AROUND);
    }

    /// Whether more video may go.
    pub(super) fn has_room(&mut self, now: Instant) -> bool {
        let at = self.since(now);
        self.bucket.has_room(at)
    }

    /// So much video goes.
    pub(super) fn take(&mut self, payload: usize, now: Instant) {
        let at = self.since(now);
        self.bucket.take(payload + AROUND, at);
    }

    /// When more may go.
    pub(super) fn next(&self) -> Instant {
        self.start + self.bucket.next()
    }

    /// Whether it is better to begin anew with a key unit than to send so many bytes of video that wait here: what is
    /// lost of them and sent again would be late too.
    pub(super) fn is_late(&mut self, waiting: usize, now: Instant) -> bool {
        let now = self.since(now);
        let fell = self.estimator.has_fallen();
        let rate = f64::from(self.estimator.estimate());
        let takes = waiting as f64 * 8.0 / rate + self.estimator.facts().queue.as_secs_f64();
        let late = takes > LATE || fell && takes > LATE_AFTER_FALL;
        let late = late && self.begun.is_none_or(|at| now > at + REST);
        if late {
            self.begun = Some(now);
        }
        late
    }

    /// Whether the way to the peer is long.
    pub(super) fn is_far(&self) -> bool {
        self.estimator.facts().round_trip > FAR
    }

    /// What is known, while so many bytes of video wait here.
    pub(super) fn network(&self, waiting: usize) -> Network {
        let facts = self.estimator.facts();
        let held = waiting as f64 * 8.0 / f64::from(facts.estimate.max(1));
        Network { facts, target: self.told.map_or(facts.estimate, |(told, _)| told), held }
    }

    /// What is left to media, with all headers, while so many bytes of video wait here, where who encodes has
    /// to be told.
    pub(super) fn target(&mut self, waiting: usize, now: Instant) -> Option<u32> {
        let now = self.since(now);
        let passed = now.saturating_sub(self.taken);
        if passed >= AVERAGE / 5 {
            let part = (passed.as_secs_f64() / AVERAGE.as_secs_f64()).min(1.0);
            self.again += (self.bits / passed.as_secs_f64() - self.again) * part;
            (self.bits, self.taken) = (0.0, now);
            if let Some(comes) = self.flow.rate(now) {
                self.comes = (f64::from(comes) * MORE) as u32;
                self.estimator.aim(self.desired.max(self.comes));
            }
        }
        let estimate = f64::from(self.estimator.estimate());
        let queued = waiting as f64 * 8.0 / PATIENCE;
        let left = estimate - self.again - (queued - estimate * 0.1).max(0.0);
        let target = left.max(estimate * LEAST);
        let due = self.told.is_none_or(|(told, at)| {
            let change = target / f64::from(told.max(1)) - 1.0;
            change < -CHANGE || change > CHANGE && now >= at + OFTEN
        });
        let target = target as u32;
        due.then(|| self.told = Some((target, now))).map(|()| target)
    }
}
