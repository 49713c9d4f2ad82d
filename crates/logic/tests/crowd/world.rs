//! Viewers behind their networks, with an estimator each, and the allocator that serves them.
//!
//! The estimator is a model of Google's congestion control: it falls below what the network carries when a queue
//! grows, rises slowly while it is used, and, where the transport probes, faster by probing up to what is desired.

use crate::networks::{Dice, Kind, Network};
use gst_plugin_webrtc_logic::bitrate::{Action, Allocator, BitsPerSecond, Bounds, Ladder, Picture};
use std::time::{Duration, Instant};

pub(crate) const BOUNDS: Bounds = Bounds { min: 100_000, max: 8_192_000, start: 2_048_000 };
const TICK: f64 = 0.2;
/// Seconds that are not counted: everybody has just come.
const WARM_UP: f64 = 20.0;
/// Ticks from the wish for another rung to its first key unit.
const SWITCH: u32 = 1;

struct Viewer {
    network: Network,
    dice: Dice,
    estimate: f64,
    /// Seconds of what the network carries that wait in it.
    queue: f64,
    /// When it was last probed, where the transport does that.
    probed: Option<f64>,
    rung: usize,
    next: Option<(usize, u32)>,
    tally: Tally,
}

/// What a viewer has seen.
#[derive(Default, Clone)]
struct Tally {
    carried: f64,
    got: f64,
    ticks: f64,
    overloaded: f64,
    switches: f64,
}

impl Viewer {
    fn new(kind: Kind, index: u64, probes: bool) -> Self {
        Self {
            network: Network::new(kind, index),
            dice: Dice::new(index + 7_000),
            estimate: f64::from(BOUNDS.start),
            queue: 0.0,
            probed: probes.then_some(0.0),
            rung: 0,
            next: None,
            tally: Tally::default(),
        }
    }

    /// A fifth of a second in which so much is sent.
    fn live(&mut self, seconds: f64, sent: f64, desired: f64) {
        let carries = self.network.carries(seconds);
        self.queue = (self.queue + (sent / carries - 1.0) * TICK).clamp(0.0, 0.5);
        let noise = 1.0 + 0.02 * self.dice.normal();
        if sent > carries && self.queue > 0.03 {
            self.estimate = (0.88 * carries * noise).min(self.estimate);
        } else if self.queue == 0.0 {
            let used = sent > 0.6 * self.estimate;
            if used {
                self.estimate =
                    (self.estimate * (1.0 + 0.06 * TICK)).min(1.5 * sent + 10e3).max(self.estimate);
            }
            // A probe lasts so short that it does not harm, and tells what came through.
            let due = self.probed.is_some_and(|probed| seconds - probed > 1.5);
            if desired > self.estimate * 1.05 && due {
                self.probed = Some(seconds);
                let probe = desired.min(2.0 * self.estimate).min(0.95 * carries * noise);
                self.estimate = probe;
            }
        }
        if seconds < WARM_UP {
            return;
        }
        self.tally.ticks += 1.0;
        self.tally.carried += carries.min(f64::from(BOUNDS.max));
        self.tally.got += sent.min(carries);
        self.tally.overloaded += f64::from(u8::from(sent > carries && self.queue > 0.1));
    }

    fn switch(&mut self, seconds: f64) {
        self.next = self.next.map(|(rung, wait)| (rung, wait.saturating_sub(1)));
        if let Some((rung, 0)) = self.next {
            (self.rung, self.next) = (rung, None);
            self.tally.switches += f64::from(u8::from(seconds >= WARM_UP));
        }
    }
}

/// What came of it.
pub(crate) struct Outcome {
    /// Of what the networks carried, up to the largest bitrate, the part that was used: by all, and by the median viewer.
    pub(crate) used: f64,
    pub(crate) median: f64,
    /// How even that is among the viewers (Jain 1984): 1 is all the same.
    pub(crate) fairness: f64,
    /// Switches of a viewer in a minute: the mean, and the most.
    pub(crate) switches: f64,
    pub(crate) most_switches: f64,
    /// The part of the time in which a viewer is sent more than the network carries, and it queues.
    pub(crate) overloaded: f64,
    /// The time that a decision takes: the mean.
    pub(crate) tick: Duration,
    /// What the rungs sent in the end.
    pub(crate) rates: Vec<Option<BitsPerSecond>>,
}

