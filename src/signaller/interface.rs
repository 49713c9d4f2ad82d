//! The interface `GstRSWebRTCSignallableIface`: what the elements ask of a signaller (the vtable, each entry
//! also an overridable signal) and what a signaller tells the elements (signals, emitted through
//! [`SignallableExt`]).

use super::signals;
use super::vtable::VTable;
use gst::glib;
use gst::glib::subclass::prelude::*;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;

glib::wrapper! {
    /// Something that carries descriptions and candidates between the two sides of a session.
    pub struct Signallable(ObjectInterface<Interface>);
}

/// The type of the interface.
pub enum Interface {}

#[glib::object_interface]
impl ObjectInterface for Interface {
    const NAME: &'static str = "GstRSWebRTCSignallableIface";
    type Interface = VTable;
    type Prerequisites = (glib::Object,);

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: std::sync::LazyLock<Vec<glib::ParamSpec>> = std::sync::LazyLock::new(|| {
            vec![
                glib::ParamSpecBoolean::builder("manual-sdp-munging")
                    .nick("Manual SDP munging")
                    .blurb("Whether the signaller itself emits munge-session-description before it sends")
                    .default_value(false)
                    .read_only()
                    .build(),
            ]
        });
        &PROPERTIES
    }

    fn signals() -> &'static [glib::subclass::Signal] {
        signals::all()
    }
}

/// What a signaller does. Every method may be called from any thread and must not block.
pub trait SignallableImpl: ObjectImpl + ObjectSubclass<Type: IsA<Signallable>> {
    /// The element is ready for sessions: connect.
    fn start(&self) {}
    /// The element is stopping: disconnect.
    fn stop(&self) {}
    /// Send a description to the other side of a session.
    fn send_sdp(&self, _session_id: &str, _sdp: &WebRTCSessionDescription) {}
    /// Send a candidate to the other side of a session.
    fn add_ice(&self, _session_id: &str, _candidate: &str, _sdp_m_line_index: u32, _sdp_mid: Option<String>) {
    }
    /// A session is over: tell the other side.
    fn end_session(&self, _session_id: &str) {}
    /// A session is over, by the given error: tell the other side.
    fn end_session_with_error(&self, session_id: &str, _error: Option<&str>) {
        self.end_session(session_id);
    }
    /// A session is over for this reason (a name of [`protocol::EndReason`]), by an error or in the ordinary way:
    /// tell the other side.
    fn end_session_with_reason(&self, session_id: &str, _reason: &str, error: Option<&str>) {
        match error {
            Some(error) => self.end_session_with_error(session_id, Some(error)),
            None => self.end_session(session_id),
        }
    }
}

/// The table of functions of an object.
pub(super) fn table(object: &Signallable) -> Option<VTable> {
    object.interface::<Signallable>().map(|interface| *interface.as_ref())
}

/// What both sides call: the elements the first block, a signaller the second.
pub trait SignallableExt: IsA<Signallable> + IsA<glib::Object> {
    /// Asks the signaller to connect.
    fn start(&self) {
        signals::emit_bool(self.as_ref(), "start", &[]);
    }

    /// Asks the signaller to disconnect.
    fn stop(&self) {
        signals::emit_bool(self.as_ref(), "stop", &[]);
    }

    /// Asks the signaller to send a description.
    fn send_sdp(&self, session_id: &str, sdp: &WebRTCSessionDescription) {
        signals::emit_bool(self.as_ref(), "send-session-description", &[&session_id, sdp]);
    }

    /// Asks the signaller to send a candidate.
    fn add_ice(&self, session_id: &str, candidate: &str, sdp_m_line_index: u32, sdp_mid: Option<String>) {
        signals::emit_bool(
            self.as_ref(),
            "send-ice",
            &[&session_id, &candidate, &sdp_m_line_index, &sdp_mid],
        );
    }

    /// Asks the signaller to end a session.
    fn end_session(&self, session_id: &str) {
        signals::emit_bool(self.as_ref(), "end-session", &[&session_id]);
    }

    /// Asks the signaller to end a session and to say what went wrong.
    ///
    /// A handler of `end-session` alone hears of the session too: without a handler of its own, the signal
    /// emitted here ends in the implementation, whose default forwards to `end_session`.
    fn end_session_with_error(&self, session_id: &str, error: Option<&str>) {
        signals::emit_bool(self.as_ref(), "end-session-with-error", &[&session_id, &error]);
    }

    /// Asks the signaller to end a session and to say why, and what went wrong, if anything.
    ///
    /// Handlers of the two signals above hear of the session too, in the form that they know.
    fn end_session_with_reason(&self, session_id: &str, reason: &str, error: Option<&str>) {
        signals::emit_bool(self.as_ref(), "end-session-with-reason", &[&session_id, &reason, &error]);
    }

