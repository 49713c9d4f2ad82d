//! H.264 (RFC 6184), whose `profile-level-id` decides who can decode what.

use super::{Codec, Facts, MediaKind, Parameters};

/// The row: constrained baseline when we encode, which every receiver decodes.
pub static CODEC: Codec = Codec {
    name: "H264",
    kind: MediaKind::Video,
    encoding_name: "H264",
    clock_rate: 90_000,
    channels: None,
    media_type: "video/x-h264",
    caps: "video/x-h264",
    encoder_caps: "video/x-h264, profile=(string)constrained-baseline",
    payloader_caps: "video/x-h264, alignment=(string)au, stream-format=(string)avc",
    parser: Some("h264parse"),
    payloaders: &["rtph264pay"],
    payloader_settings: &[("aggregate-mode", "zero-latency"), ("config-interval", "-1")],
    depayloaders: &["rtph264depay"],
    offered,
    serves,
};

/// The three bytes of `profile-level-id` (RFC 6184 section 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileLevelId {
    /// profile_idc.
    pub profile: u8,
    /// Constraint flags, profile-iop.
    pub constraints: u8,
    /// level_idc: ten times the level.
    pub level: u8,
}

impl ProfileLevelId {
    /// Reads six hexadecimal digits that name a profile known to H.264.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let all = u32::from_str_radix(text, 16).ok()?.to_be_bytes();
        let [_, profile, constraints, level] = all;
        matches!(profile, 66 | 77 | 88 | 100 | 110 | 122 | 244 | 44).then_some(Self {
            profile,
            constraints,
            level,
        })
    }
}

fn offered(facts: &Facts<'_>) -> Parameters {
    let profile = match facts.profile {
        Some("baseline") => "4200",
        Some("main") => "4d00",
        Some("high") => "6400",
        Some("constrained-high") => "640c",
        _ => "42e0",
    };
    let level = facts.level.and_then(level_idc).unwrap_or_else(|| level_for(facts));
    let id = format!("{profile}{level:02x}");
    Parameters::of(&[
        ("packetization-mode", "1"),
        ("profile-level-id", &id),
        ("level-asymmetry-allowed", "1"),
    ])
}

/// `level_idc` from the name of a level, 31 from "3.1".
pub(crate) fn level_idc(name: &str) -> Option<u8> {
    match name.split_once('.') {
        Some((major, minor)) => {
            Some(major.parse::<u8>().ok()?.checked_mul(10)?.checked_add(minor.parse().ok()?)?)
        }
        None => name.parse::<u8>().ok()?.checked_mul(10),
    }
}

/// The lowest level from 3.1 whose picture size and macroblock rate suffice (H.264 table A-1).
pub(crate) fn level_for(facts: &Facts<'_>) -> u8 {
    let blocks = f64::from(facts.width.div_ceil(16)) * f64::from(facts.height.div_ceil(16));
    let rate = blocks * if facts.fps > 0.0 { facts.fps } else { 30.0 };
    const LEVELS: [(u8, f64, f64); 6] = [
        (31, 3_600.0, 108_000.0),
        (32, 5_120.0, 216_000.0),
        (40, 8_192.0, 245_760.0),
        (42, 8_704.0, 522_240.0),
        (51, 36_864.0, 983_040.0),
        (52, 36_864.0, 2_073_600.0),
    ];
    LEVELS.iter().find(|(_, size, speed)| blocks <= *size && rate <= *speed).map_or(52, |(level, ..)| *level)
}

/// The profile that a peer decodes, by its GStreamer name (RFC 6184 table 5).
pub(crate) fn profile(remote: &Parameters) -> Option<&'static str> {
    let Some(id) = remote.get("profile-level-id") else { return Some("baseline") };
    let id = ProfileLevelId::parse(id)?;
    match (id.profile, id.constraints) {
        (66, constraints) if constraints & 0x40 != 0 => Some("constrained-baseline"),
        (77, constraints) if constraints & 0x80 != 0 => Some("constrained-baseline"),
        (66, _) => Some("baseline"),
        (77, _) => Some("main"),
        (100, constraints) if constraints & 0x0c == 0x0c => Some("constrained-high"),
        (100, _) => Some("high"),
        _ => None,
    }
}

/// Constrained baseline is part of every profile for which decoders exist; single-NAL mode is not served,
/// for our packets are fragmented. Without the parameter a peer means baseline (RFC 6184 section 8.1).
fn serves(remote: &Parameters) -> bool {
    let known = remote.get("profile-level-id").is_none_or(|id| ProfileLevelId::parse(id).is_some());
    known && remote.get("packetization-mode").is_none_or(|mode| mode == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_picture_size_and_rate() {
        let level = |width, height, fps| level_for(&Facts { width, height, fps, ..Facts::default() });
        assert_eq!(level(1280, 720, 30.0), 31);
        assert_eq!(level(1280, 720, 60.0), 32);
        assert_eq!(level(1920, 1080, 30.0), 40);
        assert_eq!(level(1920, 1080, 60.0), 42);
        assert_eq!(level(3840, 2160, 30.0), 51);
        assert_eq!(level(0, 0, 0.0), 31);
    }

    #[test]
    fn profiles_nobody_has_heard_of_are_not_served_and_never_panic() {
        for bad in ["", "zzzzzz", "ffffff", "42e0", "42e01f42", "é2e01f", "+2e01f"] {
            assert!(!serves(&Parameters::of(&[("profile-level-id", bad)])), "{bad}");
        }
        for good in ["42e01f", "42001f", "4d001f", "640c34", "640032", "42E01F"] {
            assert!(
                serves(&Parameters::of(&[("profile-level-id", good), ("packetization-mode", "1")])),
                "{good}"
            );
        }
        assert!(!serves(&Parameters::of(&[("profile-level-id", "42e01f"), ("packetization-mode", "0")])));
    }

    #[test]
    fn encoded_input_is_offered_with_its_own_profile_and_level() {
        let facts = Facts { profile: Some("main"), level: Some("4.1"), ..Facts::default() };
        assert_eq!(offered(&facts).get("profile-level-id"), Some("4d0029"));
        let facts = Facts { profile: Some("high"), level: Some("4"), ..Facts::default() };
        assert_eq!(offered(&facts).get("profile-level-id"), Some("640028"));
    }
}
