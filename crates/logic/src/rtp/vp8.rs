//! The payload descriptor of VP8 (RFC 7741 section 4.2).

use super::picture::{Fields, PictureId};

/// Where the counters are.
pub(super) fn fields(payload: &[u8]) -> Fields {
    let (Some(first), Some(extension)) = (payload.first(), payload.get(1)) else { return Fields::default() };
    if first & 0x80 == 0 {
        return Fields::default();
    }
    let mut next = 2;
    let mut fields = Fields::default();
    if extension & 0x80 != 0 {
        let Some((id, after)) = PictureId::at(payload, next) else { return fields };
        (fields.id, next) = (Some(id), after);
    }
    if extension & 0x40 != 0 {
        fields.base_layer = Some(next);
    }
    fields
}

#[cfg(test)]
mod tests {
    use crate::rtp::picture::{Counters, Format};

    fn read(payload: &[u8]) -> Counters {
        Format::Vp8.read(payload)
    }

    #[test]
    fn counters_are_found_in_every_form_of_the_descriptor() {
        let both = |id, base_layer| Counters { id, base_layer };
        assert_eq!(read(&[0x10, 0x80, 0x80]), both(None, None), "no extension");
        assert_eq!(read(&[0x90, 0x80, 0x7f]), both(Some((127, 0x7f)), None), "seven bits");
        assert_eq!(read(&[0x90, 0x80, 0xff, 0xff]), both(Some((32_767, 0x7fff)), None), "fifteen bits");
        assert_eq!(read(&[0x90, 0x40, 9]), both(None, Some(9)), "a layer alone");
        assert_eq!(read(&[0x90, 0xf0, 0x81, 2, 9, 0x20]), both(Some((258, 0x7fff)), Some(9)), "everything");
    }

    #[test]
    fn numbers_wrap_in_their_own_width_and_nothing_else_changes() {
        let mut payload = vec![0x90, 0xf0, 0xff, 0xff, 0xff, 0x20, 0x7f];
        Format::Vp8.add(&mut payload, 2, 3);
        assert_eq!(payload, [0x90, 0xf0, 0x80, 1, 2, 0x20, 0x7f]);
        let mut payload = vec![0x90, 0x80, 0x7f, 0xff];
        Format::Vp8.add(&mut payload, 2, 3);
        assert_eq!(payload, [0x90, 0x80, 1, 0xff]);
    }

    #[test]
    fn a_descriptor_that_is_cut_short_stays_as_it_is() {
        let whole = [0x90, 0xf0, 0x81, 2, 9, 0x20];
        for len in 0..4 {
            let mut payload = whole[..len].to_vec();
            Format::Vp8.add(&mut payload, 1, 1);
            assert_eq!(payload, whole[..len], "{len}");
        }
    }
}
