//! `click`: from a click in Chromium to the first picture shown, by each plugin with its own client library.

use crate::cli::{Click, Plugins};
use crate::first_frame::{STOP, open, start_producer, warn_of_load};
use crate::job::{Input, ProducerJob};
use crate::{proc, table};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// What one click led to, in ms from it.
#[derive(Clone, Copy, Deserialize, Serialize)]
struct Times {
    /// The page has the stream that the producer describes.
    described: Option<f64>,
    /// Its connection stands.
    connected: Option<f64>,
    /// A picture is shown.
    shown: f64,
}

/// Node, which clicks when told.
struct Clicker {
    process: std::process::Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// Clicks for each plugin in turn.
pub fn run(plugins: &Plugins, options: &Click) -> Result<()> {
    let load = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(load);
    let mut producers = Vec::new();
    for plugin in &opened {
        let job = ProducerJob {
            input: options.input,
            media: options.media.clone(),
            codec: options.codec,
            bitrate: None,
            encoded_bitrate: 2_000_000,
            sink: plugin.sink.clone(),
            light_viewers: false,
            sampled: false,
        };
        let (producer, port) = start_producer(plugin, &job)?;
        producers.push((plugin, producer, port));
    }
    let places: Vec<String> = producers
        .iter()
        .map(|(plugin, _, port)| format!("{}=ws://127.0.0.1:{port}", plugin.letter))
        .collect();
    let mut clicker = Clicker::start(&places)?;
    let mut seen: Vec<Vec<Times>> = vec![Vec::new(); producers.len()];
    // The first click of each is the browser's own first.
    for run in 0..=options.runs {
        for ((plugin, _, _), seen) in producers.iter().zip(&mut seen) {
            std::thread::sleep(Duration::from_secs_f64(options.pause));
            match clicker.click(plugin.letter) {
                Ok(times) if run > 0 => seen.push(times),
                Ok(_) => {}
                Err(err) => bail!("{} run {run}: {err:#}", plugin.letter),
            }
        }
    }
    clicker.end()?;
    let letters: Vec<char> = opened.iter().map(|plugin| plugin.letter).collect();
    for (_, producer, _) in producers {
        producer.end(STOP)?;
    }
    if plugins.json {
        let sides: Vec<_> = letters.iter().zip(&seen).collect();
        let all = json!({ "benchmark": "click", "load_average": load, "plugins": sides });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        print(&letters, &seen);
    }
    Ok(())
}

impl Clicker {
    fn start(places: &[String]) -> Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/click.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .args(places)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start node")?;
        let asks = process.stdin.take().context("node has no input")?;
        let answers = BufReader::new(process.stdout.take().context("node has no output")?).lines();
        Ok(Self {
            process,
            asks,
            answers,
        })
    }

    fn click(&mut self, letter: char) -> Result<Times> {
        writeln!(self.asks, "{letter}").context("node is gone")?;
        let line = self.answers.next().context("node said nothing; see above")??;
        serde_json::from_str(&line).context("failed to read what the page saw")
    }

    fn end(mut self) -> Result<()> {
        drop(self.asks);
        self.process.wait().context("failed to wait for node")?;
        Ok(())
    }
}

fn print(letters: &[char], seen: &[Vec<Times>]) {
    let mut rows = Vec::new();
    for (letter, times) in letters.iter().zip(seen) {
        let figures: [(&str, fn(&Times) -> Option<f64>); 3] = [
            ("the stream is described", |times| times.described),
            ("its connection stands", |times| times.connected),
            ("a picture is shown", |times| Some(times.shown)),
        ];
        for (what, of) in figures {
            let all: Vec<f64> = times.iter().filter_map(of).collect();
            let [least, p50, p99] =
                [0.0, 0.5, 0.99].map(|part| table::figure(table::quantile(&all, part), 1));
            rows.push(vec![
                letter.to_string(),
                what.to_owned(),
                least,
                p50,
                p99,
                times.len().to_string(),
            ]);
        }
    }
    table::print(
        &[
            "plugin",
            "ms from the click until",
            "least",
            "p50",
            "p99",
            "clicks",
        ],
        &rows,
    );
}
