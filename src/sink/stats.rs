//! The property `stats`: what docs/statistics.md says, of every session.

use super::WebRTCSinkMitigationMode;
use super::serving::Served;
use super::stage::Stage;
use super::viewers::Viewer;
use crate::chain::member::Counts;
use crate::peer::statistics;
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::phases::{Phase, Reached};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long all transports together may take to know better.
const PATIENCE: Duration = Duration::from_millis(200);

/// The sessions' transports, which know about themselves what there is to know; takes no longer than that.
pub(super) fn refreshed(viewers: &[(String, Viewer)]) -> Vec<Option<Arc<Stage>>> {
    let stages: Vec<_> = viewers.iter().map(|(_, viewer)| viewer.stage()).collect();
    statistics::refresh(stages.iter().flatten().map(|stage| stage.connection()), PATIENCE);
    stages
}

/// What every session does, by its id.
pub(super) fn of(viewers: &[(String, Viewer)]) -> gst::Structure {
    let stages = refreshed(viewers);
    let mut all = gst::Structure::new_empty("application/x-webrtcsink-stats");
    for ((id, viewer), stage) in viewers.iter().zip(&stages) {
        let one = stage.as_ref().map(|stage| stage.stats());
        let mut one = one.unwrap_or_else(|| gst::Structure::new_empty("application/x-webrtc-stats"));
        let consumer = consumer(viewer, &one);
        one.set("consumer-stats", consumer);
        all.set(id.as_str(), one);
    }
    all
}

/// One viewer: what the sink knows, and what matters of what the transport knows.
fn consumer(viewer: &Viewer, transport: &gst::StructureRef) -> gst::Structure {
    let served = viewer.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let streams: Vec<_> = served.iter().map(|served| Stream::of(served, transport)).collect();
    let is_video = |served: &&Served| served.codec.kind == MediaKind::Video;
    let encoders = served
        .iter()
        .filter(is_video)
        .map(|served| encoder(served, viewer.estimates.fec_percentage()).to_send_value());
    let condition = Condition::said(streams.iter().map(|stream| &stream.reported), transport);
    let largest = |of: fn(&Stream) -> Option<f64>| streams.iter().filter_map(of).reduce(f64::max);
    let mut consumer = gst::Structure::builder("application/x-webrtcsink-consumer-stats")
        .field("peer-id", &viewer.peer_id)
        .field("video-encoders", gst::Array::from_values(encoders))
        .field(
            "bitrate",
            streams.iter().filter_map(|stream| stream.counts?.rate).fold(0, u32::saturating_add),
        )
        .field_if_some("round-trip-time", condition.round_trip)
        .field_if_some("packet-loss", condition.loss)
        .field_if_some("jitter", largest(|stream| stream.reported.jitter))
        .field_if_some("estimated-bitrate", viewer.estimates.known())
        .field_if_some("packets-retransmitted", transport.get::<u64>("packets-retransmitted").ok())
        .field_if_some("end-to-end-delay", largest(|stream| stream.delays.all()))
        .field("phases", phases(viewer.phases().reached()))
        .build();
    for (name, fact) in statistics::path(transport) {
        consumer.set(name, fact);
    }
    consumer
        .set("streams", gst::Array::from_values(streams.iter().map(|stream| stream.told().to_send_value())));
    consumer
}

/// When a session reached its phases.
fn phases(reached: Reached) -> gst::Structure {
    let mut phases = gst::Structure::new_empty("application/x-webrtcsink-session-phases");
    for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Ended) {
        if let Some(at) = reached.at(phase) {
            phases.set(phase.name(), at);
        }
    }
    phases
}

/// One stream of one viewer.
struct Stream<'a> {
    served: &'a Served,
    counts: Option<Counts>,
    delays: Delays,
    reported: Reported,
    encoder: Option<(String, u32)>,
    rung: Option<u32>,
}

impl<'a> Stream<'a> {
    fn of(served: &'a Served, transport: &gst::StructureRef) -> Self {
        let reported = Reported::of(served.ssrc, transport);
        let on = served.seat.upgrade().and_then(|seat| seat.rung());
        let delays = on.as_ref().map(|(_, rung)| rung.delays());
        let delays = Delays {
            capture_to_encode: delays.and_then(|delays| delays.capture_to_encode()),
            encode: delays.and_then(|delays| delays.encode()),
            send: served.send_delay(),
            network: reported.round_trip.map(|time| Duration::from_secs_f64(time / 2.0)),
        };
        let encoder = on.as_ref().and_then(|(_, rung)| rung.encoder());
        let rung = on.and_then(|(which, _)| u32::try_from(which.rung).ok());
        Self { served, counts: served.counts(), delays, reported, encoder, rung }
    }

