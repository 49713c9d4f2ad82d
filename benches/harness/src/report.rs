//! The rows of `viewers` and `encoded`, and how they are printed.

use crate::load::Measured;
use crate::plugin::Plugin;
use crate::{proc, table};
use anyhow::Result;
use serde::Serialize;
use serde_json::json;

/// From this share of all cores on, a row measures the machine and no longer the plugin.
const FULL: f64 = 0.92;

/// Medians over the runs of one number of viewers.
#[derive(Debug, Serialize)]
pub struct Row {
    viewers: usize,
    runs: usize,
    /// The fewest viewers that came up in a run.
    up: usize,
    up_after_seconds: Option<f64>,
    /// % of one core.
    cpu_without: Option<f64>,
    cpu_with: Option<f64>,
    cpu_per_viewer: Option<f64>,
    microseconds_per_packet: Option<f64>,
    threads_without: Option<f64>,
    threads_per_viewer: Option<f64>,
    memory_mb_without: Option<f64>,
    memory_mb_per_viewer: Option<f64>,
    /// Of the viewer that got the fewest.
    min_frames_per_second: Option<f64>,
    packets_per_second: Option<f64>,
    kilobits_per_second: Option<f64>,
    /// Packets that light viewers missed, of all runs.
    lost: u64,
    first_frame_ms: Option<f64>,
    last_frame_ms: Option<f64>,
    viewers_cpu: Option<f64>,
    machine_cpu: Option<f64>,
    /// The machine was full: this row measures saturation.
    saturated: bool,
}

impl Row {
    /// Takes the medians.
    pub fn of(viewers: usize, runs: &[Measured]) -> Self {
        let middle = |of: &dyn Fn(&Measured) -> f64| table::median(&runs.iter().map(of).collect::<Vec<_>>());
        let count = |run: &Measured| run.viewers.max(1) as f64;
        let cpu = |run: &Measured| (run.busy.cpu - run.idle.cpu) / count(run);
        let threads = |run: &Measured| (run.busy.threads as f64 - run.idle.threads as f64) / count(run);
        let memory =
            |run: &Measured| (run.busy.memory_kb as f64 - run.idle.memory_kb as f64) / 1024.0 / count(run);
        let machine_cpu = middle(&|run| run.machine_cpu);
        Self {
            viewers,
            runs: runs.len(),
            up: runs.iter().map(|run| run.up).min().unwrap_or(0),
            up_after_seconds: middle(&|run| run.up_after),
            cpu_without: middle(&|run| run.idle.cpu),
            cpu_with: middle(&|run| run.busy.cpu),
            cpu_per_viewer: middle(&cpu),
            microseconds_per_packet: middle(&|run| cpu(run) / 100.0 * 1e6 / run.packets_per_second),
            threads_without: middle(&|run| run.idle.threads as f64),
            threads_per_viewer: middle(&threads),
            memory_mb_without: middle(&|run| run.idle.memory_kb as f64 / 1024.0),
            memory_mb_per_viewer: middle(&memory),
            min_frames_per_second: middle(&|run| run.frames_per_second),
            packets_per_second: middle(&|run| run.packets_per_second),
            kilobits_per_second: middle(&|run| run.bits_per_second / 1e3),
            lost: runs.iter().map(|run| run.lost).sum(),
            first_frame_ms: middle(&|run| run.first_frame_ms.unwrap_or(f64::NAN)),
            last_frame_ms: middle(&|run| run.last_frame_ms.unwrap_or(f64::NAN)),
            viewers_cpu: middle(&|run| run.viewers_cpu),
            machine_cpu,
            saturated: machine_cpu.is_some_and(|cpu| cpu > FULL * 100.0 * proc::cores()),
        }
    }

    fn cells(&self) -> Vec<String> {
        let figure = table::figure;
        let notes = [
            (self.saturated, "MACHINE FULL: measures saturation"),
            (self.up < self.viewers && self.runs > 0, "NOT ALL UP"),
            (self.runs == 0, "FAILED"),
        ];
        let notes: Vec<&str> = notes
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, note)| *note)
            .collect();
        vec![
            format!("{}/{}", self.up, self.viewers),
            figure(self.up_after_seconds, 1),
            figure(self.cpu_without, 1),
            figure(self.cpu_with, 1),
            figure(self.cpu_per_viewer, 2),
            figure(self.microseconds_per_packet, 1),
            figure(self.threads_without, 0),
            figure(self.threads_per_viewer, 1),
            figure(self.memory_mb_without, 0),
            figure(self.memory_mb_per_viewer, 2),
            figure(self.min_frames_per_second, 1),
            figure(self.packets_per_second, 0),
            figure(self.kilobits_per_second, 0),
            self.lost.to_string(),
            figure(self.first_frame_ms, 0),
            figure(self.last_frame_ms, 0),
            figure(self.viewers_cpu, 0),
            figure(self.machine_cpu, 0),
            notes.join("; "),
        ]
    }
}

const HEAD: [&str; 19] = [
    "up",
    "up after s",
    "CPU % none",
    "CPU % all",
    "CPU % a viewer",
    "us a packet",
    "threads none",
    "threads a viewer",
    "MB none",
    "MB a viewer",
    "min frames/s",
    "packets/s",
    "kbit/s",
    "lost",
    "first frame ms",
    "the last's ms",
    "viewers' CPU %",
    "machine CPU %",
    "note",
];

/// Prints every side's rows, and their ratios.
pub fn report(name: &str, as_json: bool, load: f64, sides: &[(&Plugin, Vec<Row>)]) -> Result<()> {
    if as_json {
        let plugins: Vec<_> = sides
            .iter()
            .map(|(plugin, rows)| json!({ "plugin": plugin.version, "rows": rows }))
            .collect();
        let all =
            json!({ "benchmark": name, "load_average": load, "cores": proc::cores(), "plugins": plugins });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    println!("{name}; CPU in % of one core of {}", proc::cores());
    for (plugin, rows) in sides {
        println!("\n{}: {}\n", plugin.letter, plugin.version);
        table::print(&HEAD, &rows.iter().map(Row::cells).collect::<Vec<_>>());
    }
    if let [(_, a), (_, b)] = sides {
        println!("\nA as a multiple of B (medians)\n");
        let rows: Vec<Vec<String>> = a.iter().zip(b).map(|(a, b)| compared(a, b)).collect();
        table::print(
            &[
                "viewers",
                "CPU all",
                "CPU a viewer",
                "threads a viewer",
                "MB a viewer",
                "min frames/s",
            ],
            &rows,
        );
    }
    Ok(())
}

fn compared(a: &Row, b: &Row) -> Vec<String> {
    let ratio = |of: fn(&Row) -> Option<f64>| table::figure(table::ratio(of(a), of(b)), 2);
    vec![
        a.viewers.to_string(),
        ratio(|row| row.cpu_with),
        ratio(|row| row.cpu_per_viewer),
        ratio(|row| row.threads_per_viewer),
        ratio(|row| row.memory_mb_per_viewer),
        ratio(|row| row.min_frames_per_second),
    ]
}
