//! The GObject of the default signaller: its properties, and what elements ask of it.

use super::connection::Connection;
use super::owner::Weak;
use super::settings::Settings;
use crate::signaller::{
    Signallable, SignallableExt, SignallableImpl, WANT_SESSION, WebRTCSignallerRole, WebRTCSignallerState,
    reason_named,
};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use logic::peer_client::Problem;
use protocol::{DescriptionKind, EndReason, IceCandidate, PeerMessageInner, SessionDescription, SessionId};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "webrtc-signaller",
        gst::DebugColorFlags::empty(),
        Some("WebRTC signalling client"),
    )
});

/// How long a stopping element waits for the last words to leave.
const LAST_WORDS: Duration = Duration::from_millis(300);

#[derive(Default, glib::Properties)]
#[properties(wrapper_type = super::Signaller)]
pub struct Signaller {
    #[property(name = "manual-sdp-munging", override_interface = Signallable, type = bool, get, member = manual_sdp_munging)]
    #[property(name = "uri", type = Option<String>, get, set = Self::set_uri, member = uri,
        default = Some("ws://127.0.0.1:8443/"), nick = "Signalling server URI",
        blurb = "Websocket address of the signalling server; peer-id=ID in its query sets producer-peer-id, connect-to-first-producer=true takes the first producer, and the server gets the rest")]
    #[property(name = "producer-peer-id", type = Option<String>, get, set = Self::set_producer, member = producer_peer_id,
        nick = "Producer peer ID", blurb = "The producer whose stream is wanted (role consumer only)")]
    #[property(name = "connect-to-first-producer", type = bool, get, set, member = connect_to_first_producer,
        nick = "Connect to first producer", blurb = "Take the stream of the first producer, now or whenever one comes (role consumer only)")]
    #[property(name = "cafile", type = Option<String>, get, set, member = cafile,
        nick = "CA file", blurb = "PEM file of certificate authorities to trust beside the system's")]
    #[property(name = "role", type = WebRTCSignallerRole, get, set, member = role, nick = "Role",
        blurb = "Whether to offer a stream, receive one, or watch who offers", builder(WebRTCSignallerRole::Consumer))]
    #[property(name = "client-id", type = Option<String>, get, member = client_id,
        nick = "Client ID", blurb = "The identifier that the server gave to this client; NULL while not connected")]
    #[property(name = "insecure-tls", type = bool, get, set, member = insecure_tls,
        nick = "Insecure TLS", blurb = "Accept any server certificate")]
    #[property(name = "auth-token", type = Option<String>, set = Self::set_token, nick = "Authorization token",
        blurb = "Token to show to the signalling server, as 'Authorization: Bearer TOKEN'; NULL for none. Asked for at each attempt to connect")]
    #[property(name = "connect-attempts", type = u32, get, set, member = connect_attempts, default = 5, nick = "Connect attempts",
        blurb = "How often the server is tried before the first success until that is an error; 0 for no limit")]
    #[property(name = "reconnect-attempts", type = u32, get, set, member = reconnect_attempts, default = 0, nick = "Reconnect attempts",
        blurb = "How often in a row a lost server is tried until that is an error; 0 for no limit")]
    #[property(name = "reconnect-delay-min", type = u32, get, set, member = reconnect_delay_min, nick = "Shortest reconnect delay",
        blurb = "Delay before the second attempt (ms); it doubles with each further one, and a random share of up to a half is taken off", minimum = 1, maximum = 3_600_000, default = 250)]
    #[property(name = "reconnect-delay-max", type = u32, get, set, member = reconnect_delay_max, nick = "Longest reconnect delay",
        blurb = "The delay between attempts grows up to this (ms)", minimum = 1, maximum = 3_600_000, default = 4_000)]
    #[property(name = "connect-timeout", type = u32, get, set, member = connect_timeout, nick = "Connect timeout",
        blurb = "How long one attempt to connect and to register may take (ms)", minimum = 1, maximum = 3_600_000, default = 10_000)]
    #[property(name = "heartbeat-interval", type = u32, get, set, member = heartbeat_interval, nick = "Heartbeat interval",
        blurb = "How often to make sure that the server is there (ms); the server may choose otherwise", minimum = 50, maximum = 600_000, default = 10_000)]
    #[property(name = "state", type = WebRTCSignallerState, get, member = state, nick = "State",
        blurb = "How the signaller stands with the server", builder(WebRTCSignallerState::Disconnected))]
    #[property(name = "ice-servers", type = Vec<String>, get, member = ice_servers, nick = "ICE servers",
        blurb = "STUN and TURN servers that the signalling server named, credentials included, as stun://host:port and turn://user:password@host:port")]
    settings: Mutex<Settings>,
    connection: Mutex<Option<Connection>>,
}

#[glib::object_subclass]
impl ObjectSubclass for Signaller {
    const NAME: &'static str = "GstWebRTCSignaller";
    type Type = super::Signaller;
    type Interfaces = (Signallable,);
}

