//! The channels of one session: opened by the element, by the application or by the peer, and closed with it.

use super::object::WebRTCDataChannel;
use super::{CAT, CONTROL, options, signals};
use crate::peer::{Arrivals, Channel, ChannelOptions, ChannelState, Connection, Payload};
use crate::runtime;
use gst::glib;
use gst::prelude::*;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Channels that one session may have.
const MOST_CHANNELS: usize = 256;

/// Takes a channel that the element uses itself, by its name; false leaves it to the application.
type Use = Box<dyn Fn(&Arc<Channel>) -> bool + Send + Sync>;

/// The channels of one session.
pub(crate) struct Channels {
    session_id: String,
    element: glib::WeakRef<gst::Element>,
    takes: Use,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<Weak<dyn Connection>>,
    all: Vec<Arc<Channel>>,
    over: bool,
}

impl Channels {
    /// No channels yet. `takes` is called from any thread and must not block.
    pub(crate) fn new(
        element: &impl IsA<gst::Element>,
        session_id: &str,
        takes: impl Fn(&Arc<Channel>) -> bool + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            session_id: session_id.into(),
            element: element.upcast_ref().downgrade(),
            takes: Box::new(takes),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where channels go that the peer opens.
    pub(crate) fn arrivals(self: &Arc<Self>) -> Arrivals {
        let channels = Arc::downgrade(self);
        Arc::new(move |channel| match channels.upgrade() {
            Some(channels) => channels.arrived(channel),
            None => channel.close(),
        })
    }

    /// The session's transport exists: opens the channels that the element uses itself, and expects the peer's
    /// where somebody waits for them.
    pub(crate) fn begin(&self, connection: &Arc<dyn Connection>, own: &[&str]) -> Result<(), String> {
        self.state().connection = Some(Arc::downgrade(connection));
        for label in own {
            let channel =
                connection.open_channel(ChannelOptions { urgent: true, ..ChannelOptions::named(label) })?;
            (self.takes)(&channel);
            self.keep(&channel);
        }
        let awaited = self.element.upgrade().is_some_and(|element| signals::is_awaited(&element));
        if own.is_empty() && awaited {
            connection.expect_channels();
        }
        Ok(())
    }

    /// Keeps a channel until it is over; false where there are too many, or none are kept any more.
    fn keep(&self, channel: &Arc<Channel>) -> bool {
        let mut state = self.state();
        state.all.retain(|channel| channel.state() != ChannelState::Closed);
        if state.over || state.all.len() >= MOST_CHANNELS {
            return false;
        }
        state.all.push(channel.clone());
        true
    }

    /// Tells the peer something about a media section (`a=mid`), on its channel for requests; whoever has none, or does not
    /// take it at once, is not told. Whether anybody was told. Never blocks.
    pub(crate) fn tell(&self, mid: &str, info: &RawValue) -> bool {
        let control: Vec<_> = {
            let state = self.state();
            let is_meant = |channel: &&Arc<Channel>| {
                channel.options.label == CONTROL && channel.state() == ChannelState::Open
            };
            state.all.iter().filter(is_meant).cloned().collect()
        };
        let mut is_told = false;
        for channel in control {
            let text = protocol::info_message(Some(mid), info).map_err(|err| err.to_string());
            let sent = text.and_then(|text| channel.send(Payload::Text(text)).map_err(|err| err.to_string()));
            match sent {
                Ok(()) => is_told = true,
                Err(cause) => gst::info!(CAT, "session {}: failed to {cause}", self.session_id),
            }
        }
        is_told
    }

    fn arrived(&self, channel: Arc<Channel>) {
        if !self.keep(&channel) {
            return channel.close();
        }
        gst::debug!(CAT, "session {}: the peer opened channel {}", self.session_id, channel.options.label);
        if (self.takes)(&channel) {
            return;
        }
        // Handlers of the application may block.
        let (element, session_id) = (self.element.clone(), self.session_id.clone());
        runtime::spawn_blocking(move || {
            if let Some(element) = element.upgrade() {
                let object = WebRTCDataChannel::new(&channel, &session_id);
                signals::data_channel_added(&element, &session_id, &object);
                object.begin();
            }
        });
    }

    /// Opens a channel for the application.
    ///
    /// # Errors
    /// There is no transport, or it refuses; says why.
    pub(crate) fn open(
        &self,
        label: &str,
        wishes: Option<&gst::StructureRef>,
    ) -> Result<WebRTCDataChannel, String> {
        let options = options::read(label, wishes)?;
        let connection = self.state().connection.as_ref().and_then(Weak::upgrade);
        let connection = connection.ok_or("the session has no transport yet, or none any more")?;
        let channel = connection.open_channel(options)?;
        if !self.keep(&channel) {
            channel.close();
            channel.ended();
            return Err("the session is over, or has too many channels".into());
        }
        let object = WebRTCDataChannel::new(&channel, &self.session_id);
        object.begin_with_handlers();
        Ok(object)
    }

    /// The session is over, and its channels with it.
    pub(crate) fn end(&self) {
        let all = {
            let mut state = self.state();
            state.over = true;
            state.connection = None;
            std::mem::take(&mut state.all)
        };
        for channel in all {
            channel.ended();
        }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.end();
    }
}
