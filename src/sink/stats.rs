//! The property `stats`.

use super::WebRTCSinkMitigationMode;
use super::serving::Served;
use super::viewers::Viewer;
use gst::glib;
use gst::prelude::*;
use std::sync::PoisonError;
use std::time::Duration;

/// How long one transport may take to answer.
const PATIENCE: Duration = Duration::from_millis(200);

/// What every session does, by its id.
pub(super) fn of(viewers: &[(String, Viewer)]) -> gst::Structure {
    let mut all = gst::Structure::new_empty("application/x-webrtcsink-stats");
    for (id, viewer) in viewers {
        let mut one =
            transport(viewer).unwrap_or_else(|| gst::Structure::new_empty("application/x-webrtc-stats"));
        let delays = delays(viewer, &one);
        let mut consumer = consumer(viewer);
        consumer.set("streams", delays);
        one.set("consumer-stats", consumer);
        all.set(id.as_str(), one);
    }
    all
}

/// What the transport knows.
fn transport(viewer: &Viewer) -> Option<gst::Structure> {
    viewer.stage()?.stats(PATIENCE)
}

/// What the sink knows.
fn consumer(viewer: &Viewer) -> gst::Structure {
    let served = viewer.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let encoders = served
        .iter()
        .filter(|served| served.codec.kind == logic::codec::MediaKind::Video)
        .map(|served| encoder(served, viewer.estimates.fec_percentage()).to_send_value());
    let encoders: Vec<glib::SendValue> = encoders.collect();
    gst::Structure::builder("application/x-webrtcsink-consumer-stats")
        .field("peer-id", &viewer.peer_id)
        .field("video-encoders", gst::Array::from_values(encoders))
        .build()
}

/// Where the milliseconds go, of each stream, in seconds: means of about the last second.
fn delays(viewer: &Viewer, transport: &gst::StructureRef) -> gst::Array {
    let served = viewer.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let seconds = |delay: Option<Duration>| delay.map(|delay| delay.as_secs_f64());
    let streams = served.iter().map(|served| {
        let rung = served.seat.upgrade().and_then(|seat| seat.rung()).map(|(_, rung)| rung);
        let delays = rung.as_ref().map(|rung| rung.delays());
        gst::Structure::builder("application/x-webrtcsink-stream-stats")
            .field("pad", &served.pad)
            .field("codec-name", served.codec.media_type)
            .field_if_some(
                "capture-to-encode-delay",
                seconds(delays.and_then(|delays| delays.capture_to_encode())),
            )
            .field_if_some("encode-delay", seconds(delays.and_then(|delays| delays.encode())))
            .field_if_some("send-delay", seconds(served.send_delay()))
            .field_if_some("network-delay", round_trip(transport, served.ssrc).map(|time| time / 2.0))
            .build()
            .to_send_value()
    });
    gst::Array::from_values(streams)
}

/// What the viewer's reports on a stream say, in seconds.
fn round_trip(transport: &gst::StructureRef, ssrc: u32) -> Option<f64> {
    let reports = transport.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
    let mut reports = reports.filter(|report| report.name() == "remote-inbound-rtp");
    let report = reports.find(|report| report.get::<u32>("ssrc") == Ok(ssrc))?;
    report.get::<f64>("round-trip-time").ok().filter(|time| *time > 0.0)
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
