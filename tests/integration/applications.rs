//! Applications that start, restart, renegotiate and tear down a producer with a viewer again and again: in Rust with the
//! plugin linked in, in Python over introspection, and `gst-launch-1.0`. Nobody is warned, nothing is left behind and
//! nothing takes a second.

use crate::support::program::{Program, example, repository};
use crate::support::server::Server;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// GStreamer counts what is alive when the program has taken everything down.
const LEAKS: [(&str, &str); 3] =
    [("GST_TRACERS", "leaks"), ("GST_DEBUG", "GST_TRACER:7"), ("GST_DEBUG_NO_COLOR", "1")];
/// Makes the certificates of GStreamer's DTLS elements as long as the process lives.
const OF_GSTREAMER: &str = "GstDtlsAgent";
/// What is made once is there by then.
const WARM: usize = 2;
/// Threads of pools come and go with the load, and stay for a while: many more than in the beginning are a leak only where
/// there is nearly one for every third round.
const POOLS: usize = 8;
/// Sockets that are about to be closed.
const CLOSING: usize = 2;
/// Nothing takes longer.
const HANG: Duration = Duration::from_secs(1);
/// One round of a program, with some to spare.
const ROUND: Duration = Duration::from_secs(5);

/// What ended well has warned of nothing and left nothing behind.
fn has_left_nothing((status, said): &(ExitStatus, String)) {
    assert!(status.success(), "{status}:\n{said}");
    assert!(said.contains("object-alive.class"), "nobody looked for leaks:\n{said}");
    let warned = |line: &&str| line.contains("WARNING **") || line.contains("CRITICAL **");
    let warnings: Vec<_> =
        said.lines().filter(warned).filter(|line| !line.contains("Leaks detected")).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    let alive = said.lines().filter_map(|line| line.split_once("object-alive, type-name=(string)"));
    let left: Vec<_> = alive
        .map(|(_, rest)| rest)
        .filter(|rest| !rest.starts_with(OF_GSTREAMER) && !rest.starts_with('%'))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// What the program said that it held after a round.
struct Round {
    threads: usize,
    files: usize,
    slowest: Duration,
}

impl Round {
    fn read(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("round ")?.split_once(": ")?;
        let mut words = counts.split(' ').step_by(2);
        Some(Self {
            threads: words.next()?.parse().unwrap(),
            files: words.next()?.parse().unwrap(),
            slowest: Duration::from_secs_f64(words.next()?.parse().unwrap()),
        })
    }
}

/// Has a program go through so many rounds.
fn goes_through(rounds: usize, transport: &str, program: &Path, names: [&str; 2]) {
    let count = rounds.to_string();
    let arguments = [names[0], &count, names[1], transport];
    let arguments: Vec<_> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
    let program = Program::start_in(&LEAKS, program, &arguments);
    let ended = program.end_within(ROUND * u32::try_from(rounds).unwrap());
    has_left_nothing(&ended);
    let said: Vec<_> = ended.1.lines().filter_map(Round::read).collect();
    assert_eq!(said.len(), rounds, "{}", ended.1);
    let (warm, last) = (&said[WARM], said.last().unwrap());
    let pools = POOLS.max(rounds / 3);
    assert!(last.threads <= warm.threads + pools, "{} threads have become {}", warm.threads, last.threads);
    assert!(last.files <= warm.files + CLOSING, "{} open files have become {}", warm.files, last.files);
    let slowest = said.iter().map(|round| round.slowest).max().unwrap();
    assert!(slowest < HANG, "a change of state took {slowest:?}");
}

fn in_rust(rounds: usize, transport: &str) {
    goes_through(rounds, transport, &example("rounds"), ["", ""]);
}

fn in_python(rounds: usize, transport: &str) {
    let program = repository("tests/applications/rounds.py");
    goes_through(rounds, transport, &program, ["--rounds", "--transport"]);
}

/// Each round has processes of its own.
fn with_gst_launch(rounds: usize, transport: &str) {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("signaller::uri=ws://{}", server.address);
    let (transport, stun) = (format!("transport={transport}"), "stun-server=\"\"");
    let source = ["videotestsrc", "is-live=true", "!", "video/x-raw,width=160,height=120", "!"];
    let sink = ["webrtcsink", "video-caps=video/x-vp8", stun, &uri, &transport];
    let viewer = ["webrtcsrc", "connect-to-first-producer=true", stun, &uri];
    let taken = ["!", "identity", "eos-after=10", "!", "fakesink"];
    for _ in 0..rounds {
        let producer = [&["-e"], &source[..], &sink].concat();
        let producer = Program::start_in(&LEAKS, "gst-launch-1.0", &producer);
        let viewer = Program::start_in(&LEAKS, "gst-launch-1.0", &[&viewer[..], &taken].concat());
        has_left_nothing(&viewer.end());
        let began = Instant::now();
        producer.interrupt();
        has_left_nothing(&producer.end());
        let took = began.elapsed();
        assert!(took < HANG, "the producer took {took:?} to end");
    }
}

macro_rules! for_a_while_and_a_hundred_times {
    ($($application:ident: $rounds:literal),+ $(,)?) => {
        $(mod $application {
            #[test] fn through_webrtcbin() { super::$application($rounds, "webrtcbin"); }
            #[test] fn through_native() { super::$application($rounds, "native"); }
            #[test] #[ignore = "takes minutes"]
            fn a_hundred_times_through_webrtcbin() { super::$application(100, "webrtcbin"); }
            #[test] #[ignore = "takes minutes"]
            fn a_hundred_times_through_native() { super::$application(100, "native"); }
        })+
    };
}
for_a_while_and_a_hundred_times!(in_rust: 5, in_python: 5, with_gst_launch: 3);
