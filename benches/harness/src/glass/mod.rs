//! `glass`: how old pictures are when a viewer shows them, by the time stamp that each carries.

pub mod stamp;
pub mod viewer;

use crate::child::Child;
use crate::cli::{Glass, Plugins};
use crate::first_frame::{STOP, open, start_producer, warn_of_load};
use crate::job::{Codec, GlassJob, Input, ProducerJob, Said};
use crate::plugin::Plugin;
use crate::{proc, table};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// For a first picture (s).
const PICTURE: f64 = 20.0;
/// For a producer to look at its statistics.
const ANSWER: Duration = Duration::from_secs(5);

/// Ages of pictures.
#[derive(Serialize)]
struct Row {
    plugin: char,
    codec: Codec,
    profile: String,
    /// Where they were read.
    glass: &'static str,
    pictures: usize,
    unreadable: u64,
    p50: Option<f64>,
    p99: Option<f64>,
    /// Capture to encode, encode, send: what the producer says meanwhile.
    sending: Option<[f64; 3]>,
}

/// What a page has seen.
#[derive(Deserialize)]
struct Page {
    ages: Vec<f64>,
    unreadable: u64,
}

/// Measures each plugin with each codec and profile, one after the other.
pub fn run(plugins: &Plugins, options: &Glass) -> Result<()> {
    let load = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(load);
    let mut rows = Vec::new();
    for codec in &options.codecs {
        for (number, profile) in options.profiles.iter().enumerate() {
            for plugin in &opened {
                // The released plugin has no profiles: once is enough.
                if plugin.letter == 'A' || number == 0 {
                    let profile = (plugin.letter == 'A').then_some(profile.as_str());
                    if let Err(err) = measure(plugin, *codec, profile, options, &mut rows) {
                        eprintln!("{} {codec:?} {profile:?}: PROBLEM: {err:#}", plugin.letter);
                    }
                }
            }
        }
    }
    if plugins.json {
        let all = json!({ "benchmark": "glass", "load_average": load, "rows": rows });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    print(&rows);
    Ok(())
}

fn measure(
    plugin: &Plugin,
    codec: Codec,
    profile: Option<&str>,
    options: &Glass,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let mut sink = plugin.sink.clone();
    sink.extend(profile.map(|profile| format!("latency-profile={profile}")));
    let job = ProducerJob {
        input: Input::Stamped,
        media: options.media.clone(),
        codec: Some(codec),
        bitrate: None,
        encoded_bitrate: 0,
        sink,
        light_viewers: false,
        sampled: false,
    };
    let (mut producer, port) = start_producer(plugin, &job)?;
    let uri = format!("ws://127.0.0.1:{port}");
    let row = |glass, ages: &[f64], unreadable, sending| Row {
        plugin: plugin.letter,
        codec,
        profile: profile.unwrap_or("-").to_owned(),
        glass,
        pictures: ages.len(),
        unreadable,
        p50: table::quantile(ages, 0.5),
        p99: table::quantile(ages, 0.99),
        sending,
    };
    let (decoded, shown, unreadable, sending) =
        through_source(plugin, &uri, profile, options, &mut producer)?;
    rows.push(row("leaves webrtcsrc", &decoded, unreadable, sending));
    rows.push(row("shown behind webrtcsrc", &shown, 0, None));
    if options.chromium && plugin.letter == 'A' {
        let page = through_chromium(&uri, options)?;
        rows.push(row("shown by Chromium", &page.ages, page.unreadable, None));
    }
    producer.end(STOP)?;
    Ok(())
}

type Seen = (Vec<f64>, Vec<f64>, u64, Option<[f64; 3]>);

fn through_source(
    plugin: &Plugin,
    uri: &str,
    profile: Option<&str>,
    options: &Glass,
    producer: &mut Child,
) -> Result<Seen> {
    let job = GlassJob {
        uri: uri.to_owned(),
        profile: profile.map(str::to_owned),
        patience: PICTURE,
        settle: options.settle,
        window: options.window,
    };
    let viewer = Child::start(plugin, "child-glass", Some(&job))?;
    // While there still is a session: the last second is what is asked for.
    let before_end = Duration::from_secs_f64((options.settle + options.window - 1.0).max(0.0));
    std::thread::sleep(before_end);
    let sending = profile.and_then(|_| ask_delays(producer).ok());
    let patience = Duration::from_secs_f64(PICTURE + options.settle + options.window) + STOP;
    let seen = viewer.hear(patience, |said| match said {
        Said::Glass {
            decoded,
            shown,
            unreadable,
        } => Some((decoded, shown, unreadable, sending)),
        _ => None,
    })?;
    viewer.end(STOP)?;
    Ok(seen)
}

fn ask_delays(producer: &mut Child) -> Result<[f64; 3]> {
    producer.ask()?;
    let delays = producer.hear(ANSWER, |said| match said {
        Said::Delays { ms } => Some(ms),
        _ => None,
    })?;
    Ok(delays)
}

fn through_chromium(uri: &str, options: &Glass) -> Result<Page> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/glass.mjs");
    let times = [options.settle, options.window].map(|time| time.to_string());
    let output = Command::new("node")
        .arg(script)
        .arg(uri)
        .args(times)
        .output()
        .context("failed to start node")?;
    if !output.status.success() {
        bail!(
            "{script} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("failed to read what the page saw")
}

fn print(rows: &[Row]) {
    let cells = rows.iter().map(|row| {
        let sending = row
            .sending
            .map(|ms| ms.map(|ms| table::figure(Some(ms), 1)).join(" + "));
        vec![
            row.plugin.to_string(),
            format!("{:?}", row.codec).to_uppercase(),
            row.profile.clone(),
            row.glass.to_owned(),
            table::figure(row.p50, 1),
            table::figure(row.p99, 1),
            row.pictures.to_string(),
            row.unreadable.to_string(),
            sending.unwrap_or_else(|| "-".into()),
        ]
    });
    let head = [
        "plugin",
        "codec",
        "profile",
        "ms until a picture",
        "p50",
        "p99",
        "pictures",
        "unreadable",
        "to encoder + encoder + to network",
    ];
    table::print(&head, &cells.collect::<Vec<_>>());
}
