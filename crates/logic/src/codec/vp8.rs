//! VP8 (RFC 7741).

use super::{Codec, MediaKind, no_parameters, serves_all};

/// The row.
pub static CODEC: Codec = Codec {
    name: "VP8",
    kind: MediaKind::Video,
    encoding_name: "VP8",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-vp8",
    caps: "video/x-vp8",
    encoder_caps: "video/x-vp8",
    payloader_caps: "video/x-vp8",
    parser: None,
    payloaders: &["rtpvp8pay"],
    payloader_settings: &[("picture-id-mode", "15-bit")],
    depayloaders: &["rtpvp8depay"],
    offered: no_parameters,
    serves: serves_all,
};
