//! H.265 (RFC 7798).

use super::{Codec, Facts, MediaKind, Parameters};

/// The row: main profile.
pub static CODEC: Codec = Codec {
    name: "H265",
    kind: MediaKind::Video,
    encoding_name: "H265",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-h265",
    caps: "video/x-h265",
    encoder_caps: "video/x-h265, profile=(string)main",
    payloader_caps: "video/x-h265, alignment=(string)au",
    parser: Some("h265parse"),
    payloaders: &["rtph265pay"],
    payloader_settings: &[("aggregate-mode", "zero-latency"), ("config-interval", "-1")],
    depayloaders: &["rtph265depay"],
    offered,
    serves,
};

/// The level that the picture size needs, times 30 (RFC 7798 section 7.1).
fn offered(facts: &Facts<'_>) -> Parameters {
    let luma = u64::from(facts.width) * u64::from(facts.height);
    let level = match luma {
        0..=983_040 => "93",
        983_041..=2_228_224 => "123",
        2_228_225..=8_912_896 => "153",
        _ => "183",
    };
    Parameters::of(&[("level-id", level), ("profile-id", "1"), ("tier-flag", "0"), ("tx-mode", "SRST")])
}

/// Main profile in a single stream.
fn serves(remote: &Parameters) -> bool {
    remote.get("profile-id").is_none_or(|id| id == "1")
        && remote.get("tx-mode").is_none_or(|mode| mode.eq_ignore_ascii_case("SRST"))
}
