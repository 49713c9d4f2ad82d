//! The media sections of one session: what is offered or answered in each, and what both sides agreed on.

use super::extensions::{self, Measure, REMB};
use super::formats::{kind_and_ssrc, sent, transport_wide};
use super::opening::{AgreedFormat, AgreedStream};
use super::remote::Remote;
use crate::codec::TRANSPORT_WIDE_CC;
use crate::peer::{Config, OutletEvents, SenderOptions};
use gst::glib;
use logic::codec::MediaKind;
use logic::rtp::PLAYOUT_DELAY;
use logic::sdp::local::{Line, Refused, Sending, Sent};
use logic::sdp::media::{Format, Media};
use std::sync::Arc;
use str0m::media::Mid;
use str0m::rtp::Extension;

/// A stream that is offered or answered.
struct Ours {
    sending: Sending,
    /// Index by which packets name it.
    stream: usize,
    /// The peer's payload type, where it differs from the packets' own.
    payload_type: Option<u8>,
    events: Arc<dyn OutletEvents>,
    /// Whether its thread knows it.
    open: bool,
}

enum Entry {
    Sending(Box<Ours>),
    /// The place of a stream that is not sent any more.
    Idle(Box<Sending>),
    /// Data channels, under this identification tag.
    Data(String),
    Refused(Refused),
}

/// The sections by m-line index.
pub(super) struct Lines {
    entries: Vec<Entry>,
    streams: usize,
    cname: String,
}

/// What both sides agreed on that was not agreed on before.
pub(super) struct Agreement {
    pub(super) formats: Vec<AgreedFormat>,
    pub(super) extensions: Vec<(u8, Extension)>,
    pub(super) streams: Vec<AgreedStream>,
    /// Streams that the peer does not want any more.
    pub(super) gone: Vec<usize>,
    pub(super) measure: Measure,
}

impl Lines {
    pub(super) fn new() -> Self {
        let cname = format!("{:08x}{:08x}", glib::random_int(), glib::random_int());
        Self { entries: Vec::new(), streams: 0, cname }
    }

