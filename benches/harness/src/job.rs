//! What the harness tells its child processes to do, and what they answer.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Size and rate of every stream.
pub const WIDTH: u32 = 1280;
/// See [`WIDTH`].
pub const HEIGHT: u32 = 720;
/// See [`WIDTH`].
pub const FRAMES_PER_SECOND: u32 = 30;

/// What a producer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// Raw pictures of videotestsrc
    Test,
    /// Raw pictures from memory
    Raw,
    /// The same, each with the time at which it was sent
    Stamped,
    /// VP8 frames from memory, a key unit every 2 s
    Encoded,
}

/// Codec of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    Vp8,
    H264,
}

impl Codec {
    /// Its caps.
    pub fn caps(self) -> &'static str {
        match self {
            Self::Vp8 => "video/x-vp8",
            Self::H264 => "video/x-h264",
        }
    }
}

/// A producer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProducerJob {
    pub input: Input,
    pub media: Option<PathBuf>,
    pub codec: Option<Codec>,
    /// Fixed bitrate without congestion control and error correction; the plugin's defaults without one.
    pub bitrate: Option<u32>,
    /// Bitrate of already encoded input.
    pub encoded_bitrate: u32,
    /// Further properties of the sink, as `NAME=VALUE`.
    pub sink: Vec<String>,
    /// Its viewers accept ECDSA certificates only.
    pub light_viewers: bool,
    /// Note the estimate of the network and the encoders' bitrate every 100 ms, told when asked.
    pub sampled: bool,
}

/// One viewer whose start is timed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstFrameJob {
    pub uri: String,
    /// View once before, in the same process.
    pub warm_up: bool,
    /// After this long without a picture it gives up (s).
    pub patience: f64,
}

/// A viewer that reads the times out of pictures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GlassJob {
    pub uri: String,
    /// `latency-profile`, where the source has it.
    pub profile: Option<String>,
    /// After this long without a picture it gives up (s).
    pub patience: f64,
    /// Not measured after the first picture, and measured (s).
    pub settle: f64,
    /// See [`Self::settle`].
    pub window: f64,
}

/// Several viewers that count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ViewersJob {
    pub uri: String,
    pub count: usize,
}

/// One viewer that notes what arrives and when pictures are shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WatchingJob {
    pub uri: String,
}

/// Many light viewers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LightJob {
    /// The server's, on the loopback.
    pub port: u16,
    pub count: usize,
    pub codec: Codec,
    /// Whether they report on every packet, for the producer's estimation.
    pub reports: bool,
    /// Between the starts of two of them (s).
    pub spacing: f64,
    /// Networks of the first of them, behind the real one; the others have that alone.
    pub networks: Vec<Network>,
    /// Note every picture, told when asked. VP8 only.
    pub noted: bool,
}

/// The network of one light viewer, the same both ways but for its rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Towards the viewer (bit/s), IP headers included.
    pub rate: Option<u64>,
    /// Each way (ms).
    pub delay_ms: f64,
    /// Which packets are lost, each way.
    pub loss: f64,
    pub seed: u64,
}

/// What a light viewer noted; times are seconds of the clock that all processes share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Noted {
    /// When its connection to the signalling server began.
    pub began: f64,
    /// From then on (ms): the offer, the secured connection.
    pub offered_ms: Option<f64>,
    /// See [`Self::offered_ms`].
    pub connected_ms: Option<f64>,
    pub counts: Counts,
    /// What could be shown since the last time it was asked.
    pub pictures: Vec<Picture>,
}

/// A picture that could be shown: whole, and nothing missing that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// When its last packet came.
    pub at: f64,
    pub bytes: u32,
    /// Of its key unit.
    pub size: (u16, u16),
    pub key: bool,
    /// Index of its quantiser, 0 (finest) to 127.
    pub quantiser: u8,
}

/// What a child says, one JSON object a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Said {
    /// The producer can be viewed, through a server on this port.
    Ready { port: u16 },
    /// The producer's encoders are noted.
    Encoders,
    /// Something worth knowing, a property that was missing for instance.
    Note { text: String },
    /// An error on a bus.
    Problem { text: String },
    /// The plugin's own version.
    Version { version: String },
    /// A viewer's start.
    Phases { phases: Vec<Phase>, stop_ms: f64 },
    /// What the producer noted, where it was told to.
    Sampled { samples: Vec<Sample> },
    /// A viewer shows its first picture.
    Showing,
    /// When a viewer showed pictures, and what it received until then.
    Watched {
        shown: Vec<f64>,
        received: Vec<Received>,
    },
    /// Capture to encode, encode and send, of a stream to a viewer (ms).
    Delays { ms: [f64; 3] },
    /// How old pictures were when they left `webrtcsrc` and when they were shown (ms), and how many could not be read.
    Glass {
        decoded: Vec<f64>,
        shown: Vec<f64>,
        unreadable: u64,
    },
    /// What every light viewer of a process noted.
    Noted { viewers: Vec<Noted> },
    /// Counts of every viewer of a process since it started.
    Counts { seconds: f64, viewers: Vec<Counts> },
}

/// A look at a producer; times are seconds of the system's clock, which all processes share.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    pub at: f64,
    /// What it believes the network carries (bit/s).
    pub estimate: Option<f64>,
    /// What its encoders are set to, together (bit/s).
    pub encoders: f64,
}

/// Media packets of one format that a viewer received in the 100 ms after a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Received {
    pub at: f64,
    /// As in the description: `VP8`, `rtx`.
    pub format: String,
    pub bytes: u64,
}

/// A phase of a viewer's start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phase {
    pub name: String,
    /// From PLAYING; nothing where it was not seen.
    pub ms: Option<f64>,
}

/// What a viewer received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// RTP marker bits on its output; those of a light viewer from its first key unit on.
    pub frames: u64,
    /// Packets from its sockets, of every kind.
    pub packets: u64,
    /// Payload bytes of those packets, without UDP and IP headers.
    pub bytes: u64,
    /// Packets of the stream that never came, or not yet. This and what follows: light viewers only.
    #[serde(default)]
    pub lost: u64,
    /// Key units asked for because of them.
    #[serde(default)]
    pub key_units_wanted: u64,
    /// From the start of the viewer's connection to the signalling server to its first packet, and its first whole frame.
    #[serde(default)]
    pub first_packet_ms: Option<f64>,
    /// See [`Self::first_packet_ms`].
    #[serde(default)]
    pub first_frame_ms: Option<f64>,
}
