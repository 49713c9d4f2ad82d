//! What the application hears of sessions and of signalling: element messages on the bus.

use gst::prelude::*;
use logic::following::Stubborn;
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

/// An encoder failed: `webrtc-encoder-failed` with `pad` (its name), `codec` (the name of its caps), `encoder` (its
/// factory), `text` (for people) and, where another is tried, `next-encoder`.
pub(crate) fn encoder_failed(
    element: &impl IsA<gst::Element>,
    (pad, codec): (&str, &str),
    encoder: &str,
    next: Option<&str>,
    text: &str,
) {
    let message = gst::Structure::builder("webrtc-encoder-failed")
        .field("pad", pad)
        .field("codec", codec)
        .field("encoder", encoder)
        .field("text", text)
        .field_if_some("next-encoder", next);
    post(element, message.build());
}

/// An encoder does not follow the bitrate that it is told: `webrtc-bitrate-not-followed` with `pad`, `codec` and `encoder`
/// as above, `bitrate` (what it was told, bit/s) and, where it took that but makes something else, `output` (bit/s).
pub(crate) fn bitrate_not_followed(
    element: &impl IsA<gst::Element>,
    (pad, codec): (&str, &str),
    encoder: &str,
    stubborn: Stubborn,
) {
    let message = gst::Structure::builder("webrtc-bitrate-not-followed")
        .field("pad", pad)
        .field("codec", codec)
        .field("encoder", encoder)
        .field("bitrate", stubborn.told)
        .field_if_some("output", stubborn.makes);
    post(element, message.build());
}

fn post(element: &impl IsA<gst::Element>, structure: gst::Structure) {
    let element = element.upcast_ref::<gst::Element>();
    // Refused only while the element has no bus: nobody listens then.
    let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
}
