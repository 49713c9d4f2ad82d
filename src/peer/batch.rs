//! What a rung hands to all its viewers at once: the RTP packets of a frame.

use logic::rtp::Header;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// The packets of a frame, or a part of them.
pub(crate) struct Batch {
    list: gst::BufferList,
    captured: Instant,
    packets: OnceLock<Vec<Packet>>,
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
    /// Packets as the payloader made them, of what was captured then.
    pub(crate) fn new(list: gst::BufferList, captured: Instant) -> Self {
        Self { list, captured, packets: OnceLock::new() }
    }

    /// The packets as GStreamer holds them.
    pub(super) fn list(&self) -> &gst::BufferList {
        &self.list
    }

    /// When what they show was captured.
    pub(super) fn captured(&self) -> Instant {
        self.captured
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
