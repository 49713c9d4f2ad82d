//! What a source offers where it makes the offer itself.

use crate::codec::{self, CAPTURE_TIME_ID, Feedback};
use logic::codec::{Codec, Facts, MediaKind};

/// The first payload type of each kind.
const VIDEO: u8 = 96;
const AUDIO: u8 = 111;

/// Profiles of H.264 in which producers send, the one that everybody has first. The level is the highest that they
/// need: a receiver says what it can decode (RFC 6184 section 8.2.2).
const H264: &[&str] = &["constrained-baseline", "baseline", "main", "constrained-high", "high"];
const LEVEL: &str = "5.1";

/// Sound that is not compressed is offered as what nearly everybody has.
const SOUND: Facts<'_> =
    Facts { width: 0, height: 0, fps: 0.0, channels: 2, rate: 48_000, profile: None, level: None };

/// The formats of one stream to receive in any of these codecs; pictures that are not compressed cannot be offered, for
/// their size is part of the format. Every format has a payload type of its own, the same in all streams, which share
/// one transport (RFC 8843 section 9.1).
pub(super) fn formats(kind: MediaKind, codecs: &[&'static Codec]) -> gst::Caps {
    let first = if kind == MediaKind::Video { VIDEO } else { AUDIO };
    let all = logic::codec::ALL.iter().copied().filter(|row| row.kind == kind);
    let all = all.flat_map(|row| variants(row).into_iter().map(move |facts| (row, facts)));
    let all: Vec<_> = all.zip(first..127).collect();
    let mut formats = gst::Caps::new_empty();
    for wanted in codecs {
        for ((row, facts), payload_type) in all.iter().filter(|((row, _), _)| row == wanted) {
            let feedback = Feedback { transport_cc: None, capture_time: Some(CAPTURE_TIME_ID) };
            let mut format = codec::offered(row, *payload_type, 0, facts, feedback);
            if let Some(structure) = format.make_mut().structure_mut(0) {
                structure.remove_field("ssrc");
            }
            formats.merge(format);
        }
    }
    formats
}

/// As what a codec is offered.
fn variants(row: &Codec) -> Vec<Facts<'static>> {
    match row.kind {
        MediaKind::Video if row.is_raw() => Vec::new(),
        MediaKind::Video if row.name == "H264" => {
            let with = |profile: &&'static str| Facts {
                profile: Some(profile),
                level: Some(LEVEL),
                ..Facts::default()
            };
            H264.iter().map(with).collect()
        }
        MediaKind::Audio if row.is_raw() => vec![SOUND],
        _ => vec![Facts::default()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use logic::codec::by_name;

    fn offered(names: &[&str], kind: MediaKind) -> Vec<(String, String)> {
        gst::init().unwrap();
        let codecs: Vec<_> = names.iter().map(|name| by_name(name).unwrap()).collect();
        let formats = formats(kind, &codecs);
        let text = |one: &gst::StructureRef, name| one.get::<String>(name).unwrap_or_default();
        formats.iter().map(|one| (text(one, "encoding-name"), text(one, "profile-level-id"))).collect()
    }

    #[test]
    fn h264_is_offered_in_every_profile_that_producers_send() {
        let offered = offered(&["VP8", "H264", "RAW"], MediaKind::Video);
        let profiles: Vec<_> = offered.iter().map(|(name, id)| format!("{name} {id}")).collect();
        let expected = ["VP8 ", "H264 42e033", "H264 420033", "H264 4d0033", "H264 640c33", "H264 640033"];
        assert_eq!(profiles, expected);
    }

    #[test]
    fn sound_is_offered_with_a_rate_compressed_or_not() {
        gst::init().unwrap();
        let codecs = ["OPUS", "L24", "L16", "L8"].map(|name| by_name(name).unwrap());
        let rates: Vec<_> = formats(MediaKind::Audio, &codecs)
            .iter()
            .map(|one| (one.get::<i32>("payload").unwrap(), one.get::<i32>("clock-rate").unwrap()))
            .collect();
        assert_eq!(rates, [(111, 48_000), (113, 48_000), (114, 48_000), (115, 48_000)]);
    }
}
