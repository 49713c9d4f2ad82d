//! Whether a stream that became another can go on under the description that viewers have of it.
//!
//! What enters an encoder of ours is converted, whatever it is; what viewers are told of a stream that is encoded
//! already names its profile and its level, and those it has to keep to.

use crate::codec::{Codec, Facts, Parameters, h264, h265};
use crate::placement::Input;

/// What the caps of a stream say that a description or a running encoder depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Raw or encoded.
    pub entering: Input,
    /// The kind of memory that pictures are in; empty for the system's.
    pub memory: String,
    /// Of encoded pictures, by its GStreamer name, where the caps say it.
    pub profile: Option<String>,
    /// Likewise.
    pub level: Option<String>,
    /// Of pictures, 0 where unknown: the level that is told where the caps say none follows from it.
    pub width: u32,
    /// Likewise.
    pub height: u32,
    /// Likewise, in frames per second.
    pub rate: f64,
}

impl Form {
    /// Ten times the level that its description names for a codec, where that names any.
    fn usual_level(&self, codec: &Codec) -> Option<u8> {
        let facts = Facts { width: self.width, height: self.height, fps: self.rate, ..Facts::default() };
        match codec.name {
            "H264" => Some(h264::level_for(&facts)),
            "H265" => Some(h265::level_for(&facts)),
            _ => None,
        }
    }
}

/// What a change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: converters, encoders and payloaders that run take the stream as it comes.
    Carried,
    /// Encoders are started anew. What viewers were told stays true.
    Restarted,
    /// Viewers are offered the stream anew, and nothing else.
    Reoffered,
}

/// What becomes of a stream that viewers were told to be `told`, that is `before`, and becomes `now`. It was offered in
/// `offered` codecs, and can be sent in `possible` ones from now on.
pub fn change(
    told: &Form,
    before: &Form,
    now: &Form,
    offered: &[&'static Codec],
    possible: &[&'static Codec],
) -> Change {
    if !offered.iter().all(|codec| possible.contains(codec)) || !keeps_to(told, now) {
        return Change::Reoffered;
    }
    if (now.entering, &now.memory) != (before.entering, &before.memory) {
        return Change::Restarted;
    }
    Change::Carried
}

/// Whether what is passed on is what viewers were told to expect of its codec.
fn keeps_to(told: &Form, now: &Form) -> bool {
    let Input::Encoded(codec) = now.entering else { return true };
    let own = told.entering == now.entering;
    let promised = told.profile.as_deref().filter(|_| own).or_else(|| ours(codec));
    let (Some(promised), Some(profile)) = (promised, now.profile.as_deref()) else {
        return keeps_level(codec, told, now, own);
    };
    contains(codec, promised, profile) && keeps_level(codec, told, now, own)
}

fn keeps_level(codec: &Codec, told: &Form, now: &Form, own: bool) -> bool {
    let Some(level) = now.level.as_deref().and_then(h264::level_idc) else { return true };
    let promised = told.level.as_deref().filter(|_| own).and_then(h264::level_idc);
    promised.or_else(|| told.usual_level(codec)).is_none_or(|promised| level <= promised)
}

/// The profile that is told where the caps of a stream say none, as of those that we encode.
fn ours(codec: &Codec) -> Option<&'static str> {
    match codec.name {
        "H264" => Some("constrained-baseline"),
        "H265" | "AV1" => Some("main"),
        "VP9" => Some("0"),
        _ => None,
    }
}

/// Whether a peer with these format parameters decodes a stream of this profile, as far as can be told.
pub fn takes(codec: &Codec, remote: &Parameters, profile: &str) -> bool {
    let said = |default| remote.get("profile-id").unwrap_or(default);
    let theirs = match codec.name {
        "H264" if remote.get("packetization-mode").is_some_and(|mode| mode != "1") => None,
        "H264" => h264::profile(remote),
        "H265" => match said("1") {
            "1" => Some("main"),
            "2" => Some("main-10"),
            _ => None,
        },
        "VP9" => Some(said("0")),
        _ => None,
    };
    theirs.is_some_and(|theirs| contains(codec, theirs, profile))
}

/// Whether who decodes one profile of a codec decodes the other as well (H.264 table A-2, H.265 A.3).
fn contains(codec: &Codec, wide: &str, narrow: &str) -> bool {
    const H264: &[(&str, &[&str])] = &[
        ("baseline", &["constrained-baseline"]),
        ("main", &["constrained-baseline"]),
        ("constrained-high", &["constrained-baseline"]),
        ("high", &["constrained-baseline", "main", "constrained-high", "progressive-high"]),
        ("progressive-high", &["constrained-baseline", "constrained-high"]),
    ];
    const H265: &[(&str, &[&str])] =
        &[("main", &["main-still-picture"]), ("main-10", &["main", "main-still-picture"])];
    let rows = match codec.name {
        "H264" => H264,
        "H265" => H265,
        _ => &[],
    };
    wide == narrow || rows.iter().any(|(row, others)| *row == wide && others.contains(&narrow))
}

#[cfg(test)]
mod tests;
