//! `viewers` and `encoded`: what each viewer costs the producer, with what each viewer gets.

use crate::child::Child;
use crate::cli::{Encoded, Load, Plugins, Viewers};
use crate::first_frame::{STOP, open, start_producer, warn_of_load};
use crate::job::{Codec, Counts, Input, LightJob, ProducerJob, Said, ViewersJob};
use crate::plugin::Plugin;
use crate::proc::{self, Look, Machine};
use crate::report::{Row, report};
use crate::table;
use anyhow::Result;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// For a viewer process to answer; long, because it may have to wait for a core.
const ANSWER: Duration = Duration::from_secs(20);

/// One measurement.
#[derive(Debug, Clone)]
pub struct Measured {
    pub viewers: usize,
    /// Viewers that got at least one frame before the window.
    pub up: usize,
    /// Seconds until all were up.
    pub up_after: f64,
    /// Producer without viewers.
    pub idle: Figures,
    /// Producer with all viewers.
    pub busy: Figures,
    /// CPU of all viewer processes, of the machine (% of one core).
    pub viewers_cpu: f64,
    pub machine_cpu: f64,
    /// Of the viewer that got the fewest.
    pub frames_per_second: f64,
    /// Means over the viewers, as they came from the sockets.
    pub packets_per_second: f64,
    pub bits_per_second: f64,
    /// What light viewers lost in the window, all together.
    pub lost: u64,
    /// From their start to their first whole frame: the middle one and the last (ms).
    pub first_frame_ms: Option<f64>,
    pub last_frame_ms: Option<f64>,
}

/// The producer.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// % of one core.
    pub cpu: f64,
    pub threads: u64,
    pub memory_kb: u64,
}

/// A raw stream.
pub fn viewers(plugins: &Plugins, options: &Viewers) -> Result<()> {
    let name = match options.codec {
        Codec::Vp8 => "viewers, VP8",
        Codec::H264 => "viewers, H.264",
    };
    let bitrate = (!options.load.defaults).then_some(options.load.bitrate.unwrap_or(2_200_000));
    let job = job(&options.load, Input::Raw, options.codec, bitrate, 0);
    series(name, plugins, &options.load, &options.counts, &job)
}

/// An already encoded stream.
pub fn encoded(plugins: &Plugins, options: &Encoded) -> Result<()> {
    let encoded = options.load.bitrate.unwrap_or(2_000_000);
    // Nothing is encoded here: the bitrate only says that congestion control and error correction are off.
    let bitrate = (!options.load.defaults).then_some(encoded);
    let job = job(&options.load, Input::Encoded, Codec::Vp8, bitrate, encoded);
    series("encoded, VP8", plugins, &options.load, &options.counts, &job)
}

fn job(load: &Load, input: Input, codec: Codec, bitrate: Option<u32>, encoded_bitrate: u32) -> ProducerJob {
    let media = load.media.clone();
    ProducerJob {
        input,
        media,
        codec: Some(codec),
        bitrate,
        encoded_bitrate,
        sink: Vec::new(),
        light_viewers: load.light,
        sampled: false,
    }
}

fn series(name: &str, plugins: &Plugins, load: &Load, counts: &[usize], job: &ProducerJob) -> Result<()> {
    let average = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(average);
    let empty = || counts.iter().map(|_| Vec::new()).collect::<Vec<Vec<Measured>>>();
    let mut sides: Vec<(&Plugin, Vec<Vec<Measured>>)> =
        opened.iter().map(|plugin| (plugin, empty())).collect();
    for run in 1..=load.runs {
        for (index, count) in counts.iter().enumerate() {
            for (plugin, rows) in &mut sides {
                let seen = measure(plugin, job, *count, load);
                eprintln!(
                    "{} {count} viewers, run {run} of {}: {}",
                    plugin.letter,
                    load.runs,
                    said(&seen)
                );
                if let (Ok(seen), Some(row)) = (seen, rows.get_mut(index)) {
                    row.push(seen);
                }
            }
        }
    }
    let reports = sides.iter().map(|(plugin, rows)| {
        let rows = counts
            .iter()
            .zip(rows)
            .map(|(count, runs)| Row::of(*count, runs))
            .collect();
        (*plugin, rows)
    });
    report(name, plugins.json, average, &reports.collect::<Vec<_>>())
}

fn said(seen: &Result<Measured>) -> String {
    match seen {
        Ok(seen) => format!(
            "producer {:.1} %, worst viewer {:.1} frames/s",
            seen.busy.cpu, seen.frames_per_second
        ),
        Err(err) => format!("PROBLEM: {err:#}"),
    }
}

