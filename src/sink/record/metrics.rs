//! Sums and distributions of what is seen, in the text format of OpenMetrics: what docs/dashboard.md says of `metrics`. No
//! viewer has lines of his own, so that there are not more of them the longer the sink runs.

use super::looking::{RungNumbers, SessionNumbers};
use logic::phases::{Phase, Reached};
use logic::record::{RungFacts, SessionFacts};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

type Label = [(&'static str, &'static str); 1];
/// Pad, codec and rung.
type Place = [(&'static str, String); 3];
type Number = Gauge<f64, AtomicU64>;

/// The metrics of one sink.
pub(super) struct Metrics {
    registry: Registry,
    sessions: Family<Label, Gauge>,
    started: Counter,
    ended: Family<Label, Counter>,
    set_up: Family<Label, Histogram>,
    sent: Counter,
    viewers: Viewers,
    rungs: Rungs,
}

/// What was seen of viewers, each once a second.
struct Viewers {
    sent: Histogram,
    estimate: Histogram,
    loss: Histogram,
    round_trip: Histogram,
    frame_rate: Histogram,
    queue_delay: Histogram,
}

impl Viewers {
    fn new() -> Self {
        // 32 kbit/s to 33 Mbit/s; 1 ms to 4 s; 0.1 % to all.
        let bits = || Histogram::new(exponential_buckets(32_000.0, 2.0, 11));
        let times = || Histogram::new(exponential_buckets(0.001, 2.0, 13));
        Self {
            sent: bits(),
            estimate: bits(),
            loss: Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]),
            round_trip: times(),
            frame_rate: Histogram::new([1.0, 5.0, 10.0, 15.0, 20.0, 24.0, 29.0, 49.0, 59.0, 119.0]),
            queue_delay: times(),
        }
    }

    fn register(&self, all: &mut Registry) {
        let bits = || Unit::Other("bits_per_second".into());
        let mut add = |name, help, unit, histogram: &Histogram| {
            all.register_with_unit(name, help, unit, histogram.clone());
        };
        add("viewer_sent", "What viewers are sent, each viewer once a second", bits(), &self.sent);
        add(
            "viewer_estimate",
            "What the networks to viewers carry, each once a second",
            bits(),
            &self.estimate,
        );
        let ratio = Unit::Other("ratio".into());
        add(
            "viewer_packet_loss",
            "The part of the packets that viewers lose, each once a second",
            ratio,
            &self.loss,
        );
        let help = "There and back between the sink and viewers, each once a second";
        add("viewer_round_trip", help, Unit::Seconds, &self.round_trip);
        let frames = Unit::Other("frames_per_second".into());
        add(
            "viewer_frame_rate",
            "Pictures that viewers are sent, each once a second",
            frames,
            &self.frame_rate,
        );
        let help = "How long packets wait for the network, each viewer once a second";
        add("viewer_queue_delay", help, Unit::Seconds, &self.queue_delay);
    }

    fn look(&self, numbers: &SessionNumbers) {
        let see = |histogram: &Histogram, number: Option<f64>| {
            if let Some(number) = number {
                histogram.observe(number);
            }
        };
        see(&self.sent, numbers.sent);
        see(&self.estimate, numbers.estimate);
        see(&self.loss, numbers.loss);
        see(&self.round_trip, numbers.round_trip);
        see(&self.frame_rate, numbers.frame_rate);
        see(&self.queue_delay, numbers.queue_delay);
    }
}

/// What rungs do now. Encoders of one place, where viewers have encoders of their own, are added up; their times and frame
/// rates are means.
#[derive(Default)]
struct Rungs {
    encoders: Family<Place, Gauge>,
    viewers: Family<Place, Gauge>,
    target: Family<Place, Number>,
    sent: Family<Place, Number>,
    frame_rate: Family<Place, Number>,
    encode_time: Family<Place, Number>,
    queue_delay: Family<Place, Number>,
    key_units: Family<Place, Counter>,
}

impl Rungs {
    fn register(&self, all: &mut Registry) {
        all.register(
            "rung_encoders",
            "Encoders, or streams that are passed on, at a place",
            self.encoders.clone(),
        );
        all.register("rung_viewers", "Viewers that are sent it", self.viewers.clone());
        all.register("rung_key_units", "Key units that were made", self.key_units.clone());
        let bits = || Unit::Other("bits_per_second".into());
        let mut add = |name, help, unit, family: &Family<Place, Number>| {
            all.register_with_unit(name, help, unit, family.clone());
        };
        add("rung_target", "What the encoder is told to make", bits(), &self.target);
        add("rung_sent", "What comes of it, with all headers, to each of its viewers", bits(), &self.sent);
        let frames = Unit::Other("frames_per_second".into());
        add("rung_frame_rate", "Pictures that come of it", frames, &self.frame_rate);
        add("rung_encode_time", "How long a picture is in the encoder", Unit::Seconds, &self.encode_time);
        let help = "How old a frame is when it enters the encoder";
        add("rung_queue_delay", help, Unit::Seconds, &self.queue_delay);
    }

