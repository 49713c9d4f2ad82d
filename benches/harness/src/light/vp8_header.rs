//! As much of a VP8 picture (RFC 6386, sections 9 and 19.2) as tells its size and its quantiser.

/// What a picture says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Of key units only.
    pub size: Option<(u16, u16)>,
    /// `y_ac_qi`, the index that everything without a segment's own has.
    pub quantiser: u8,
}

/// Before the first partition.
const TAG: usize = 3;
/// Of a key unit: start code, width, height.
const KEY_TAG: usize = 10;

/// Reads the beginning of a picture.
pub fn read(picture: &[u8]) -> Option<Header> {
    let key = picture.first()? & 1 == 0;
    let (size, at) = if key {
        // The two upper bits of each are a wish for scaling.
        let side = |at: usize| Some(u16::from_le_bytes([*picture.get(at)?, *picture.get(at + 1)?]) & 0x3fff);
        (Some((side(6)?, side(8)?)), KEY_TAG)
    } else {
        (None, TAG)
    };
    let mut bits = BoolDecoder::new(picture.get(at..).filter(|rest| rest.len() >= 2)?);
    if key {
        // Colour space, clamping.
        bits.number(2);
    }
    skip_segmentation(&mut bits);
    // Kind, level and sharpness of the loop filter.
    bits.number(1 + 6 + 3);
    if bits.flag() && bits.flag() {
        (0..8).for_each(|_| bits.skip_optional(6 + 1));
    }
    // The number of partitions.
    bits.number(2);
    let quantiser = u8::try_from(bits.number(7)).ok()?;
    Some(Header { size, quantiser })
}

fn skip_segmentation(bits: &mut BoolDecoder) {
    if !bits.flag() {
        return;
    }
    let (map, features) = (bits.flag(), bits.flag());
    if features {
        bits.flag();
        // Quantisers, then loop filters.
        (0..4).for_each(|_| bits.skip_optional(7 + 1));
        (0..4).for_each(|_| bits.skip_optional(6 + 1));
    }
    if map {
        (0..3).for_each(|_| bits.skip_optional(8));
    }
}

/// The boolean entropy decoder of section 7.3, for even odds: a header has no others.
struct BoolDecoder<'a> {
    rest: std::slice::Iter<'a, u8>,
    value: u32,
    range: u32,
    shifted: u32,
}

impl<'a> BoolDecoder<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut rest = bytes.iter();
        let mut byte = || rest.next().copied().map_or(0, u32::from);
        let value = byte() << 8 | byte();
        Self {
            rest,
            value,
            range: 255,
            shifted: 0,
        }
    }

    fn flag(&mut self) -> bool {
        const EVEN: u32 = 128;
        let split = 1 + (((self.range - 1) * EVEN) >> 8);
        let set = self.value >= split << 8;
        if set {
            self.range -= split;
            self.value -= split << 8;
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.value <<= 1;
            self.range <<= 1;
            self.shifted += 1;
            if self.shifted == 8 {
                self.shifted = 0;
                self.value |= self.rest.next().copied().map_or(0, u32::from);
            }
        }
        set
    }

    /// Most significant bit first.
    fn number(&mut self, bits: u32) -> u32 {
        (0..bits).fold(0, |number, _| number << 1 | u32::from(self.flag()))
    }

    /// A flag, and bits behind it where it is set.
    fn skip_optional(&mut self, bits: u32) {
        if self.flag() {
            self.number(bits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, read};

    /// What libvpx made at fixed quantisers, 10 and 40 of 63, which are 12 and 59 in the stream.
    const FINE: [u8; 24] = [
        0x10, 0x98, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 0x39, 0x0d, 0x00, 0x04, 0x1c, 0x24, 0x0c,
        0x2c, 0x2c, 0x44, 0xcc, 0x24, 0x40, 0x30,
    ];
    const COARSE: [u8; 24] = [
        0x50, 0x6a, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 0x39, 0x3d, 0x00, 0x1b, 0x1c, 0x24, 0x0c,
        0x2c, 0x2c, 0x44, 0xcc, 0x24, 0x40, 0xec,
    ];
    const FINE_NEXT: [u8; 24] = [
        0x31, 0x7d, 0x00, 0xe3, 0x6b, 0x98, 0x10, 0x4f, 0xaf, 0x10, 0x4f, 0x4f, 0xb1, 0x0a, 0x2f, 0xde, 0xbe,
        0x80, 0x2e, 0xa4, 0x5f, 0x3b, 0x4e, 0xff,
    ];
    const COARSE_NEXT: [u8; 24] = [
        0x11, 0x56, 0x00, 0xe4, 0x2a, 0x18, 0x5f, 0xaf, 0xaf, 0x10, 0x4f, 0x4f, 0xb1, 0x0a, 0x2f, 0xe1, 0xa8,
        0xa0, 0x2e, 0xa4, 0x66, 0x1f, 0x94, 0xbe,
    ];

    fn header(size: Option<(u16, u16)>, quantiser: u8) -> Option<Header> {
        Some(Header { size, quantiser })
    }

    #[test]
    fn key_units_tell_their_size_and_all_pictures_their_quantiser() {
        assert_eq!(read(&FINE), header(Some((320, 240)), 12));
        assert_eq!(read(&COARSE), header(Some((320, 240)), 59));
        assert_eq!(read(&FINE_NEXT), header(None, 12));
        assert_eq!(read(&COARSE_NEXT), header(None, 59));
    }

    #[test]
    fn what_is_cut_off_is_no_picture() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&FINE[..11]), None);
        assert_eq!(read(&FINE_NEXT[..4]), None);
    }
}
