//! What both sides agreed on, and str0m set up for it.

use super::agreement::Agreement;
use super::channels::{MOST_HELD, NativeLine};
use super::ciphers;
use super::connection::Native;
use super::extensions::Measure;
use super::ice::Ice;
use super::remote::Remote;
use super::session::Shared;
use crate::peer::{Arrivals, Estimator, OutletEvents};
use crate::session::EventSender;
use logic::bitrate::Bounds;
use logic::codec::MediaKind;
use logic::negotiation::{Event, Transport};
use logic::repair;
use logic::rtp::PlayoutDelay;
use logic::sdp::local::LONGEST_MESSAGE;
use protocol::DescriptionKind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::DirectApi;
use str0m::config::{DtlsCert, Fingerprint};
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, MediaKind as Kind, Mid};
use str0m::rtp::{Extension, ExtensionMap, StreamTx};
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

/// Packets that can be sent again, and for how long.
const REPEATABLE: (usize, Duration) = (512, Duration::from_secs(1));
/// The same where the way is long: several attempts, one after the other, take longer.
const REPEATABLE_FAR: (usize, Duration) = (1536, Duration::from_secs(2));
/// How often statistics are gathered.
const STATISTICS: Duration = Duration::from_secs(1);

/// What both sides agreed on.
pub(super) struct Opening {
    pub(super) local: IceCreds,
    pub(super) remote: IceCreds,
    pub(super) fingerprint: Fingerprint,
    pub(super) certificate: DtlsCert,
    /// Whether this side decides about ICE's pairs.
    pub(super) controlling: bool,
    /// Whether this side begins with DTLS.
    pub(super) active: bool,
    pub(super) formats: Vec<AgreedFormat>,
    /// Header extensions that the peer takes: identifier and meaning.
    pub(super) extensions: Vec<(u8, Extension)>,
    pub(super) streams: Vec<AgreedStream>,
    pub(super) local_candidates: Vec<Candidate>,
    pub(super) remote_candidates: Vec<Candidate>,
    pub(super) estimator: Option<Estimator>,
    /// The way back here, for data channels, and where those go that the peer opens.
    pub(super) line: NativeLine,
    pub(super) arrivals: Arrivals,
    /// Whether this side estimates, and sends no faster than that.
    pub(super) paced: bool,
    pub(super) playout_delay: Option<PlayoutDelay>,
    /// The part of all that is sent that may be sent again.
    pub(super) most_repeated: f32,
    pub(super) events: EventSender,
    pub(super) shared: Arc<Shared>,
}

