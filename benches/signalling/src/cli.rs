//! The command line.

use crate::wire::Payload;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Measures a signalling server from outside, or two side by side.
#[derive(Parser)]
pub struct Cli {
    /// The server's program; it is started with --host and --port, for TLS also with --cert and --key
    pub server: PathBuf,
    /// A second program, measured alternately with the first
    #[arg(long, value_name = "SERVER")]
    pub versus: Option<PathBuf>,
    /// Only these; all by default
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME")]
    pub only: Vec<Benchmark>,
    /// How often everything is measured; medians are reported
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Measured time (s)
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// Time before it that is not measured (s)
    #[arg(long, default_value_t = 1.0)]
    pub warm_up: f64,
    /// Numbers of idle connections
    #[arg(long, value_delimiter = ',', default_values_t = [5_000, 20_000])]
    pub connections: Vec<usize>,
    /// Numbers of pairs that play ping-pong
    #[arg(long, value_delimiter = ',', default_values_t = [1, 50, 200])]
    pub pairs: Vec<usize>,
    /// What is said inside sessions
    #[arg(long, value_enum, default_value_t = Payload::Candidate)]
    pub payload: Payload,
    /// Messages under way from the one sender to the one reader at most
    #[arg(long, default_value_t = 500)]
    pub window: usize,
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub json: bool,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Benchmark {
    /// Memory of the server for each idle connection
    Memory,
    /// Ping-pong inside sessions: messages/s and delay
    Pairs,
    /// One sender, one reader, as fast as they can
    Stream,
    /// Connects/s, plain and TLS
    Connects,
    /// The delay of a pair while another peer is frozen or floods
    Disturbed,
}

impl Cli {
    /// Whether this one was asked for.
    pub fn wants(&self, benchmark: Benchmark) -> bool {
        self.only.is_empty() || self.only.contains(&benchmark)
    }

    /// Measured time.
    pub fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.max(0.1))
    }

    /// Time before it.
    pub fn before(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up.max(0.0))
    }
}
