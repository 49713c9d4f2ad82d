//! Uncompressed audio (RFC 3551, RFC 3190) and video (RFC 4175), for peers that are pipelines.

use super::{Codec, Facts, MediaKind, Parameters, no_parameters, serves_all};

const fn audio(
    name: &'static str,
    caps: &'static str,
    payloaders: &'static [&'static str],
    depayloaders: &'static [&'static str],
) -> Codec {
    Codec {
        name,
        kind: MediaKind::Audio,
        encoding_name: name,
        clock_rate: 0,
        channels: None,
        media_type: "audio/x-raw",
        caps,
        encoder_caps: caps,
        payloader_caps: caps,
        parser: None,
        payloaders,
        payloader_settings: &[],
        depayloaders,
        offered: no_parameters,
        serves: serves_all,
    }
}

/// 24 bits a sample.
pub static L24: Codec = audio(
    "L24",
    "audio/x-raw, format=(string)S24BE, layout=(string)interleaved",
    &["rtpL24pay"],
    &["rtpL24depay"],
);
/// 16 bits a sample.
pub static L16: Codec = audio(
    "L16",
    "audio/x-raw, format=(string)S16BE, layout=(string)interleaved",
    &["rtpL16pay"],
    &["rtpL16depay"],
);
/// 8 bits a sample.
pub static L8: Codec =
    audio("L8", "audio/x-raw, format=(string)U8, layout=(string)interleaved", &["rtpL8pay"], &["rtpL8depay"]);

/// Pictures in 4:2:0 or packed RGB.
pub static VIDEO: Codec = Codec {
    name: "RAW",
    kind: MediaKind::Video,
    encoding_name: "RAW",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-raw",
    caps: "video/x-raw",
    encoder_caps: "video/x-raw, format=(string)I420",
    payloader_caps: "video/x-raw, format=(string)I420",
    parser: None,
    payloaders: &["rtpvrawpay"],
    payloader_settings: &[],
    depayloaders: &["rtpvrawdepay"],
    offered,
    serves: serves_all,
};

fn offered(facts: &Facts<'_>) -> Parameters {
    let (width, height) = (facts.width.to_string(), facts.height.to_string());
    Parameters::of(&[
        ("sampling", "YCbCr-4:2:0"),
        ("depth", "8"),
        ("width", &width),
        ("height", &height),
        ("colorimetry", "BT601-5"),
    ])
}
