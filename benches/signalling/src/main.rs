//! Measures a signalling server from outside, or two side by side in one run.
//!
//! The server is a process of its own; everything that connects to it is this process. How to run it and what the
//! figures mean: docs/benchmarks.md.

mod cli;
mod client;
mod connects;
mod disturbed;
mod figure;
mod identity;
mod memory;
mod pair;
mod pairs;
#[path = "../../harness/src/proc.rs"]
#[expect(dead_code, reason = "the other harness reads more of it")]
mod proc;
mod report;
mod server;
#[path = "../../harness/src/table.rs"]
mod table;
mod wire;

use anyhow::{Context, Result};
use clap::Parser;
use cli::{Benchmark, Cli};
use disturbed::Disturbance;
use figure::{Figure, Value};
use identity::Identity;
use pair::Window;
use report::Row;
use server::Program;

/// How many connect at the same time in the second case of `connects`.
const AT_ONCE: usize = 50;
/// Above this load average the machine is not quiet.
const QUIET: f64 = 0.5;

/// Measures a program.
type Run<'a> = Box<dyn Fn(&Program) -> Result<Vec<Figure>> + 'a>;

/// One measurement, for any program.
struct Case<'a> {
    name: String,
    run: Run<'a>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let load = proc::load_average();
    if load > QUIET {
        eprintln!("NOTE: the load average is {load}; figures are worth something on a quiet machine only");
    }
    let files = rlimit::increase_nofile_limit(u64::MAX).context("failed to raise the limit of open files")?;
    let identity = Identity::new()?;
    let mut programs = vec![Program::new('A', &cli.server)?];
    if let Some(versus) = &cli.versus {
        programs.push(Program::new('B', versus)?);
    }
    let cases = cases(&cli, &identity, files);
    let empty = |case: &Case| Row {
        case: case.name.clone(),
        programs: vec![Vec::new(); programs.len()],
    };
    let mut rows: Vec<Row> = cases.iter().map(empty).collect();
    for round in 1..=cli.rounds {
        for (case, row) in cases.iter().zip(&mut rows) {
            for (program, rounds) in programs.iter().zip(&mut row.programs) {
                let seen = (case.run)(program);
                eprintln!(
                    "{} {}, round {round} of {}: {}",
                    program.letter,
                    case.name,
                    cli.rounds,
                    said(&seen)
                );
                rounds.extend(seen.ok());
            }
        }
    }
    report::report(&programs, &rows, load, cli.json)
}

fn said(seen: &Result<Vec<Figure>>) -> String {
    let figures = match seen {
        Ok(figures) => figures,
        Err(error) => return format!("PROBLEM: {error:#}"),
    };
    let say = |figure: &Figure| match figure.value {
        Value::Number(number) => format!("{} {number:.*}", figure.name, figure.digits),
        Value::StandsStill => format!("{}: stands still", figure.name),
        Value::Failed => format!("{}: not measured", figure.name),
    };
    figures.iter().map(say).collect::<Vec<_>>().join(", ")
}

/// Everything that was asked for, in the order of the table.
fn cases<'a>(cli: &'a Cli, identity: &'a Identity, files: u64) -> Vec<Case<'a>> {
    let window = || Window::new(cli.before(), cli.measured());
    let mut cases: Vec<Case<'a>> = Vec::new();
    let mut add = |name: String, run: Run<'a>| cases.push(Case { name, run });
    if cli.wants(Benchmark::Memory) {
        for (produce, what) in [(false, "welcomed"), (true, "producers")] {
            for &wanted in &cli.connections {
                let count = memory::possible(wanted, files);
                if count < wanted {
                    eprintln!(
                        "NOTE: {count} connections instead of {wanted}: a process may open {files} files here"
                    );
                }
                let run = move |program: &Program| memory::run(program, count, produce);
                add(format!("{count} idle connections, {what}"), Box::new(run));
            }
        }
    }
    if cli.wants(Benchmark::Pairs) {
        for &count in &cli.pairs {
            let run = move |program: &Program| pairs::pairs(program, count, cli.payload, &window);
            add(format!("ping-pong of {count}"), Box::new(run));
        }
    }
    if cli.wants(Benchmark::Stream) {
        let run = move |program: &Program| pairs::stream(program, cli.window, cli.payload, &window);
        add("one sender, one reader".to_owned(), Box::new(run));
    }
    if cli.wants(Benchmark::Connects) {
        for (tls, how) in [(None, "plain"), (Some(identity), "TLS")] {
            for at_once in [1, AT_ONCE] {
                let run = move |program: &Program| connects::run(program, at_once, tls, &window);
                add(format!("connects, {how}, {at_once} at a time"), Box::new(run));
            }
        }
    }
    if cli.wants(Benchmark::Disturbed) {
        for disturbance in Disturbance::ALL {
            let run = move |program: &Program| disturbed::run(program, disturbance, &window);
            add(disturbance.name().to_owned(), Box::new(run));
        }
    }
    cases
}