    /// Tells the signaller that what `request_meta` gives has changed.
    fn meta_changed(&self) {
        signals::tell(self.as_ref(), "meta-changed", &[]);
    }

    /// Lets the application change a description before it is sent.
    fn munge_sdp(&self, session_id: &str, sdp: &WebRTCSessionDescription) -> WebRTCSessionDescription {
        signals::emit::<WebRTCSessionDescription>(
            self.as_ref(),
            "munge-session-description",
            &[&session_id, sdp],
        )
        .unwrap_or_else(|| sdp.clone())
    }

    /// The element's property `meta`.
    fn request_meta(&self) -> Option<gst::Structure> {
        signals::emit::<Option<gst::Structure>>(self.as_ref(), "request-meta", &[]).flatten()
    }

    /// Tells the element that a peer wants a session; its offer, where it makes it.
    fn session_requested(&self, session_id: &str, peer_id: &str, offer: Option<&WebRTCSessionDescription>) {
        signals::tell(self.as_ref(), "session-requested", &[&session_id, &peer_id, &offer.cloned()]);
    }

    /// Tells the element that the session that it asked for exists.
    fn session_started(&self, session_id: &str, peer_id: &str) {
        signals::tell(self.as_ref(), "session-started", &[&session_id, &peer_id]);
    }

    /// Hands the element a description from the other side.
    fn session_description(&self, session_id: &str, sdp: &WebRTCSessionDescription) {
        signals::tell(self.as_ref(), "session-description", &[&session_id, sdp]);
    }

    /// Hands the element a candidate from the other side.
    fn handle_ice(&self, session_id: &str, sdp_m_line_index: u32, sdp_mid: Option<&str>, candidate: &str) {
        signals::tell(self.as_ref(), "handle-ice", &[&session_id, &sdp_m_line_index, &sdp_mid, &candidate]);
    }

    /// Tells the element that the other side ended a session.
    fn session_ended(&self, session_id: &str, error: Option<&str>) {
        if error.is_some() {
            signals::emit_bool(self.as_ref(), "session-ended-with-error", &[&session_id, &error]);
        } else {
            signals::emit_bool(self.as_ref(), "session-ended", &[&session_id]);
        }
    }

    /// Tells the element that the other side ended a session: why (a name of [`protocol::EndReason`]), and what
    /// went wrong, where that is known. Whoever listens to the two older signals hears of it as well.
    fn session_ended_with_reason(&self, session_id: &str, reason: Option<&str>, error: Option<&str>) {
        let arguments: [&dyn ToValue; 3] = [&session_id, &reason, &error];
        signals::emit_bool(self.as_ref(), "session-ended-with-reason", &arguments);
        self.session_ended(session_id, error);
    }

    /// Tells the element that the signaller reached its server, or lost it, and details for the application.
    fn connection_changed(&self, connected: bool, details: &gst::Structure) {
        signals::tell(self.as_ref(), "connection-changed", &[&connected, details]);
    }

    /// Hands the element STUN and TURN servers, as `stun://host:port` and `turn://user:password@host:port`, to use
    /// for new sessions instead of those that it was handed before.
    fn ice_servers(&self, servers: &[String]) {
        signals::tell(self.as_ref(), "ice-servers", &[&servers.to_vec()]);
    }

    /// Tells the element that signalling is impossible from now on.
    fn report_error(&self, text: &str) {
        signals::tell(self.as_ref(), "error", &[&text]);
    }

    /// Tells the application of a viewer's transport (deprecated: the element has the same signal).
    fn consumer_added(&self, peer_id: &str, webrtcbin: &gst::Element) {
        signals::tell(self.as_ref(), "consumer-added", &[&peer_id, webrtcbin]);
    }

    /// Tells the application that a viewer is gone.
    fn consumer_removed(&self, peer_id: &str, webrtcbin: &gst::Element) {
        signals::tell(self.as_ref(), "consumer-removed", &[&peer_id, webrtcbin]);
    }

    /// Hands signallers and applications the transport before it is used.
    fn webrtcbin_ready(&self, id: &str, webrtcbin: &gst::Element) {
        signals::tell(self.as_ref(), "webrtcbin-ready", &[&id, webrtcbin]);
    }

    /// Tells the application of a producer; whether it came just now.
    fn producer_added(&self, peer_id: &str, meta: Option<gst::Structure>, new_connection: bool) {
        signals::tell(self.as_ref(), "producer-added", &[&peer_id, &meta, &new_connection]);
    }

    /// Tells the application that a producer is gone.
    fn producer_removed(&self, peer_id: &str, meta: Option<gst::Structure>) {
        signals::tell(self.as_ref(), "producer-removed", &[&peer_id, &meta]);
    }
}

impl<T: IsA<Signallable> + IsA<glib::Object>> SignallableExt for T {}
