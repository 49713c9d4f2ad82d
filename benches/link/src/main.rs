//! The program `link`: runs commands on either side of an emulated link, so that any program can be tried over it.

use anyhow::{Context, Result};
use clap::{Args, Parser};
use link::shape::{rate, share, time};
use link::{Bursts, Counters, Direction, Network, Queue, Schedule, Shape, Side};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Runs a command beyond an emulated network link, and another on this side of it.
///
/// Both sides are networks of their own with a loopback and nothing else: 10.77.0.1 is the left side, 10.77.0.2 the
/// right. Each command finds its own address in LINK_HERE and the other in LINK_THERE. Ends with the command of the
/// right side, and with its status. Needs root, or `unshare --net --map-root-user link ...`.
#[derive(Parser)]
#[command(
    name = "link",
    after_help = "Example: link --rate 4M --queue 150ms --delay 20ms --loss 1% --left 'iperf3 -s' -- iperf3 -c 10.77.0.1 -R"
)]
struct Options {
    #[command(flatten)]
    shape: Shaping,
    /// What runs on the left side, a line of the shell; killed at the end
    #[arg(long, value_name = "LINE")]
    left: Option<String>,
    /// The rate from left to right changes: rates and how long each lasts, such as 4M:25s,1M:25s,4M:30s
    #[arg(long, conflicts_with = "trace")]
    steps: Option<Schedule>,
    /// The rate from left to right changes as a file says, a line of milliseconds,bit/s for each change
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// The same losses and delays again for the same packets
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print what passed each second, as JSON lines
    #[arg(long)]
    counters: bool,
    /// What runs on the right side; a shell where nothing is named
    #[arg(last = true)]
    right: Vec<String>,
}

/// What the link is like, in both directions.
#[derive(Args)]
struct Shaping {
    /// Bits a second from left to right, such as 4M; no limit without
    #[arg(long, value_parser = rate)]
    rate: Option<u64>,
    /// The same from right to left
    #[arg(long, value_parser = rate)]
    back_rate: Option<u64>,
    /// Bytes that may pass at once after a pause
    #[arg(long, default_value_t = link::shape::BURST)]
    burst: usize,
    /// What may wait for the rate, such as 150ms or 20kB; the rest is dropped
    #[arg(long, default_value = "150ms")]
    queue: Queue,
    /// On the way in each direction: half a round trip
    #[arg(long, value_parser = time, default_value = "0ms")]
    delay: Duration,
    /// Up to this much more for each packet
    #[arg(long, value_parser = time, default_value = "0ms")]
    jitter: Duration,
    /// Share of packets that get lost in each direction
    #[arg(long, value_parser = share, default_value = "0%")]
    loss: f64,
    /// Losses in a row: how often one begins and how often it ends, such as 1%:25%
    #[arg(long, value_name = "BEGIN:END")]
    bursts: Option<Bursts>,
}

impl Shaping {
    fn shape(&self, rate: Option<u64>) -> Shape {
        Shape {
            rate,
            burst: self.burst,
            queue: self.queue,
            delay: self.delay,
            jitter: self.jitter,
            loss: self.loss,
            bursts: self.bursts,
        }
    }
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let schedule = match &options.trace {
        Some(file) => {
            let text = std::fs::read_to_string(file);
            let text = text.with_context(|| format!("failed to read {}", file.display()))?;
            Some(Schedule::trace(&text).map_err(anyhow::Error::msg)?)
        }
        None => options.steps.clone(),
    };
    let shaping = &options.shape;
    let network = Network::new(shaping.shape(shaping.rate), shaping.shape(shaping.back_rate), options.seed)?;
    if let Some(schedule) = schedule {
        network.follow(Direction::LeftToRight, &schedule);
    }
    let (left, right) = (network.left(), network.right());
    let left_command = options.left.as_ref().map(|line| {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    });
    let mut left_child = left_command.map(|command| start(command, left, right)).transpose()?;
    let shell = || std::env::var("SHELL").unwrap_or_else(|_| "sh".to_owned());
    let (program, arguments) = options
        .right
        .split_first()
        .map_or((shell(), Default::default()), |(program, rest)| (program.clone(), rest));
    let mut command = Command::new(program);
    command.args(arguments);
    let right_child = start(command, right, left)?;
    let status = follow(right_child, options.counters.then_some(&network));
    if let Some(child) = &mut left_child {
        // It may have ended by itself.
        drop(child.kill());
        child.wait()?;
    }
    Ok(status?.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn start(mut command: Command, here: &Side, there: &Side) -> Result<Child> {
    command.env("LINK_HERE", here.address().to_string()).env("LINK_THERE", there.address().to_string());
    let child = here.run(|| command.spawn())?;
    child.with_context(|| format!("failed to start {}", command.get_program().to_string_lossy()))
}

/// Until the command ends; meanwhile prints what passes.
fn follow(mut child: Child, counted: Option<&Network>) -> Result<ExitStatus> {
    let (give, status) = channel();
    std::thread::spawn(move || give.send(child.wait()));
    let began = Instant::now();
    let mut before = [Counters::default(), Counters::default()];
    loop {
        match status.recv_timeout(Duration::from_secs(1)) {
            Ok(status) => return Ok(status?),
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("nobody waits for the command any more"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let Some(network) = counted else { continue };
        for (direction, before) in
            [Direction::LeftToRight, Direction::RightToLeft].into_iter().zip(&mut before)
        {
            let now = network.counters(direction);
            print(began.elapsed(), direction, network.shape(direction), &now.since(before));
            *before = now;
        }
    }
}

fn print(at: Duration, direction: Direction, shape: Shape, counters: &Counters) {
    let milliseconds = |share| counters.waited.quantile(share).map(|time| time.as_millis());
    let line = serde_json::json!({
        "seconds": at.as_secs_f64(),
        "direction": match direction {
            Direction::LeftToRight => "left-to-right",
            Direction::RightToLeft => "right-to-left",
        },
        "rate": shape.rate,
        "offered": counters.offered,
        "passed": counters.passed,
        "dropped": counters.dropped,
        "lost": counters.lost,
        "waited_ms": { "p50": milliseconds(0.5), "p95": milliseconds(0.95) },
        "late_ms_p99": counters.late.quantile(0.99).map(|time| time.as_millis()),
    });
    println!("{line}");
}