    /// The sections as they are written.
    pub(super) fn written(&self) -> Vec<Line> {
        let lines = self.entries.iter().map(|entry| match entry {
            Entry::Sending(ours) => Line::Sending(Box::new(ours.sending.clone())),
            Entry::Idle(sending) => Line::Idle(sending.clone()),
            Entry::Data(mid) => Line::Data(mid.clone()),
            Entry::Refused(refused) => Line::Refused(refused.clone()),
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
        let rtx = rtx.filter(|_| options.retransmission && takes("nack"));
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
        let ours =
            Ours { sending, stream, payload_type: base.payload_type, events: options.events, open: false };
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
        let stream = ours.open.then_some(ours.stream);
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
            let [_, _, formats] = head;
            let first = formats.split_whitespace().next().unwrap_or("0").to_owned();
            let [media_type, protocol, _] = head.clone();
            let refused = Refused { head: [media_type, protocol, first], mid: media.mid.clone() };
            self.entries.push(Entry::Refused(refused));
        }
    }

    /// What was agreed on now that the peer has answered.
    pub(super) fn answered(&mut self, answer: &Remote, config: &Config) -> Agreement {
        let known = config.formats.iter().map(|known| AgreedFormat {
            rtx: retransmission(config, known.payload_type).filter(|_| known.kind == MediaKind::Video),
            ..*known
        });
        let mut formats: Vec<_> = known.collect();
        for (m_line, entry) in self.entries.iter_mut().enumerate() {
            let (Entry::Sending(ours), Some(media)) = (entry, answer.description.media.get(m_line)) else {
                continue;
            };
            if ours.open {
                continue;
            }
            // Only what the peer takes again is sent again.
            for sent in &mut ours.sending.formats {
                sent.rtx = sent.rtx.filter(|rtx| {
                    let theirs = answer.transport.retransmission_of(m_line, sent.format.payload_type);
                    theirs == Some(*rtx)
                });
            }
            let takes = |format: &Format| format.payload_type;
            let taken: Vec<_> = media.formats.iter().map(takes).collect();
            ours.sending.formats.retain(|sent| taken.contains(&sent.format.payload_type));
            formats.retain(|known| {
                ours.sending.formats.iter().all(|s| s.format.payload_type != known.payload_type)
            });
            formats.extend(ours.sending.formats.iter().map(|sent| agreed(sent, ours.sending.kind)));
        }
        self.agree(answer, formats)
    }

    /// What was agreed on now that this side answers.
    pub(super) fn answering(&mut self, offer: &Remote) -> Agreement {
        self.make_room(offer.description.media.len(), offer);
        let mut formats: Vec<AgreedFormat> = Vec::new();
        for entry in &self.entries {
            if let Entry::Sending(ours) = entry {
                let more = ours.sending.formats.iter().map(|sent| agreed(sent, ours.sending.kind));
                formats.extend(
                    more.filter(|new| formats.iter().all(|f| f.payload_type != new.payload_type))
                        .collect::<Vec<_>>(),
                );
            }
        }
        self.agree(offer, formats)
    }

    fn agree(&mut self, remote: &Remote, formats: Vec<AgreedFormat>) -> Agreement {
        let mut carried = Vec::new();
        let mut gone = Vec::new();
        for (m_line, entry) in self.entries.iter_mut().enumerate() {
            let (Entry::Sending(ours), Some(media)) = (entry, remote.description.media.get(m_line)) else {
                continue;
            };
            let wanted = !media.rejected && media.receives && !ours.sending.formats.is_empty();
            if wanted && remote.transport.carries(media.mid.as_deref()) {
                carried.push((m_line, ours, media));
            } else if std::mem::take(&mut ours.open) {
                gone.push(ours.stream);
            }
        }
        // Packets that the peer does not report on would look lost; the network is probed with what is sent again.
        let reported = carried.iter().any(|(_, ours, _)| ours.sending.kind == MediaKind::Video)
            && carried.iter().all(|(m_line, ours, media)| {
                let probes = ours.sending.kind == MediaKind::Audio || ours.repeats();
                probes && measured(*m_line, ours, media, remote)
            });
        let named = carried.iter().all(|(_, ours, _)| fits(&ours.sending.mid));
        let estimated = || {
            let mut videos = carried.iter().filter(|(_, ours, _)| ours.sending.kind == MediaKind::Video);
            videos.any(|(m_line, ours, media)| {
                let takes =
                    |sent: &Sent| remote.transport.has_feedback(*m_line, sent.format.payload_type, REMB);
                extensions::is_timed(&ours.sending.extensions, media)
                    && ours.sending.formats.iter().any(takes)
            })
        };
        let measure = match reported {
            true => Measure::Packets,
            false if estimated() => Measure::Estimates,
            false => Measure::No,
        };
        let sections = carried.iter().map(|(_, ours, media)| (&*ours.sending.extensions, *media));
        let extensions = extensions::written(sections, named, measure);
        let streams = carried.into_iter().filter(|(_, ours, _)| !ours.open).map(|(m_line, ours, media)| {
            ours.open = true;
            let repeats = ours.repeats();
            AgreedStream {
                index: ours.stream,
                mid: if named {
                    Mid::from(ours.sending.mid.as_str())
                } else {
                    Mid::from(&*format!("m{m_line}"))
                },
                kind: ours.sending.kind,
                ssrc: ours.sending.ssrc,
                rtx_ssrc: ours.sending.rtx_ssrc.filter(|_| repeats),
                payload_type: ours.payload_type,
                delayed: media.extension(PLAYOUT_DELAY).is_some(),
                events: ours.events.clone(),
            }
        });
        let streams: Vec<_> = streams.collect();
        Agreement { formats, extensions, streams, gone, measure }
    }
}

impl Ours {
    /// Whether lost packets are sent again.
    fn repeats(&self) -> bool {
        self.sending.formats.iter().any(|sent| sent.rtx.is_some())
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

fn measured(m_line: usize, ours: &Ours, media: &Media, remote: &Remote) -> bool {
    let offered = ours.sending.extensions.iter().any(|(_, uri)| uri == TRANSPORT_WIDE_CC);
    let mut formats = ours.sending.formats.iter();
    offered
        && media.extension(TRANSPORT_WIDE_CC).is_some()
        && formats.any(|sent| remote.transport.has_feedback(m_line, sent.format.payload_type, "transport-cc"))
}

/// Whether str0m can put this tag into packets as it is.
fn fits(mid: &str) -> bool {
    mid.len() <= 16 && mid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn agreed(sent: &Sent, kind: MediaKind) -> AgreedFormat {
    let Format { payload_type, clock_rate, .. } = sent.format;
    AgreedFormat { payload_type, rtx: sent.rtx, kind, clock_rate }
}

/// The payload type in which packets of another are sent again: after those of all formats, in their order.
fn retransmission(config: &Config, payload_type: u8) -> Option<u8> {
    let index = config.formats.iter().position(|known| known.payload_type == payload_type)?;
    let last = config.formats.iter().map(|known| known.payload_type).max()?;
    last.checked_add(1 + u8::try_from(index).ok()?).filter(|rtx| *rtx < 128)
}
