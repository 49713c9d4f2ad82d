//! A data channel as applications have it: a small object with the names of GstWebRTCDataChannel, whatever
//! transport carries it.

use crate::peer::{Channel, ChannelEvent, Payload, SendError};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

/// How long the first event waits for a handler, and how often that is looked at.
const PATIENCE: Duration = Duration::from_secs(1);
const GLANCE: Duration = Duration::from_millis(1);

glib::wrapper! {
    /// A data channel of a session.
    pub struct WebRTCDataChannel(ObjectSubclass<imp::WebRTCDataChannel>);
}

impl WebRTCDataChannel {
    pub(super) fn new(channel: &Arc<Channel>, session_id: &str) -> Self {
        let object: Self = glib::Object::new();
        let _ = object.imp().channel.set(channel.clone());
        let _ = object.imp().session_id.set(session_id.to_owned());
        object
    }

    /// Lets signals be emitted for what happens, and for what has happened.
    pub(super) fn begin(&self) {
        // The object lives as long as the channel, whoever else holds it.
        let object = self.clone();
        if let Some(channel) = self.imp().channel.get() {
            channel.listen(Box::new(move |_, event| object.tell(event)));
        }
    }

    /// The same once the application has connected a handler, which it can only after it was given the object.
    pub(super) fn begin_with_handlers(&self) {
        let (object, waited) = (self.clone(), Once::new());
        if let Some(channel) = self.imp().channel.get() {
            channel.listen(Box::new(move |_, event| {
                waited.call_once(|| object.wait_for_handlers());
                object.tell(event);
            }));
        }
    }

    /// GObject tells nobody that a handler was connected: looks for one again and again, but not for long.
    fn wait_for_handlers(&self) {
        let told = ["on-open", "on-message-string", "on-message-data", "on-close", "on-error"];
        let ids = told.map(|name| glib::subclass::SignalId::lookup(name, self.type_()));
        let has = |id| glib::signal::signal_has_handler_pending(self, id, None, true);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && !ids.iter().flatten().any(|id| has(*id)) {
            std::thread::park_timeout(GLANCE);
        }
        // Others follow the first.
        std::thread::park_timeout(GLANCE);
    }

    fn tell(&self, event: ChannelEvent) {
        match event {
            ChannelEvent::Opened => {
                self.notify("ready-state");
                self.emit_by_name::<()>("on-open", &[]);
            }
            ChannelEvent::Message(Payload::Text(text)) => {
                // GObject's texts end at a NUL.
                self.emit_by_name::<()>("on-message-string", &[&text.replace('\0', "\u{fffd}")]);
            }
            ChannelEvent::Message(Payload::Binary(bytes)) => {
                self.emit_by_name::<()>("on-message-data", &[&glib::Bytes::from_owned(bytes)]);
            }
            ChannelEvent::BufferedLow => self.emit_by_name::<()>("on-buffered-amount-low", &[]),
            ChannelEvent::Failed(cause) => self.tell_error(&cause),
            ChannelEvent::Closed => {
                self.notify("ready-state");
                self.emit_by_name::<()>("on-close", &[]);
            }
        }
    }

    fn tell_error(&self, cause: &str) {
        let error = glib::Error::new(gst::ResourceError::Write, cause);
        self.emit_by_name::<()>("on-error", &[&error]);
    }