/// A fresh producer, its figures without viewers and with them.
fn measure(plugin: &Plugin, job: &ProducerJob, count: usize, load: &Load) -> Result<Measured> {
    let (settle, window) = (
        Duration::from_secs_f64(load.settle),
        Duration::from_secs_f64(load.window),
    );
    let job = ProducerJob {
        sink: plugin.sink.clone(),
        ..job.clone()
    };
    let (mut producer, port) = start_producer(plugin, &job)?;
    sleep(settle);
    let before = Look::at(producer.pid())?;
    sleep(window);
    let idle = figures(&before, &Look::at(producer.pid())?);

    let mut processes = start_viewers(plugin, (port, job.codec), count, load)?;
    let (up, up_after) = wait_until_up(&mut processes, Duration::from_secs_f64(load.patience))?;
    sleep(settle);
    let machine = Machine::now()?;
    let viewers_before = looks(&processes)?;
    let counts_before = ask(&mut processes)?;
    let before = Look::at(producer.pid())?;
    sleep(window);
    let busy = figures(&before, &Look::at(producer.pid())?);
    let counts_after = ask(&mut processes)?;
    let viewers_after = looks(&processes)?;
    let machine_cpu = Machine::now()?.cpu_since(machine);
    if load.show_encoders {
        show_encoders(&mut producer)?;
    }

    let viewers = || counts_after.iter().flat_map(|(_, viewers)| viewers);
    let starts: Vec<f64> = viewers().filter_map(|viewer| viewer.first_frame_ms).collect();
    let rates = rates(&counts_before, &counts_after);
    let mean = |of: fn(&Rates) -> f64| rates.iter().map(of).sum::<f64>() / rates.len().max(1) as f64;
    let measured = Measured {
        viewers: count,
        up,
        up_after,
        idle,
        busy,
        viewers_cpu: viewers_before
            .iter()
            .zip(&viewers_after)
            .map(|(before, after)| after.cpu_since(before))
            .sum(),
        machine_cpu,
        frames_per_second: rates
            .iter()
            .map(|rates| rates.frames)
            .min_by(f64::total_cmp)
            .unwrap_or(0.0),
        packets_per_second: mean(|rates| rates.packets),
        bits_per_second: mean(|rates| rates.bits),
        lost: lost(&counts_after).saturating_sub(lost(&counts_before)),
        first_frame_ms: table::median(&starts),
        last_frame_ms: starts.iter().copied().max_by(f64::total_cmp),
    };
    for process in processes {
        process.end(STOP)?;
    }
    producer.end(STOP)?;
    Ok(measured)
}

/// Has the producer's note of its encoders printed.
fn show_encoders(producer: &mut Child) -> Result<()> {
    producer.ask()?;
    producer.hear(ANSWER, |said| matches!(said, Said::Encoders).then_some(()))
}

fn figures(before: &Look, after: &Look) -> Figures {
    Figures {
        cpu: after.cpu_since(before),
        threads: after.threads,
        memory_kb: after.memory_kb,
    }
}

fn start_viewers(
    plugin: &Plugin,
    (port, codec): (u16, Option<Codec>),
    count: usize,
    load: &Load,
) -> Result<Vec<Child>> {
    if load.light {
        let job = LightJob {
            port,
            count,
            codec: codec.unwrap_or(Codec::Vp8),
            reports: !load.no_reports,
            spacing: load.spacing,
            networks: Vec::new(),
            noted: false,
        };
        return Ok(vec![Child::start(plugin, "child-light", Some(&job))?]);
    }
    let per_process = load.per_process.max(1);
    let full = std::iter::repeat_n(per_process, count / per_process);
    let rest = Some(count % per_process).filter(|rest| *rest > 0);
    let start = |count| {
        let job = ViewersJob {
            uri: format!("ws://127.0.0.1:{port}"),
            count,
        };
        Child::start(plugin, "child-viewers", Some(&job))
    };
    full.chain(rest).map(start).collect()
}

/// Packets that never came.
fn lost(counts: &[(f64, Vec<Counts>)]) -> u64 {
    counts
        .iter()
        .flat_map(|(_, viewers)| viewers)
        .map(|viewer| viewer.lost)
        .sum()
}

/// How many viewers got a frame, and after how many seconds the last of them.
fn wait_until_up(processes: &mut [Child], patience: Duration) -> Result<(usize, f64)> {
    let started = Instant::now();
    loop {
        let counts = ask(processes)?;
        let all = counts.iter().map(|(_, viewers)| viewers.len()).sum::<usize>();
        let up = counts
            .iter()
            .flat_map(|(_, viewers)| viewers)
            .filter(|viewer| viewer.frames > 0)
            .count();
        if up == all || started.elapsed() > patience {
            return Ok((up, started.elapsed().as_secs_f64()));
        }
        sleep(Duration::from_millis(200));
    }
}

fn looks(processes: &[Child]) -> Result<Vec<Look>> {
    processes.iter().map(|process| Look::at(process.pid())).collect()
}

/// Every process's own seconds and its viewers' counts.
fn ask(processes: &mut [Child]) -> Result<Vec<(f64, Vec<Counts>)>> {
    for process in processes.iter_mut() {
        process.ask()?;
    }
    let hear = |process: &Child| {
        process.hear(ANSWER, |said| match said {
            Said::Counts { seconds, viewers } => Some((seconds, viewers)),
            _ => None,
        })
    };
    processes.iter().map(hear).collect()
}

/// What one viewer got, a second.
struct Rates {
    frames: f64,
    packets: f64,
    bits: f64,
}

fn rates(before: &[(f64, Vec<Counts>)], after: &[(f64, Vec<Counts>)]) -> Vec<Rates> {
    let mut rates = Vec::new();
    for ((from, before), (to, after)) in before.iter().zip(after) {
        let a_second = |from: u64, now: u64, seconds: f64| now.saturating_sub(from) as f64 / seconds;
        for (before, after) in before.iter().zip(after) {
            let seconds = (to - from).max(1e-3);
            rates.push(Rates {
                frames: a_second(before.frames, after.frames, seconds),
                packets: a_second(before.packets, after.packets, seconds),
                bits: a_second(before.bytes, after.bytes, seconds) * 8.0,
            });
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::rates;
    use crate::job::Counts;

    #[test]
    fn each_viewer_s_rate_is_taken_by_its_own_process_s_clock() {
        let counts = |frames| Counts {
            frames,
            packets: 2 * frames,
            bytes: 100 * frames,
            ..Counts::default()
        };
        let before = [(1.0, vec![counts(10)]), (5.0, vec![counts(0)])];
        let after = [(2.0, vec![counts(40)]), (7.0, vec![counts(30)])];
        let frames: Vec<f64> = rates(&before, &after).iter().map(|rates| rates.frames).collect();
        assert_eq!(frames, [30.0, 15.0]);
    }
}
