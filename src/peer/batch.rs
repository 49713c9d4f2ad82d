//! What a rung hands to all its viewers at once: the RTP packets of a frame.

use logic::capture;
use logic::rtp::picture::Format;
use logic::rtp::{Header, Span};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// So much of a packet has all numbers in it that differ between viewers (bytes).
const HEAD: usize = 128;

/// The packets of a frame, or a part of them.
pub(crate) struct Batch {
    list: gst::BufferList,
    /// Bytes of all packets.
    size: usize,
    captured: Instant,
    made: Instant,
    /// The numbers that differ between viewers.
    span: Option<Span>,
    ends_frame: bool,
    /// How many frames end in it.
    frames: u64,
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
    pub(crate) fn new(list: gst::BufferList, captured: Instant, format: Format, tells: bool) -> Self {
        let heads = list.get(0).zip(list.len().checked_sub(1).and_then(|last| list.get(last)));
        let heads = heads.map(|(first, last)| (head(first), head(last)));
        let span =
            heads.and_then(|((first, a), (last, b))| Span::read(format, first.get(..a)?, last.get(..b)?));
        let ends_frame = heads.is_some_and(|(_, (last, _))| last[1] & 0x80 != 0);
        let size = list.calculate_size();
        let (frames, made, packets) = (ends_frame.into(), Instant::now(), OnceLock::new());
        Self { list, size, captured, made, span, ends_frame, frames, tells, packets }
    }

    /// The same, of packets in which so many frames end.
    pub(crate) fn with_frames(self, frames: u64) -> Self {
        Self { frames, ..self }
    }

    /// The numbers of the first and of the last.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Whether they are the last of their frame.
    pub(crate) fn ends_frame(&self) -> bool {
        self.ends_frame
    }

    /// How many frames end in it.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// The packets as GStreamer holds them.
    pub(crate) fn list(&self) -> &gst::BufferList {
        &self.list
    }

    /// Bytes of all of them.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// When what they show was captured.
    pub(crate) fn captured(&self) -> Instant {
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

/// The beginning of a packet.
fn head(buffer: &gst::BufferRef) -> ([u8; HEAD], usize) {
    let mut bytes = [0; HEAD];
    let size = buffer.size().min(HEAD);
    let copied = bytes.get_mut(..size).map(|bytes| buffer.copy_to_slice(0, bytes));
    (bytes, if matches!(copied, Some(Ok(()))) { size } else { 0 })
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
