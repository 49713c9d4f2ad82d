//! `storm`: how long viewers wait for their first picture: who comes first, who comes where many watch already, and
//! many who come at once; and what that costs those who were watching.

use crate::child::Child;
use crate::cli::{Plugins, Storm};
use crate::first_frame::{STOP, open, start_producer, warn_of_load};
use crate::job::Noted;
use crate::ladder::figures::{self, quantile};
use crate::ladder::{ask, extend, producer, start, wait_until_up};
use crate::networks::clock;
use crate::plugin::Plugin;
use crate::proc::{self, Machine};
use crate::table;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::json;
use std::thread::sleep;
use std::time::Duration;

/// For a first picture.
const PICTURE: Duration = Duration::from_secs(20);
/// Before the first viewer: the encoder of the one before has stopped.
const COLD: Duration = Duration::from_secs(6);
/// Between viewers who come one after the other.
const BETWEEN: Duration = Duration::from_millis(700);
/// Between the starts of those who watch (s).
const CALM: f64 = 0.1;

/// From the connection to the signalling server to something, of each viewer (ms).
#[derive(Debug, Default, Clone, Serialize)]
struct Starts {
    /// The offer has come.
    offered: Vec<f64>,
    /// ICE and DTLS are done.
    connected: Vec<f64>,
    /// The first packet of a picture has come.
    packet: Vec<f64>,
    /// The first picture could be shown.
    picture: Vec<f64>,
    /// Who saw none.
    without: usize,
}

/// What those who watched got in a while.
#[derive(Debug, Clone, Copy, Serialize)]
struct Watched {
    /// Means over the viewers.
    quantiser: Option<f64>,
    bits_per_second: f64,
    /// Fewest of a viewer.
    frames_per_second: f64,
    /// Longest of a viewer.
    gap_ms: f64,
    /// Most of a viewer, and a second.
    key_units: usize,
    machine_cpu: f64,
}

/// One plugin's figures, those of all runs.
#[derive(Default, Serialize)]
struct Side {
    first: Starts,
    next: Starts,
    storm: Starts,
    /// Before, during and after the storm, of each run.
    watched: Vec<[Watched; 3]>,
}

/// Measures all plugins by turns.
pub fn run(plugins: &Plugins, options: &Storm) -> Result<()> {
    let load = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(load);
    let mut sides: Vec<(&Plugin, Side)> = opened.iter().map(|plugin| (plugin, Side::default())).collect();
    for _ in 0..options.runs {
        for (plugin, side) in &mut sides {
            if let Err(err) = side.measure(plugin, options) {
                eprintln!("{}: PROBLEM: {err:#}", plugin.letter);
            }
        }
    }
    let all = sides.iter().map(|(plugin, side)| {
        json!({ "plugin": plugin.version, "letter": plugin.letter, "sink": plugin.sink, "figures": side })
    });
    let all = json!({
        "benchmark": "storm", "load_average": load, "cores": proc::cores(), "watching": options.watching,
        "joins": options.joins, "within_seconds": options.within, "plugins": all.collect::<Vec<_>>(),
    });
    if let Some(file) = &options.write {
        std::fs::write(file, all.to_string())
            .with_context(|| format!("failed to write {}", file.display()))?;
    }
    if plugins.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print(options, &sides);
    }
    Ok(())
}

impl Starts {
    fn add(&mut self, noted: &[Noted]) {
        for viewer in noted {
            self.offered.extend(viewer.offered_ms);
            self.connected.extend(viewer.connected_ms);
            self.packet.extend(viewer.counts.first_packet_ms);
            self.picture.extend(viewer.counts.first_frame_ms);
            self.without += usize::from(viewer.counts.first_frame_ms.is_none());
        }
    }
}

impl Side {
    fn measure(&mut self, plugin: &Plugin, options: &Storm) -> Result<()> {
        let (producer, port) = start_producer(plugin, &producer(plugin, options.max_bitrate))?;
        for _ in 0..options.firsts {
            sleep(COLD);
            self.first.add(&alone(plugin, port)?);
        }
        sleep(COLD);
        let mut watching = start(plugin, port, options.watching, CALM, Vec::new())?;
        let mut noted = Vec::new();
        let up = wait_until_up(
            &mut watching,
            &mut noted,
            PICTURE + Duration::from_secs_f64(CALM * options.watching as f64),
        )?;
        ensure!(up == options.watching, "only {up} of {} watch", options.watching);
        let pause = Duration::from_secs_f64(options.settle);
        sleep(pause);
        for _ in 0..options.nexts {
            self.next.add(&alone(plugin, port)?);
            sleep(BETWEEN);
        }
        let before = during(pause)?;
        // Those who come are ready before the first of them comes.
        let spacing = options.within / options.joins.max(1) as f64;
        let mut storm = start(plugin, port, options.joins, spacing, Vec::new())?;
        let storming = during(Duration::from_secs_f64(options.within + options.calm))?;
        let mut came = Vec::new();
        wait_until_up(&mut storm, &mut came, PICTURE)?;
        let after = during(pause)?;
        extend(&mut came, ask(&mut storm)?);
        extend(&mut noted, ask(&mut watching)?);
        self.storm.add(&came);
        self.watched
            .push([before, storming, after].map(|window| watched(&noted, window)));
        storm.end(STOP)?;
        watching.end(STOP)?;
        producer.end(STOP)?;
        Ok(())
    }
}

