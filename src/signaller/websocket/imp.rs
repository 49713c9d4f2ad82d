//! Properties of the default signaller, and what its connection tells: signals to the element.

use super::client::{Config, Connection, Outgoing, Owner};
use crate::signaller::{Signallable, SignallableExt, SignallableImpl, WebRTCSignallerRole, meta};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use logic::peer_client::{Action, Purpose};
use protocol::{
    ClientMessage, DescriptionKind, IceCandidate, Meta, PeerId, PeerMessage, PeerMessageInner,
    SessionDescription, SessionId,
};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "webrtc-signaller",
        gst::DebugColorFlags::empty(),
        Some("WebRTC signalling client"),
    )
});

/// Attempts to connect before the first success; afterwards a lost server is waited for without limit.
const FIRST_ATTEMPTS: u32 = 5;
/// How long a stopping element waits for the last words to leave.
const LAST_WORDS: Duration = Duration::from_millis(300);

pub(super) struct Settings {
    uri: Option<String>,
    connect_to_first_producer: bool,
    producer_peer_id: Option<String>,
    cafile: Option<String>,
    role: WebRTCSignallerRole,
    client_id: Option<String>,
    headers: Option<gst::Structure>,
    insecure_tls: bool,
    manual_sdp_munging: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            uri: Some("ws://127.0.0.1:8443/".into()),
            connect_to_first_producer: false,
            producer_peer_id: None,
            cafile: None,
            role: WebRTCSignallerRole::default(),
            client_id: None,
            headers: None,
            insecure_tls: false,
            manual_sdp_munging: false,
        }
    }
}

#[derive(Default, glib::Properties)]
#[properties(wrapper_type = super::Signaller)]
pub struct Signaller {
    #[property(name = "manual-sdp-munging", override_interface = Signallable, type = bool, get, member = manual_sdp_munging)]
    #[property(name = "uri", type = Option<String>, get, set = Self::set_uri, member = uri,
        default = Some("ws://127.0.0.1:8443/"), nick = "Signalling server URI",
        blurb = "Websocket address of the signalling server; peer-id=ID in its query sets producer-peer-id, connect-to-first-producer=true takes the first producer")]
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
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut all = Signaller::derived_properties().to_vec();
            all.push(
                glib::ParamSpecBoxed::builder::<gst::Structure>("headers")
                    .nick("HTTP headers")
                    .blurb("Further headers of the websocket request")
                    .build(),
            );
            all
        });
        &PROPERTIES
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        match spec.name() {
            "headers" => self.settings().headers = value.get().ok().flatten(),
            _ => self.derived_set_property(id, value, spec),
        }
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        match spec.name() {
            "headers" => self.settings().headers.to_value(),
            _ => self.derived_property(id, spec),
        }
    }
}

impl Signaller {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_uri(&self, uri: Option<String>) {
        let Some(text) = uri else {
            gst::warning!(CAT, imp = self, "property uri cannot be NULL, keeping the address there is");
            return;
        };
        let mut settings = self.settings();
        match url::Url::parse(&text) {
            Ok(mut url) => {
                take_query(&mut url, &mut settings);
                settings.uri = Some(url.into());
            }
            // Kept as it is: the error comes when it is used, where the application hears of it.
            Err(_) => settings.uri = Some(text),
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

    fn config(&self) -> Result<Config, String> {
        let settings = self.settings();
        let text = settings.uri.clone().unwrap_or_default();
        let wrong =
            |why: &str| format!("signalling server URI '{text}' (property uri) cannot be used: {why}");
        let url = url::Url::parse(&text).map_err(|err| wrong(&err.to_string()))?;
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(wrong("its scheme must be ws or wss"));
        }
        let headers = settings.headers.iter().flat_map(|headers| headers.iter());
        let headers = headers.filter_map(|(name, value)| {
            Some((name.to_string(), value.transform::<String>().ok()?.get::<String>().ok()?))
        });
        let purpose = match (settings.role, &settings.producer_peer_id) {
            (WebRTCSignallerRole::Producer, _) => Purpose::Produce,
            (WebRTCSignallerRole::Listener, _) => Purpose::Listen,
            (WebRTCSignallerRole::Consumer, _) if settings.connect_to_first_producer => Purpose::ConsumeFirst,
            (WebRTCSignallerRole::Consumer, Some(id)) => Purpose::Consume(PeerId::new(id)),
            (WebRTCSignallerRole::Consumer, None) => Purpose::BeConsumer,
        };
        Ok(Config {
            url,
            headers: headers.collect(),
            cafile: settings.cafile.clone(),
            insecure_tls: settings.insecure_tls,
            purpose,
            first_attempts: FIRST_ATTEMPTS,
        })
    }

    fn set_client_id(&self, id: Option<String>) {
        self.settings().client_id = id;
        self.obj().notify_client_id();
    }

    fn send(&self, outgoing: Outgoing) {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = connection.as_ref().map(|connection| connection.send(outgoing));
        drop(connection);
        if sent == Some(false) {
            gst::warning!(CAT, imp = self, "the signalling server does not take what is sent to it");
        }
    }

