//! The transport-wide number of a packet, as its header has it (RFC 8285).

use crate::rtp::extensions;

/// The number in a packet's header extension of this identifier.
pub fn number(packet: &[u8], id: u8) -> Option<u16> {
    // Reports have types from 192 to 223 (RFC 5761).
    if (192..224).contains(packet.get(1)?) {
        return None;
    }
    Some(u16::from_be_bytes(extensions::value(packet, id)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_read_wherever_it_stands_in_the_header() {
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 2];
        packet.extend([0x40, b'v', 0, 0x31, 0x12, 0x34, 0, 0, 9, 9]);
        assert_eq!(number(&packet, 3), Some(0x1234));
        assert_eq!(number(&packet, 5), None);
        assert_eq!(number(&packet[..20], 3), None);
        packet[1] = 205;
        assert_eq!(number(&packet, 3), None);
        packet[..2].copy_from_slice(&[0x80, 96]);
        assert_eq!(number(&packet, 3), None);
    }
}
