//! The property `stats`.

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
        one.set("consumer-stats", consumer(viewer));
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
    let encoders =
        served.iter().filter(|served| served.codec.kind == logic::codec::MediaKind::Video).map(|served| {
            let (encoder, bitrate) = served.encoder();
            gst::Structure::builder("application/x-webrtcsink-video-encoder-stats")
                .field("bitrate", i32::try_from(bitrate).unwrap_or(i32::MAX))
                .field("mitigation-mode", super::WebRTCSinkMitigationMode::NONE)
                .field("codec-name", served.codec.media_type)
                .field("fec-percentage", 0u32)
                .field("encoder", encoder)
                .build()
                .to_send_value()
        });
    let encoders: Vec<glib::SendValue> = encoders.collect();
    gst::Structure::builder("application/x-webrtcsink-consumer-stats")
        .field("peer-id", &viewer.peer_id)
        .field("video-encoders", gst::Array::from_values(encoders))
        .build()
}
