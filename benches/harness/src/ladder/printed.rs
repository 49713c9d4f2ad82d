//! Tables and JSON of `ladder`.

use super::figures::Figures;
use super::{Measured, Run};
use crate::job::Noted;
use crate::{proc, table};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;

/// One of a viewer's figures.
type Of = fn(&Figures) -> Option<f64>;

/// Prints all, a row for each group of viewers.
pub fn print(as_json: bool, file: Option<&Path>, load: f64, all: &[Measured]) -> Result<()> {
    let document = || {
        let cases: Vec<Value> = all.iter().map(case).collect();
        json!({ "benchmark": "ladder", "load_average": load, "cores": proc::cores(), "cases": cases })
    };
    if let Some(file) = file {
        let text = serde_json::to_string(&document())?;
        std::fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))?;
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&document())?);
        return Ok(());
    }
    let mut letters: Vec<(char, &str)> = all
        .iter()
        .map(|side| (side.plugin.letter, &*side.plugin.version))
        .collect();
    letters.sort_unstable();
    letters.dedup();
    for (letter, version) in letters {
        println!("{letter}: {version}");
    }
    println!();
    let head = [
        "crowd",
        "",
        "network",
        "viewers",
        "size",
        "kbit/s",
        "fewest",
        "frames/s",
        "fewest",
        "quantiser",
        "worst",
        "switches",
        "longest gap ms",
        "producer CPU %",
        "machine CPU %",
    ];
    table::print(&head, &all.iter().flat_map(rows).collect::<Vec<_>>());
    Ok(())
}

/// A row for each group: medians over the runs of means, extremes and sums over its viewers.
fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let mut first = 0;
    let mut rows = Vec::new();
    for group in &measured.crowd.0 {
        let members = first..first + group.count;
        first = members.end;
        let over_runs = |of: &dyn Fn(&[Figures]) -> Option<f64>, digits| {
            let values = measured
                .runs
                .iter()
                .filter_map(|run| of(run.viewers.get(members.clone())?));
            table::figure(table::median(&values.collect::<Vec<_>>()), digits)
        };
        let whole = |of: &dyn Fn(&Run) -> f64| {
            let values: Vec<f64> = measured.runs.iter().map(of).collect();
            table::figure(table::median(&values), 0)
        };
        let each = |of: Of, viewers: &[Figures]| -> Vec<f64> { viewers.iter().filter_map(of).collect() };
        let mean = |of: Of| {
            move |viewers: &[Figures]| {
                let all = each(of, viewers);
                (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
            }
        };
        let least = |of| move |viewers: &[Figures]| each(of, viewers).into_iter().min_by(f64::total_cmp);
        let most = |of| move |viewers: &[Figures]| each(of, viewers).into_iter().max_by(f64::total_cmp);
        let rate: Of = |viewer| Some(viewer.bits_per_second / 1e3);
        let frames: Of = |viewer| Some(viewer.frames_per_second);
        rows.push(vec![
            measured.crowd.to_string(),
            measured.plugin.letter.to_string(),
            group.name.clone(),
            group.count.to_string(),
            sizes(measured, members.clone()),
            over_runs(&mean(rate), 0),
            over_runs(&least(rate), 0),
            over_runs(&mean(frames), 1),
            over_runs(&least(frames), 1),
            over_runs(&mean(|viewer| viewer.quantiser), 1),
            over_runs(&most(|viewer| viewer.quantiser), 1),
            over_runs(
                &|viewers| Some(viewers.iter().map(|viewer| viewer.switches).sum::<usize>() as f64),
                0,
            ),
            over_runs(&most(|viewer| Some(viewer.gap_ms)), 0),
            whole(&|run| run.producer_cpu),
            whole(&|run| run.machine_cpu),
        ]);
    }
    rows
}

/// How many viewers mostly had which size, in the first run.
fn sizes(measured: &Measured, members: std::ops::Range<usize>) -> String {
    let viewers = measured.runs.first().and_then(|run| run.viewers.get(members));
    let mut sizes: Vec<(u16, u16)> = viewers.into_iter().flatten().map(|viewer| viewer.size).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let all = sizes.len();
    let mut text = Vec::new();
    for same in sizes.chunk_by(|a, b| a == b) {
        let Some((width, height)) = same.first() else {
            continue;
        };
        let count = if same.len() == all {
            String::new()
        } else {
            format!("{} of ", same.len())
        };
        text.push(format!("{count}{width}x{height}"));
    }
    text.join(", ")
}

fn case(measured: &Measured) -> Value {
    let names: Vec<&str> = measured
        .crowd
        .0
        .iter()
        .flat_map(|group| std::iter::repeat_n(&*group.name, group.count))
        .collect();
    let run = |run: &Run| {
        let viewers = run.viewers.iter().zip(&run.noted).zip(&names);
        let viewers = viewers.map(|((figures, noted), network)| {
            json!({
                "network": network,
                "figures": figures,
                "lost": noted.counts.lost,
                "key_units_wanted": noted.counts.key_units_wanted,
                "course": course(noted, run.window.0),
            })
        });
        json!({
            "producer_cpu": run.producer_cpu,
            "viewers_cpu": run.viewers_cpu,
            "machine_cpu": run.machine_cpu,
            "seconds": run.window.1 - run.window.0,
            "viewers": viewers.collect::<Vec<_>>(),
        })
    };
    json!({
        "crowd": measured.crowd.to_string(),
        "plugin": measured.plugin.version,
        "letter": measured.plugin.letter,
        "sink": measured.plugin.sink,
        "runs": measured.runs.iter().map(run).collect::<Vec<_>>(),
    })
}

/// Every second of a viewer, by seconds from the beginning of what is measured.
fn course(noted: &Noted, from: f64) -> Vec<Value> {
    let second = |at: f64| (at - from).floor();
    let mut looks = Vec::new();
    for pictures in noted.pictures.chunk_by(|a, b| second(a.at) == second(b.at)) {
        let Some(last) = pictures.last() else { continue };
        let bytes: f64 = pictures.iter().map(|picture| f64::from(picture.bytes)).sum();
        let quantisers: f64 = pictures.iter().map(|picture| f64::from(picture.quantiser)).sum();
        looks.push(json!({
            "at": second(last.at),
            "bits": bytes * 8.0,
            "frames": pictures.len(),
            "quantiser": quantisers / pictures.len() as f64,
            "height": last.size.1,
        }));
    }
    looks
}
