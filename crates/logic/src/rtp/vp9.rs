//! The payload descriptor of VP9 (RFC 9628 section 4.2).

use super::picture::{Fields, PictureId};

/// Where the counters are. In flexible mode references are counted back from the picture itself, so they stay right.
pub(super) fn fields(payload: &[u8]) -> Fields {
    let Some(first) = payload.first() else { return Fields::default() };
    let (mut next, mut fields) = (1, Fields::default());
    if first & 0x80 != 0 {
        let Some((id, after)) = PictureId::at(payload, next) else { return fields };
        (fields.id, next) = (Some(id), after);
    }
    let (layers, flexible) = (first & 0x20 != 0, first & 0x10 != 0);
    if layers && !flexible {
        // The byte before it names the layers.
        fields.base_layer = Some(next + 1);
    }
    fields
}

#[cfg(test)]
mod tests {
    use crate::rtp::picture::{Counters, Format};

    fn read(payload: &[u8]) -> Counters {
        Format::Vp9.read(payload)
    }

    #[test]
    fn counters_are_found_in_every_form_of_the_descriptor() {
        let both = |id, base_layer| Counters { id, base_layer };
        assert_eq!(read(&[0x0c, 0x7f, 0x7f]), both(None, None), "no number");
        assert_eq!(read(&[0x8c, 0x7f]), both(Some((127, 0x7f)), None), "seven bits");
        assert_eq!(read(&[0x8c, 0x81, 2]), both(Some((258, 0x7fff)), None), "fifteen bits");
        assert_eq!(read(&[0xac, 0x81, 2, 0, 9]), both(Some((258, 0x7fff)), Some(9)), "layers");
        assert_eq!(read(&[0x2c, 0, 9]), both(None, Some(9)), "layers alone");
        assert_eq!(
            read(&[0xbc, 0x81, 2, 0, 9]),
            both(Some((258, 0x7fff)), None),
            "flexible mode has no such number"
        );
    }

    #[test]
    fn numbers_wrap_in_their_own_width_and_nothing_else_changes() {
        let mut payload = vec![0xac, 0xff, 0xff, 0x07, 0xff, 0x7f];
        Format::Vp9.add(&mut payload, 1, 1);
        assert_eq!(payload, [0xac, 0x80, 0, 0x07, 0, 0x7f]);
    }
}
