//! What a light viewer sees of a stream in VP8, packet by packet.

use std::sync::{Arc, Mutex};

/// A packet that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    /// Fifteen bits.
    pub(crate) picture: Option<u16>,
    /// The first of its frame.
    pub(crate) begins: bool,
    /// The picture's size, in the first packet of a key frame.
    pub(crate) size: Option<(u16, u16)>,
}

/// All that came.
pub(crate) type Came = Arc<Mutex<Vec<Seen>>>;

impl Seen {
    /// Reads a payload descriptor (RFC 7741 section 4.2) and what follows it (RFC 6386 section 9.1).
    pub(crate) fn new(sequence: u64, timestamp: u32, payload: &[u8]) -> Self {
        let (mut at, mut picture) = (1, None);
        if payload[0] & 0x80 != 0 {
            let extended = payload[1];
            at = 2;
            if extended & 0x80 != 0 {
                let is_long = payload[2] & 0x80 != 0;
                picture = is_long.then(|| u16::from_be_bytes([payload[2] & 0x7f, payload[3]]));
                at += if is_long { 2 } else { 1 };
            }
            at += usize::from(extended & 0x40 != 0) + usize::from(extended & 0x30 != 0);
        }
        let begins = payload[0] & 0x1f == 0x10;
        let frame = &payload[at..];
        let side = |at: usize| u16::from_le_bytes([frame[at], frame[at + 1] & 0x3f]);
        let size = (begins && frame[0] & 1 == 0).then(|| (side(6), side(8)));
        Self { sequence, timestamp, picture, begins, size }
    }
}
