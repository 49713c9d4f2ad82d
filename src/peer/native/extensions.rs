//! Header extensions (RFC 8285): what is offered, and what of it a peer takes.

use crate::codec::{CAPTURE_TIME_ID, TRANSPORT_WIDE_CC};
use crate::peer::Config;
use logic::capture::CAPTURE_TIME;
use logic::codec::MediaKind;
use logic::rtp::PLAYOUT_DELAY;
use logic::sdp::local::MID;
use logic::sdp::media::Media;
use str0m::rtp::Extension;

const ABSOLUTE_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

/// Feedback in which a peer says what the network carries, where it does not report on every packet.
pub(super) const REMB: &str = "goog-remb";

/// Identifiers in our offers.
const MID_ID: u8 = 4;
const ABSOLUTE_SEND_TIME_ID: u8 = 5;
const PLAYOUT_DELAY_ID: u8 = 6;

/// How the network to a peer is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// By its reports on every packet.
    Packets,
    /// By its own estimate, from the times at which packets were sent.
    Estimates,
    /// Not at all.
    No,
}

/// What is offered for a stream; the identifier of transport-wide numbers is the packets' own.
pub(super) fn offered(kind: MediaKind, config: &Config, transport_wide: Option<u8>) -> Vec<(u8, String)> {
    let mut all = vec![(MID_ID, MID.to_owned()), (CAPTURE_TIME_ID, CAPTURE_TIME.to_owned())];
    all.extend(transport_wide.map(|id| (id, TRANSPORT_WIDE_CC.to_owned())));
    if transport_wide.is_some() && kind == MediaKind::Video {
        all.push((ABSOLUTE_SEND_TIME_ID, ABSOLUTE_SEND_TIME.to_owned()));
    }
    if config.playout_delay.is_some() && kind == MediaKind::Video {
        all.push((PLAYOUT_DELAY_ID, PLAYOUT_DELAY.to_owned()));
    }
    all
}

/// What of the peer's own offer is taken.
pub(super) fn taken(media: &Media, kind: MediaKind, config: &Config, measured: bool) -> Vec<(u8, String)> {
    let wanted = offered(kind, config, measured.then_some(1));
    let all = media
        .extensions
        .iter()
        .filter(|(id, uri)| (1..15).contains(id) && wanted.iter().any(|(_, wanted)| wanted == uri));
    all.cloned().collect()
}

/// What is written into packets: of each section what was offered, and what the peer has of it.
pub(super) fn written<'a>(
    sections: impl Iterator<Item = (&'a [(u8, String)], &'a Media)>,
    named: bool,
    measure: Measure,
) -> Vec<(u8, Extension)> {
    let mut all: Vec<(u8, Extension)> = Vec::new();
    for (offered, media) in sections {
        for (_, uri) in offered {
            let extension = match uri.as_str() {
                MID if named => Extension::RtpMid,
                TRANSPORT_WIDE_CC if measure == Measure::Packets => Extension::TransportSequenceNumber,
                ABSOLUTE_SEND_TIME if measure == Measure::Estimates => Extension::AbsoluteSendTime,
                PLAYOUT_DELAY => Extension::PlayoutDelay,
                CAPTURE_TIME => Extension::AbsoluteCaptureTime,
                _ => continue,
            };
            let id = media.extension(uri).filter(|id| (1..15).contains(id));
            all.extend(id.filter(|id| all.iter().all(|(other, _)| other != id)).map(|id| (id, extension)));
        }
    }
    all
}

/// Whether the peer can estimate from the times at which packets were sent.
pub(super) fn is_timed(offered: &[(u8, String)], media: &Media) -> bool {
    offered.iter().any(|(_, uri)| uri == ABSOLUTE_SEND_TIME) && media.extension(ABSOLUTE_SEND_TIME).is_some()
}
