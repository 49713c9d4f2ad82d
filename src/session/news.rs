//! What the application hears of sessions: element messages on the bus.

use gst::prelude::*;
use logic::negotiation::EndReason;

/// The transport of a session is up: `webrtc-session-connected` with `session-id` and `peer-id`.
pub(crate) fn connected(element: &impl IsA<gst::Element>, session_id: &str, peer_id: &str) {
    let message = gst::Structure::builder("webrtc-session-connected");
    post(element, message.field("session-id", session_id).field("peer-id", peer_id).build());
}

/// A session is over: `webrtc-session-ended` with the same and `reason` (a stable name), `text` (for people)
/// and `is-error`.
pub(crate) fn ended(element: &impl IsA<gst::Element>, session_id: &str, peer_id: &str, reason: &EndReason) {
    let message = gst::Structure::builder("webrtc-session-ended")
        .field("session-id", session_id)
        .field("peer-id", peer_id)
        .field("reason", reason.name())
        .field("text", reason.to_string())
        .field("is-error", reason.is_error());
    post(element, message.build());
}

fn post(element: &impl IsA<gst::Element>, structure: gst::Structure) {
    let element = element.upcast_ref::<gst::Element>();
    // Refused only while the element has no bus: nobody listens then.
    let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
}
