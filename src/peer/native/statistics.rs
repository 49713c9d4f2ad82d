//! What str0m counts, under the names that webrtcbin has for it.

use super::session::Statistics;
use std::time::Duration;

/// The statistics of one session.
pub(super) fn of(statistics: &Statistics) -> gst::Structure {
    let mut all = gst::Structure::new_empty("application/x-webrtc-stats");
    for (ssrc, kind, stream) in &statistics.streams {
        let id = format!("rtp-outbound-stream-stats_{ssrc}");
        let outbound = gst::Structure::builder(id.as_str())
            .field("id", &id)
            .field("ssrc", ssrc)
            .field("kind", kind.as_str())
            .field("bytes-sent", stream.bytes)
            .field("packets-sent", stream.packets)
            .field("fir-count", small(stream.firs))
            .field("pli-count", small(stream.plis))
            .field("nack-count", small(stream.nacks));
        all.set(id.as_str(), outbound.build());
        if let Some(remote) = &stream.remote {
            let id = format!("rtp-remote-inbound-stream-stats_{ssrc}");
            let inbound = gst::Structure::builder(id.as_str())
                .field("id", &id)
                .field("ssrc", ssrc)
                .field("kind", kind.as_str())
                .field("packets-lost", i32::try_from(remote.packets_lost).unwrap_or(i32::MAX))
                .field("fraction-lost", f64::from(stream.loss.unwrap_or_default()))
                .field("round-trip-time", stream.rtt.as_ref().map_or(0.0, Duration::as_secs_f64));
            all.set(id.as_str(), inbound.build());
        }
    }
    all
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
