//! From the rows of `logic::codec` to caps and to what is installed.

use crate::encoder::Table;
use crate::errors;
use crate::errors::MissingElement;
use gst::prelude::*;
use logic::capture::CAPTURE_TIME;
use logic::codec::{self, Codec, Facts, MediaKind};
use logic::placement::{Input, Placement};
use logic::sdp::media::{Format, Media};

/// Header extension by which the network is measured.
pub(crate) const TRANSPORT_WIDE_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Identifier, in our offers, of the header extension that tells when frames were captured (RFC 8285).
pub(crate) const CAPTURE_TIME_ID: u8 = 7;

/// Parses caps text from our own tables.
pub(crate) fn caps(text: &str) -> gst::Caps {
    text.parse().unwrap_or_else(|_| gst::Caps::new_empty())
}

/// The codecs that caps name, in their order.
pub(crate) fn named_by(caps: &gst::Caps) -> Vec<&'static Codec> {
    let mut found = Vec::new();
    for structure in caps.iter() {
        for row in codec::ALL {
            let wanted = gst::Caps::from_iter([structure.to_owned()]);
            // A bare audio/x-opus names plain Opus, raw audio its formats.
            let named = row.media_type == structure.name() && self::caps(row.caps).can_intersect(&wanted);
            let multi = row.name == "MULTIOPUS" && !structure.has_field("channel-mapping-family");
            if named && !multi && !found.contains(row) {
                found.push(*row);
            }
        }
    }
    found
}

/// What enters a pad with these caps.
pub(crate) fn input(caps: &gst::CapsRef) -> Option<Input> {
    let structure = caps.structure(0)?;
    if structure.name().ends_with("/x-raw") {
        return Some(Input::Raw);
    }
    let row = codec::ALL
        .iter()
        .find(|row| row.media_type == structure.name() && self::caps(row.caps).can_intersect(caps))?;
    Some(Input::Encoded(row))
}

/// What the caps say about the stream.
pub(crate) fn facts(structure: &gst::StructureRef) -> Facts<'_> {
    let number =
        |name: &str| structure.get::<i32>(name).ok().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let fps = structure.get::<gst::Fraction>("framerate").ok().filter(|f| f.denom() != 0);
    Facts {
        width: number("width"),
        height: number("height"),
        fps: fps.map_or(0.0, |f| f64::from(f.numer()) / f64::from(f.denom())),
        channels: number("channels"),
        rate: number("rate"),
        profile: structure.get::<&str>("profile").ok(),
        level: structure.get::<&str>("level").ok(),
    }
}

/// Encoders for a codec, best first: known ones by rank, then unknown ones.
pub(crate) fn encoders(row: &Codec, table: &Table) -> Vec<gst::ElementFactory> {
    let mut found = factories(gst::ElementFactoryType::ENCODER, row, gst::PadDirection::Src, |factory| {
        table.rank(factory)
    });
    found.sort_by_key(|factory| !table.knows(&factory.name()));
    found
}

/// Decoders for a codec, best first.
pub(crate) fn decoders(row: &Codec) -> Vec<gst::ElementFactory> {
    let rank =
        |factory: &gst::ElementFactory| Some(factory.rank()).filter(|rank| *rank >= gst::Rank::MARGINAL);
    factories(gst::ElementFactoryType::DECODER, row, gst::PadDirection::Sink, rank)
        .into_iter()
        // What decodes pictures with an alpha channel takes no others.
        .filter(|factory| !factory.name().contains("alpha"))
        .collect()
}

fn factories(
    kind: gst::ElementFactoryType,
    row: &Codec,
    direction: gst::PadDirection,
    rank: impl Fn(&gst::ElementFactory) -> Option<gst::Rank>,
) -> Vec<gst::ElementFactory> {
    let media = match row.kind {
        MediaKind::Audio => gst::ElementFactoryType::MEDIA_AUDIO,
        MediaKind::Video => gst::ElementFactoryType::MEDIA_VIDEO,
    };
    let wanted = caps(row.caps);
    let mut found: Vec<_> = gst::ElementFactory::factories_with_type(kind | media, gst::Rank::NONE)
        .into_iter()
        .filter_map(|factory| Some((rank(&factory)?, factory)))
        .filter(|(_, factory)| {
            let mut templates = factory
                .static_pad_templates()
                .into_iter()
                .filter(|template| template.direction() == direction);
            templates.any(|template| !template.caps().is_any() && template.caps().can_intersect(&wanted))
        })
        .collect();
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.name().cmp(&other.name())));
    found.into_iter().map(|(_, factory)| factory).collect()
}

/// The first of these elements that is installed.
pub(crate) fn first_installed(names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| gst::ElementFactory::find(name).is_some())
}

/// Makes the payloader of a codec.
///
/// # Errors
/// None is installed.
pub(crate) fn payloader(row: &Codec) -> Result<gst::Element, MissingElement> {
    errors::make(first_installed(row.payloaders).or(row.payloaders.first().copied()).unwrap_or("payloader"))
}

