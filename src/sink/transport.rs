//! Which transport serves a session, and why.

use super::BaseWebRTCSink;
use super::settings::{Settings, WebRTCSinkTransport};
use crate::signaller::Signallable;
use gst::glib;
use gst::prelude::*;

/// The sink's signals that hand out an element which only webrtcbin has.
const SINK_SIGNALS: [&str; 3] = ["consumer-added", "consumer-removed", "consumer-pipeline-created"];
/// The signaller's.
const SIGNALLER_SIGNALS: [&str; 3] = ["webrtcbin-ready", "consumer-added", "consumer-removed"];

/// A choice with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) native: bool,
    pub(super) reason: String,
}

impl Choice {
    /// The transport's name, as the property has it.
    pub(super) fn name(&self) -> &'static str {
        if self.native { "native" } else { "webrtcbin" }
    }
}

/// Chooses for a session that begins.
pub(super) fn choose(sink: &BaseWebRTCSink, signaller: &Signallable, settings: &Settings) -> Choice {
    let webrtcbin = |reason: String| Choice { native: false, reason };
    match settings.transport {
        WebRTCSinkTransport::Native => {
            Choice { native: true, reason: "the property transport says so".into() }
        }
        WebRTCSinkTransport::WebRtcBin => webrtcbin("the property transport says so".into()),
        WebRTCSinkTransport::Auto => {
            if let Some(signal) = handed_out(sink.upcast_ref(), &SINK_SIGNALS) {
                return webrtcbin(format!("a handler of {signal} wants its element"));
            }
            if let Some(signal) = handed_out(signaller.upcast_ref(), &SIGNALLER_SIGNALS) {
                return webrtcbin(format!("a handler of the signaller's {signal} wants its element"));
            }
            if !settings.turn_servers.is_empty() {
                return webrtcbin("the property turn-servers asks for relays".into());
            }
            if settings.ice_transport_policy == gst_webrtc::WebRTCICETransportPolicy::Relay {
                return webrtcbin("the property ice-transport-policy asks for relays".into());
            }
            Choice { native: true, reason: "nothing asks for what only webrtcbin has".into() }
        }
    }
}

/// The first of these signals that somebody listens to.
fn handed_out(object: &glib::Object, signals: &[&'static str]) -> Option<&'static str> {
    signals.iter().copied().find(|name| {
        let id = glib::subclass::SignalId::lookup(name, object.type_());
        id.is_some_and(|id| glib::signal::signal_has_handler_pending(object, id, None, true))
    })
}
