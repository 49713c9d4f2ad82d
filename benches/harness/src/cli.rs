//! The command line.

use crate::job::{Codec, Input};
use crate::ladder::crowd::Crowd;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Measures webrtcsink and webrtcsrc of a plugin folder, or of two side by side.
#[derive(Parser)]
pub struct Cli {
    #[command(flatten)]
    pub plugins: Plugins,
    #[command(subcommand)]
    pub command: Command,
}

/// Which plugins, and how to report.
#[derive(Args)]
pub struct Plugins {
    /// Folder with libgstrswebrtc.so
    #[arg(long, global = true, value_name = "DIR")]
    pub plugin_path: Option<PathBuf>,
    /// A second folder, measured alternately with the first
    #[arg(long, global = true, value_name = "DIR")]
    pub versus: Option<PathBuf>,
    /// A property of the first one's webrtcsink, transport=native for instance; may be given several times
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub sink: Vec<String>,
    /// The same for the second
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub versus_sink: Vec<String>,
    /// Print one JSON document instead of tables
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Time to the first decoded frame in a fresh webrtcsrc, phase by phase
    FirstFrame(FirstFrame),
    /// What viewers of one raw 720p30 stream cost the producer
    Viewers(Viewers),
    /// What viewers of an already encoded VP8 720p30 stream cost the producer
    Encoded(Encoded),
    /// How well the picture of one viewer fits an emulated network: steps of its rate, loss, a competing TCP flow
    Networks(Networks),
    /// What each viewer of a crowd gets whose networks differ: rate, quantiser, size, switches; and what it costs
    Ladder(Ladder),
    /// Time to the first picture of the first viewer, of one more, and of many who come at once
    Storm(Storm),
    /// Draw what `networks --write` wrote, an SVG for each case, or what `ladder --write` did
    Plot(Plot),
    /// How old pictures are when a viewer shows them, by a time stamp in each: glass to glass
    Glass(Glass),
    /// From a click in Chromium to the first picture shown, each plugin with its own client library
    Click(Click),
    #[command(hide = true)]
    ChildVersion,
    #[command(hide = true)]
    ChildProducer { job: String },
    #[command(hide = true)]
    ChildFirstFrame { job: String },
    #[command(hide = true)]
    ChildWatching { job: String },
    #[command(hide = true)]
    ChildViewers { job: String },
    #[command(hide = true)]
    ChildLight { job: String },
    #[command(hide = true)]
    ChildGlass { job: String },
}

/// Options of `first-frame`.
#[derive(Args)]
pub struct FirstFrame {
    /// How many viewers, one after the other, each in a fresh process
    #[arg(long, default_value_t = 10)]
    pub runs: usize,
    /// Pause before each viewer (s); above 5 the encoder of the viewer before has stopped, so that each start is a cold one
    #[arg(long, default_value_t = 1.0)]
    pub pause: f64,
    /// Each viewer's process has viewed once before, so that what a process does only once is no part of the times
    #[arg(long)]
    pub warm: bool,
    /// What the producer sends
    #[arg(long, value_enum, default_value_t = Input::Test)]
    pub input: Input,
    /// File whose pictures are sent (only --input raw or encoded)
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Codec of the stream; the plugin's first choice by default
    #[arg(long, value_enum)]
    pub codec: Option<Codec>,
    /// A new producer for each viewer
    #[arg(long)]
    pub fresh_producer: bool,
}

/// Options of `glass`.
#[derive(Args)]
pub struct Glass {
    /// Codecs of the stream, each a part of the table
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Codec::Vp8, Codec::H264])]
    pub codecs: Vec<Codec>,
    /// Latency profiles of both ends; a plugin without them is measured once
    #[arg(long, value_delimiter = ',', default_values_t = ["live", "balanced", "smooth"].map(String::from))]
    pub profiles: Vec<String>,
    /// Also in Chromium, through Node.js and the modules of `browser/`: the first plugin only
    #[arg(long)]
    pub chromium: bool,
    /// File whose pictures are sent; moving noise by default
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Pause after the first picture (s)
    #[arg(long, default_value_t = 4.0)]
    pub settle: f64,
    /// Measured time (s)
    #[arg(long, default_value_t = 15.0)]
    pub window: f64,
}

/// Options of `click`.
#[derive(Args)]
pub struct Click {
    /// How many clicks for each plugin, each in a fresh page, after one that is not counted
    #[arg(long, default_value_t = 30)]
    pub runs: usize,
    /// Pause before each click (s); above 5 the encoder of the viewer before has stopped
    #[arg(long, default_value_t = 1.0)]
    pub pause: f64,
    /// What the producer sends
    #[arg(long, value_enum, default_value_t = Input::Test)]
    pub input: Input,
    /// File whose pictures are sent (only --input raw or encoded)
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Codec of the stream; the plugin's first choice by default
    #[arg(long, value_enum)]
    pub codec: Option<Codec>,
}

/// Options of `viewers`.
#[derive(Args)]
pub struct Viewers {
    /// Codec of the stream
    #[arg(long, value_enum, default_value_t = Codec::Vp8)]
    pub codec: Codec,
    /// Numbers of viewers, each a row
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 8, 16])]
    pub counts: Vec<usize>,
    #[command(flatten)]
    pub load: Load,
}

