//! str0m as the transport: every session of an element on a few threads and one UDP port. The only folder
//! that names it.
//!
//! | file | what it does |
//! |---|---|
//! | `connection`, `lines`, `agreement` | one session for its task: descriptions, candidates, what was agreed |
//! | `engine` | the threads that serve sessions, and the port that they share |
//! | `listening` | what an element asks of an engine: ports, addresses, threads |
//! | `handle` | the way to a thread |
//! | `worker` | one thread: sleeps until a packet, a deadline or a command, and serves its sessions |
//! | `routes` | whose an incoming packet is |
//! | `remote` | what the peer says of itself |
//! | `opening` | what both sides agreed on, and str0m set up for it |
//! | `session` | one session on its thread: str0m, and what goes in and out of it |
//! | `ice` | the candidates of one session, and starting anew with them |
//! | `data`, `channels` | the data channels of a session, for its task and on its thread |
//! | `sending` | one stream of one session on its thread: what waits, and what str0m is given of it |
//! | `leaving` | how long its packets take to the network |
//! | `formats`, `numbers` | formats as RTP caps have them; payload types that may be sent |
//! | `extensions` | header extensions: offered, taken, written |
//! | `clock` | the clock of capture times |
//! | `measuring`, `steering` | what the network carries; how much goes, and how fast |
//! | `estimates` | what the network carries, for who wants to know |
//! | `outlet` | one stream of one session for its rung |
//! | `socket`, `addresses` | sending in batches and receiving; the addresses of this host |
//! | `relays`, `relay` | addresses on TURN servers |
//! | `connections` | viewers that come over TCP |
//! | `stream`, `detours` | one TCP connection; what a thread does with sockets of either kind |
//! | `gathering` | candidates that others have to tell |
//! | `reflexive` | the address under which others see this host |
//! | `fuzzing` | a session for the fuzz target, which plays its peer and everybody else |
//! | `ciphers` | which ciphers a session came out with |
//! | `statistics` | what str0m counts, in webrtcbin's words |

mod addresses;
mod agreement;
mod channels;
mod ciphers;
mod clock;
mod connection;
mod connections;
mod data;
mod detours;
mod engine;
mod estimates;
mod extensions;
mod formats;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gathering;
mod handle;
mod ice;
mod leaving;
mod lines;
mod listening;
mod measuring;
mod numbers;
mod opening;
mod outlet;
mod reflexive;
mod relay;
mod relays;
mod remote;
mod routes;
mod sending;
mod session;
mod socket;
mod statistics;
mod steering;
mod stream;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use engine::Engine;
pub(crate) use listening::Listen;

pub(super) use connection::Native;
pub(crate) use opening::AgreedFormat;

use std::sync::LazyLock;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("webrtc-native", gst::DebugColorFlags::empty(), Some("WebRTC native transport"))
});