    fn say(&self, session_id: &str, inner: PeerMessageInner) {
        let message = PeerMessage { session_id: SessionId::new(session_id), inner };
        self.send(Outgoing::Message(ClientMessage::Peer(message)));
    }
}

/// Takes the words of the query that are ours out of the address; the server gets the rest.
fn take_query(url: &mut url::Url, settings: &mut Settings) {
    let mut rest = Vec::new();
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "peer-id" if settings.role == WebRTCSignallerRole::Consumer => {
                settings.producer_peer_id = Some(value.into_owned());
            }
            "connect-to-first-producer" if settings.role == WebRTCSignallerRole::Consumer => {
                settings.connect_to_first_producer = matches!(value.as_ref(), "" | "1" | "true");
            }
            _ => rest.push((key.into_owned(), value.into_owned())),
        }
    }
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(rest);
    }
}

impl SignallableImpl for Signaller {
    fn start(&self) {
        let config = match self.config() {
            Ok(config) => config,
            Err(text) => return self.obj().report_error(&text),
        };
        let owner = Arc::new(Weak(self.obj().downgrade()));
        let connection = Connection::start(config, owner);
        let old = self.connection.lock().unwrap_or_else(PoisonError::into_inner).replace(connection);
        drop(old);
    }

    fn stop(&self) {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = connection {
            connection.close(LAST_WORDS);
            self.set_client_id(None);
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
        self.send(Outgoing::EndSession(SessionId::new(session_id), None));
    }

    fn end_session_with_error(&self, session_id: &str, error: Option<&str>) {
        self.send(Outgoing::EndSession(SessionId::new(session_id), error.map(str::to_owned)));
    }
}

/// What the connection holds of its signaller: it must not keep it alive.
struct Weak(glib::WeakRef<super::Signaller>);

fn description(kind: DescriptionKind, text: &str) -> Option<WebRTCSessionDescription> {
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).ok()?;
    let kind = match kind {
        DescriptionKind::Offer => WebRTCSDPType::Offer,
        DescriptionKind::Answer => WebRTCSDPType::Answer,
    };
    Some(WebRTCSessionDescription::new(kind, sdp))
}

impl Weak {
    fn hear(&self, signaller: &super::Signaller, session: &SessionId, inner: PeerMessageInner) {
        let id = session.as_str();
        match inner {
            PeerMessageInner::Sdp(SessionDescription { kind, sdp }) => match description(kind, &sdp) {
                Some(sdp) => signaller.session_description(id, &sdp),
                None => {
                    let text = "the description is no SDP";
                    signaller.end_session_with_error(id, Some(text));
                    signaller.session_ended(id, Some(text));
                }
            },
            PeerMessageInner::Ice(ice) => {
                let index = ice.sdp_m_line_index.unwrap_or(0);
                signaller.handle_ice(id, index, ice.sdp_mid.as_deref(), &ice.candidate);
            }
        }
    }

    fn requested(
        &self,
        signaller: &super::Signaller,
        session: &SessionId,
        peer: &PeerId,
        offer: Option<String>,
    ) {
        let Some(text) = offer else {
            return signaller.session_requested(session.as_str(), peer.as_str(), None);
        };
        match description(DescriptionKind::Offer, &text) {
            Some(offer) => signaller.session_requested(session.as_str(), peer.as_str(), Some(&offer)),
            None => signaller.end_session_with_error(session.as_str(), Some("the offer is no SDP")),
        }
    }
}

impl Owner for Weak {
    fn meta(&self) -> Option<Meta> {
        Some(meta::structure_to_json(self.0.upgrade()?.request_meta()?.as_ref()))
    }

    fn act(&self, action: Action) {
        let Some(signaller) = self.0.upgrade() else { return };
        let structure = |meta: Option<Meta>| meta.as_ref().and_then(meta::json_to_structure);
        match action {
            Action::Send(_) => {}
            Action::Welcomed(id) => {
                gst::info!(CAT, obj = signaller, "connected to the signalling server as {id}");
                signaller.imp().set_client_id(Some(id.to_string()));
            }
            Action::SessionRequested(session, peer, offer) => {
                self.requested(&signaller, &session, &peer, offer)
            }
            Action::SessionStarted(session, peer) => {
                signaller.session_started(session.as_str(), peer.as_str())
            }
            Action::Peer(session, inner) => self.hear(&signaller, &session, inner),
            Action::SessionEnded(session, error) => {
                signaller.session_ended(session.as_str(), error.as_deref())
            }
            Action::ProducerAdded(id, meta, new) => {
                signaller.producer_added(id.as_str(), structure(meta), new)
            }
            Action::ProducerRemoved(id, meta) => signaller.producer_removed(id.as_str(), structure(meta)),
            Action::Refused(text) => {
                gst::warning!(CAT, obj = signaller, "the signalling server refused: {text}")
            }
        }
    }

    fn lost(&self, text: &str, retry_in: Duration) {
        let Some(signaller) = self.0.upgrade() else { return };
        gst::warning!(CAT, obj = signaller, "{text}; trying again in {} ms", retry_in.as_millis());
        signaller.imp().set_client_id(None);
    }

    fn failed(&self, text: &str) {
        if let Some(signaller) = self.0.upgrade() {
            signaller.report_error(&format!(
                "{text}; start gst-webrtc-signalling-server there, or set property run-signalling-server of webrtcsink"
            ));
        }
    }
}
