//! The counters of pictures in payload descriptors: where they are, what they are, how they are changed.

use super::{vp8, vp9};
use crate::codec::Codec;

/// How a format's payloads count pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Not at all, or where only the encoder could change it: H.264, H.265, AV1, sound.
    #[default]
    Plain,
    /// As RFC 7741 says.
    Vp8,
    /// As RFC 9628 says.
    Vp9,
}

impl Format {
    /// The format of a codec.
    pub fn of(codec: &Codec) -> Self {
        match codec.encoding_name {
            "VP8" => Self::Vp8,
            "VP9" => Self::Vp9,
            _ => Self::Plain,
        }
    }

    fn fields(self, payload: &[u8]) -> Fields {
        match self {
            Self::Plain => Fields::default(),
            Self::Vp8 => vp8::fields(payload),
            Self::Vp9 => vp9::fields(payload),
        }
    }

    /// The counters of a packet. A descriptor that is cut short has those that it has whole.
    pub(super) fn read(self, payload: &[u8]) -> Counters {
        let fields = self.fields(payload);
        Counters {
            id: fields.id.and_then(|field| field.read(payload)),
            base_layer: fields.base_layer.and_then(|at| payload.get(at).copied()),
        }
    }

    /// Adds to the counters of a packet, each in its own width.
    pub(super) fn add(self, payload: &mut [u8], id: u16, base_layer: u8) {
        let fields = self.fields(payload);
        if let Some(field) = fields.id
            && let Some((old, _)) = field.read(payload)
        {
            field.write(payload, old.wrapping_add(id));
        }
        if let Some(byte) = fields.base_layer.and_then(|at| payload.get_mut(at)) {
            *byte = byte.wrapping_add(base_layer);
        }
    }
}

/// What a packet says of its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counters {
    /// The picture's number, and the largest that there can be.
    pub(super) id: Option<(u16, u16)>,
    /// TL0PICIDX: the number of the picture of the lowest temporal layer that this one builds on or is.
    pub(super) base_layer: Option<u8>,
}

/// Where in a payload the counters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fields {
    pub(super) id: Option<PictureId>,
    pub(super) base_layer: Option<usize>,
}

/// A picture number of seven bits, or of fifteen where the first bit says so; VP8 and VP9 write it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PictureId {
    at: usize,
    long: bool,
}

impl PictureId {
    /// The field at that place, and where the next one is.
    pub(super) fn at(payload: &[u8], at: usize) -> Option<(Self, usize)> {
        let long = payload.get(at)? & 0x80 != 0;
        Some((Self { at, long }, at + 1 + usize::from(long)))
    }

    /// The number, and the largest that there can be.
    fn read(self, payload: &[u8]) -> Option<(u16, u16)> {
        let first = u16::from(payload.get(self.at)? & 0x7f);
        if self.long {
            let second = u16::from(*payload.get(self.at + 1)?);
            Some((first << 8 | second, 0x7fff))
        } else {
            Some((first, 0x7f))
        }
    }

    fn write(self, payload: &mut [u8], id: u16) {
        let [high, low] = id.to_be_bytes();
        let bytes = payload.get_mut(self.at..).unwrap_or_default();
        match bytes {
            [first, second, ..] if self.long => (*first, *second) = (0x80 | high, low),
            [first, ..] if !self.long => *first = low & 0x7f,
            _ => {}
        }
    }
}
