//! Which transport serves a session, and why.

use super::BaseWebRTCSink;
use super::settings::{Settings, WebRTCSinkTransport};
use crate::gobject;
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

/// Chooses for a session that begins.
pub(super) fn choose(
    sink: &BaseWebRTCSink,
    signaller: &Signallable,
    settings: &Settings,
    servers: &IceServers,
) -> Choice {
    let (native, reason) = match settings.transport {
        WebRTCSinkTransport::Native => {
            let without = servers.who_names_only_relays_over_tls();
            let without = without.map(|who| format!(", without the TURN servers over TLS that {who} names"));
            (true, format!("the property transport says so{}", without.unwrap_or_default()))
        }
        WebRTCSinkTransport::WebRtcBin => (false, "the property transport says so".into()),
        WebRTCSinkTransport::Auto => match needs_webrtcbin(sink, signaller, servers) {
            Some(reason) => (false, reason),
            None => (true, "nothing asks for what only webrtcbin has".into()),
        },
    };
    Choice { native, reason }
}

/// What the settings ask for that hardly any viewer will get, where they do.
pub(super) fn unlikely(settings: &Settings) -> Option<&'static str> {
    let relay_only = settings.ice_transport_policy == WebRTCICETransportPolicy::Relay;
    (relay_only && settings.turn_servers.is_empty()).then_some(
        "ice-transport-policy=relay allows relays only, and there is none: no viewer is reached unless the signalling \
         server names a TURN server; set property turn-servers, or ice-transport-policy to all",
    )
}

/// Whether sessions go through webrtcbin as far as can be told now.
pub(super) fn expects_webrtcbin(sink: &BaseWebRTCSink, settings: &Settings) -> bool {
    let servers = IceServers::new(settings.stun_server.as_deref(), &settings.turn_servers);
    !choose(sink, &sink.signaller(), settings, &servers).native
}

/// What asks for something that only webrtcbin has.
fn needs_webrtcbin(sink: &BaseWebRTCSink, signaller: &Signallable, servers: &IceServers) -> Option<String> {
    if let Some(signal) = handed_out(sink.upcast_ref(), &SINK_SIGNALS) {
        return Some(format!("a handler of {signal} wants its element"));
    }
    if let Some(signal) = handed_out(signaller.upcast_ref(), &SIGNALLER_SIGNALS) {
        return Some(format!("a handler of the signaller's {signal} wants its element"));
    }
    let who = servers.who_names_only_relays_over_tls();
    who.map(|who| format!("{who} names TURN servers over TLS"))
}

/// The first of these signals that somebody listens to.
fn handed_out(object: &glib::Object, signals: &[&'static str]) -> Option<&'static str> {
    signals.iter().copied().find(|name| gobject::is_listened_to(object, name))
}
