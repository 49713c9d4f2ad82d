//! Payload types that a session's thread knows from its beginning: str0m takes no others later on.

use super::opening::AgreedFormat;
use super::remote::Remote;
use logic::codec::MediaKind;
use logic::sdp::media::Section;

/// The numbers that browsers give to Opus.
const USUAL_SOUND: [u8; 2] = [109, 111];

/// What may be sent to a peer that made the first offer, beyond `agreed`: what else it named, what this side offers
/// with numbers that are left, and the rest of the dynamic numbers (RFC 3551 section 3), for sections that it adds.
pub(super) fn known(agreed: Vec<AgreedFormat>, offer: &Remote, ours: &[AgreedFormat]) -> Vec<AgreedFormat> {
    let mut all = agreed;
    for (m_line, media) in offer.description.media.iter().enumerate() {
        let Section::Rtp(kind) = media.section else { continue };
        let named: Vec<_> =
            media.formats.iter().map(|format| (format.payload_type, format.clock_rate)).collect();
        let repeated = |payload_type| offer.transport.retransmission_of(m_line, payload_type);
        for (payload_type, clock_rate) in &named {
            let (payload_type, clock_rate) = (*payload_type, *clock_rate);
            if named.iter().any(|(other, _)| repeated(*other) == Some(payload_type)) {
                continue;
            }
            let rtx = repeated(payload_type);
            add(&mut all, AgreedFormat { payload_type, rtx, kind, clock_rate });
        }
    }
    for format in ours {
        add(&mut all, AgreedFormat { rtx: None, ..*format });
    }
    for payload_type in (96..=127).chain(35..=63) {
        let (kind, clock_rate) = match USUAL_SOUND.contains(&payload_type) {
            true => (MediaKind::Audio, 48_000),
            false => (MediaKind::Video, 90_000),
        };
        add(&mut all, AgreedFormat { payload_type, rtx: None, kind, clock_rate });
    }
    all
}

/// Adds a format where its number has no meaning yet.
fn add(all: &mut Vec<AgreedFormat>, format: AgreedFormat) {
    let is_used = |number| all.iter().any(|known| known.payload_type == number || known.rtx == Some(number));
    if !is_used(format.payload_type) {
        let rtx = format.rtx.filter(|rtx| !is_used(*rtx));
        all.push(AgreedFormat { rtx, ..format });
    }
}