/// Makes the depayloader of a codec.
///
/// # Errors
/// None is installed.
pub(crate) fn depayloader(row: &Codec) -> Result<gst::Element, MissingElement> {
    errors::make(
        first_installed(row.depayloaders).or(row.depayloaders.first().copied()).unwrap_or("depayloader"),
    )
}

/// Whether a stream that enters as `input` can be sent as `row`.
pub(crate) fn can_send(input: Input, row: &'static Codec, table: &Table) -> bool {
    let Ok(placement) = logic::placement::place(input, row) else { return false };
    let decodable = |from: &Codec| !decoders(from).is_empty();
    first_installed(row.payloaders).is_some()
        && (!placement.encodes() || !encoders(row, table).is_empty())
        && !matches!(placement, Placement::Transcode(from) if !decodable(from))
}

/// The rate of a codec's RTP timestamps, in Hz.
pub(crate) fn clock_rate(row: &Codec, facts: &Facts<'_>) -> u32 {
    if row.clock_rate == 0 { facts.rate } else { row.clock_rate }
}

/// One format of an offer, as RTP caps.
pub(crate) fn offered(
    row: &Codec,
    payload_type: u8,
    ssrc: u32,
    facts: &Facts<'_>,
    feedback: Feedback,
) -> gst::Caps {
    let rate = clock_rate(row, facts);
    let mut builder = gst::Structure::builder("application/x-rtp")
        .field("media", row.kind.as_str())
        .field("encoding-name", row.encoding_name)
        .field("clock-rate", i32::try_from(rate).unwrap_or(90_000))
        .field("payload", i32::from(payload_type))
        .field("ssrc", ssrc);
    let channels =
        row.channels.or((row.kind == MediaKind::Audio && facts.channels > 0).then_some(facts.channels));
    if let Some(channels) = channels {
        builder = builder.field("encoding-params", channels.to_string());
    }
    for (key, value) in (row.offered)(facts).0 {
        builder = builder.field(key, value);
    }
    gst::Caps::from_iter([add_feedback(builder.build(), row.kind, feedback)])
}

/// Formats of a media section as RTP caps; the offer's own parameters complete them. The extensions for
/// transport-wide congestion control and for capture times are taken where they are offered.
pub(crate) fn formats<'a>(
    kind: MediaKind,
    media: &Media,
    formats: impl IntoIterator<Item = &'a Format>,
) -> gst::Caps {
    let extensions = [TRANSPORT_WIDE_CC, CAPTURE_TIME].map(|uri| (media.extension(uri), uri));
    let formats = formats.into_iter().filter_map(|format| {
        let mut structure = gst::Structure::builder("application/x-rtp")
            .field("media", kind.as_str())
            .field("encoding-name", format.encoding_name.to_uppercase())
            .field("clock-rate", i32::try_from(format.clock_rate).ok()?)
            .field("payload", i32::from(format.payload_type))
            .build();
        for (id, uri) in extensions {
            if let Some(id) = id.filter(|id| (1..15).contains(id)) {
                structure.set(format!("extmap-{id}"), uri);
            }
        }
        Some(structure)
    });
    formats.collect()
}

/// Under which identifier formats have a header extension.
pub(crate) fn extension(formats: &gst::Caps, uri: &str) -> Option<u8> {
    let format = formats.structure(0)?;
    (1..15).find(|id| format.get::<&str>(format!("extmap-{id}")) == Ok(uri))
}

/// What feedback a stream asks of the receiver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feedback {
    /// Header extension identifier for transport-wide congestion control, where it is used.
    pub(crate) transport_cc: Option<u8>,
    /// The same of that which tells when frames were captured.
    pub(crate) capture_time: Option<u8>,
}

/// Adds feedback (RFC 4585) and header extensions to a format.
pub(crate) fn add_feedback(
    mut format: gst::Structure,
    kind: MediaKind,
    feedback: Feedback,
) -> gst::Structure {
    if kind == MediaKind::Video {
        format.set("rtcp-fb-nack-pli", true);
        format.set("rtcp-fb-ccm-fir", true);
    }
    if let Some(id) = feedback.transport_cc {
        format.set("rtcp-fb-transport-cc", true);
        format.set(format!("extmap-{id}"), TRANSPORT_WIDE_CC);
    }
    if let Some(id) = feedback.capture_time {
        format.set(format!("extmap-{id}"), CAPTURE_TIME);
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_name_codecs_in_their_order() {
        gst::init().unwrap();
        let names = |text: &str| named_by(&caps(text)).iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names("video/x-h264; video/x-vp8"), ["H264", "VP8"]);
        assert_eq!(names("audio/x-opus"), ["OPUS"]);
        let both = "audio/x-opus, channel-mapping-family=(int)0; audio/x-opus, channel-mapping-family=(int)1";
        assert_eq!(names(both), ["OPUS", "MULTIOPUS"]);
        assert_eq!(names("audio/x-raw, format=S16BE"), ["L16"]);
        assert!(names("video/x-unknown").is_empty());
    }
}
