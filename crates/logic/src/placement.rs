//! Where the encoder of a viewer stands.

use crate::codec::{Codec, MediaKind};

/// What enters a sink pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Pictures or samples.
    Raw,
    /// A stream that an encoder made before us.
    Encoded(&'static Codec),
}

/// Where a viewer's media comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// The input is already what the viewer wants: it is only packetised.
    PassThrough,
    /// One encoder serves every viewer of the stream and codec.
    Shared,
    /// The same for viewers who do not take the input as it is: it is decoded for all of them, once for each encoder.
    Transcode(&'static Codec),
}

impl Placement {
    /// Whether there is an encoder.
    pub fn encodes(self) -> bool {
        self != Self::PassThrough
    }
}

/// The input cannot become what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("turn {input} input into {wanted}: only pictures are transcoded, and into codecs that compress")]
pub struct Impossible {
    input: &'static str,
    wanted: &'static str,
}

/// Places the encoder for a viewer who takes `wanted`.
///
/// # Errors
/// Encoded sound can only be passed on in its own codec, and encoded pictures are not sent as raw ones.
pub fn place(input: Input, wanted: &'static Codec) -> Result<Placement, Impossible> {
    match input {
        Input::Raw if wanted.is_raw() => Ok(Placement::PassThrough),
        Input::Raw => Ok(Placement::Shared),
        Input::Encoded(codec) if codec == wanted => Ok(Placement::PassThrough),
        Input::Encoded(codec)
            if (codec.kind, wanted.kind) == (MediaKind::Video, MediaKind::Video) && !wanted.is_raw() =>
        {
            Ok(Placement::Transcode(codec))
        }
        Input::Encoded(codec) => Err(Impossible { input: codec.name, wanted: wanted.name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn raw_input_is_encoded_once_and_encoded_input_is_passed_on() {
        assert_eq!(place(Input::Raw, &codec::vp8::CODEC), Ok(Placement::Shared));
        assert_eq!(place(Input::Raw, &codec::raw::L16), Ok(Placement::PassThrough));
        assert_eq!(
            place(Input::Encoded(&codec::h264::CODEC), &codec::h264::CODEC),
            Ok(Placement::PassThrough)
        );
        assert!(!Placement::PassThrough.encodes() && Placement::Shared.encodes());
    }

    #[test]
    fn encoded_pictures_become_others_and_encoded_sound_stays_what_it_is() {
        let h264 = Input::Encoded(&codec::h264::CODEC);
        let transcoded = place(h264, &codec::vp8::CODEC).unwrap();
        assert_eq!(transcoded, Placement::Transcode(&codec::h264::CODEC));
        assert!(transcoded.encodes());
        assert!(place(h264, &codec::raw::VIDEO).is_err());
        assert!(place(Input::Encoded(&codec::opus::OPUS), &codec::raw::L16).is_err());
    }
}
