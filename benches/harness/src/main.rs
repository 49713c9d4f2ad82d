//! Measures `webrtcsink` and `webrtcsrc` of a plugin folder, or of two side by side in one run.
//!
//! The producer and the viewers are processes of their own (this program again, with a hidden subcommand), so that
//! what the kernel says of the producer is the producer's alone. How to run it and what the figures mean:
//! docs/benchmarks.md.

mod child;
mod cli;
mod click;
mod content;
mod feed;
mod first_frame;
mod glass;
mod identity;
mod job;
mod ladder;
mod light;
mod load;
mod networks;
mod phases;
mod pipeline;
mod plot;
mod plugin;
mod proc;
mod producer;
mod report;
mod storm;
mod table;
mod viewers;

use anyhow::Result;
use clap::Parser;

fn main() -> Result<()> {
    let cli = cli::Cli::parse();
    match cli.command {
        cli::Command::FirstFrame(options) => first_frame::run(&cli.plugins, &options),
        cli::Command::Viewers(options) => load::viewers(&cli.plugins, &options),
        cli::Command::Encoded(options) => load::encoded(&cli.plugins, &options),
        cli::Command::Networks(options) => networks::run(&cli.plugins, &options),
        cli::Command::Glass(options) => glass::run(&cli.plugins, &options),
        cli::Command::Click(options) => click::run(&cli.plugins, &options),
        cli::Command::Ladder(options) => ladder::run(&cli.plugins, &options),
        cli::Command::Storm(options) => storm::run(&cli.plugins, &options),
        cli::Command::Plot(options) => plot::run(&options),
        cli::Command::ChildVersion => plugin::print_version(),
        cli::Command::ChildProducer { job } => producer::run(&serde_json::from_str(&job)?),
        cli::Command::ChildFirstFrame { job } => phases::run(&serde_json::from_str(&job)?),
        cli::Command::ChildLight { job } => light::run(&serde_json::from_str(&job)?),
        cli::Command::ChildWatching { job } => networks::viewer::run(&serde_json::from_str(&job)?),
        cli::Command::ChildGlass { job } => glass::viewer::run(&serde_json::from_str(&job)?),
        cli::Command::ChildViewers { job } => viewers::run(&serde_json::from_str(&job)?),
    }
}
