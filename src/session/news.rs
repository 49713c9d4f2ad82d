//! What the application hears of sessions and of signalling: element messages on the bus.

use gst::prelude::*;
use logic::negotiation::EndReason;

/// The transport of a session is up: `webrtc-session-connected` with `session-id` and `peer-id`.
pub(crate) fn connected(element: &impl IsA<gst::Element>, session_id: &str, peer_id: &str) {
    let message = gst::Structure::builder("webrtc-session-connected");
    post(element, message.field("session-id", session_id).field("peer-id", peer_id).build());
}

/// Somebody watches, from the first request for a session on, or nobody does any more: `webrtc-watched` or
/// `webrtc-unwatched`.
pub(crate) fn watched(element: &impl IsA<gst::Element>, by_somebody: bool) {
    let name = if by_somebody { "webrtc-watched" } else { "webrtc-unwatched" };
    post(element, gst::Structure::new_empty(name));
}

/// A session is over: `webrtc-session-ended` with the same, `reason` (a stable name), `text` (for people) and
/// `is-error`; where there is one, `debug` (GStreamer's text about a pipeline that failed) and `peer-reason` (the
/// name that the peer gave).
pub(crate) fn ended(element: &impl IsA<gst::Element>, session_id: &str, peer_id: &str, reason: &EndReason) {
    let message = gst::Structure::builder("webrtc-session-ended")
        .field("session-id", session_id)
        .field("peer-id", peer_id)
        .field("reason", reason.name())
        .field("text", reason.to_string())
        .field("is-error", reason.is_error())
        .field_if_some("debug", reason.debug())
        .field_if_some("peer-reason", reason.peer_reason().map(protocol::EndReason::as_str));
    post(element, message.build());
}

/// The signaller reached its server, or lost it: `webrtc-signalling-connected` or `webrtc-signalling-lost`, with
/// what the signaller says of it. The default one says `client-id`, `resumed` and `attempts`, or `text`,
/// `retry-in` (ns) and `attempts`.
pub(crate) fn signalling(element: &impl IsA<gst::Element>, connected: bool, details: &gst::StructureRef) {
    let name = if connected { "webrtc-signalling-connected" } else { "webrtc-signalling-lost" };
    let mut message = details.to_owned();
    message.set_name(name);
    post(element, message);
}

fn post(element: &impl IsA<gst::Element>, structure: gst::Structure) {
    let element = element.upcast_ref::<gst::Element>();
    // Refused only while the element has no bus: nobody listens then.
    let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
}