/// Options of `encoded`.
#[derive(Args)]
pub struct Encoded {
    /// Numbers of viewers, each a row
    #[arg(long, value_delimiter = ',', default_values_t = [8, 32])]
    pub counts: Vec<usize>,
    #[command(flatten)]
    pub load: Load,
}

/// Options of `networks`.
#[derive(Args)]
pub struct Networks {
    /// Only cases whose names begin with one of these: steps-0ms, steps-40ms, loss-1-50ms, loss-5-50ms, loss-10-50ms, the same
    /// with 240ms, tcp
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Shorter phases, for a quick look
    #[arg(long)]
    pub short: bool,
    /// The same losses again for the same packets
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How often each case is measured; medians are reported
    #[arg(long, default_value_t = 1)]
    pub runs: usize,
    /// File whose pictures are sent; moving noise by default
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// How the competing TCP flow controls its congestion, one of net.ipv4.tcp_available_congestion_control
    #[arg(long, default_value = "cubic")]
    pub tcp: String,
    /// Also write everything, the course over time included, to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Options of `ladder`.
#[derive(Args)]
pub struct Ladder {
    /// Viewers and their networks, as COUNTxRATE[/DELAY[/LOSS]]: 9x6M,1x300k/40ms/1% for instance, or 10xopen; each is measured
    #[arg(long, required = true)]
    pub crowd: Vec<Crowd>,
    /// `max-bitrate` of the sink (bit/s)
    #[arg(long)]
    pub max_bitrate: Option<u32>,
    /// File whose pictures are sent; moving noise by default
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// How often each is measured; medians are reported
    #[arg(long, default_value_t = 1)]
    pub runs: usize,
    /// Between the starts of two viewers (s)
    #[arg(long, default_value_t = 0.1)]
    pub spacing: f64,
    /// How long the viewers may take to come up (s)
    #[arg(long, default_value_t = 30.0)]
    pub patience: f64,
    /// Pause after the last viewer is up (s)
    #[arg(long, default_value_t = 20.0)]
    pub settle: f64,
    /// Measured time (s)
    #[arg(long, default_value_t = 20.0)]
    pub window: f64,
    /// Also write everything, the course over time included, to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Options of `storm`.
#[derive(Args)]
pub struct Storm {
    /// Viewers who watch already
    #[arg(long, default_value_t = 49)]
    pub watching: usize,
    /// Viewers who come at once
    #[arg(long, default_value_t = 50)]
    pub joins: usize,
    /// Within so long (s)
    #[arg(long, default_value_t = 1.0)]
    pub within: f64,
    /// How often a first viewer comes, and one more where others watch
    #[arg(long, default_value_t = 3)]
    pub firsts: usize,
    /// See `--firsts`
    #[arg(long, default_value_t = 10)]
    pub nexts: usize,
    /// `max-bitrate` of the sink (bit/s)
    #[arg(long)]
    pub max_bitrate: Option<u32>,
    /// Measured before and after the storm, and the pause before that (s)
    #[arg(long, default_value_t = 5.0)]
    pub settle: f64,
    /// Measured as the storm after the last has come (s)
    #[arg(long, default_value_t = 1.0)]
    pub calm: f64,
    /// How often all of this; all starts are reported together
    #[arg(long, default_value_t = 1)]
    pub runs: usize,
    /// Also write every figure to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Options of `plot`.
#[derive(Args)]
pub struct Plot {
    /// What `networks --write` or `ladder --write` wrote
    pub file: PathBuf,
    /// Folder for networks-CASE.svg, or ladder-FILE.svg
    #[arg(long, default_value = "docs/plots")]
    pub into: PathBuf,
}

/// Options of both.
#[derive(Args)]
pub struct Load {
    /// File whose pictures are decoded to memory and looped; moving noise by default
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Bitrate of the stream (bit/s); 2200000 for `viewers`, 2000000 for `encoded` by default
    #[arg(long)]
    pub bitrate: Option<u32>,
    /// Leave the plugin's defaults: its congestion control, its bitrates, its error correction
    #[arg(long)]
    pub defaults: bool,
    /// How often each row is measured; medians are reported
    #[arg(long, default_value_t = 1)]
    pub runs: usize,
    /// Pause after the last viewer is up (s)
    #[arg(long, default_value_t = 2.0)]
    pub settle: f64,
    /// Measured time (s)
    #[arg(long, default_value_t = 8.0)]
    pub window: f64,
    /// How long the viewers may take to come up (s)
    #[arg(long, default_value_t = 60.0)]
    pub patience: f64,
    /// After each row say how many encoders there are and how the last is set
    #[arg(long)]
    pub show_encoders: bool,
    /// Viewers in one process
    #[arg(long, default_value_t = 8)]
    pub per_process: usize,
    /// All viewers in one process that receives and counts and does no more, in place of webrtcsrc
    #[arg(long)]
    pub light: bool,
    /// Light viewers do not report on every packet: the producer has nothing to estimate the network by
    #[arg(long)]
    pub no_reports: bool,
    /// Between the starts of two light viewers (s)
    #[arg(long, default_value_t = 0.02)]
    pub spacing: f64,
}