/// From when to when, and how busy the machine was.
type Window = ((f64, f64), f64);

fn during(time: Duration) -> Result<Window> {
    let (from, machine) = (clock(), Machine::now()?);
    sleep(time);
    Ok(((from, clock()), Machine::now()?.cpu_since(machine)))
}

fn watched(noted: &[Noted], (window, machine_cpu): Window) -> Watched {
    let all: Vec<figures::Figures> = noted.iter().map(|viewer| figures::of(viewer, window)).collect();
    let count = all.len().max(1) as f64;
    let quantisers: Vec<f64> = all.iter().filter_map(|viewer| viewer.quantiser).collect();
    let least = |least: f64, viewer: &figures::Figures| viewer.frames_per_second.min(least);
    Watched {
        quantiser: (!quantisers.is_empty()).then(|| quantisers.iter().sum::<f64>() / quantisers.len() as f64),
        bits_per_second: all.iter().map(|viewer| viewer.bits_per_second).sum::<f64>() / count,
        frames_per_second: all.iter().fold(f64::INFINITY, least),
        gap_ms: all.iter().map(|viewer| viewer.gap_ms).fold(0.0, f64::max),
        key_units: all.iter().map(|viewer| viewer.key_units).max().unwrap_or(0),
        machine_cpu,
    }
}

/// One viewer who comes, sees and goes.
fn alone(plugin: &Plugin, port: u16) -> Result<Vec<Noted>> {
    let mut viewer: Child = start(plugin, port, 1, 1.0, Vec::new())?;
    let mut noted = Vec::new();
    wait_until_up(&mut viewer, &mut noted, PICTURE)?;
    viewer.end(STOP)?;
    Ok(noted)
}

fn print(options: &Storm, sides: &[(&Plugin, Side)]) {
    for (plugin, side) in sides {
        println!("{}: {}\n", plugin.letter, plugin.version);
        let rows = [
            ("the first viewer".to_owned(), &side.first),
            (format!("one more, {} watching", options.watching), &side.next),
            (
                format!("{} within {} s", options.joins, options.within),
                &side.storm,
            ),
        ];
        let row = |(name, starts): &(String, &Starts)| {
            let figure = |of: &[f64], share| table::figure(quantile(of, share), 0);
            let mut row = vec![name.clone(), starts.picture.len().to_string()];
            for of in [
                &starts.offered,
                &starts.connected,
                &starts.packet,
                &starts.picture,
            ] {
                row.extend([figure(of, 0.5), figure(of, 0.99)]);
            }
            row.push(starts.without.to_string());
            row
        };
        let head = [
            "who comes",
            "viewers",
            "offered p50 ms",
            "p99",
            "connected p50 ms",
            "p99",
            "packet p50 ms",
            "p99",
            "first picture p50 ms",
            "p99",
            "saw none",
        ];
        table::print(&head, &rows.iter().map(row).collect::<Vec<_>>());
        println!("\nThose who watched:\n");
        print_watched(&side.watched);
        println!();
    }
}

fn print_watched(runs: &[[Watched; 3]]) {
    let head = [
        "while",
        "quantiser",
        "kbit/s",
        "fewest frames/s",
        "longest gap ms",
        "key units",
        "machine CPU %",
    ];
    let row = |(index, name): (usize, &&str)| {
        let middle = |of: &dyn Fn(&Watched) -> Option<f64>, digits| {
            let all: Vec<f64> = runs.iter().filter_map(|run| of(run.get(index)?)).collect();
            table::figure(table::median(&all), digits)
        };
        vec![
            (*name).to_owned(),
            middle(&|watched| watched.quantiser, 1),
            middle(&|watched| Some(watched.bits_per_second / 1e3), 0),
            middle(&|watched| Some(watched.frames_per_second), 1),
            middle(&|watched| Some(watched.gap_ms), 0),
            middle(&|watched| Some(watched.key_units as f64), 0),
            middle(&|watched| Some(watched.machine_cpu), 0),
        ]
    };
    let names = ["before", "the storm", "after"];
    table::print(&head, &names.iter().enumerate().map(row).collect::<Vec<_>>());
}
