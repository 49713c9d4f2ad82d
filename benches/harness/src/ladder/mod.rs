//! `ladder`: light viewers behind networks of their own watch one raw stream; what each of them gets, and what it costs.
//!
//! | file | what |
//! |---|---|
//! | `crowd.rs` | which networks there are, and how that is written |
//! | `figures.rs` | what viewers got, from the pictures that they noted |
//! | `printed.rs`, `plot.rs` | tables, JSON, drawings |

pub mod crowd;
pub mod figures;
pub mod plot;
mod printed;

use crate::child::Child;
use crate::cli::{Ladder, Plugins};
use crate::first_frame::{STOP, open, start_producer, warn_of_load};
use crate::job::{Codec, Input, LightJob, Network, Noted, Picture, ProducerJob, Said};
use crate::networks::clock;
use crate::plugin::Plugin;
use crate::proc::{self, Look, Machine};
use anyhow::{Context, Result};
use crowd::Crowd;
use figures::Figures;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// For a viewer process to answer; long, because it may have to wait for a core.
const ANSWER: Duration = Duration::from_secs(30);

/// One run.
pub struct Run {
    /// In the order of the crowd.
    pub viewers: Vec<Figures>,
    /// Of the whole run, and when the measured part of it began and ended.
    pub noted: Vec<Noted>,
    pub window: (f64, f64),
    /// % of one core.
    pub producer_cpu: f64,
    pub viewers_cpu: f64,
    pub machine_cpu: f64,
}

/// A crowd through one plugin.
pub struct Measured<'a> {
    pub crowd: &'a Crowd,
    pub plugin: &'a Plugin,
    pub runs: Vec<Run>,
}

/// Measures all crowds, plugins by turns.
pub fn run(plugins: &Plugins, options: &Ladder) -> Result<()> {
    let load = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(load);
    let mut all = Vec::new();
    for crowd in &options.crowd {
        let side = |plugin| Measured {
            crowd,
            plugin,
            runs: Vec::new(),
        };
        let mut sides: Vec<Measured> = opened.iter().map(side).collect();
        for number in 0..options.runs {
            for side in &mut sides {
                match measure(side.plugin, crowd, options, number as u64) {
                    Ok(run) => side.runs.push(run),
                    Err(err) => eprintln!("{} {crowd}: PROBLEM: {err:#}", side.plugin.letter),
                }
            }
        }
        all.extend(sides);
    }
    printed::print(plugins.json, options.write.as_deref(), load, &all)
}

/// A raw stream for light viewers, with a limit where one is given.
pub fn producer(plugin: &Plugin, max_bitrate: Option<u32>) -> ProducerJob {
    let mut sink: Vec<String> = max_bitrate
        .map(|limit| format!("max-bitrate={limit}"))
        .into_iter()
        .collect();
    sink.extend(plugin.sink.iter().cloned());
    ProducerJob {
        input: Input::Raw,
        media: None,
        codec: Some(Codec::Vp8),
        bitrate: None,
        encoded_bitrate: 0,
        sink,
        light_viewers: true,
        sampled: false,
    }
}

/// Light viewers that note every picture, begun so far apart (s).
pub fn start(
    plugin: &Plugin,
    port: u16,
    count: usize,
    spacing: f64,
    networks: Vec<Network>,
) -> Result<Child> {
    let job = LightJob {
        port,
        count,
        codec: Codec::Vp8,
        reports: true,
        spacing,
        networks,
        noted: true,
    };
    Child::start(plugin, "child-light", Some(&job))
}

/// What they noted since the last time.
pub fn ask(viewers: &mut Child) -> Result<Vec<Noted>> {
    viewers.ask()?;
    viewers.hear(ANSWER, |said| match said {
        Said::Noted { viewers } => Some(viewers),
        _ => None,
    })
}

/// Adds what was noted later to what was noted before.
pub fn extend(noted: &mut Vec<Noted>, later: Vec<Noted>) {
    noted.resize_with(later.len(), Noted::default);
    for (noted, later) in noted.iter_mut().zip(later) {
        let mut pictures: Vec<Picture> = std::mem::take(&mut noted.pictures);
        pictures.extend(&later.pictures);
        *noted = Noted { pictures, ..later };
    }
}

/// Waits until all have shown something; how many have.
pub fn wait_until_up(viewers: &mut Child, noted: &mut Vec<Noted>, patience: Duration) -> Result<usize> {
    let began = Instant::now();
    loop {
        extend(noted, ask(viewers)?);
        let up = noted
            .iter()
            .filter(|viewer| viewer.counts.first_frame_ms.is_some())
            .count();
        if up == noted.len() || began.elapsed() > patience {
            return Ok(up);
        }
        sleep(Duration::from_millis(200));
    }
}

/// A fresh producer, its viewers, and after a while the measured time.
fn measure(plugin: &Plugin, crowd: &Crowd, options: &Ladder, seed: u64) -> Result<Run> {
    let mut job = producer(plugin, options.max_bitrate);
    job.media.clone_from(&options.media);
    let (producer, port) = start_producer(plugin, &job)?;
    let networks = crowd.networks(seed);
    let mut viewers = start(plugin, port, networks.len(), options.spacing, networks)?;
    let mut noted = Vec::new();
    wait_until_up(
        &mut viewers,
        &mut noted,
        Duration::from_secs_f64(options.patience),
    )?;
    sleep(Duration::from_secs_f64(options.settle));
    let (cpu, viewers_cpu, machine) = (
        Look::at(producer.pid())?,
        Look::at(viewers.pid())?,
        Machine::now()?,
    );
    let from = clock();
    sleep(Duration::from_secs_f64(options.window));
    let window = (from, clock());
    let producer_cpu = Look::at(producer.pid())?.cpu_since(&cpu);
    let viewers_cpu = Look::at(viewers.pid())?.cpu_since(&viewers_cpu);
    let machine_cpu = Machine::now()?.cpu_since(machine);
    extend(&mut noted, ask(&mut viewers)?);
    viewers.end(STOP).context("the viewers do not end")?;
    producer.end(STOP)?;
    Ok(Run {
        viewers: noted.iter().map(|viewer| figures::of(viewer, window)).collect(),
        noted,
        window,
        producer_cpu,
        viewers_cpu,
        machine_cpu,
    })
}
