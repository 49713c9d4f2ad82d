//! Where packets begin and end in a stream of bytes.

use core::ops::Range;

/// How a stream is cut into packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Packets tell their own length: STUN messages, and channel data padded to four bytes (RFC 8656 section 12.5).
    Turn,
    /// Each packet is preceded by its length (RFC 4571), as ICE has it over TCP (RFC 6544 section 10.1).
    Prefixed,
}

/// The stream is not cut like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what comes is neither STUN nor channel data")]
pub struct Garbage;

/// A packet at the head of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Where the packet is.
    pub packet: Range<usize>,
    /// Where the next begins.
    pub end: usize,
}

impl Framing {
    /// The first packet of a stream, where all of it is there.
    ///
    /// # Errors
    /// Nothing after this can be understood.
    pub fn first(self, stream: &[u8]) -> Result<Option<Frame>, Garbage> {
        let [first, second, rest @ ..] = stream else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([*first, *second]));
        let frame = match (self, rest) {
            (Self::Prefixed, _) => Frame { packet: 2..2 + length, end: 2 + length },
            (Self::Turn, [third, fourth, ..]) => {
                let length = usize::from(u16::from_be_bytes([*third, *fourth]));
                match first >> 6 {
                    0 => Frame { packet: 0..20 + length, end: 20 + length },
                    1 => Frame { packet: 0..4 + length, end: (4 + length).next_multiple_of(4) },
                    _ => return Err(Garbage),
                }
            }
            (Self::Turn, _) => return Ok(None),
        };
        Ok((frame.end <= stream.len()).then_some(frame))
    }

    /// What goes before a packet of this length; none where it is too long.
    pub fn head(self, length: usize) -> Option<([u8; 2], usize)> {
        match self {
            Self::Turn => Some(([0; 2], 0)),
            Self::Prefixed => u16::try_from(length).ok().map(|length| (length.to_be_bytes(), 2)),
        }
    }

    /// How many bytes go after a packet.
    pub fn padding(self, packet: &[u8]) -> usize {
        match (self, packet.first()) {
            (Self::Turn, Some(first)) if first >> 6 == 1 => packet.len().next_multiple_of(4) - packet.len(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(packet: Range<usize>, end: usize) -> Result<Option<Frame>, Garbage> {
        Ok(Some(Frame { packet, end }))
    }

    #[test]
    fn packets_are_found_when_all_of_them_is_there() {
        let binding = [&[0, 1, 0, 4][..], &[7; 20], &[9; 3]].concat();
        assert_eq!(Framing::Turn.first(&binding), frame(0..24, 24));
        let channel = [0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 0x40];
        assert_eq!(Framing::Turn.first(&channel), frame(0..9, 12));
        assert_eq!(Framing::Prefixed.first(&[0, 2, 7, 8, 0]), frame(2..4, 4));
        assert_eq!(Framing::Prefixed.first(&[0, 0]), frame(2..2, 2));
        for length in 0..12 {
            assert_eq!(Framing::Turn.first(&channel[..length]), Ok(None));
        }
        for length in 0..24 {
            assert_eq!(Framing::Turn.first(&binding[..length]), Ok(None));
        }
        for length in 0..4 {
            assert_eq!(Framing::Prefixed.first(&[0, 2, 7, 8][..length]), Ok(None));
        }
    }

    #[test]
    fn what_is_no_turn_is_said_so() {
        for first in 128..=255 {
            assert_eq!(Framing::Turn.first(&[first, 0, 0, 0]), Err(Garbage));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for framing in [Framing::Turn, Framing::Prefixed] {
            for length in 0..9_u8 {
                let mut packet = vec![0x40, 1, 0, length];
                packet.extend(vec![9; length.into()]);
                let (head, used) = framing.head(packet.len()).unwrap();
                let mut stream = [&head[..used], &packet].concat();
                stream.resize(stream.len() + framing.padding(&packet), 0);
                let frame = framing.first(&stream).unwrap().unwrap();
                assert_eq!((&stream[frame.packet], frame.end), (&packet[..], stream.len()));
            }
        }
        assert_eq!(Framing::Prefixed.head(1 << 16), None);
    }
}