    fn told(&self) -> gst::Structure {
        let (counts, delays, reported) = (self.counts, &self.delays, &self.reported);
        let is_video = self.served.codec.kind == MediaKind::Video;
        let pictures = counts.filter(|_| is_video);
        let seconds = |delay: Option<Duration>| delay.map(|delay| delay.as_secs_f64());
        gst::Structure::builder("application/x-webrtcsink-stream-stats")
            .field("pad", &self.served.pad)
            .field("codec-name", self.served.codec.media_type)
            .field("ssrc", self.served.ssrc)
            .field_if_some("bitrate", counts.and_then(|counts| counts.rate))
            .field_if_some("bytes-sent", counts.map(|counts| counts.bytes))
            .field_if_some("frames-sent", pictures.map(|counts| counts.frames))
            .field_if_some("key-units-sent", pictures.map(|counts| counts.key_units))
            .field_if_some("encoder", self.encoder.as_ref().map(|(name, _)| name))
            .field_if_some("rung", self.rung.filter(|_| is_video))
            .field_if_some("round-trip-time", reported.round_trip)
            .field_if_some("packet-loss", reported.loss)
            .field_if_some("jitter", reported.jitter)
            .field_if_some("capture-to-encode-delay", seconds(delays.capture_to_encode))
            .field_if_some("encode-delay", seconds(delays.encode))
            .field_if_some("send-delay", seconds(delays.send))
            .field_if_some("network-delay", seconds(delays.network))
            .field_if_some("end-to-end-delay", delays.all())
            .build()
    }
}

/// Where the milliseconds go: means of about the last second.
struct Delays {
    capture_to_encode: Option<Duration>,
    encode: Option<Duration>,
    send: Option<Duration>,
    network: Option<Duration>,
}

impl Delays {
    /// From capture to arrival, in seconds, where all that counts is known.
    fn all(&self) -> Option<f64> {
        let encode = self.encode.unwrap_or_default();
        Some((self.capture_to_encode? + encode + self.send? + self.network?).as_secs_f64())
    }
}

/// How the network to a viewer does, as his worst stream has it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Condition {
    /// The part of the packets that is lost of late.
    pub(super) loss: Option<f64>,
    /// There and back, in seconds.
    pub(super) round_trip: Option<f64>,
}

impl Condition {
    /// What is known of it, by what a viewer is served and what the transport says.
    pub(super) fn of(served: &[Served], transport: &gst::StructureRef) -> Self {
        let reported: Vec<_> = served.iter().map(|served| Reported::of(served.ssrc, transport)).collect();
        Self::said(reported.iter(), transport)
    }

    fn said<'a>(reported: impl Iterator<Item = &'a Reported> + Clone, transport: &gst::StructureRef) -> Self {
        let largest = |of: fn(&Reported) -> Option<f64>| reported.clone().filter_map(of).reduce(f64::max);
        let network = statistics::entries(transport, "transport").next();
        let loss = network.as_ref().and_then(|network| network.get::<f64>("packet-loss").ok());
        Self {
            loss: loss.or_else(|| largest(|reported| reported.loss)),
            round_trip: largest(|reported| reported.round_trip),
        }
    }
}

/// What the viewer's reports on a stream say, times in seconds.
#[derive(Default)]
struct Reported {
    round_trip: Option<f64>,
    loss: Option<f64>,
    jitter: Option<f64>,
}

impl Reported {
    fn of(ssrc: u32, transport: &gst::StructureRef) -> Self {
        let report = statistics::on_source(transport, "remote-inbound-rtp", ssrc);
        let number = |name: &str| report.as_ref()?.get::<f64>(name).ok();
        // None has come before the way back and forth is known.
        let round_trip = number("round-trip-time").filter(|time| *time > 0.0);
        let known = |number: Option<f64>| number.filter(|_| round_trip.is_some());
        let jitter = number("jitter").or_else(|| jitter(report.as_ref()?, ssrc, transport));
        Self { round_trip, loss: known(number("fraction-lost")), jitter: known(jitter) }
    }
}

/// What webrtcbin says of the jitter in fields of GStreamer's own, in seconds.
fn jitter(report: &gst::StructureRef, ssrc: u32, transport: &gst::StructureRef) -> Option<f64> {
    let source = |entry: &gst::StructureRef| entry.get::<gst::Structure>("gst-rtpsource-stats").ok();
    let sent = statistics::on_source(transport, "outbound-rtp", ssrc)?;
    let rate = source(&sent)?.get::<i32>("clock-rate").ok().filter(|rate| *rate > 0)?;
    Some(f64::from(source(report)?.get::<u32>("rb-jitter").ok()?) / f64::from(rate))
}

/// What a video stream is encoded by; no name and 0 for what is passed on as it came.
fn encoder(served: &Served, fec_percentage: u8) -> gst::Structure {
    let on = served.seat.upgrade().and_then(|seat| seat.rung());
    let (name, bitrate) = on.as_ref().and_then(|(_, rung)| rung.encoder()).unwrap_or_default();
    let (smaller, slower) = on.as_ref().map(|(_, rung)| rung.is_reduced()).unwrap_or_default();
    let follows = on.as_ref().is_none_or(|(_, rung)| rung.follows_bitrate());
    let (which, size) = on.map(|(which, rung)| (which, rung.size())).unzip();
    let mut mode = WebRTCSinkMitigationMode::NONE;
    mode.set(WebRTCSinkMitigationMode::DOWNSCALED, smaller);
    mode.set(WebRTCSinkMitigationMode::DOWNSAMPLED, slower);
    let (width, height) = size.flatten().unwrap_or_default();
    gst::Structure::builder("application/x-webrtcsink-video-encoder-stats")
        .field("bitrate", i32::try_from(bitrate).unwrap_or(i32::MAX))
        .field("mitigation-mode", mode)
        .field("codec-name", served.codec.media_type)
        .field("fec-percentage", u32::from(fec_percentage))
        .field("encoder", name)
        .field("follows-bitrate", follows)
        .field("rung", which.and_then(|which| u32::try_from(which.rung).ok()).unwrap_or_default())
        .field("width", width)
        .field("height", height)
        .build()
}