impl Native {
    /// What the session's thread is told when both sides have described themselves for the first time.
    pub(super) fn opening(
        &self,
        remote: &Remote,
        local: &IceCreds,
        (local_candidates, remote_candidates): (Vec<Candidate>, Vec<Candidate>),
        agreement: Agreement,
        ours: DescriptionKind,
    ) -> Opening {
        let transport = &remote.transport;
        let (hash_func, bytes) = transport.fingerprint.clone();
        let estimator = self.config.estimator.clone();
        if estimator.is_some() && agreement.measure == Measure::No {
            gst::info!(
                super::CAT,
                "the peer neither reports on every packet nor estimates: no congestion control"
            );
        }
        let certificate = &self.config.certificate;
        Opening {
            local: local.clone(),
            remote: remote.credentials(),
            fingerprint: Fingerprint { hash_func, bytes },
            certificate: DtlsCert {
                certificate: certificate.der.clone(),
                private_key: certificate.key.clone(),
            },
            controlling: ours == DescriptionKind::Offer || transport.lite,
            active: remote.has_us_begin(ours),
            formats: agreement.formats,
            extensions: agreement.extensions,
            streams: agreement.streams,
            local_candidates,
            remote_candidates,
            line: NativeLine { handle: Arc::downgrade(&self.handle), key: self.key },
            arrivals: self.config.arrivals.clone(),
            estimator: estimator.filter(|_| agreement.measure != Measure::No),
            paced: agreement.measure == Measure::Packets,
            playout_delay: self.config.playout_delay,
            most_repeated: repair::most_repeated(self.config.rtx_percentage),
            events: self.events.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl Opening {
    /// Tells the task that it did not work out.
    pub(super) fn ended(&self) -> impl FnOnce() + use<> {
        let events = self.events.clone();
        move || events.send(Event::Transport(Transport::Failed))
    }

    /// Identifier of the header extension with packets' numbers, and the bounds, where the network is measured by them.
    pub(super) fn measured(&self) -> Option<(u8, Bounds)> {
        let number =
            |(id, what): &(u8, Extension)| (*what == Extension::TransportSequenceNumber).then_some(*id);
        let id = self.extensions.iter().find_map(number).filter(|_| self.paced)?;
        Some((id, self.estimator.as_ref()?.bounds))
    }

    /// str0m as it serves such a session, and its candidates.
    pub(super) fn set_up(&mut self, now: Instant) -> (Rtc, Ice) {
        let measured = self.measured().is_some();
        let mut config = RtcConfig::new()
            .set_rtp_mode(true)
            .clear_codecs()
            .set_local_ice_credentials(self.local.clone())
            .set_dtls_cert(self.certificate.clone())
            .set_crypto_provider(ciphers::provider())
            .set_extension_map(ExtensionMap::empty())
            .set_stats_interval(Some(STATISTICS))
            .set_sctp_max_message_size(LONGEST_MESSAGE)
            .set_sctp_max_buffered_amount(MOST_HELD)
            .set_send_buffer_video(REPEATABLE.0)
            // The peer's reports on packets reach this side no other way.
            .enable_raw_packets(measured);
        for (id, extension) in self.extensions.drain(..) {
            config = config.set_extension(id, extension);
        }
        let formats = self.formats.iter().map(parameters).collect();
        *config.codec_config() = CodecConfig::new_from_payload_params(formats);
        let mut rtc = config.build(now);
        {
            let mut direct = rtc.direct_api();
            direct.set_ice_controlling(self.controlling);
            direct.set_remote_ice_credentials(self.remote.clone());
            direct.set_remote_fingerprint(self.fingerprint.clone());
        }
        let mut ice = Ice::new(self.remote.clone());
        for candidate in self.local_candidates.drain(..) {
            ice.add_local(&mut rtc, candidate);
        }
        for candidate in self.remote_candidates.drain(..) {
            ice.add_remote(&mut rtc, candidate);
        }
        // A failure shows when the session is driven.
        let _ = rtc.direct_api().start_dtls(self.active);
        self.shared.statistics().ciphers = ciphers::latest();
        (rtc, ice)
    }
}

/// A format that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgreedFormat {
    pub(crate) payload_type: u8,
    /// In which it is sent again (RFC 4588).
    pub(crate) rtx: Option<u8>,
    pub(crate) kind: MediaKind,
    pub(crate) clock_rate: u32,
}

/// A stream that is sent.
pub(super) struct AgreedStream {
    /// Index by which packets name it.
    pub(super) index: usize,
    pub(super) mid: Mid,
    pub(super) kind: MediaKind,
    pub(super) ssrc: u32,
    pub(super) rtx_ssrc: Option<u32>,
    /// Of its timestamps, in Hz.
    pub(super) clock_rate: u32,
    /// The peer's payload type, where it differs from the packets' own.
    pub(super) payload_type: Option<u8>,
    /// Whether the peer takes the header extension about its jitter buffer.
    pub(super) delayed: bool,
    pub(super) events: Arc<dyn OutletEvents>,
}

/// Makes a stream known.
pub(super) fn declare(direct: &mut DirectApi<'_>, agreed: &AgreedStream, most_repeated: f32) {
    let kind = match agreed.kind {
        MediaKind::Audio => Kind::Audio,
        MediaKind::Video => Kind::Video,
    };
    direct.declare_media(agreed.mid, kind);
    let rtx = agreed.rtx_ssrc.map(Into::into);
    let stream = direct.declare_stream_tx(agreed.ssrc.into(), rtx, agreed.mid, None);
    remember(stream, false, most_repeated);
}

/// Has packets remembered from now on, to be sent again; of all that is sent, no more than a part.
pub(super) fn remember(stream: &mut StreamTx, is_far: bool, most_repeated: f32) {
    let (count, time) = if is_far { REPEATABLE_FAR } else { REPEATABLE };
    stream.set_rtx_cache(count, time, Some(most_repeated));
}

/// In RTP mode only the numbers of a format matter.
pub(super) fn parameters(format: &AgreedFormat) -> PayloadParams {
    let codec = match format.kind {
        MediaKind::Audio => Codec::Opus,
        MediaKind::Video => Codec::Vp8,
    };
    let clock_rate = Frequency::new(format.clock_rate).unwrap_or(Frequency::NINETY_KHZ);
    let spec = CodecSpec { codec, clock_rate, channels: None, format: FormatParams::default() };
    let mut parameters = PayloadParams::new(format.payload_type.into(), format.rtx.map(Into::into), spec);
    // Sound is reported on too, but the network is never probed with it: it has nothing to send again.
    parameters.set_fb_transport_cc(format.kind == MediaKind::Video);
    parameters
}
