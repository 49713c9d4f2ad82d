//! Reading RTP headers, and rewriting them for viewers whose own offer chose other numbers than the packets
//! were made with (RFC 3550 section 5.1, RFC 8285); on byte slices.

use std::ops::Range;

/// Header extension in which a sender says how long its packets should wait in the jitter buffer (WebRTC's
/// `playout-delay`).
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// Bounds of how long a receiver holds pictures back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutDelay {
    min: u16,
    max: u16,
}

impl PlayoutDelay {
    /// In milliseconds, of which ten are one step; a negative number leaves that bound to the receiver.
    pub fn new(min: i32, max: i32) -> Option<Self> {
        const LONGEST: u16 = 0xfff;
        if min < 0 && max < 0 {
            return None;
        }
        let steps = |ms: i32| u16::try_from(ms.div_euclid(10)).unwrap_or(LONGEST).min(LONGEST);
        let max = if max < 0 { LONGEST } else { steps(max) };
        let min = if min < 0 { 0 } else { steps(min) };
        Some(Self { min: min.min(max), max })
    }

    /// Both bounds, in hundredths of a second.
    pub fn hundredths(self) -> (u16, u16) {
        (self.min, self.max)
    }
}

/// The parts of an RTP packet that a transport which writes headers of its own takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, in units of the format's clock.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// Where in the packet the payload is, padding left out.
    pub payload: Range<usize>,
}

impl Header {
    /// Reads a packet; `None` where it is no RTP packet.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let [first, second, sequence_hi, sequence_lo, t0, t1, t2, t3, ..] = *packet else { return None };
        if first >> 6 != 2 {
            return None;
        }
        let mut start = 12 + usize::from(first & 0x0f) * 4;
        if first & 0x10 != 0 {
            let Some(&[_, _, len_hi, len_lo]) = packet.get(start..start + 4) else { return None };
            start += 4 + usize::from(u16::from_be_bytes([len_hi, len_lo])) * 4;
        }
        let padding = if first & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
        let end = packet.len().checked_sub(padding).filter(|end| *end >= start)?;
        Some(Self {
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([sequence_hi, sequence_lo]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            marker: second & 0x80 != 0,
            payload: start..end,
        })
    }
}

/// What to change in every packet for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewrite {
    /// The viewer's payload type.
    pub payload_type: Option<u8>,
    /// One-byte header extension identifiers: ours and the viewer's.
    pub extension: Option<(u8, u8)>,
}

impl Rewrite {
    /// Whether packets may be sent as they are.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Rewrites the header at the start of `packet`; bytes that are no RTP header stay untouched.
    pub fn apply(&self, packet: &mut [u8]) {
        if packet.len() < 12 || packet.first().is_none_or(|b| b >> 6 != 2) {
            return;
        }
        if let (Some(pt), Some(byte)) = (self.payload_type, packet.get_mut(1)) {
            *byte = (*byte & 0x80) | (pt & 0x7f);
        }
        if let Some((from, to)) = self.extension {
            rewrite_extension(packet, from, to);
        }
    }
}

/// Changes the identifier of one element of a one-byte header extension (RFC 8285 section 4.2).
fn rewrite_extension(packet: &mut [u8], from: u8, to: u8) {
    let Some(&first) = packet.first() else { return };
    if first & 0x10 == 0 {
        return;
    }
    let start = 12 + usize::from(first & 0x0f) * 4;
    let Some(&[profile_hi, profile_lo, len_hi, len_lo]) = packet.get(start..start + 4) else {
        return;
    };
    if (profile_hi, profile_lo) != (0xbe, 0xde) {
        return;
    }
    let words = usize::from(u16::from_be_bytes([len_hi, len_lo]));
    let Some(elements) = packet.get_mut(start + 4..start + 4 + words * 4) else {
        return;
    };
    let mut at = 0;
    while let Some(byte) = elements.get_mut(at) {
        let (id, len) = (*byte >> 4, usize::from(*byte & 0x0f) + 1);
        match id {
            0 => at += 1,
            15 => return,
            _ => {
                if id == from {
                    *byte = (to << 4) | (*byte & 0x0f);
                }
                at += 1 + len;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> Vec<u8> {
        let mut p = vec![0x90, 0x80 | 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        p.extend([0xbe, 0xde, 0, 1, 0x11, 0xab, 0xcd, 0]);
        p.extend([1, 2, 3]);
        p
    }

    #[test]
    fn payload_type_and_extension_id_change_and_nothing_else_does() {
        let mut p = packet();
        Rewrite { payload_type: Some(120), extension: Some((1, 5)) }.apply(&mut p);
        let mut expected = packet();
        expected[1] = 0x80 | 120;
        expected[16] = 0x51;
        assert_eq!(p, expected);
    }

    #[test]
    fn a_delay_is_told_in_hundredths_of_a_second_and_its_bounds_do_not_cross() {
        let told = |min, max| PlayoutDelay::new(min, max).map(PlayoutDelay::hundredths);
        assert_eq!(told(-1, -1), None);
        assert_eq!(told(0, 0), Some((0, 0)));
        assert_eq!(told(105, -1), Some((10, 4095)));
        assert_eq!(told(-1, 200), Some((0, 20)));
        assert_eq!(told(500, 200), Some((20, 20)));
        assert_eq!(told(i32::MAX, i32::MAX), Some((4095, 4095)));
    }

    #[test]
    fn a_header_tells_where_the_payload_is() {
        let read = Header::read(&packet()).unwrap();
        assert_eq!(
            read,
            Header { payload_type: 96, sequence: 1, timestamp: 2, marker: true, payload: 20..23 }
        );
        let mut padded = packet();
        padded[0] |= 0x20;
        padded.extend([0, 0, 3]);
        assert_eq!(Header::read(&padded).unwrap().payload, 20..23);
        *padded.last_mut().unwrap() = 200;
        assert_eq!(Header::read(&padded), None);
    }

    #[test]
    fn a_packet_that_is_cut_short_is_no_packet() {
        for len in 0..20 {
            assert_eq!(Header::read(&packet()[..len]), None, "{len}");
        }
        assert_eq!(Header::read(&packet()[..20]).unwrap().payload, 20..20);
    }

    #[test]
    fn what_is_no_complete_rtp_packet_stays_untouched_and_never_panics() {
        let rewrite = Rewrite { payload_type: Some(1), extension: Some((1, 2)) };
        for len in 0..packet().len() {
            let mut p = packet()[..len].to_vec();
            rewrite.apply(&mut p);
        }
        for seed in 0..5000u32 {
            let mut p: Vec<u8> =
                (0..40u32).map(|n| (seed.wrapping_mul(2_654_435_761).rotate_left(n) >> 3) as u8).collect();
            rewrite.apply(&mut p);
        }
    }
}
