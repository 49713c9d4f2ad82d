//! From arriving RTP to what downstream asks for: pictures and samples, encoded frames, or the RTP itself.

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
}

/// What a pad's peer prefers, as RTP, raw or encoded; raw where nobody is linked yet.
pub(crate) fn wanted(pad: &gst::Pad, kind: MediaKind) -> Output {
    let encoded = rows::ALL.iter().filter(|row| row.kind == kind && !row.is_raw());
    let mut choices = codec::caps("application/x-rtp");
    let raw = codec::caps(&format!("{kind}/x-raw(ANY)"));
    choices.merge(raw.clone());
    encoded.for_each(|row| choices.merge(codec::caps(row.media_type)));
    if !pad.is_linked() {
        return Output::Raw;
    }
    let accepted = pad.peer_query_caps(Some(&choices));
    match accepted.structure(0).map(|structure| structure.name().as_str()) {
        Some("application/x-rtp") => Output::Rtp,
        Some(name) if name.ends_with("/x-raw") => Output::Raw,
        Some(_) => Output::Encoded,
        None => Output::Raw,
    }
}

/// Elements in a bin, from RTP to what was wanted.
pub(crate) struct Chain {
    elements: Vec<gst::Element>,
}

impl Chain {
    /// Builds the chain for RTP with these caps, in the state of `bin`.
    ///
    /// # Errors
    /// The codec is unknown, or an element is missing or does not start.
    pub(crate) fn build(bin: &gst::Bin, caps: &gst::CapsRef, output: Output) -> Result<Self, DecodeError> {
        let row = row(caps).ok_or_else(|| DecodeError::Unknown(caps.to_string()))?;
        let depayloader = codec::depayloader(row)?;
        set_if_present(&depayloader, "request-keyframe", "true");
        set_if_present(&depayloader, "wait-for-keyframe", "true");
        let mut elements = vec![depayloader];
        if let Some(parser) = row.parser {
            elements.push(make(parser)?);
        }
        if output == Output::Raw && !row.is_raw() {
            elements.push(start_decoder(row)?);
        }
        let link = |err: gst::glib::BoolError| DecodeError::Link { codec: row.name, cause: err.to_string() };
        bin.add_many(&elements).map_err(link)?;
        let chain = Self { elements };
        gst::Element::link_many(&chain.elements).map_err(link)?;
        for element in chain.elements.iter().rev() {
            element.sync_state_with_parent().map_err(link)?;
        }
        Ok(chain)
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
