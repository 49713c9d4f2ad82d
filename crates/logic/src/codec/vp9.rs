//! VP9 (RFC 9628).

use super::{Codec, Facts, MediaKind, Parameters};

/// The row: profile 0, eight bits and 4:2:0.
pub static CODEC: Codec = Codec {
    name: "VP9",
    kind: MediaKind::Video,
    encoding_name: "VP9",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-vp9",
    caps: "video/x-vp9",
    encoder_caps: "video/x-vp9, profile=(string)0",
    payloader_caps: "video/x-vp9",
    parser: Some("vp9parse"),
    payloaders: &["rtpvp9pay"],
    payloader_settings: &[("picture-id-mode", "15-bit")],
    depayloaders: &["rtpvp9depay"],
    offered,
    serves,
};

fn offered(facts: &Facts<'_>) -> Parameters {
    Parameters::of(&[("profile-id", facts.profile.unwrap_or("0"))])
}

/// Without the parameter the profile is 0 (RFC 9628 section 6.1).
fn serves(remote: &Parameters) -> bool {
    remote.get("profile-id").is_none_or(|id| id == "0")
}
