//! From arriving RTP to what downstream asks for: pictures and samples, encoded frames, or the RTP itself.

use super::encoded_filter;
use crate::codec;
use crate::errors::{MissingElement, make};
use crate::gobject::set_if_present;
use crate::packages;
use gst::prelude::*;
use logic::codec::{self as rows, Codec, MediaKind};

/// What downstream takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// RTP packets as they come.
    Rtp,
    /// Encoded frames.
    Encoded,
    /// Pictures or samples.
    Raw,
}

/// A chain could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("{0}")]
    Missing(#[from] MissingElement),
    #[error("receive {0}: it is no codec that is known here")]
    Unknown(String),
    #[error("decode {codec}: no decoder starts; on Debian install {}", packages::of_codec(codec))]
    NoDecoder { codec: &'static str },
    #[error("connect the elements for {codec}: {cause}")]
    Link { codec: &'static str, cause: String },
    #[error("use the element {filter} that was given for signal request-encoded-filter: {cause}")]
    Filter { filter: String, cause: &'static str },
}

/// What a pad's peer takes of a kind of media, best first; nothing is known where nobody is linked yet.
fn accepted(pad: &gst::Pad, kind: MediaKind) -> Option<gst::Caps> {
    let encoded = rows::ALL.iter().filter(|row| row.kind == kind && !row.is_raw());
    let mut choices = codec::caps("application/x-rtp");
    choices.merge(codec::caps(&format!("{kind}/x-raw(ANY)")));
    encoded.for_each(|row| choices.merge(codec::caps(row.media_type)));
    pad.is_linked().then(|| pad.peer_query_caps(Some(&choices)))
}

/// As what such caps take a codec, if at all.
fn output(accepted: &gst::StructureRef, row: &Codec) -> Option<Output> {
    match accepted.name().as_str() {
        "application/x-rtp" => {
            let rtp = gst::Structure::builder("application/x-rtp").field("media", row.kind.as_str());
            let rtp = rtp.field("encoding-name", row.encoding_name).build();
            accepted.can_intersect(&rtp).then_some(Output::Rtp)
        }
        name if name.ends_with("/x-raw") => Some(Output::Raw),
        name => (name == row.media_type).then_some(Output::Encoded),
    }
}

/// What a pad's peer prefers to take of a stream in this codec; raw where nobody is linked yet, or where it takes nothing
/// of it.
pub(crate) fn wanted(pad: &gst::Pad, row: &Codec) -> Output {
    let accepted = accepted(pad, row.kind);
    accepted.iter().flat_map(|caps| caps.iter()).find_map(|one| output(one, row)).unwrap_or(Output::Raw)
}

/// Those of the codecs in which a pad's peer takes a stream, as it comes or decoded.
pub(crate) fn acceptable(
    pad: &gst::Pad,
    kind: MediaKind,
    mut codecs: Vec<&'static Codec>,
) -> Vec<&'static Codec> {
    if let Some(accepted) = accepted(pad, kind) {
        codecs.retain(|row| accepted.iter().any(|one| output(one, row).is_some()));
    }
    codecs
}

/// Elements in a bin, from RTP to what was wanted.
pub(crate) struct Chain {
    elements: Vec<gst::Element>,
}

impl Chain {
    /// Builds the chain for RTP with this codec, in the state of `bin`; encoded frames go through the filter.
    ///
    /// # Errors
    /// An element is missing or does not start, or the filter cannot be used.
    pub(crate) fn build(
        bin: &gst::Bin,
        row: &'static Codec,
        output: Output,
        filter: Option<gst::Element>,
    ) -> Result<Self, DecodeError> {
        let depayloader = codec::depayloader(row)?;
        set_if_present(&depayloader, "request-keyframe", "true");
        set_if_present(&depayloader, "wait-for-keyframe", "true");
        let mut elements = vec![depayloader];
        if let Some(parser) = row.parser {
            elements.push(make(parser)?);
        }
        if let Some(filter) = filter {
            if let Some(cause) = encoded_filter::unfit(&filter, None) {
                return Err(DecodeError::Filter { filter: filter.name().into(), cause });
            }
            elements.push(filter);
        }
        if output == Output::Raw && !row.is_raw() {
            elements.push(start_decoder(row)?);
        }
        let link = |err: gst::glib::BoolError| DecodeError::Link { codec: row.name, cause: err.to_string() };
        bin.add_many(&elements).map_err(link)?;
        let chain = Self { elements };
        match chain.start() {
            Ok(()) => Ok(chain),
            Err(err) => {
                chain.dismantle(bin);
                Err(link(err))
            }
        }
    }

    fn start(&self) -> Result<(), gst::glib::BoolError> {
        gst::Element::link_many(&self.elements)?;
        self.elements.iter().rev().try_for_each(ElementExt::sync_state_with_parent)
    }

    /// Where RTP enters.
    pub(crate) fn sink(&self) -> Option<gst::Pad> {
        self.elements.first()?.static_pad("sink")
    }

    /// Where the result leaves.
    pub(crate) fn src(&self) -> Option<gst::Pad> {
        self.elements.last()?.static_pad("src")
    }

    /// What decodes, where anything does.
    pub(crate) fn decoder(&self) -> Option<String> {
        let factory = self.elements.last()?.factory()?;
        factory.has_type(gst::ElementFactoryType::DECODER).then(|| factory.name().to_string())
    }

    /// Stops the elements and takes them out of the bin.
    pub(crate) fn dismantle(self, bin: &gst::Bin) {
        for element in self.elements {
            element.set_locked_state(true);
            let _ = element.set_state(gst::State::Null);
            let _ = bin.remove(&element);
        }
    }
}

/// The codec of RTP with these caps.
///
/// # Errors
/// It is none that is known here.
pub(crate) fn codec_of(caps: &gst::CapsRef) -> Result<&'static Codec, DecodeError> {
    row(caps).ok_or_else(|| DecodeError::Unknown(caps.to_string()))
}

/// The codec of RTP with these caps, where it is known here.
pub(crate) fn row(caps: &gst::CapsRef) -> Option<&'static Codec> {
    let structure = caps.structure(0)?;
    let kind = match structure.get::<&str>("media").ok()? {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        _ => return None,
    };
    let rate = structure.get::<i32>("clock-rate").ok().and_then(|rate| u32::try_from(rate).ok())?;
    rows::by_rtpmap(kind, structure.get::<&str>("encoding-name").ok()?, rate)
}

/// The first decoder, best first, that goes to READY.
pub(super) fn start_decoder(row: &'static Codec) -> Result<gst::Element, DecodeError> {
    for factory in codec::decoders(row) {
        let Ok(decoder) = factory.create().build() else {
            continue;
        };
        // A picture that needs what was lost is not shown: a key unit is asked for instead.
        set_if_present(&decoder, "automatic-request-sync-points", "true");
        set_if_present(&decoder, "discard-corrupted-frames", "true");
        if decoder.set_state(gst::State::Ready).is_ok() {
            return Ok(decoder);
        }
        let _ = decoder.set_state(gst::State::Null);
    }
    Err(DecodeError::NoDecoder { codec: row.name })
}
