//! Reading RTP headers (RFC 3550 section 5.1).

use std::ops::Range;

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
        let start = payload_start(packet)?;
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

/// Where the payload begins; `None` where these bytes do not begin an RTP packet. They may end before the payload does.
pub fn payload_start(packet: &[u8]) -> Option<usize> {
    let first = *packet.first().filter(|first| *first >> 6 == 2)?;
    let mut start = 12 + usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        let Some(&[_, _, len_hi, len_lo]) = packet.get(start..start + 4) else { return None };
        start += 4 + usize::from(u16::from_be_bytes([len_hi, len_lo])) * 4;
    }
    (start <= packet.len()).then_some(start)
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
}
