//! `first-frame`: fresh viewers one after the other, their phases in a table.

use crate::child::Child;
use crate::cli::{FirstFrame, Plugins};
use crate::job::{FirstFrameJob, Phase, ProducerJob, Said};
use crate::phases::{DECODED, NAMES};
use crate::plugin::Plugin;
use crate::{proc, table};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// For a producer to prepare its content and start.
pub const START: Duration = Duration::from_secs(120);
/// For a child to stop.
pub const STOP: Duration = Duration::from_secs(10);
/// For a first picture (s).
const PICTURE: f64 = 20.0;

struct Side {
    plugin: Plugin,
    producer: Option<(Child, u16)>,
    runs: Vec<(Vec<Phase>, f64)>,
}

/// Runs the series.
pub fn run(plugins: &Plugins, options: &FirstFrame) -> Result<()> {
    let load = proc::load_average();
    let mut sides = Vec::new();
    for plugin in open(plugins)? {
        sides.push(Side {
            plugin,
            producer: None,
            runs: Vec::new(),
        });
    }
    warn_of_load(load);
    for run in 0..options.runs {
        for side in &mut sides {
            match side.view(options) {
                Ok(seen) => side.runs.push(seen),
                Err(err) => eprintln!("{} run {run}: PROBLEM: {err:#}", side.plugin.letter),
            }
        }
    }
    for side in &mut sides {
        side.stop()?;
    }
    report(plugins.json, load, &sides)
}

/// The plugins that are compared.
pub fn open(plugins: &Plugins) -> Result<Vec<Plugin>> {
    let path = plugins
        .plugin_path
        .as_deref()
        .context("--plugin-path is missing")?;
    let mut opened = vec![Plugin::open('A', path, &plugins.sink)?];
    if let Some(path) = plugins.versus.as_deref() {
        opened.push(Plugin::open('B', path, &plugins.versus_sink)?);
    }
    for plugin in &opened {
        eprintln!(
            "{}: {} in {} {}",
            plugin.letter,
            plugin.version,
            plugin.given.display(),
            plugin.sink.join(" ")
        );
    }
    Ok(opened)
}

/// A machine with other work measures that work.
pub fn warn_of_load(load: f64) {
    eprintln!("load average {load:.2}, {} cores", proc::cores());
    if load > 0.5 {
        eprintln!("WARNING: the machine is not quiet; these figures conclude nothing");
    }
}

/// Starts a producer and waits until it can be viewed; it and its port.
pub fn start_producer(plugin: &Plugin, job: &ProducerJob) -> Result<(Child, u16)> {
    let producer = Child::start(plugin, "child-producer", Some(job))?;
    let port = producer.hear(START, |said| match said {
        Said::Ready { port } => Some(port),
        _ => None,
    })?;
    Ok((producer, port))
}

impl Side {
    fn view(&mut self, options: &FirstFrame) -> Result<(Vec<Phase>, f64)> {
        if options.fresh_producer {
            self.stop()?;
        }
        let port = match &self.producer {
            Some((_, port)) => *port,
            None => self.produce(options)?,
        };
        std::thread::sleep(Duration::from_secs_f64(options.pause));
        let job = FirstFrameJob {
            uri: format!("ws://127.0.0.1:{port}"),
            warm_up: options.warm,
            patience: PICTURE,
        };
        let viewer = Child::start(&self.plugin, "child-first-frame", Some(&job))?;
        let seen = viewer.hear(2 * (Duration::from_secs_f64(PICTURE) + STOP), |said| match said {
            Said::Phases { phases, stop_ms } => Some((phases, stop_ms)),
            _ => None,
        })?;
        viewer.end(STOP)?;
        Ok(seen)
    }

    fn produce(&mut self, options: &FirstFrame) -> Result<u16> {
        let job = ProducerJob {
            input: options.input,
            media: options.media.clone(),
            codec: options.codec,
            bitrate: None,
            encoded_bitrate: 2_000_000,
            sink: self.plugin.sink.clone(),
            light_viewers: false,
            sampled: false,
        };
        let (producer, port) = start_producer(&self.plugin, &job)?;
        self.producer = Some((producer, port));
        Ok(port)
    }

    fn stop(&mut self) -> Result<()> {
        let Some((producer, _)) = self.producer.take() else {
            return Ok(());
        };
        let took = producer.end(STOP)?;
        if took > Duration::from_secs(1) {
            eprintln!(
                "{}: PROBLEM: the producer took {took:?} to stop",
                self.plugin.letter
            );
        }
        Ok(())
    }

    /// Every run's time of a phase.
    fn times(&self, name: &str) -> Vec<f64> {
        let of = |phases: &[Phase]| phases.iter().find(|phase| phase.name == name)?.ms;
        self.runs.iter().filter_map(|(phases, _)| of(phases)).collect()
    }

    fn stops(&self) -> Vec<f64> {
        self.runs.iter().map(|(_, stop_ms)| *stop_ms).collect()
    }
}

fn report(as_json: bool, load: f64, sides: &[Side]) -> Result<()> {
    if as_json {
        let sides: Vec<Value> = sides.iter().map(side_json).collect();
        let all = json!({ "benchmark": "first-frame", "load_average": load, "plugins": sides });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let mut head = vec!["ms from PLAYING"];
    let columns = [
        ["A min", "A median", "A max", "A seen"],
        ["B min", "B median", "B max", "B seen"],
    ];
    head.extend(columns.iter().take(sides.len()).flatten());
    if sides.len() == 2 {
        head.push("A/B");
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for name in NAMES {
        rows.push(row(
            name,
            sides
                .iter()
                .map(|side| (side.times(name), side.runs.len()))
                .collect(),
        ));
    }
    rows.push(row(
        "(PLAYING to NULL)",
        sides.iter().map(|side| (side.stops(), side.runs.len())).collect(),
    ));
    table::print(&head, &rows);
    for side in sides {
        let decoded = table::figure(table::median(&side.times(DECODED)), 1);
        println!(
            "{}: first decoded frame, median of {}: {decoded} ms",
            side.plugin.letter,
            side.runs.len()
        );
    }
    Ok(())
}

fn row(name: &str, sides: Vec<(Vec<f64>, usize)>) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    for (times, runs) in &sides {
        let [low, middle, high] = spread(times);
        row.extend([low, middle, high].map(|time| table::figure(time, 1)));
        row.push(format!("{}/{runs}", times.len()));
    }
    if let [(a, _), (b, _)] = sides.as_slice() {
        row.push(table::figure(table::ratio(table::median(a), table::median(b)), 2));
    }
    row
}

fn spread(times: &[f64]) -> [Option<f64>; 3] {
    let low = times.iter().copied().min_by(f64::total_cmp);
    let high = times.iter().copied().max_by(f64::total_cmp);
    [low, table::median(times), high]
}

fn side_json(side: &Side) -> Value {
    let phases = NAMES.iter().map(|name| {
        let [min, median, max] = spread(&side.times(name));
        json!({ "name": name, "min": min, "median": median, "max": max, "all": side.times(name) })
    });
    json!({
        "plugin": side.plugin.version,
        "phases": phases.collect::<Vec<_>>(),
        "stop_ms": side.stops(),
    })
}
