//! H.265 (RFC 7798).

use super::h264::level_idc;
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

/// Levels are told times 30 (RFC 7798 section 7.1).
fn offered(facts: &Facts<'_>) -> Parameters {
    let level = facts.level.and_then(level_idc).unwrap_or_else(|| level_for(facts));
    let level = (u32::from(level) * 3).to_string();
    let profile = match facts.profile {
        Some("main-10") => "2",
        Some("main-still-picture") => "3",
        _ => "1",
    };
    Parameters::of(&[("level-id", &level), ("profile-id", profile), ("tier-flag", "0"), ("tx-mode", "SRST")])
}

/// Ten times the level that the picture size needs.
pub(crate) fn level_for(facts: &Facts<'_>) -> u8 {
    match u64::from(facts.width) * u64::from(facts.height) {
        0..=983_040 => 31,
        983_041..=2_228_224 => 41,
        2_228_225..=8_912_896 => 51,
        _ => 61,
    }
}

/// Main profile in a single stream.
fn serves(remote: &Parameters) -> bool {
    remote.get("profile-id").is_none_or(|id| id == "1")
        && remote.get("tx-mode").is_none_or(|mode| mode.eq_ignore_ascii_case("SRST"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_input_is_offered_with_its_own_profile_and_level() {
        let facts = Facts { profile: Some("main-10"), level: Some("4.1"), ..Facts::default() };
        let own = offered(&facts);
        assert_eq!((own.get("profile-id"), own.get("level-id")), (Some("2"), Some("123")));
        let usual = offered(&Facts { width: 1280, height: 720, ..Facts::default() });
        assert_eq!((usual.get("profile-id"), usual.get("level-id")), (Some("1"), Some("93")));
    }
}
