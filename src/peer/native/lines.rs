//! The media sections of one session: what is offered or answered in each.

use super::extensions::{self, REMB};
use super::formats::{kind_and_ssrc, sent, transport_wide};
use super::opening::AgreedFormat;
use super::remote::Remote;
use crate::peer::{Config, OutletEvents, SenderOptions};
use gst::glib;
use logic::codec::MediaKind;
use logic::sdp::local::{Line, Refused, Sending, Sent};
use logic::sdp::media::{Format, Media};
use std::sync::Arc;

/// A stream that is offered or answered.
pub(super) struct Ours {
    /// What is offered or answered.
    pub(super) sending: Sending,
    /// Those of its formats that both sides agreed on.
    pub(super) formats: Vec<Sent>,
    /// Index by which packets name it.
    pub(super) stream: usize,
    /// The peer's payload type, where it differs from the packets' own.
    pub(super) payload_type: Option<u8>,
    pub(super) events: Arc<dyn OutletEvents>,
    /// Whether its thread knows it.
    pub(super) known: bool,
    /// Whether both sides want it sent.
    pub(super) open: bool,
}

pub(super) enum Entry {
    Sending(Box<Ours>),
    /// The place of a stream that is not sent any more.
    Idle(Box<Sending>),
    /// Data channels, under this identification tag.
    Data(String),
    Refused(Refused),
}

/// The sections by m-line index.
pub(super) struct Lines {
    pub(super) entries: Vec<Entry>,
    streams: usize,
    /// Formats that the session's thread knows, once there is one.
    pub(super) known: Vec<AgreedFormat>,
    cname: String,
}

impl Lines {
    pub(super) fn new() -> Self {
        let cname = format!("{:08x}{:08x}", glib::random_int(), glib::random_int());
        Self { entries: Vec::new(), streams: 0, known: Vec::new(), cname }
    }

    /// The sections as they are written, where they answer an offer as it asks for them (RFC 3264 section 6.1).
    pub(super) fn written(&self, offer: Option<&Remote>) -> Vec<Line> {
        let lines = self.entries.iter().enumerate().map(|(m_line, entry)| {
            let theirs = offer.and_then(|offer| {
                Some((offer.description.media.get(m_line)?, offer.transport.heads.get(m_line)?))
            });
            match (entry, theirs) {
                (Entry::Sending(_) | Entry::Idle(_), Some((media, head))) if media.rejected => {
                    Line::Refused(refused(media, head))
                }
                (Entry::Sending(ours), Some((media, _))) if !media.receives => {
                    Line::Idle(answering(&ours.sending, media))
                }
                (Entry::Sending(ours), Some((media, _))) => Line::Sending(answering(&ours.sending, media)),
                (Entry::Idle(sending), Some((media, _))) => Line::Idle(answering(sending, media)),
                (Entry::Sending(ours), None) => Line::Sending(Box::new(ours.sending.clone())),
                (Entry::Idle(sending), None) => Line::Idle(sending.clone()),
                (Entry::Data(mid), _) => Line::Data(mid.clone()),
                (Entry::Refused(refused), _) => Line::Refused(refused.clone()),
            }
        });
        lines.collect()
    }

