//! The settings of the default signaller: their defaults, what an address may say of them, and what follows for the
//! connection.

use super::address;
use super::connect::Credentials;
use super::connection::Config;
use crate::signaller::{WebRTCSignallerRole, WebRTCSignallerState};
use gst::glib;
use logic::peer_client::Purpose;
use logic::reconnection::Policy;
use protocol::PeerId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) struct Settings {
    pub(super) uri: Option<String>,
    pub(super) connect_to_first_producer: bool,
    pub(super) producer_peer_id: Option<String>,
    pub(super) cafile: Option<String>,
    pub(super) role: WebRTCSignallerRole,
    pub(super) headers: Option<gst::Structure>,
    pub(super) insecure_tls: bool,
    pub(super) manual_sdp_munging: bool,
    /// Token and headers as the connection shows them.
    credentials: Arc<Mutex<Credentials>>,
    pub(super) connect_attempts: u32,
    pub(super) reconnect_attempts: u32,
    pub(super) reconnect_delay_min: u32,
    pub(super) reconnect_delay_max: u32,
    pub(super) connect_timeout: u32,
    pub(super) heartbeat_interval: u32,
    pub(super) client_id: Option<String>,
    pub(super) state: WebRTCSignallerState,
    pub(super) ice_servers: Vec<String>,
    /// How often it was started: what an earlier connection still has to say is not for this one.
    pub(super) generation: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            uri: Some("ws://127.0.0.1:8443/".into()),
            connect_to_first_producer: false,
            producer_peer_id: None,
            cafile: None,
            role: WebRTCSignallerRole::default(),
            headers: None,
            insecure_tls: false,
            manual_sdp_munging: false,
            credentials: Arc::default(),
            connect_attempts: 5,
            reconnect_attempts: 0,
            reconnect_delay_min: 250,
            reconnect_delay_max: 4_000,
            connect_timeout: 10_000,
            heartbeat_interval: 10_000,
            client_id: None,
            state: WebRTCSignallerState::default(),
            ice_servers: Vec::new(),
            generation: 0,
        }
    }
}

impl Settings {
    /// Takes an address; the words of its query that are ours become settings, the server gets the rest.
    pub(super) fn set_uri(&mut self, text: String) {
        match url::Url::parse(&text) {
            Ok(mut url) => {
                self.take_query(&mut url);
                self.uri = Some(url.into());
            }
            // Kept as it is: the error comes when it is used, where the application hears of it.
            Err(_) => self.uri = Some(text),
        }
    }

    fn take_query(&mut self, url: &mut url::Url) {
        if self.role != WebRTCSignallerRole::Consumer {
            return;
        }
        address::take_query(url, |key, value| match key {
            "peer-id" => {
                self.producer_peer_id = Some(value.into_owned());
                true
            }
            "connect-to-first-producer" => {
                self.connect_to_first_producer = matches!(value.as_ref(), "" | "1" | "true");
                true
            }
            _ => false,
        });
    }

    /// What the connection needs to know, or why that cannot be.
    pub(super) fn config(&self) -> Result<Config, String> {
        let text = self.uri.clone().unwrap_or_default();
        let shown = address::shown(&text);
        let wrong =
            |why: &str| format!("signalling server URI '{shown}' (property uri) cannot be used: {why}");
        let url =
            url::Url::parse(&text).map_err(|err| wrong(&format!("{err}; write it as ws://host:8443")))?;
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(wrong("its scheme must be ws or wss"));
        }
        let milliseconds = |value: u32| Duration::from_millis(value.into());
        Ok(Config {
            url,
            credentials: self.credentials.clone(),
            cafile: self.cafile.clone(),
            insecure_tls: self.insecure_tls,
            purpose: self.purpose(),
            policy: Policy {
                first_attempts: self.connect_attempts,
                attempts: self.reconnect_attempts,
                shortest: milliseconds(self.reconnect_delay_min),
                longest: milliseconds(self.reconnect_delay_max),
            },
            timeout: milliseconds(self.connect_timeout),
            heartbeat: milliseconds(self.heartbeat_interval),
        })
    }

    /// What to show to the server from the next attempt on.
    fn credentials(&self) -> MutexGuard<'_, Credentials> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_token(&mut self, token: Option<String>) {
        self.credentials().token = token.filter(|token| !token.is_empty());
    }

    pub(super) fn set_headers(&mut self, headers: Option<gst::Structure>) {
        let text = |value: &glib::Value| value.transform::<String>().ok()?.get::<String>().ok();
        let fields = headers.iter().flat_map(|headers| headers.iter());
        self.credentials().headers =
            fields.filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
        self.headers = headers;
    }

    fn purpose(&self) -> Purpose {
        match (self.role, &self.producer_peer_id) {
            (WebRTCSignallerRole::Producer, _) => Purpose::Produce,
            (WebRTCSignallerRole::Listener, _) => Purpose::Listen,
            (WebRTCSignallerRole::Consumer, _) if self.connect_to_first_producer => Purpose::ConsumeFirst,
            (WebRTCSignallerRole::Consumer, Some(id)) => Purpose::Consume(PeerId::new(id)),
            (WebRTCSignallerRole::Consumer, None) => Purpose::BeConsumer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(role: WebRTCSignallerRole, uri: &str) -> Settings {
        let mut settings = Settings { role, ..Settings::default() };
        settings.set_uri(uri.into());
        settings
    }

    #[test]
    fn a_consumer_takes_from_its_address_what_it_is_to_consume() {
        let settings = of(WebRTCSignallerRole::Consumer, "ws://host/?room=a%20b&peer-id=a%26b&flag");
        assert_eq!(settings.uri.as_deref(), Some("ws://host/?room=a%20b&flag"));
        assert_eq!(settings.producer_peer_id.as_deref(), Some("a&b"));
        for (query, wanted) in [("", true), ("=1", true), ("=true", true), ("=0", false)] {
            let text = format!("ws://host/?connect-to-first-producer{query}");
            let settings = of(WebRTCSignallerRole::Consumer, &text);
            let taken = (settings.uri.as_deref(), settings.connect_to_first_producer);
            assert_eq!(taken, (Some("ws://host/"), wanted), "{query}");
            // For a producer these are words like others.
            assert_eq!(of(WebRTCSignallerRole::Producer, &text).uri, Some(text));
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_named_without_its_password() {
        for text in ["https://user:secret@host", "ws://user:secret@host:port", "user:secret@host"] {
            let Err(error) = of(WebRTCSignallerRole::Producer, text).config() else { panic!("{text}") };
            assert!(error.contains("property uri") && !error.contains("secret"), "{error}");
        }
    }
}
