//! Which transport serves a session, and why.

use super::BaseWebRTCSink;
use super::settings::{Settings, WebRTCSinkTransport};
use crate::peer::IceServers;
use crate::signaller::Signallable;
use gst::glib;
use gst::prelude::*;
use gst_webrtc::WebRTCICETransportPolicy;

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

/// What the settings ask for that no transport gives them, where they do.
pub(super) fn impossible(settings: &Settings) -> Option<&'static str> {
    let relay_only = settings.ice_transport_policy == WebRTCICETransportPolicy::Relay;
    (relay_only && settings.transport == WebRTCSinkTransport::Native).then_some(
        "ice-transport-policy=relay allows relays only, and transport=native has none: \
         set transport to auto or webrtcbin",
    )
}

/// Chooses for a session that begins.
pub(super) fn choose(
    sink: &BaseWebRTCSink,
    signaller: &Signallable,
    settings: &Settings,
    servers: &IceServers,
) -> Choice {
    let webrtcbin = |reason: String| Choice { native: false, reason };
    let relays = servers.who_names_relays();
    match settings.transport {
        WebRTCSinkTransport::Native => {
            let without = relays.map(|who| format!(", without the TURN servers that {who} names"));
            let reason = format!("the property transport says so{}", without.unwrap_or_default());
            Choice { native: true, reason }
        }
        WebRTCSinkTransport::WebRtcBin => webrtcbin("the property transport says so".into()),
        WebRTCSinkTransport::Auto => {
            if let Some(signal) = handed_out(sink.upcast_ref(), &SINK_SIGNALS) {
                return webrtcbin(format!("a handler of {signal} wants its element"));
            }
            if let Some(signal) = handed_out(signaller.upcast_ref(), &SIGNALLER_SIGNALS) {
                return webrtcbin(format!("a handler of the signaller's {signal} wants its element"));
            }
            if let Some(who) = relays {
                return webrtcbin(format!("{who} names TURN servers"));
            }
            if settings.ice_transport_policy == WebRTCICETransportPolicy::Relay {
                return webrtcbin("the property ice-transport-policy allows relays only".into());
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
