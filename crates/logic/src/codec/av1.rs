//! AV1 (the Alliance's RTP payload format, version 1.0).

use super::{Codec, MediaKind, Parameters, no_parameters};

/// The row: main profile.
pub static CODEC: Codec = Codec {
    name: "AV1",
    kind: MediaKind::Video,
    encoding_name: "AV1",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-av1",
    caps: "video/x-av1",
    encoder_caps: "video/x-av1",
    payloader_caps: "video/x-av1, stream-format=(string)obu-stream, alignment=(string)tu",
    parser: Some("av1parse"),
    payloaders: &["rtpav1pay"],
    payloader_settings: &[],
    depayloaders: &["rtpav1depay"],
    offered: no_parameters,
    serves,
};

/// Without the parameter the profile is 0, main.
fn serves(remote: &Parameters) -> bool {
    remote.get("profile").is_none_or(|profile| profile == "0")
}
