//! The property `stats`: what docs/statistics.md says, of the session there is.

use super::timing::Timing;
use crate::chain::decode;
use crate::chain::meter::Meter;
use crate::peer::{Connection, Receiver, statistics};
use gst::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the transport may take to know better.
const PATIENCE: Duration = Duration::from_millis(200);

/// The streams of a session, by pad.
#[derive(Default)]
pub(super) struct Flows(Mutex<Vec<(String, Arc<Flow>)>>);

/// What comes of one stream.
struct Flow {
    codec: Option<&'static str>,
    decoder: Option<String>,
    meter: Meter,
    /// Its source; 0: nothing has come.
    ssrc: AtomicU32,
}

impl Flows {
    fn lock(&self) -> MutexGuard<'_, Vec<(String, Arc<Flow>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what arrives for a pad, in RTP with these caps, and is decoded by this.
    pub(super) fn count(&self, name: &str, arrival: &gst::Pad, caps: &gst::CapsRef, decoder: Option<String>) {
        let codec = decode::row(caps).map(|row| row.media_type);
        let flow = Arc::new(Flow { codec, decoder, meter: Meter::new(), ssrc: AtomicU32::new(0) });
        {
            let mut flows = self.lock();
            // A pad may come again.
            flows.retain(|(other, _)| other != name);
            flows.push((name.to_owned(), flow.clone()));
        }
        arrival.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(buffer) = info.buffer() {
                flow.arrive(buffer);
            }
            gst::PadProbeReturn::Ok
        });
    }
}

impl Flow {
    fn arrive(&self, packet: &gst::Buffer) {
        self.meter.count(1, packet.size());
        if self.ssrc.load(Ordering::Relaxed) == 0
            && let Ok(packet) = packet.map_readable()
            && let Some(ssrc) = packet.get(8..12).and_then(|bytes| bytes.try_into().ok())
        {
            self.ssrc.store(u32::from_be_bytes(ssrc), Ordering::Relaxed);
        }
    }
}

/// What is known of one stream.
struct Stream {
    flow: Arc<Flow>,
    bitrate: Option<u32>,
    jitter: Option<f64>,
    lost: Option<u64>,
    received: Option<u64>,
    frames: Option<u64>,
    end_to_end: Option<f64>,
}

impl Stream {
    fn of(name: &str, flow: &Arc<Flow>, timing: &Timing, transport: &gst::StructureRef) -> Self {
        let report = statistics::on_source(transport, "inbound-rtp", flow.ssrc.load(Ordering::Relaxed));
        let report = report.as_ref();
        let lost = report.and_then(|report| report.get::<i64>("packets-lost").ok());
        let (frames, end_to_end) = timing.frames(name).unzip();
        Self {
            bitrate: flow.meter.rate(Instant::now()),
            jitter: report.and_then(|report| report.get::<f64>("jitter").ok()),
            // Packets that came twice are counted as fewer lost.
            lost: lost.map(|lost| u64::try_from(lost).unwrap_or_default()),
            received: report.and_then(|report| report.get::<u64>("packets-received").ok()),
            frames,
            end_to_end: end_to_end.flatten(),
            flow: flow.clone(),
        }
    }

    fn told(&self) -> gst::Structure {
        gst::Structure::builder("application/x-webrtcsrc-stream-stats")
            .field_if_some("codec-name", self.flow.codec)
            .field_if_some("decoder", self.flow.decoder.as_ref())
            .field("frames", self.frames.unwrap_or_default())
            .field("bytes-received", self.flow.meter.bytes())
            .field_if_some("bitrate", self.bitrate)
            .field_if_some("packets-received", self.received)
            .field_if_some("packets-lost", self.lost)
            .field_if_some("jitter", self.jitter)
            .field_if_some("end-to-end-delay", self.end_to_end)
            .build()
    }
}

/// The statistics of a session.
pub(super) fn of(timing: &Timing, flows: &Flows, receiver: Option<Arc<Receiver>>) -> gst::Structure {
    let receiver = receiver.map(|receiver| receiver as Arc<dyn Connection>);
    statistics::refresh(receiver.iter(), PATIENCE);
    let transport = receiver.as_ref().and_then(|receiver| receiver.stats());
    let transport = transport.unwrap_or_else(|| gst::Structure::new_empty("application/x-webrtc-stats"));
    let flows = flows.lock().clone();
    let streams = flows.iter().map(|(name, flow)| (name, Stream::of(name, flow, timing, &transport)));
    let streams: Vec<_> = streams.collect();
    let sum = |of: fn(&Stream) -> Option<u64>| {
        streams.iter().filter_map(|(_, stream)| of(stream)).reduce(u64::saturating_add)
    };
    let (lost, received) = (sum(|stream| stream.lost), sum(|stream| stream.received));
    let loss = lost.zip(received).filter(|(lost, received)| lost + received > 0);
    let largest =
        |of: fn(&Stream) -> Option<f64>| streams.iter().filter_map(|(_, stream)| of(stream)).reduce(f64::max);
    let bitrates = streams.iter().filter_map(|(_, stream)| stream.bitrate);
    let mut stats = gst::Structure::builder("application/x-webrtcsrc-stats")
        .field("transport", "webrtcbin")
        .field("bitrate", bitrates.fold(0, u32::saturating_add))
        .field_if_some("packet-loss", loss.map(|(lost, received)| lost as f64 / (lost + received) as f64))
        .field_if_some("jitter", largest(|stream| stream.jitter))
        .field_if_some("jitter-buffer-delay", timing.jitter_buffer_delay())
        .field_if_some("round-trip-time", timing.round_trip())
        .field_if_some("end-to-end-delay", largest(|stream| stream.end_to_end))
        .build();
    for (name, fact) in statistics::path(&transport) {
        stats.set(name, fact);
    }
    for (name, stream) in &streams {
        stats.set(name.as_str(), stream.told());
    }
    stats.set("webrtc-stats", transport);
    stats
}
