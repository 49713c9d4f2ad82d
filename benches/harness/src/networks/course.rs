//! One run through a network: what was seen over time. Times are seconds from the viewer's first picture.

use crate::child::Child;
use crate::cli;
use crate::first_frame::{START, STOP};
use crate::job::{Codec, Input, ProducerJob, Received, Said, Sample, WatchingJob};
use crate::networks::cases::Case;
use crate::networks::clock;
use crate::networks::flow::Flow;
use crate::plugin::Plugin;
use crate::proc::{Look, Machine};
use anyhow::Result;
use link::{Counters, Direction, Network};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Between two looks at the link.
const INTERVAL: Duration = Duration::from_millis(100);
/// For the first picture.
const PICTURE: Duration = Duration::from_secs(30);
/// For a child to tell what it noted.
const ANSWER: Duration = Duration::from_secs(20);

/// What was seen.
pub struct Course {
    pub link: Vec<Passage>,
    pub noted: Noted,
    /// From the viewer's start to its first picture (s).
    pub first_picture: f64,
    /// % of one core.
    pub producer_cpu: f64,
    pub machine_cpu: f64,
}

/// What the two child processes noted.
pub struct Noted {
    pub samples: Vec<Sample>,
    /// When pictures were shown.
    pub shown: Vec<f64>,
    pub received: Vec<Received>,
}

/// The link towards the viewer at a time, since the first picture.
pub struct Passage {
    pub at: f64,
    pub counters: Counters,
    /// Bytes that the competing TCP flow carried.
    pub competing: u64,
}

/// Producer left, viewer right.
pub fn run(plugin: &Plugin, case: &Case, options: &cli::Networks, seed: u64) -> Result<Course> {
    let network = Network::new(case.rightward(), case.leftward(), seed)?;
    let job = ProducerJob {
        input: Input::Raw,
        media: options.media.clone(),
        codec: Some(Codec::Vp8),
        bitrate: None,
        encoded_bitrate: 0,
        sink: plugin.sink.clone(),
        light_viewers: false,
        sampled: true,
    };
    let mut producer = Child::start_on(network.left(), plugin, "child-producer", &job)?;
    let port = producer.hear(START, |said| match said {
        Said::Ready { port } => Some(port),
        _ => None,
    })?;
    let job = WatchingJob {
        uri: format!("ws://{}:{port}", network.left().address()),
    };
    let started = Instant::now();
    let mut viewer = Child::start_on(network.right(), plugin, "child-watching", &job)?;
    viewer.hear(PICTURE, |said| matches!(said, Said::Showing).then_some(()))?;
    let first_picture = started.elapsed().as_secs_f64();

    let (cpu, machine, began) = (Look::at(producer.pid())?, Machine::now()?, clock());
    let link = follow(&network, case, &options.tcp)?;
    let producer_cpu = Look::at(producer.pid())?.cpu_since(&cpu);
    let machine_cpu = Machine::now()?.cpu_since(machine);
    let noted = noted(&mut producer, &mut viewer, began)?;
    viewer.end(STOP)?;
    producer.end(STOP)?;
    Ok(Course {
        link,
        noted,
        first_picture,
        producer_cpu,
        machine_cpu,
    })
}

/// Asks both, and has their times count from the beginning.
fn noted(producer: &mut Child, viewer: &mut Child, began: f64) -> Result<Noted> {
    producer.ask()?;
    let mut samples = producer.hear(ANSWER, |said| match said {
        Said::Sampled { samples } => Some(samples),
        _ => None,
    })?;
    viewer.ask()?;
    let (mut shown, mut received) = viewer.hear(ANSWER, |said| match said {
        Said::Watched { shown, received } => Some((shown, received)),
        _ => None,
    })?;
    samples.iter_mut().for_each(|sample| sample.at -= began);
    shown.iter_mut().for_each(|at| *at -= began);
    received.iter_mut().for_each(|received| received.at -= began);
    Ok(Noted {
        samples,
        shown,
        received,
    })
}

/// Takes the link through the phases and looks on.
fn follow(network: &Network, case: &Case, congestion: &str) -> Result<Vec<Passage>> {
    let (began, towards) = (Instant::now(), Direction::LeftToRight);
    let before = network.counters(towards);
    let (mut looks, mut flow, mut carried) = (Vec::new(), None::<Flow>, 0);
    let mut next = INTERVAL;
    for (at, phase) in case.timed() {
        let shape = network.shape(towards);
        network.reshape(
            towards,
            link::Shape {
                rate: Some(phase.rate),
                ..shape
            },
        );
        if phase.competing {
            flow = Some(Flow::start(network, congestion)?);
        } else if let Some(flow) = flow.take() {
            carried += flow.arrived.load(Ordering::Relaxed);
        }
        let end = Duration::from_secs_f64(at + phase.seconds);
        while next <= end {
            std::thread::sleep(next.saturating_sub(began.elapsed()));
            let going = flow
                .as_ref()
                .map_or(0, |flow| flow.arrived.load(Ordering::Relaxed));
            looks.push(Passage {
                at: began.elapsed().as_secs_f64(),
                counters: network.counters(towards).since(&before),
                competing: carried + going,
            });
            next += INTERVAL;
        }
    }
    Ok(looks)
}
