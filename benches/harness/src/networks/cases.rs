//! The networks that are measured.

use crate::cli;
use link::{Queue, Shape};
use std::time::Duration;

/// A network and how it changes.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    /// Both ways together (ms).
    pub round_trip_ms: u64,
    /// Each way, from 0 to 1.
    pub loss: f64,
    pub phases: Vec<Phase>,
}

/// A time in which the network stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// Bits a second towards the viewer.
    pub rate: u64,
    pub seconds: f64,
    /// A TCP flow goes the same way.
    pub competing: bool,
}

const QUEUE: Duration = Duration::from_millis(150);

impl Case {
    /// Towards the viewer, as it begins.
    pub fn rightward(&self) -> Shape {
        Shape {
            rate: self.phases.first().map(|phase| phase.rate),
            queue: Queue::Time(QUEUE),
            ..self.leftward()
        }
    }

    /// Back: nothing but the way and its losses.
    pub fn leftward(&self) -> Shape {
        Shape {
            delay: Duration::from_millis(self.round_trip_ms) / 2,
            loss: self.loss,
            ..Shape::default()
        }
    }

    /// Every phase with the time at which it begins (s).
    pub fn timed(&self) -> impl Iterator<Item = (f64, Phase)> {
        self.phases.iter().scan(0.0, |at, phase| {
            let began = *at;
            *at += phase.seconds;
            Some((began, *phase))
        })
    }
}

/// All that are wanted.
pub fn chosen(options: &cli::Networks) -> Vec<Case> {
    let mut all = all(options.short);
    let wanted = |case: &Case| {
        options
            .only
            .iter()
            .any(|name| case.name.starts_with(name.as_str()))
    };
    all.retain(|case| options.only.is_empty() || wanted(case));
    all
}

fn all(short: bool) -> Vec<Case> {
    let phase = |rate, seconds, competing| Phase {
        rate,
        seconds,
        competing,
    };
    let steps = |round_trip_ms| {
        let times = if short {
            [12.0, 12.0, 14.0]
        } else {
            [25.0, 25.0, 30.0]
        };
        let rates = [4_000_000, 1_000_000, 4_000_000];
        let phases = rates.into_iter().zip(times);
        Case {
            name: format!("steps-{round_trip_ms}ms"),
            round_trip_ms,
            loss: 0.0,
            phases: phases
                .map(|(rate, seconds)| phase(rate, seconds, false))
                .collect(),
        }
    };
    let lossy = |round_trip_ms, percent: u32| Case {
        name: format!("loss-{percent}-{round_trip_ms}ms"),
        round_trip_ms,
        loss: f64::from(percent) / 100.0,
        phases: vec![phase(6_000_000, if short { 20.0 } else { 60.0 }, false)],
    };
    let tcp = Case {
        name: "tcp".to_owned(),
        round_trip_ms: 40,
        loss: 0.0,
        phases: {
            let [before, with, after] = if short {
                [10.0, 15.0, 8.0]
            } else {
                [20.0, 40.0, 20.0]
            };
            let rate = 4_000_000;
            vec![
                phase(rate, before, false),
                phase(rate, with, true),
                phase(rate, after, false),
            ]
        },
    };
    let mut all = vec![steps(0), steps(40)];
    for round_trip_ms in [50, 240] {
        all.extend([1, 5, 10].map(|percent| lossy(round_trip_ms, percent)));
    }
    all.push(tcp);
    all
}
