//! Where the encoder of a viewer stands.

use crate::codec::Codec;

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
}

/// The input cannot become what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("turn {input} input into {wanted}: already encoded input is passed on as it is, never transcoded")]
pub struct Impossible {
    input: &'static str,
    wanted: &'static str,
}

/// Places the encoder for a viewer who takes `wanted`.
///
/// # Errors
/// Encoded input can only be passed on in its own codec.
pub fn place(input: Input, wanted: &'static Codec) -> Result<Placement, Impossible> {
    match input {
        Input::Raw if wanted.is_raw() => Ok(Placement::PassThrough),
        Input::Raw => Ok(Placement::Shared),
        Input::Encoded(codec) if codec == wanted => Ok(Placement::PassThrough),
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
        assert!(place(Input::Encoded(&codec::h264::CODEC), &codec::vp8::CODEC).is_err());
    }
}