impl ObjectImpl for Signaller {
    fn signals() -> &'static [glib::subclass::Signal] {
        static SIGNALS: LazyLock<Vec<glib::subclass::Signal>> = LazyLock::new(|| {
            let want = |values: &[glib::Value]| {
                let signaller = values.first()?.get::<super::Signaller>().ok()?;
                signaller.imp().with_connection(Connection::want);
                None
            };
            vec![
                glib::subclass::Signal::builder(WANT_SESSION).run_last().action().class_handler(want).build(),
            ]
        });
        &SIGNALS
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut all = Signaller::derived_properties().to_vec();
            all.push(
                glib::ParamSpecBoxed::builder::<gst::Structure>("headers")
                    .nick("HTTP headers")
                    .blurb("Further headers of the websocket request; asked for at each attempt to connect")
                    .build(),
            );
            all
        });
        &PROPERTIES
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        match spec.name() {
            "headers" => self.settings().set_headers(value.get().ok().flatten()),
            _ => self.derived_set_property(id, value, spec),
        }
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        match spec.name() {
            "headers" => self.settings().headers.to_value(),
            _ => self.derived_property(id, spec),
        }
    }

    fn constructed(&self) {
        self.parent_constructed();
        // Whoever says so is not waited for: the connection asks for the new value itself.
        self.obj().connect("meta-changed", false, |values| {
            let signaller = values.first()?.get::<super::Signaller>().ok()?;
            signaller.imp().with_connection(Connection::meta_changed);
            None
        });
    }
}

impl Signaller {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_token(&self, token: Option<String>) {
        self.settings().set_token(token);
    }

    fn set_uri(&self, uri: Option<String>) {
        match uri {
            Some(text) => self.settings().set_uri(text),
            None => {
                gst::warning!(CAT, imp = self, "property uri cannot be NULL, keeping the address there is");
            }
        }
    }

    fn set_producer(&self, id: Option<String>) {
        let mut settings = self.settings();
        if settings.role == WebRTCSignallerRole::Consumer {
            settings.producer_peer_id = id;
        } else {
            drop(settings);
            gst::warning!(CAT, imp = self, "producer-peer-id is for role consumer only, ignoring it");
        }
    }

    /// Whether this is what the signaller was started as last.
    pub(super) fn is_generation(&self, generation: u64) -> bool {
        self.settings().generation == generation
    }

    /// Notes how it stands with the server, on behalf of a connection or, where it is nobody's, of the element;
    /// false where the connection is no longer the signaller's.
    pub(super) fn set_state(
        &self,
        generation: Option<u64>,
        state: WebRTCSignallerState,
        client_id: Option<String>,
    ) -> bool {
        let (new_state, new_id) = {
            let mut settings = self.settings();
            if generation.is_some_and(|generation| generation != settings.generation) {
                return false;
            }
            let new_state = std::mem::replace(&mut settings.state, state) != state;
            let new_id = settings.client_id != client_id;
            settings.client_id = client_id;
            (new_state, new_id)
        };
        if new_state {
            self.obj().notify_state();
        }
        if new_id {
            self.obj().notify_client_id();
        }
        true
    }

    pub(super) fn set_ice_servers(&self, addresses: Vec<String>) {
        self.settings().ice_servers = addresses;
        self.obj().notify_ice_servers();
    }

    fn with_connection<T>(&self, work: impl FnOnce(&Connection) -> T) -> Option<T> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().map(work)
    }

    /// Queues in the order of the calls; what does not fit is never left out in silence.
    fn send(&self, queue: impl FnOnce(&Connection) -> Result<(), Problem>) {
        if let Some(Err(problem)) = self.with_connection(queue) {
            gst::warning!(CAT, imp = self, "{problem}");
        }
    }

    fn say(&self, session_id: &str, inner: PeerMessageInner) {
        let session = SessionId::new(session_id);
        self.send(|connection| connection.say(&session, inner));
    }

    fn end(&self, session_id: &str, reason: Option<EndReason>, error: Option<&str>) {
        let session = SessionId::new(session_id);
        self.send(|connection| connection.end_session(&session, reason, error.map(str::to_owned)));
    }

    fn take_connection(&self, next: Option<Connection>) -> Option<Connection> {
        std::mem::replace(&mut *self.connection.lock().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl SignallableImpl for Signaller {
    fn start(&self) {
        let config = self.settings().config();
        let config = match config {
            Ok(config) => config,
            Err(text) => return self.obj().report_error(&text),
        };
        let generation = {
            let mut settings = self.settings();
            settings.generation += 1;
            settings.generation
        };
        self.set_state(Some(generation), WebRTCSignallerState::Connecting, None);
        let owner = Arc::new(Weak { signaller: self.obj().downgrade(), generation });
        drop(self.take_connection(Some(Connection::start(config, owner))));
    }

    fn stop(&self) {
        if let Some(connection) = self.take_connection(None) {
            self.settings().generation += 1;
            connection.close(LAST_WORDS);
            self.set_state(None, WebRTCSignallerState::Disconnected, None);
        }
    }

    fn send_sdp(&self, session_id: &str, sdp: &WebRTCSessionDescription) {
        let kind = if sdp.type_() == WebRTCSDPType::Offer {
            DescriptionKind::Offer
        } else {
            DescriptionKind::Answer
        };
        match sdp.sdp().as_text() {
            Ok(sdp) => self.say(session_id, PeerMessageInner::Sdp(SessionDescription { kind, sdp })),
            Err(err) => gst::error!(CAT, imp = self, "failed to write a description as text: {err}"),
        }
    }

    fn add_ice(&self, session_id: &str, candidate: &str, sdp_m_line_index: u32, sdp_mid: Option<String>) {
        let candidate =
            IceCandidate { candidate: candidate.into(), sdp_m_line_index: Some(sdp_m_line_index), sdp_mid };
        self.say(session_id, PeerMessageInner::Ice(candidate));
    }

    fn end_session(&self, session_id: &str) {
        self.end(session_id, None, None);
    }

    fn end_session_with_error(&self, session_id: &str, error: Option<&str>) {
        self.end(session_id, None, error);
    }

    fn end_session_with_reason(&self, session_id: &str, reason: &str, error: Option<&str>) {
        let reason = reason_named(reason);
        self.end(session_id, (reason != EndReason::Unknown).then_some(reason), error);
    }
}
