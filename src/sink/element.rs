//! `webrtcsink`: the base with the default signaller and, where wanted, the server that it needs.

use super::embedded_servers::SignallingServer;
use super::imp::{BaseWebRTCSinkImpl, CAT};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Where and how the embedded signalling server listens.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) run: bool,
    pub(super) host: Option<String>,
    pub(super) port: u32,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) headers: Option<gst::Structure>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { run: false, host: Some("0.0.0.0".into()), port: 8443, cert: None, key: None, headers: None }
    }
}

#[derive(Default, glib::Properties)]
#[properties(wrapper_type = super::WebRTCSink)]
pub struct WebRTCSink {
    #[property(name = "run-signalling-server", type = bool, get, set, member = run, nick = "Run signalling server",
        blurb = "Run a signalling server inside the element and signal through it", mutable_ready)]
    #[property(name = "signalling-server-host", type = Option<String>, get, set, member = host, nick = "Signalling server host",
        blurb = "Address on which the signalling server listens", default = Some("0.0.0.0"))]
    #[property(name = "signalling-server-port", type = u32, get, set, member = port, nick = "Signalling server port",
        blurb = "Port on which the signalling server listens", minimum = 0, maximum = 65535, default = 8443)]
    #[property(name = "signalling-server-cert", type = Option<String>, get, set, member = cert, nick = "Signalling server certificate",
        blurb = "PEM file of the server's certificate chain; TLS is used where signalling-server-key is set too")]
    #[property(name = "signalling-server-key", type = Option<String>, get, set, member = key, nick = "Signalling server key",
        blurb = "PEM file of the server's private key")]
    settings: Mutex<Settings>,
    server: Mutex<Option<SignallingServer>>,
}

#[glib::object_subclass]
impl ObjectSubclass for WebRTCSink {
    const NAME: &'static str = "GstWebRTCSink";
    type Type = super::WebRTCSink;
    type ParentType = super::BaseWebRTCSink;
}

impl WebRTCSink {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the server run until there is another one or none, and the web server lead there.
    fn keep(&self, server: Option<SignallingServer>) {
        let obj = self.obj();
        let base = obj.upcast_ref::<super::BaseWebRTCSink>().imp();
        let entrance = server.as_ref().map(SignallingServer::entrance);
        *base.entrance.lock().unwrap_or_else(PoisonError::into_inner) = entrance;
        let old = std::mem::replace(&mut *self.server.lock().unwrap_or_else(PoisonError::into_inner), server);
        drop(old);
    }
}

impl ObjectImpl for WebRTCSink {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut all = WebRTCSink::derived_properties().to_vec();
            all.push(
                glib::ParamSpecBoxed::builder::<gst::Structure>("signalling-server-headers")
                    .nick("Signalling server headers")
                    .blurb("Further headers of the server's answer to a websocket request")
                    .build(),
            );
            all
        });
        &PROPERTIES
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        match spec.name() {
            "signalling-server-headers" => self.settings().headers = value.get().ok().flatten(),
            _ => self.derived_set_property(id, value, spec),
        }
        self.obj().upcast_ref::<super::BaseWebRTCSink>().imp().changed(spec.name());
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        match spec.name() {
            "signalling-server-headers" => self.settings().headers.to_value(),
            _ => self.derived_property(id, spec),
        }
    }
}

impl GstObjectImpl for WebRTCSink {}

impl ElementImpl for WebRTCSink {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "WebRTCSink",
                "Sink/Network/WebRTC",
                "Sends streams to any number of WebRTC viewers; each stream is encoded once for all of them",
                "The gst-plugin-webrtc developers",
            )
        });
        Some(&METADATA)
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        let settings = self.settings().clone();
        if transition == gst::StateChange::ReadyToPaused && settings.run {
            match SignallingServer::start(&settings) {
                Ok(server) => {
                    gst::info!(CAT, imp = self, "the signalling server is at {}", server.uri());
                    server.lead(&self.obj().upcast_ref::<super::BaseWebRTCSink>().signaller());
                    self.keep(Some(server));
                }
                Err(text) => {
                    gst::element_imp_error!(
                        self,
                        gst::ResourceError::OpenReadWrite,
                        ("Failed to start signalling server: {text}")
                    );
                    return Err(gst::StateChangeError);
                }
            }
        }
        let success = self.parent_change_state(transition);
        if transition == gst::StateChange::PausedToReady || success.is_err() {
            self.keep(None);
        }
        success
    }
}

impl BinImpl for WebRTCSink {}
impl BaseWebRTCSinkImpl for WebRTCSink {}