    /// The m-line that speaks for the transport, and its tag.
    pub(super) fn first(&self) -> Option<(u32, String)> {
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(index, entry)| match entry {
            Entry::Sending(ours) => Some((u32::try_from(index).ok()?, ours.sending.mid.clone())),
            Entry::Idle(sending) => Some((u32::try_from(index).ok()?, sending.mid.clone())),
            Entry::Data(mid) => Some((u32::try_from(index).ok()?, mid.clone())),
            Entry::Refused(_) => None,
        })
    }

    /// The section of the data channels.
    pub(super) fn data(&self) -> Option<usize> {
        self.entries.iter().position(|entry| matches!(entry, Entry::Data(_)))
    }

    /// Offers data channels.
    pub(super) fn offer_data(&mut self) {
        if self.data().is_none() {
            self.entries.push(Entry::Data(format!("data{}", self.entries.len())));
        }
    }

    /// The longest message that the peer takes, in bytes, where it takes data channels.
    pub(super) fn longest_message(&self, remote: &Remote) -> Option<u32> {
        let media = remote.description.media.get(self.data()?)?;
        remote.takes_data(media).then_some(media.longest_message)
    }

    /// Offers a stream; returns the index by which packets name it.
    pub(super) fn offer(&mut self, options: SenderOptions<'_>, config: &Config) -> Result<usize, String> {
        let (kind, ssrc) = kind_and_ssrc(options.formats)?;
        let mid = match self.entries.get(options.m_line) {
            Some(Entry::Idle(idle)) if idle.kind == kind => idle.mid.clone(),
            None if options.m_line == self.entries.len() => format!("{kind}{}", options.m_line),
            _ => return Err(format!("m-line {} is not the next one", options.m_line)),
        };
        let transport_wide = transport_wide(options.formats);
        let extensions = extensions::offered(kind, config, transport_wide);
        let formats = options.formats.iter().filter_map(sent).map(|mut sent| {
            if options.retransmission {
                sent.rtx = retransmission(config, sent.format.payload_type);
                sent.feedback.insert(0, "nack");
            }
            if transport_wide.is_some() && kind == MediaKind::Video {
                sent.feedback.push(REMB);
            }
            sent
        });
        let formats = formats.collect();
        Ok(self.push(options, Base { kind, ssrc, mid, formats, extensions, payload_type: None }))
    }

    /// Answers a section of the peer's offer with a stream.
    pub(super) fn answer(
        &mut self,
        options: SenderOptions<'_>,
        remote: &Remote,
        config: &Config,
    ) -> Result<usize, String> {
        self.make_room(options.m_line, remote);
        let media = remote.description.media.get(options.m_line).ok_or("there is no such m-line")?;
        let (kind, ssrc) = kind_and_ssrc(options.formats)?;
        let chosen = options.formats.iter().find_map(sent).ok_or("no format was chosen")?;
        let payload_type = chosen.format.payload_type;
        let theirs = media.formats.iter().find(|format| format.payload_type == payload_type);
        let theirs = theirs.ok_or("the peer did not offer this format")?.clone();
        if !remote.transport.carries(media.mid.as_deref()) {
            return Err("the peer wants another connection for it".into());
        }
        let takes = |kind: &str| remote.transport.has_feedback(options.m_line, payload_type, kind);
        let rtx = remote.transport.retransmission_of(options.m_line, payload_type);
        let rtx =
            rtx.filter(|rtx| options.retransmission && takes("nack") && self.can_repeat(payload_type, *rtx));
        let mut feedback: Vec<_> = chosen.feedback.into_iter().filter(|kind| takes(kind)).collect();
        if rtx.is_some() {
            feedback.insert(0, "nack");
        }
        let measured = transport_wide(options.formats).is_some();
        if measured && kind == MediaKind::Video && takes(REMB) {
            feedback.push(REMB);
        }
        let base = Base {
            kind,
            ssrc,
            mid: media.mid.clone().unwrap_or_else(|| options.m_line.to_string()),
            formats: vec![Sent { format: theirs, rtx, feedback }],
            extensions: extensions::taken(media, kind, config, measured),
            payload_type: Some(payload_type),
        };
        Ok(self.push(options, base))
    }

    /// Whether a format can be sent that the peer names only now: that is, under a number which means the same.
    pub(super) fn can_send(&self, kind: MediaKind, format: &Format) -> bool {
        let same = |known: &AgreedFormat| {
            (known.payload_type, known.kind, known.clock_rate)
                == (format.payload_type, kind, format.clock_rate)
        };
        self.known.is_empty() || self.known.iter().any(same)
    }

    fn can_repeat(&self, payload_type: u8, rtx: u8) -> bool {
        let mut known = self.known.iter().filter(|known| known.payload_type == payload_type);
        self.known.is_empty() || known.any(|known| known.rtx == Some(rtx))
    }

    fn push(&mut self, options: SenderOptions<'_>, base: Base) -> usize {
        let rtx = base.formats.iter().any(|sent| sent.rtx.is_some());
        let msid = match options.msid {
            Some(msid) if msid.contains(' ') => msid,
            Some(stream) => format!("{stream} {}", base.mid),
            None => format!("{} {}", self.cname, base.mid),
        };
        let sending = Sending {
            kind: base.kind,
            mid: base.mid,
            formats: base.formats,
            extensions: base.extensions,
            ssrc: base.ssrc,
            rtx_ssrc: rtx.then(|| glib::random_int().max(1)),
            msid,
            cname: self.cname.clone(),
        };
        let stream = self.streams;
        self.streams += 1;
        let ours = Ours {
            sending,
            formats: Vec::new(),
            stream,
            payload_type: base.payload_type,
            events: options.events,
            known: false,
            open: false,
        };
        let entry = Entry::Sending(Box::new(ours));
        match self.entries.get_mut(options.m_line) {
            Some(refused) => *refused = entry,
            None => self.entries.push(entry),
        }
        stream
    }

    /// Sends nothing in a section any more; the index of its stream, where its thread knows it.
    pub(super) fn remove(&mut self, m_line: usize) -> Option<usize> {
        let entry = self.entries.get_mut(m_line)?;
        let Entry::Sending(ours) = entry else { return None };
        let stream = ours.known.then_some(ours.stream);
        *entry = Entry::Idle(Box::new(ours.sending.clone()));
        stream
    }

    /// Refuses every section of an offer that nothing has been said about up to `m_line`.
    pub(super) fn make_room(&mut self, m_line: usize, remote: &Remote) {
        let media = remote.description.media.iter().zip(&remote.transport.heads);
        for (media, head) in media.take(m_line + 1).skip(self.entries.len()) {
            if let (true, None, Some(mid)) = (remote.takes_data(media), self.data(), &media.mid) {
                self.entries.push(Entry::Data(mid.clone()));
                continue;
            }
            self.entries.push(Entry::Refused(refused(media, head)));
        }
    }
}