    fn look(&self, rungs: &[(RungFacts, RungNumbers)]) {
        for family in [&self.target, &self.sent, &self.frame_rate, &self.encode_time, &self.queue_delay] {
            family.clear();
        }
        self.encoders.clear();
        self.viewers.clear();
        let mut places: HashMap<Place, Vec<&(RungFacts, RungNumbers)>> = HashMap::new();
        for rung in rungs {
            places.entry(place(&rung.0)).or_default().push(rung);
        }
        for (place, rungs) in places {
            self.encoders.get_or_create(&place).set(count(rungs.len()));
            self.viewers.get_or_create(&place).set(count(rungs.iter().map(|(facts, _)| facts.viewers).sum()));
            let numbers = |of: fn(&RungNumbers) -> Option<f64>| -> Vec<f64> {
                rungs.iter().filter_map(|(_, numbers)| of(numbers)).collect()
            };
            let sum = |numbers: Vec<f64>| (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>());
            let mean = |numbers: Vec<f64>| {
                (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
            };
            let set = |family: &Family<Place, Number>, number: Option<f64>| {
                if let Some(number) = number {
                    family.get_or_create(&place).set(number);
                }
            };
            set(&self.target, sum(numbers(|numbers| numbers.target)));
            set(&self.sent, sum(numbers(|numbers| numbers.sent)));
            set(&self.frame_rate, mean(numbers(|numbers| numbers.frame_rate)));
            set(&self.encode_time, mean(numbers(|numbers| numbers.encode_time)));
            set(&self.queue_delay, mean(numbers(|numbers| numbers.queue_delay)));
            if let Some(made) = sum(numbers(|numbers| numbers.key_units)) {
                self.key_units.get_or_create(&place).inc_by(made as u64);
            }
        }
    }
}

fn place(facts: &RungFacts) -> Place {
    [("pad", facts.pad.clone()), ("codec", facts.codec.clone()), ("rung", facts.rung.to_string())]
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gst_webrtc_sink"),
            sessions: Family::default(),
            started: Counter::default(),
            ended: Family::default(),
            // 1 ms to 16 s: a session that is not up after 20 s is given up.
            set_up: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 15))),
            sent: Counter::default(),
            viewers: Viewers::new(),
            rungs: Rungs::default(),
        };
        let all = &mut metrics.registry;
        all.register("sessions", "Sessions that there are, by transport", metrics.sessions.clone());
        all.register("sessions_started", "Sessions that were asked for", metrics.started.clone());
        all.register("sessions_ended", "Sessions that are over, and why", metrics.ended.clone());
        let help = "From the request for a session until it reached a phase; once it has sent a frame, or has ended without";
        all.register_with_unit("session_setup", help, Unit::Seconds, metrics.set_up.clone());
        all.register_with_unit(
            "sent",
            "What viewers were sent, with all headers",
            Unit::Bytes,
            metrics.sent.clone(),
        );
        metrics.viewers.register(all);
        metrics.rungs.register(all);
        metrics
    }

    /// Everyone was looked at.
    pub(super) fn look(
        &self,
        sessions: &[(SessionFacts, SessionNumbers)],
        rungs: &[(RungFacts, RungNumbers)],
    ) {
        for transport in ["native", "webrtcbin"] {
            let there = sessions.iter().filter(|(facts, _)| facts.transport == transport).count();
            self.sessions.get_or_create(&[("transport", transport)]).set(count(there));
        }
        for (_, numbers) in sessions {
            self.sent.inc_by(numbers.bytes);
            self.viewers.look(numbers);
        }
        self.rungs.look(rungs);
    }

    /// A session was met that is new, or of which it is known now how long it took to set it up.
    pub(super) fn meet(&self, phases: &Reached, is_new: bool, is_set_up: bool) {
        if is_new {
            self.started.inc();
        }
        let ways =
            [Phase::Offered, Phase::Answered, Phase::IceConnected, Phase::DtlsConnected, Phase::FirstFrame];
        for phase in ways.into_iter().filter(|_| is_set_up) {
            if let Some(after) = phases.after(phase) {
                self.set_up.get_or_create(&[("phase", phase.name())]).observe(after as f64 / 1000.0);
            }
        }
    }

    /// A session is over.
    pub(super) fn ended(&self, reason: &'static str) {
        self.ended.get_or_create(&[("reason", reason)]).inc();
    }

    /// Everything, as text.
    pub(super) fn written(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
