//! From a remote description and our streams or codecs to one plan per m-line.

use super::media::{Description, Format, Media, Section};
use crate::codec::{self, Codec, MediaKind};
use crate::terms;

/// Why a remote description leaves nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Every section was refused or is not about media.
    #[error("agree on media: the peer wants none of the streams")]
    NothingWanted,
    /// No section has a format that both sides know.
    #[error("agree on a codec: the peer knows {theirs}, this side {ours}")]
    NoCommonCodec {
        /// The peer's formats.
        theirs: String,
        /// Our codecs.
        ours: String,
    },
}

/// A stream that we can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Audio or video.
    pub kind: MediaKind,
    /// What it can be sent as, in the application's order of preference.
    pub codecs: Vec<&'static Codec>,
    /// Whether the first of these is taken wherever the peer takes it: it is what enters, and the others cost more.
    pub is_encoded: bool,
    /// The profile of what enters, by its GStreamer name, where that is encoded already and says it.
    pub profile: Option<String>,
}

/// What to send in one m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Index of the m-line.
    pub m_line: usize,
    /// Index of our stream.
    pub stream: usize,
    /// What it is sent as.
    pub codec: &'static Codec,
    /// The peer's numbers for it.
    pub format: Format,
    /// The peer's header extensions: identifier and URI.
    pub extensions: Vec<(u8, String)>,
}

/// What to receive in one m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiving {
    /// Index of the m-line.
    pub m_line: usize,
    /// Audio or video.
    pub kind: MediaKind,
    /// The formats we take, in the peer's order.
    pub formats: Vec<(Format, &'static Codec)>,
}

/// Reads the answer to an offer in which m-line n carried stream `lines[n]`.
///
/// Each stream is sent in the first of the answer's formats that we can make, or as it enters where it is encoded
/// already and the answer has that. Streams that the peer refused
/// are left out.
///
/// # Errors
/// Nothing is left to send.
pub fn read_answer(
    answer: &Description,
    streams: &[Stream],
    lines: &[Option<usize>],
) -> Result<Vec<Sending>, PlanError> {
    let mut plan = Vec::new();
    let mut refused = Vec::new();
    for (m_line, media) in answer.media.iter().enumerate() {
        let Some(stream) = lines.get(m_line).copied().flatten() else {
            continue;
        };
        let Some(ours) = streams.get(stream).filter(|_| wants(media)) else {
            continue;
        };
        let among = |codecs: &[&'static Codec]| {
            media.formats.iter().find_map(|format| {
                let codec = codecs.iter().copied().find(|codec| matches(codec, media, format))?;
                Some((codec, format))
            })
        };
        // The answer took the parameters of what enters, which need not be those that we encode.
        let as_it_is = ours.codecs.first().copied().filter(|_| ours.is_encoded).and_then(|own| {
            let is_own = |format: &&Format| {
                codec::by_rtpmap(own.kind, &format.encoding_name, format.clock_rate) == Some(own)
            };
            Some((own, media.formats.iter().find(is_own)?))
        });
        match as_it_is.or_else(|| among(&ours.codecs)) {
            Some((codec, format)) => plan.push(sending(m_line, stream, codec, format, media)),
            None => refused.push((media, ours)),
        }
    }
    finish(plan, &refused)
}

/// Reads an offer that we answer by sending: each audio or video m-line gets the stream that it has had, as
/// `lines` says, else our first unused stream of its kind; in the application's preferred codec among those
/// offered.
///
/// # Errors
/// Nothing is left to send.
pub fn read_offer(
    offer: &Description,
    streams: &[Stream],
    lines: &[Option<usize>],
) -> Result<Vec<Sending>, PlanError> {
    let mut used: Vec<_> = (0..streams.len()).map(|stream| lines.contains(&Some(stream))).collect();
    let mut plan = Vec::new();
    let mut refused = Vec::new();
    for (m_line, media) in offer.media.iter().enumerate() {
        let Section::Rtp(kind) = media.section else {
            continue;
        };
        if !wants(media) {
            continue;
        }
        let known = lines.get(m_line).copied().flatten();
        let is_free = |(index, (stream, used)): &(usize, (&Stream, &mut bool))| {
            stream.kind == kind && known.map_or(!**used, |known| known == *index)
        };
        let free = streams.iter().zip(&mut used).enumerate().find(is_free);
        let Some((stream, (ours, taken))) = free else {
            continue;
        };
        let chosen = ours.codecs.iter().copied().enumerate().find_map(|(index, codec)| {
            let profile = ours.profile.as_deref().filter(|_| ours.is_encoded && index == 0);
            let fitting = profile.and_then(|profile| of_profile(codec, profile, media));
            let format = fitting.or_else(|| media.formats.iter().find(|f| matches(codec, media, f)))?;
            Some((codec, format))
        });
        match chosen {
            Some((codec, format)) => {
                *taken = true;
                plan.push(sending(m_line, stream, codec, format, media));
            }
            None => refused.push((media, ours)),
        }
    }
    finish(plan, &refused)
}

