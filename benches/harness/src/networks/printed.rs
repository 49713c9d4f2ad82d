//! Tables and JSON of `networks`.

use crate::networks::Measured;
use crate::networks::course::Course;
use crate::networks::figures::Figures;
use crate::plugin::Plugin;
use crate::table;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;

/// A line of a run.
pub fn short(figures: &[Figures]) -> String {
    let phases = figures.iter().map(|phase| {
        format!(
            "{:.0} kbit/s: {} % used, found after {} s, frozen {:.1} s, {:.1} frames/s, queue p95 {} ms",
            phase.rate as f64 / 1e3,
            table::figure(phase.used, 0),
            table::figure(phase.found_after, 1),
            phase.frozen,
            phase.frames_per_second,
            table::figure(phase.waited_p95, 0),
        )
    });
    phases.collect::<Vec<_>>().join("; ")
}

/// All of them.
pub fn print(
    as_json: bool,
    file: Option<&Path>,
    load: f64,
    plugins: &[Plugin],
    all: &[Measured],
) -> Result<()> {
    let document = || {
        let cases: Vec<Value> = all.iter().map(case).collect();
        let plugins: Vec<Value> = plugins
            .iter()
            .map(|plugin| json!({ "letter": plugin.letter, "plugin": plugin.version, "sink": plugin.sink }))
            .collect();
        json!({ "benchmark": "networks", "load_average": load, "plugins": plugins, "cases": cases })
    };
    if let Some(file) = file {
        let text = serde_json::to_string(&document())?;
        std::fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))?;
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&document())?);
        return Ok(());
    }
    let head = [
        "network",
        "",
        "Mbit/s",
        "used %",
        "TCP %",
        "80 % after s",
        "frozen s",
        "frozen %",
        "frames/s",
        "queue p50 ms",
        "p95",
        "dropped %",
        "retransmitted %",
        "emulation late ms",
    ];
    table::print(&head, &all.iter().flat_map(rows).collect::<Vec<_>>());
    Ok(())
}

/// A row for each phase, medians of the runs.
fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let first = measured.case.phases.iter().enumerate();
    let row = |(index, phase): (usize, &crate::networks::cases::Phase)| {
        let middle = |of: &dyn Fn(&Figures) -> Option<f64>, digits| {
            let values = measured
                .runs
                .iter()
                .filter_map(|(_, phases)| of(phases.get(index)?));
            table::figure(table::median(&values.collect::<Vec<_>>()), digits)
        };
        vec![
            measured.case.name.clone(),
            measured.plugin.letter.to_string(),
            format!("{:.1}", phase.rate as f64 / 1e6),
            middle(&|phase| phase.used, 0),
            middle(&|phase| phase.competing, 0),
            middle(&|phase| phase.found_after, 1),
            middle(&|phase| Some(phase.frozen), 1),
            middle(&|phase| Some(phase.frozen_percent), 1),
            middle(&|phase| Some(phase.frames_per_second), 1),
            middle(&|phase| phase.waited_p50, 0),
            middle(&|phase| phase.waited_p95, 0),
            middle(&|phase| phase.dropped_percent, 1),
            middle(&|phase| phase.retransmitted_percent, 1),
            middle(&|phase| phase.late_p99, 0),
        ]
    };
    first.map(row).collect()
}

fn case(measured: &Measured) -> Value {
    let runs = measured.runs.iter().map(|(course, phases)| {
        json!({
            "phases": phases,
            "first_picture_seconds": course.first_picture,
            "producer_cpu": course.producer_cpu,
            "machine_cpu": course.machine_cpu,
            "course": over_time(measured, course),
        })
    });
    json!({
        "name": measured.case.name,
        "plugin": measured.plugin.letter,
        "round_trip_ms": measured.case.round_trip_ms,
        "loss": measured.case.loss,
        "runs": runs.collect::<Vec<_>>(),
    })
}

/// What is plotted: bit/s and ms by seconds from the first picture.
fn over_time(measured: &Measured, course: &Course) -> Value {
    let mut link = Vec::new();
    for pair in course.link.windows(2) {
        let [before, now] = pair else { continue };
        let (seconds, counters) = (now.at - before.at, now.counters.since(&before.counters));
        let bits = |bytes: u64| bytes as f64 * 8.0 / seconds.max(1e-3);
        let phase = measured
            .case
            .timed()
            .take_while(|(from, _)| *from < now.at - 0.05)
            .last();
        let waited = |share| {
            counters
                .waited
                .quantile(share)
                .map(|time| time.as_secs_f64() * 1e3)
        };
        link.push(json!({
            "at": now.at,
            "rate": phase.map(|(_, phase)| phase.rate),
            "offered": bits(counters.offered.bytes),
            "passed": bits(counters.passed.bytes),
            "competing": bits(now.competing.saturating_sub(before.competing)),
            "dropped_packets": counters.dropped.packets,
            "lost_packets": counters.lost.packets,
            "waited_p50_ms": waited(0.5),
            "waited_p95_ms": waited(0.95),
        }));
    }
    json!({ "link": link, "producer": course.noted.samples, "shown": course.noted.shown })
}
