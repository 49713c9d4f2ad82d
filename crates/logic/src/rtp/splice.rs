//! One stream of one viewer out of the packets of several rungs: what to add to the numbers that count, so that
//! neither a switch nor a skip leaves a gap or a jump.
//!
//! Every rung numbers its own packets and pictures. A viewer goes over to another rung, or on after a skip, at a
//! key unit, and sees the next numbers of what he has been sent. The rungs of an input take their timestamps from
//! one clock, so those agree by themselves, unless the other rung is ahead: then the first frames are moved
//! up by the least amount that keeps time going forward.

use super::header::payload_start;
use super::picture::Format;

/// Timestamps that are further back than this (two seconds of pictures) are of another clock.
const OTHER_CLOCK: i32 = 180_000;

/// What counts in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    sequence: u16,
    timestamp: u32,
    /// With the largest that there can be.
    picture: Option<(u16, u16)>,
    base_layer: Option<u8>,
}

impl Numbers {
    fn read(format: Format, packet: &[u8]) -> Option<Self> {
        let payload = packet.get(payload_start(packet)?..)?;
        let &[_, _, s0, s1, t0, t1, t2, t3, ..] = packet else { return None };
        let counters = format.read(payload);
        Some(Self {
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            picture: counters.id,
            base_layer: counters.base_layer,
        })
    }
}

/// The numbers of packets that follow each other: a frame's, or a part of them. Read once for all viewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    format: Format,
    first: Numbers,
    last: Numbers,
}

impl Span {
    /// Reads the first and the last packet, which may be cut off after the payload descriptor; `None` where they
    /// are no RTP packets.
    pub fn read(format: Format, first: &[u8], last: &[u8]) -> Option<Self> {
        Some(Self { format, first: Numbers::read(format, first)?, last: Numbers::read(format, last)? })
    }

    /// The first packet's timestamp.
    pub fn timestamp(&self) -> u32 {
        self.first.timestamp
    }
}

/// What to add to the numbers of each packet of a [`Span`] for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offsets {
    format: Format,
    sequence: u16,
    timestamp: u32,
    picture: u16,
    base_layer: u8,
}

impl Offsets {
    /// Whether packets may be sent as they are.
    pub fn is_nothing(self) -> bool {
        self.sequence == 0 && self.timestamp == 0 && !self.changes_payload()
    }

    /// Whether payloads differ, for transports that write headers of their own.
    pub fn changes_payload(self) -> bool {
        self.picture != 0 || self.base_layer != 0
    }

    /// The viewer's timestamp.
    pub fn timestamp(self, timestamp: u32) -> u32 {
        timestamp.wrapping_add(self.timestamp)
    }

    /// Rewrites a whole packet, or as much of it as reaches behind the payload descriptor; what is no RTP packet stays
    /// untouched.
    pub fn apply(self, packet: &mut [u8]) {
        let Some(start) = payload_start(packet) else { return };
        if let [_, _, s0, s1, t0, t1, t2, t3, ..] = packet {
            [*s0, *s1] = u16::from_be_bytes([*s0, *s1]).wrapping_add(self.sequence).to_be_bytes();
            [*t0, *t1, *t2, *t3] = self.timestamp(u32::from_be_bytes([*t0, *t1, *t2, *t3])).to_be_bytes();
        }
        self.apply_to_payload(packet.get_mut(start..).unwrap_or_default());
    }

    /// Rewrites a payload.
    pub fn apply_to_payload(self, payload: &mut [u8]) {
        if self.changes_payload() {
            self.format.add(payload, self.picture, self.base_layer);
        }
    }
}

/// What a viewer was sent last, in his numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sent {
    sequence: u16,
    /// The latest: frames that are not in the order of their show go back.
    timestamp: u32,
    picture: Option<u16>,
    base_layer: Option<u8>,
}

/// The state of one viewer's stream. A copy taken before packets that the transport then refuses takes them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Splice {
    offsets: Offsets,
    /// What is added to the timestamps of this rung: nothing, unless its clock is another.
    clock: u32,
    /// The rung's timestamp of the frame under way.
    frame: Option<u32>,
    /// Set while this rung is behind what was sent.
    catching_up: bool,
    sent: Option<Sent>,
}

impl Splice {
    /// Packets that begin a key unit and do not follow on what was sent last: another rung's, or the same one's after
    /// a skip.
    pub fn begin(&mut self, span: &Span) -> Offsets {
        self.offsets = Offsets { format: span.format, ..Offsets::default() };
        (self.clock, self.frame) = (0, None);
        if let Some(sent) = self.sent {
            let next = |sent: u16, first: u16| sent.wrapping_add(1).wrapping_sub(first);
            self.offsets.sequence = next(sent.sequence, span.first.sequence);
            if let (Some(sent), Some((first, largest))) = (sent.picture, span.first.picture) {
                self.offsets.picture = next(sent, first) & largest;
            }
            if let (Some(sent), Some(first)) = (sent.base_layer, span.first.base_layer) {
                self.offsets.base_layer = sent.wrapping_add(1).wrapping_sub(first);
            }
            let ahead = later(span.first.timestamp, sent.timestamp);
            if ahead < -OTHER_CLOCK {
                self.clock = ahead.wrapping_neg().cast_unsigned().wrapping_add(1);
            }
            self.catching_up = true;
        }
        self.go_on(span)
    }

    /// Packets that follow on those before.
    pub fn go_on(&mut self, span: &Span) -> Offsets {
        if self.frame != Some(span.first.timestamp) {
            self.offsets.timestamp = self.clock;
            if let Some(sent) = self.sent.filter(|_| self.catching_up) {
                let ahead = later(self.offsets.timestamp(span.first.timestamp), sent.timestamp);
                self.catching_up = ahead <= 0;
                if self.catching_up {
                    let missing = ahead.wrapping_neg().cast_unsigned().wrapping_add(1);
                    self.offsets.timestamp = self.clock.wrapping_add(missing);
                }
            }
        }
        self.frame = Some(span.last.timestamp);
        self.note(span);
        self.offsets
    }

    fn note(&mut self, span: &Span) {
        let before = self.sent;
        let mut timestamp = self.offsets.timestamp(span.last.timestamp);
        if let Some(before) = before
            && later(timestamp, before.timestamp) < 0
        {
            timestamp = before.timestamp;
        }
        let picture = span.last.picture.map(|(id, _)| id.wrapping_add(self.offsets.picture));
        let base_layer = span.last.base_layer.map(|index| index.wrapping_add(self.offsets.base_layer));
        self.sent = Some(Sent {
            sequence: span.last.sequence.wrapping_add(self.offsets.sequence),
            timestamp,
            picture: picture.or(before.and_then(|sent| sent.picture)),
            base_layer: base_layer.or(before.and_then(|sent| sent.base_layer)),
        });
    }
}

/// By how much the first is later; negative: earlier.
fn later(one: u32, other: u32) -> i32 {
    one.wrapping_sub(other).cast_signed()
}

#[cfg(test)]
mod tests;
