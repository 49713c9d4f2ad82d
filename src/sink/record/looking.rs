//! What there is to see of a session and of a rung at one time, in numbers.

use crate::chain::rung::Rung;
use crate::session::Phases;
use crate::sink::input::Input;
use crate::sink::rungs::{Which, size};
use crate::sink::serving::Served;
use crate::sink::stage::Stage;
use crate::sink::stats::Condition;
use crate::sink::viewers::Viewer;
use logic::codec::{Codec, MediaKind};
use logic::record::{Growth, RungFacts, SessionFacts};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What is known of a session at one time; bitrates in bit/s, times in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SessionNumbers {
    /// What the encoders are told to make that serve it.
    pub(super) target: Option<f64>,
    pub(super) sent: Option<f64>,
    pub(super) estimate: Option<f64>,
    pub(super) loss: Option<f64>,
    pub(super) round_trip: Option<f64>,
    pub(super) frame_rate: Option<f64>,
    pub(super) queue_delay: Option<f64>,
    pub(super) rung: Option<f64>,
    /// Bytes that it was sent since the last look; not among the samples.
    pub(super) bytes: u64,
}

impl SessionNumbers {
    /// The names of the samples' numbers, in order.
    pub(super) const NAMES: [&str; 8] =
        ["target", "sent", "estimate", "loss", "roundTrip", "frameRate", "queueDelay", "rung"];

    /// A sample.
    pub(super) fn sample(&self) -> [Option<f64>; Self::NAMES.len()] {
        let Self { target, sent, estimate, loss, round_trip, frame_rate, queue_delay, rung, .. } = *self;
        [target, sent, estimate, loss, round_trip, frame_rate, queue_delay, rung]
    }
}

/// The same of a rung.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RungNumbers {
    pub(super) target: Option<f64>,
    pub(super) sent: Option<f64>,
    pub(super) frame_rate: Option<f64>,
    pub(super) encode_time: Option<f64>,
    pub(super) key_units: Option<f64>,
    pub(super) queue_delay: Option<f64>,
}

impl RungNumbers {
    /// The names of the samples' numbers, in order.
    pub(super) const NAMES: [&str; 6] =
        ["target", "sent", "frameRate", "encodeTime", "keyUnits", "queueDelay"];

    /// A sample.
    pub(super) fn sample(&self) -> [Option<f64>; Self::NAMES.len()] {
        let Self { target, sent, frame_rate, encode_time, key_units, queue_delay } = *self;
        [target, sent, frame_rate, encode_time, key_units, queue_delay]
    }
}

/// How far everyone had come when they were looked at last.
#[derive(Default)]
pub(super) struct Counters {
    last: Option<Instant>,
    /// Seconds since then.
    passed: f64,
    sessions: Kept<Phases, SessionCounts>,
    rungs: Kept<Rung, RungCounts>,
}

/// By something's address, which nothing else has while it is held here; who is not looked at any more is forgotten.
struct Kept<T, C> {
    known: HashMap<usize, (Weak<T>, C)>,
    looked_at: HashMap<usize, (Weak<T>, C)>,
}

impl<T, C> Default for Kept<T, C> {
    fn default() -> Self {
        Self { known: HashMap::new(), looked_at: HashMap::new() }
    }
}

impl<T, C: Default> Kept<T, C> {
    fn of(&mut self, whose: &Arc<T>) -> &mut C {
        let key = Arc::as_ptr(whose).addr();
        let known = self.known.remove(&key);
        let new = || (Arc::downgrade(whose), C::default());
        let (_, counts) = self.looked_at.entry(key).or_insert_with(|| known.unwrap_or_else(new));
        counts
    }

    fn end(&mut self) {
        self.known = std::mem::take(&mut self.looked_at);
    }
}

/// How far a session had come; bytes and frames by source.
#[derive(Default)]
pub(super) struct SessionCounts {
    bytes: Growth<u32>,
    frames: Growth<u32>,
    looked_at: bool,
    /// Whether it has been met before, and whether it is known how long it took until its media flowed.
    pub(super) met: bool,
    pub(super) set_up: bool,
}

#[derive(Default)]
struct RungCounts {
    bytes: Growth<()>,
    frames: Growth<()>,
    key_units: Growth<()>,
    looked_at: bool,
}

impl Counters {
    pub(super) fn begin(&mut self, now: Instant) {
        let last = self.last.replace(now);
        self.passed = last.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
    }

    pub(super) fn end(&mut self) {
        self.sessions.end();
        self.rungs.end();
    }

    /// What is counted of a session.
    pub(super) fn of(&mut self, viewer: &Viewer) -> &mut SessionCounts {
        self.sessions.of(viewer.phases())
    }

