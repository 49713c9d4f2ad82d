//! What the two descriptions of a session come to: which streams, in which formats, with which extensions.

use super::extensions::{self, Measure, REMB};
use super::lines::{Entry, Lines, Ours, retransmission};
use super::numbers;
use super::opening::{AgreedFormat, AgreedStream};
use super::remote::Remote;
use crate::codec::TRANSPORT_WIDE_CC;
use crate::peer::Config;
use logic::codec::MediaKind;
use logic::rtp::PLAYOUT_DELAY;
use logic::sdp::local::Sent;
use logic::sdp::media::{Format, Media};
use str0m::media::Mid;
use str0m::rtp::Extension;

/// What both sides agreed on that was not agreed on before.
pub(super) struct Agreement {
    pub(super) formats: Vec<AgreedFormat>,
    pub(super) extensions: Vec<(u8, Extension)>,
    pub(super) streams: Vec<AgreedStream>,
    /// Streams that the peer does not want for now, and those that it wants again: whether they are paused.
    pub(super) paused: Vec<(usize, bool)>,
    pub(super) measure: Measure,
}

impl Lines {
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
            let taken =
                |sent: &Sent| media.formats.iter().any(|f| f.payload_type == sent.format.payload_type);
            let mut agreed_on: Vec<_> =
                ours.sending.formats.iter().filter(|sent| taken(sent)).cloned().collect();
            // Only what the peer takes again is sent again.
            for sent in &mut agreed_on {
                sent.rtx = sent.rtx.filter(|rtx| {
                    let theirs = answer.transport.retransmission_of(m_line, sent.format.payload_type);
                    theirs == Some(*rtx)
                });
            }
            ours.formats = agreed_on;
            formats.retain(|known| ours.formats.iter().all(|s| s.format.payload_type != known.payload_type));
            formats.extend(ours.formats.iter().map(|sent| agreed(sent, ours.sending.kind)));
        }
        self.agree(answer, formats)
    }

    /// What was agreed on now that this side answers.
    pub(super) fn answering(&mut self, offer: &Remote, config: &Config) -> Agreement {
        self.make_room(offer.description.media.len(), offer);
        let mut formats: Vec<AgreedFormat> = Vec::new();
        for entry in &mut self.entries {
            if let Entry::Sending(ours) = entry {
                if !ours.open {
                    ours.formats.clone_from(&ours.sending.formats);
                }
                let more = ours.formats.iter().map(|sent| agreed(sent, ours.sending.kind));
                formats.extend(
                    more.filter(|new| formats.iter().all(|f| f.payload_type != new.payload_type))
                        .collect::<Vec<_>>(),
                );
            }
        }
        let formats = numbers::known(formats, offer, &config.formats);
        self.agree(offer, formats)
    }

    fn agree(&mut self, remote: &Remote, formats: Vec<AgreedFormat>) -> Agreement {
        // The thread knows those that it began with.
        if self.known.is_empty() {
            self.known.clone_from(&formats);
        }
        let mut carried = Vec::new();
        let mut paused = Vec::new();
        for (m_line, entry) in self.entries.iter_mut().enumerate() {
            let (Entry::Sending(ours), Some(media)) = (entry, remote.description.media.get(m_line)) else {
                continue;
            };
            let wanted = !media.rejected && media.receives && !ours.formats.is_empty();
            if wanted && remote.transport.carries(media.mid.as_deref()) {
                carried.push((m_line, ours, media));
            } else if std::mem::take(&mut ours.open) {
                paused.push((ours.stream, true));
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
                extensions::is_timed(&ours.sending.extensions, media) && ours.formats.iter().any(takes)
            })
        };
        let measure = match reported {
            true => Measure::Packets,
            false if estimated() => Measure::Estimates,
            false => Measure::No,
        };
        let sections = carried.iter().map(|(_, ours, media)| (&*ours.sending.extensions, *media));
        let extensions = extensions::written(sections, named, measure);
        let streams = carried.into_iter().filter_map(|(m_line, ours, media)| {
            let again = !std::mem::replace(&mut ours.open, true);
            if std::mem::replace(&mut ours.known, true) {
                paused.extend(again.then_some((ours.stream, false)));
                return None;
            }
            let repeats = ours.repeats();
            Some(AgreedStream {
                index: ours.stream,
                mid: tag(&ours.sending.mid, m_line, named),
                kind: ours.sending.kind,
                ssrc: ours.sending.ssrc,
                rtx_ssrc: ours.sending.rtx_ssrc.filter(|_| repeats),
                clock_rate: media.formats.first().map_or(90_000, |format| format.clock_rate),
                payload_type: ours.payload_type,
                delayed: media.extension(PLAYOUT_DELAY).is_some(),
                events: ours.events.clone(),
            })
        });
        let streams: Vec<_> = streams.collect();
        Agreement { formats, extensions, streams, paused, measure }
    }
}

fn measured(m_line: usize, ours: &Ours, media: &Media, remote: &Remote) -> bool {
    let offered = ours.sending.extensions.iter().any(|(_, uri)| uri == TRANSPORT_WIDE_CC);
    let mut formats = ours.formats.iter();
    offered
        && media.extension(TRANSPORT_WIDE_CC).is_some()
        && formats.any(|sent| remote.transport.has_feedback(m_line, sent.format.payload_type, "transport-cc"))
}

/// The tag by which str0m knows a section.
fn tag(mid: &str, m_line: usize, named: bool) -> Mid {
    if named { Mid::from(mid) } else { Mid::from(&*format!("m{m_line}")) }
}

/// Whether str0m can put this tag into packets as it is.
fn fits(mid: &str) -> bool {
    mid.len() <= 16 && mid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn agreed(sent: &Sent, kind: MediaKind) -> AgreedFormat {
    let Format { payload_type, clock_rate, .. } = sent.format;
    AgreedFormat { payload_type, rtx: sent.rtx, kind, clock_rate }
}