    /// Sends text.
    ///
    /// # Errors
    /// It was not taken; says why.
    pub fn send_string(&self, text: &str) -> Result<(), SendError> {
        self.send(Payload::Text(text.into()))
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// They were not taken; says why.
    pub fn send_data(&self, bytes: &[u8]) -> Result<(), SendError> {
        self.send(Payload::Binary(bytes.into()))
    }

    fn send(&self, payload: Payload) -> Result<(), SendError> {
        self.imp().channel.get().ok_or(SendError::NotOpen)?.send(payload)
    }

    /// Closes it after what was sent before.
    pub fn close(&self) {
        if let Some(channel) = self.imp().channel.get() {
            channel.close();
        }
    }
}

mod imp {
    use super::*;
    use crate::peer::{ChannelState, Reliability};
    use gst::glib::subclass::Signal;
    use gst_webrtc::WebRTCDataChannelState;
    use std::sync::{LazyLock, OnceLock};

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::WebRTCDataChannel)]
    pub struct WebRTCDataChannel {
        #[property(name = "label", type = String, get = |this: &Self| this.of(|c| c.options.label.clone()),
            nick = "Label", blurb = "Name of the channel")]
        #[property(name = "protocol", type = String, get = |this: &Self| this.of(|c| c.options.protocol.clone()),
            nick = "Protocol", blurb = "What is spoken over the channel; the applications' own affair")]
        #[property(name = "ordered", type = bool, get = |this: &Self| this.of(|c| c.options.ordered),
            nick = "Ordered", blurb = "Whether messages come in the order in which they were sent")]
        #[property(name = "max-packet-lifetime", type = i32, get = Self::lifetime, minimum = -1, default = -1,
            nick = "Longest lifetime", blurb = "For how long it is tried to deliver a message (ms); -1 for no limit")]
        #[property(name = "max-retransmits", type = i32, get = Self::retransmits, minimum = -1, default = -1,
            nick = "Most retransmissions", blurb = "How often a lost message is sent again; -1 for no limit")]
        #[property(name = "negotiated", type = bool, get = |this: &Self| this.of(|c| c.options.negotiated.is_some()),
            nick = "Negotiated", blurb = "Whether both sides agreed on the channel by themselves")]
        #[property(name = "id", type = i32, get = |this: &Self| this.of(|c| c.id()).map_or(-1, i32::from),
            minimum = -1, maximum = 65535, default = -1,
            nick = "Identifier", blurb = "SCTP stream of the channel; -1 while it is not known")]
        #[property(name = "ready-state", type = WebRTCDataChannelState, get = Self::ready_state,
            nick = "Ready state", blurb = "Whether messages can be sent", builder(WebRTCDataChannelState::Connecting))]
        #[property(name = "buffered-amount", type = u64, get = |this: &Self| this.of(|c| c.buffered()),
            nick = "Buffered amount", blurb = "Bytes that wait to be sent; messages beyond 4 MiB are refused")]
        #[property(name = "buffered-amount-low-threshold", type = u64, get = |this: &Self| this.of(|c| c.threshold()),
            set = |this: &Self, bytes| this.of(|c| c.set_threshold(bytes)),
            mutable_playing, nick = "Buffered amount low threshold", blurb = "on-buffered-amount-low is emitted when the buffered amount falls to this (bytes)")]
        pub(super) channel: OnceLock<Arc<Channel>>,
        #[property(name = "session-id", type = String, get = |this: &Self| this.session_id.get().cloned().unwrap_or_default(),
            nick = "Session", blurb = "Identifier of the session that the channel belongs to")]
        pub(super) session_id: OnceLock<String>,
    }

    impl WebRTCDataChannel {
        fn of<T: Default>(&self, read: impl FnOnce(&Channel) -> T) -> T {
            self.channel.get().map(|channel| read(channel)).unwrap_or_default()
        }

        fn lifetime(&self) -> i32 {
            match self.channel.get().map(|channel| channel.options.reliability) {
                Some(Reliability::Lifetime(milliseconds)) => milliseconds.into(),
                _ => -1,
            }
        }

        fn retransmits(&self) -> i32 {
            match self.channel.get().map(|channel| channel.options.reliability) {
                Some(Reliability::Retransmits(count)) => count.into(),
                _ => -1,
            }
        }

        fn ready_state(&self) -> WebRTCDataChannelState {
            match self.channel.get().map(|channel| channel.state()) {
                Some(ChannelState::Connecting) => WebRTCDataChannelState::Connecting,
                Some(ChannelState::Open) => WebRTCDataChannelState::Open,
                Some(ChannelState::Closing) => WebRTCDataChannelState::Closing,
                Some(ChannelState::Closed) | None => WebRTCDataChannelState::Closed,
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WebRTCDataChannel {
        const NAME: &'static str = "GstRSWebRTCDataChannel";
        type Type = super::WebRTCDataChannel;
    }

    #[glib::derived_properties]
    impl ObjectImpl for WebRTCDataChannel {
        fn signals() -> &'static [Signal] {
            static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
                let (text, data) = (String::static_type(), glib::Bytes::static_type());
                let told = |name: &str| Signal::builder(name).run_last();
                vec![
                    told("on-open").build(),
                    told("on-close").build(),
                    told("on-error").param_types([glib::Error::static_type()]).build(),
                    told("on-message-string").param_types([text]).build(),
                    told("on-message-data").param_types([data]).build(),
                    told("on-buffered-amount-low").build(),
                    action("send-string", Some(text), |object, values| {
                        object.answer(object.send(payload(values)?));
                        None
                    }),
                    action("send-data", Some(data), |object, values| {
                        object.answer(object.send(payload(values)?));
                        None
                    }),
                    asked("send-string-full", text),
                    asked("send-data-full", data),
                    action("close", None, |object, _| {
                        object.close();
                        None
                    }),
                ]
            });
            &SIGNALS
        }
    }

    type Act = fn(&super::WebRTCDataChannel, &[glib::Value]) -> Option<glib::Value>;

    fn action(name: &str, argument: Option<glib::Type>, act: Act) -> Signal {
        let signal = Signal::builder(name).run_last().action().param_types(argument);
        signal.class_handler(move |values| act(&object(values)?, values)).build()
    }

    /// The same with an answer: whether the message was taken.
    fn asked(name: &str, argument: glib::Type) -> Signal {
        let send = |values: &[glib::Value]| Some(object(values)?.send(payload(values)?).is_ok());
        let signal = Signal::builder(name).run_last().action().param_types([argument]);
        let signal = signal.return_type::<bool>();
        signal.class_handler(move |values| Some(send(values).unwrap_or(false).to_value())).build()
    }

    fn object(values: &[glib::Value]) -> Option<super::WebRTCDataChannel> {
        values.first()?.get().ok()
    }

    fn payload(values: &[glib::Value]) -> Option<Payload> {
        let value = values.get(1)?;
        if let Ok(bytes) = value.get::<Option<glib::Bytes>>() {
            return Some(Payload::Binary(bytes.map(|bytes| bytes.to_vec()).unwrap_or_default()));
        }
        Some(Payload::Text(crate::gobject::text(value).unwrap_or_default()))
    }

    impl super::WebRTCDataChannel {
        /// What an action without a result has to say, it says as an error of the channel.
        fn answer(&self, sent: Result<(), SendError>) {
            if let Err(err) = sent {
                self.tell_error(&format!("failed to {err}"));
            }
        }
    }
}
