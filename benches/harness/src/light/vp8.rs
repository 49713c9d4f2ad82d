//! As much of VP8 in RTP (RFC 7741) as tells where a key unit begins.

/// Whether this is the first packet of a key unit.
pub fn begins_key_unit(payload: &[u8]) -> bool {
    picture(payload)
        .and_then(|picture| picture.first())
        .is_some_and(|header| header & 1 == 0)
}

/// The beginning of a picture, where this is its first packet.
pub fn picture(payload: &[u8]) -> Option<&[u8]> {
    let first = *payload.first()?;
    let (begins, partition, extended) = (first & 0x10 != 0, first & 0x07, first & 0x80 != 0);
    if !begins || partition != 0 {
        return None;
    }
    if !extended {
        return payload.get(1..);
    }
    let flags = *payload.get(1)?;
    let mut at = 2;
    if flags & 0x80 != 0 {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    at += usize::from(flags & 0x40 != 0);
    at += usize::from(flags & 0x30 != 0);
    payload.get(at..)
}

#[cfg(test)]
mod tests {
    use super::begins_key_unit;

    #[test]
    fn a_key_unit_begins_behind_any_descriptor_and_only_in_its_first_packet() {
        assert!(begins_key_unit(&[0x10, 0x00]));
        assert!(begins_key_unit(&[0x90, 0x80, 0x07, 0x10]));
        assert!(begins_key_unit(&[0x90, 0x80, 0x87, 0x01, 0x10]));
        assert!(begins_key_unit(&[0x90, 0xe0, 0x87, 0x01, 0x02, 0x40, 0x10]));
        // A picture that needs others, a later packet, a later partition, nothing.
        assert!(!begins_key_unit(&[0x10, 0x01]));
        assert!(!begins_key_unit(&[0x00, 0x00]));
        assert!(!begins_key_unit(&[0x11, 0x00]));
        assert!(!begins_key_unit(&[0x90, 0x80]));
        assert!(!begins_key_unit(&[]));
    }
}
