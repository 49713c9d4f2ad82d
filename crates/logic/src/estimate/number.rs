//! The transport-wide number of a packet, as its header has it (RFC 8285).

/// The number in a packet's header extension of this identifier.
pub fn number(packet: &[u8], id: u8) -> Option<u16> {
    let first = *packet.first()?;
    // Reports have types from 192 to 223 (RFC 5761).
    if first >> 6 != 2 || first & 0x10 == 0 || (192..224).contains(packet.get(1)?) {
        return None;
    }
    let start = 12 + usize::from(first & 0x0f) * 4;
    let [b0, b1, b2, b3] = *packet.get(start..start + 4)? else { return None };
    if (b0, b1) != (0xbe, 0xde) {
        return None;
    }
    let words = usize::from(u16::from_be_bytes([b2, b3]));
    let mut rest = packet.get(start + 4..start + 4 + words * 4)?;
    while let [head, tail @ ..] = rest {
        if *head == 0 {
            rest = tail;
            continue;
        }
        let length = usize::from(head & 0x0f) + 1;
        let value = tail.get(..length)?;
        if head >> 4 == id {
            return Some(u16::from_be_bytes(value.try_into().ok()?));
        }
        rest = tail.get(length..)?;
    }
    None
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