/// Reads an offer that we answer by receiving, in the codecs of `wanted`.
///
/// # Errors
/// Nothing is left to receive.
pub fn read_offer_to_receive(
    offer: &Description,
    wanted: &[&'static Codec],
) -> Result<Vec<Receiving>, PlanError> {
    read_offer_to_receive_by_line(offer, |_| wanted.to_vec())
}

/// The same where each m-line has codecs of its own.
///
/// # Errors
/// Nothing is left to receive.
pub fn read_offer_to_receive_by_line(
    offer: &Description,
    wanted: impl Fn(usize) -> Vec<&'static Codec>,
) -> Result<Vec<Receiving>, PlanError> {
    let mut plan = Vec::new();
    let mut refused = None;
    for (m_line, media) in offer.media.iter().enumerate() {
        let Section::Rtp(kind) = media.section else {
            continue;
        };
        if media.rejected || !media.sends {
            continue;
        }
        let codecs = wanted(m_line);
        let formats: Vec<_> =
            media.formats.iter().filter_map(|f| Some((f.clone(), known(kind, f, &codecs)?))).collect();
        if formats.is_empty() {
            refused.get_or_insert((media, Stream { kind, codecs, is_encoded: false, profile: None }));
        } else {
            plan.push(Receiving { m_line, kind, formats });
        }
    }
    let refused: Vec<_> = refused.iter().map(|(media, ours)| (*media, ours)).collect();
    finish(plan, &refused)
}

fn known(kind: MediaKind, format: &Format, wanted: &[&'static Codec]) -> Option<&'static Codec> {
    let codec = codec::by_rtpmap(kind, &format.encoding_name, format.clock_rate)?;
    wanted.contains(&codec).then_some(codec)
}

fn wants(media: &Media) -> bool {
    !media.rejected && media.receives
}

fn matches(codec: &'static Codec, media: &Media, format: &Format) -> bool {
    let Section::Rtp(kind) = media.section else {
        return false;
    };
    codec::by_rtpmap(kind, &format.encoding_name, format.clock_rate) == Some(codec)
        && (codec.serves)(&format.parameters)
}

/// The first format of a codec in which a stream of this profile may be sent.
fn of_profile<'a>(codec: &'static Codec, profile: &str, media: &'a Media) -> Option<&'a Format> {
    let fits = |format: &&Format| {
        codec::by_rtpmap(codec.kind, &format.encoding_name, format.clock_rate) == Some(codec)
            && terms::takes(codec, &format.parameters, profile)
    };
    media.formats.iter().find(fits)
}

fn sending(m_line: usize, stream: usize, codec: &'static Codec, format: &Format, media: &Media) -> Sending {
    Sending { m_line, stream, codec, format: format.clone(), extensions: media.extensions.clone() }
}

fn finish<T>(plan: Vec<T>, refused: &[(&Media, &Stream)]) -> Result<Vec<T>, PlanError> {
    if !plan.is_empty() {
        return Ok(plan);
    }
    let Some((media, ours)) = refused.first() else {
        return Err(PlanError::NothingWanted);
    };
    let theirs: Vec<_> = media.formats.iter().map(describe).collect();
    let ours: Vec<_> = ours.codecs.iter().map(|codec| codec.name).collect();
    Err(PlanError::NoCommonCodec {
        theirs: list(&theirs.iter().map(String::as_str).collect::<Vec<_>>()),
        ours: list(&ours),
    })
}

fn describe(format: &Format) -> String {
    match format.parameters.get("profile-level-id") {
        Some(id) => format!("{} (profile-level-id {id})", format.encoding_name),
        None => format.encoding_name.clone(),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