    /// What is known of a session and its numbers, where everything that may block was done before.
    pub(super) fn session(
        &mut self,
        id: &str,
        viewer: &Viewer,
        stage: Option<&Stage>,
    ) -> (SessionFacts, SessionNumbers) {
        let served = served(viewer);
        let counts: Vec<_> = served.iter().filter_map(|one| Some((one, one.counts()?))).collect();
        let pictures = counts.iter().filter(|(one, _)| is_video(one.codec));
        let passed = self.passed;
        let known = self.of(viewer);
        let rate = rate(passed, std::mem::replace(&mut known.looked_at, true));
        let bytes = known.bytes.look(counts.iter().map(|(one, counts)| (one.ssrc, counts.bytes)));
        let frames = known.frames.look(pictures.map(|(one, counts)| (one.ssrc, counts.frames)));
        let condition = stage.map(|stage| Condition::of(&served, &stage.stats())).unwrap_or_default();
        let pictures = served.iter().filter(|one| is_video(one.codec));
        let on: Vec<_> = pictures.filter_map(|one| one.seat.upgrade()?.rung()).collect();
        let targets = on.iter().filter_map(|(_, rung)| Some(rung.encoder()?.1));
        let numbers = SessionNumbers {
            target: targets.map(f64::from).reduce(|all, one| all + one),
            sent: rate(bytes).map(bits),
            estimate: viewer.estimates.known().map(f64::from),
            loss: condition.loss,
            round_trip: condition.round_trip,
            frame_rate: rate(frames).filter(|_| !on.is_empty()),
            queue_delay: seconds(served.iter().filter_map(Served::send_delay).max()),
            rung: on.first().map(|(which, _)| which.rung as f64),
            bytes,
        };
        (facts(id, viewer, stage), numbers)
    }

    /// The same of the rungs of an input.
    pub(super) fn rungs(&mut self, input: &Arc<Input>) -> Vec<(RungFacts, RungNumbers)> {
        let running = input.running_rungs();
        running.into_iter().map(|(which, rung)| self.rung(input, &which, &rung)).collect()
    }

    fn rung(&mut self, input: &Input, which: &Which, rung: &Arc<Rung>) -> (RungFacts, RungNumbers) {
        let (made, is_video) = (rung.fan_out().made(), is_video(which.codec));
        let known = self.rungs.of(rung);
        let rate = rate(self.passed, std::mem::replace(&mut known.looked_at, true));
        let (encoder, delays) = (rung.encoder(), rung.delays());
        let numbers = RungNumbers {
            target: encoder.as_ref().filter(|_| is_video).map(|(_, rate)| f64::from(*rate)),
            sent: rate(known.bytes.look([((), rung.fan_out().sent())])).map(bits),
            frame_rate: rate(known.frames.look([((), made.frames)])).filter(|_| is_video),
            encode_time: seconds(delays.encode().filter(|_| encoder.is_some())),
            key_units: Some(known.key_units.look([((), made.key_units)]) as f64).filter(|_| is_video),
            queue_delay: seconds(delays.capture_to_encode()),
        };
        let owner = which.owner.map(|owner| format!("/{owner}")).unwrap_or_default();
        let facts = RungFacts {
            id: format!("{}/{}/{}{owner}", input.name, which.codec.encoding_name, which.rung),
            pad: input.name.clone(),
            codec: name(which.codec),
            encoder: encoder.map(|(name, _)| name),
            rung: which.rung,
            size: size(input, rung).filter(|_| is_video),
            viewers: rung.fan_out().viewers(),
        };
        (facts, numbers)
    }
}

/// What growth is a second; nothing at the first look, which is of no whole interval.
fn rate(passed: f64, was_looked_at: bool) -> impl Fn(u64) -> Option<f64> {
    move |grown| Some(grown as f64 / passed).filter(|rate| was_looked_at && rate.is_finite())
}

/// What is known of a session.
pub(super) fn facts(id: &str, viewer: &Viewer, stage: Option<&Stage>) -> SessionFacts {
    let mut codecs: Vec<_> = served(viewer).iter().map(|one| name(one.codec)).collect();
    codecs.dedup();
    SessionFacts {
        id: id.to_owned(),
        peer_id: viewer.peer_id.clone(),
        transport: stage.map_or("", Stage::name),
        codecs,
        phases: viewer.phases().reached(),
    }
}

fn served(viewer: &Viewer) -> Vec<Served> {
    viewer.served.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn bits(bytes: f64) -> f64 {
    (bytes * 8.0).round()
}

fn is_video(codec: &Codec) -> bool {
    codec.kind == MediaKind::Video
}

fn name(codec: &Codec) -> String {
    format!("{}/{}", codec.kind, codec.encoding_name)
}

fn seconds(delay: Option<Duration>) -> Option<f64> {
    delay.map(|delay| delay.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_to_where_somebody_was_does_not_inherit_their_counters() {
        let mut kept = Kept::<[u8; 64], u32>::default();
        for _ in 0..100 {
            let one = Arc::new([0; 64]);
            let counts = kept.of(&one);
            *counts += 1;
            assert_eq!(*counts, 1);
            kept.end();
        }
        let one = Arc::new([0; 64]);
        for round in 0..3 {
            let counts = kept.of(&one);
            assert_eq!(*counts, round);
            *counts += 1;
            kept.end();
        }
        kept.end();
        assert_eq!(*kept.of(&one), 0);
    }
}