/// Serves so many viewers with such networks for so long.
pub(crate) fn serve(ladder: &Ladder, kind: Kind, viewers: u64, seconds: u32) -> Outcome {
    let crowd = (0..viewers).map(|index| Viewer::new(kind, index, true));
    serve_crowd(ladder, crowd.collect(), seconds)
}

/// The same through a transport that does not probe.
pub(crate) fn serve_without_probes(ladder: &Ladder, kind: Kind, viewers: u64, seconds: u32) -> Outcome {
    let crowd = (0..viewers).map(|index| Viewer::new(kind, index, false));
    serve_crowd(ladder, crowd.collect(), seconds)
}

fn serve_crowd(ladder: &Ladder, mut crowd: Vec<Viewer>, seconds: u32) -> Outcome {
    let viewers = crowd.len() as u64;
    let picture = Picture { width: 1280, height: 720, frames_per_second: 30.0 };
    let mut allocator = Allocator::new(ladder.clone(), BOUNDS, Some(picture));
    let mut spent = Duration::ZERO;
    let ticks = seconds * 5;
    for tick in 0..ticks {
        let (now, time) = (Duration::from_millis(u64::from(tick) * 200), f64::from(tick) * TICK);
        // They come within the first five seconds.
        let here = usize::try_from(u64::from(tick + 1) * viewers / 25).unwrap().min(crowd.len());
        for (id, viewer) in (0..).zip(&mut crowd[..here]) {
            if allocator.rung(id).is_none() {
                viewer.rung = allocator.join(id, now);
                continue;
            }
            viewer.switch(time);
            let sent = allocator.rate(viewer.rung).unwrap_or(BOUNDS.min);
            viewer.live(time, f64::from(sent), f64::from(allocator.desired(id)));
            allocator.estimate(id, BitsPerSecond::try_from(viewer.estimate as u64).unwrap(), now);
        }
        let before = Instant::now();
        let actions = allocator.tick(now);
        spent += before.elapsed();
        for action in actions {
            if let Action::Switch { viewer, rung } = action {
                crowd[usize::try_from(viewer).unwrap()].next = Some((rung, SWITCH));
            }
        }
    }
    let rates = (0..ladder.rungs().len()).map(|rung| allocator.rate(rung)).collect();
    summary(&crowd, spent / ticks, rates)
}

/// The same viewers with an encoder each.
pub(crate) fn serve_privately(kind: Kind, viewers: u64, seconds: u32) -> Outcome {
    let mut crowd: Vec<_> = (0..viewers).map(|index| Viewer::new(kind, index, true)).collect();
    for tick in 0..seconds * 5 {
        for viewer in &mut crowd {
            let sent = viewer.estimate.clamp(f64::from(BOUNDS.min), f64::from(BOUNDS.max));
            viewer.live(f64::from(tick) * TICK, sent, f64::from(BOUNDS.max));
        }
    }
    summary(&crowd, Duration::ZERO, Vec::new())
}

fn summary(crowd: &[Viewer], tick: Duration, rates: Vec<Option<BitsPerSecond>>) -> Outcome {
    let tallies: Vec<_> = crowd.iter().map(|viewer| &viewer.tally).collect();
    let sum = |of: fn(&Tally) -> f64| tallies.iter().map(|tally| of(tally)).sum::<f64>();
    let mut shares: Vec<f64> = tallies.iter().map(|tally| tally.got / tally.carried).collect();
    shares.sort_by(f64::total_cmp);
    let total: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    let minutes = sum(|tally| tally.ticks) * TICK / 60.0;
    let most = tallies.iter().map(|tally| tally.switches / (tally.ticks * TICK / 60.0)).fold(0.0, f64::max);
    Outcome {
        used: sum(|tally| tally.got) / sum(|tally| tally.carried),
        median: shares[shares.len() / 2],
        fairness: total * total / (squares * shares.len() as f64),
        switches: sum(|tally| tally.switches) / minutes,
        most_switches: most,
        overloaded: sum(|tally| tally.overloaded) / sum(|tally| tally.ticks),
        tick,
        rates,
    }
}
