//! What a rung hands to all its viewers at once: the RTP packets of a frame.

use logic::capture;
use logic::rtp::Header;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// The packets of a frame, or a part of them.
pub(crate) struct Batch {
    list: gst::BufferList,
    captured: Instant,
    made: Instant,
    /// Whether its first packet tells viewers when it was captured.
    tells: bool,
    packets: OnceLock<Vec<Packet>>,
}

/// The time by the system's clock, since 1900.
pub(crate) fn now() -> Duration {
    capture::since_1900(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A packet, for transports that write headers of their own.
pub(super) struct Packet {
    pub(super) payload_type: u8,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    /// Shared by all viewers.
    pub(super) payload: Arc<[u8]>,
}

impl Batch {
    /// Packets as the payloader made them, of what was captured then, and whether viewers are told so.
    pub(crate) fn new(list: gst::BufferList, captured: Instant, tells: bool) -> Self {
        Self { list, captured, made: Instant::now(), tells, packets: OnceLock::new() }
    }

    /// The packets as GStreamer holds them.
    pub(super) fn list(&self) -> &gst::BufferList {
        &self.list
    }

    /// When what they show was captured.
    pub(super) fn captured(&self) -> Instant {
        self.captured
    }

    /// When it came out of the payloader.
    pub(super) fn made(&self) -> Instant {
        self.made
    }

    /// When it was captured, where viewers are to be told.
    pub(super) fn tells(&self) -> Option<Instant> {
        self.tells.then_some(self.captured)
    }

    /// The packets taken apart, once for all viewers.
    pub(super) fn packets(&self) -> &[Packet] {
        self.packets.get_or_init(|| self.list.iter().filter_map(take_apart).collect())
    }
}

fn take_apart(buffer: &gst::BufferRef) -> Option<Packet> {
    let mut bytes = vec![0; buffer.size()];
    buffer.copy_to_slice(0, &mut bytes).ok()?;
    let header = Header::read(&bytes)?;
    Some(Packet {
        payload_type: header.payload_type,
        timestamp: header.timestamp,
        marker: header.marker,
        payload: bytes.get(header.payload)?.into(),
    })
}