impl Ours {
    /// Whether lost packets are sent again.
    pub(super) fn repeats(&self) -> bool {
        self.formats.iter().any(|sent| sent.rtx.is_some())
    }
}

/// What a new section is made of.
struct Base {
    kind: MediaKind,
    ssrc: u32,
    mid: String,
    formats: Vec<Sent>,
    extensions: Vec<(u8, String)>,
    payload_type: Option<u8>,
}

/// A section as it answers one of the peer's, which need not name again what was offered to it once: extensions that an
/// offer does not have are no answer to it (RFC 8285 section 6), and Firefox takes none that has them.
fn answering(sending: &Sending, theirs: &Media) -> Box<Sending> {
    let mut sending = sending.clone();
    sending.extensions.retain(|extension| theirs.extensions.contains(extension));
    Box::new(sending)
}

/// A section of the peer's as it is refused.
fn refused(media: &Media, [media_type, protocol, formats]: &[String; 3]) -> Refused {
    let first = formats.split_whitespace().next().unwrap_or("0").to_owned();
    Refused { head: [media_type.clone(), protocol.clone(), first], mid: media.mid.clone() }
}

/// The payload type in which packets of another are sent again: after those of all formats, in their order.
pub(super) fn retransmission(config: &Config, payload_type: u8) -> Option<u8> {
    let index = config.formats.iter().position(|known| known.payload_type == payload_type)?;
    let last = config.formats.iter().map(|known| known.payload_type).max()?;
    last.checked_add(1 + u8::try_from(index).ok()?).filter(|rtx| *rtx < 128)
}
