//! What a consumer sends to its producer: navigation and custom events from downstream, over `control` and the older
//! `input`, where the producer opened them.

use super::{CAT, CONTROL, INPUT, navigation};
use crate::peer::{Channel, ChannelEvent, ChannelState, Payload};
use crate::signaller::structure_to_json;
use gst::glib;
use gst::prelude::*;
use protocol::{ControlMessage, ControlRequest, ControlRequestMessage, Info, InputMessage};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A consumer's channels for events.
pub(crate) struct RemoteControl {
    element: glib::WeakRef<gst::Element>,
    session_id: String,
    channels: Mutex<Vec<Arc<Channel>>>,
    next: AtomicU64,
    /// Hears what the producer tells about its media.
    informed: OnceLock<Informed>,
}

/// Hears of a media section (`a=mid`), or of all. Must not block for long: the channel's next message waits.
type Informed = Box<dyn Fn(Option<&str>, &Info) + Send + Sync>;

impl RemoteControl {
    /// None of them yet.
    pub(crate) fn new(element: &impl IsA<gst::Element>, session_id: &str) -> Arc<Self> {
        Arc::new(Self {
            element: element.upcast_ref().downgrade(),
            session_id: session_id.into(),
            channels: Mutex::default(),
            next: AtomicU64::new(0),
            informed: OnceLock::new(),
        })
    }

    /// Hands on what the producer tells about its media; to be called once.
    pub(crate) fn on_info(&self, informed: impl Fn(Option<&str>, &Info) + Send + Sync + 'static) {
        let _ = self.informed.set(Box::new(informed));
    }

    fn channels(&self) -> MutexGuard<'_, Vec<Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The producer opened one of them.
    pub(crate) fn take(self: &Arc<Self>, channel: &Arc<Channel>) {
        self.channels().push(channel.clone());
        let this = Arc::downgrade(self);
        channel.listen(Box::new(move |channel, event| {
            let Some(this) = this.upgrade() else { return };
            match event {
                ChannelEvent::Message(Payload::Text(text)) => this.hear(&text),
                ChannelEvent::Closed => this.channels().retain(|other| !Arc::ptr_eq(other, channel)),
                _ => {}
            }
        }));
    }

    /// Sends an event over every channel that takes it; whether there was one. Never blocks.
    pub(crate) fn send(&self, event: &gst::EventRef, mid: Option<&str>) -> bool {
        let channels: Vec<_> = self.channels().clone();
        let open = channels.iter().filter(|channel| channel.state() == ChannelState::Open);
        open.fold(false, |sent, channel| {
            let text = match channel.options.label.as_str() {
                CONTROL => self.request(event, mid),
                INPUT => input(event, mid),
                _ => None,
            };
            let Some(text) = text else { return sent };
            match channel.send(Payload::Text(text)) {
                Ok(()) => true,
                Err(err) => {
                    gst::info!(CAT, "an event was not sent to the producer: {err}");
                    sent
                }
            }
        })
    }

    fn request(&self, event: &gst::EventRef, mid: Option<&str>) -> Option<String> {
        let request = match event.view() {
            gst::EventView::Navigation(_) => {
                ControlRequest::NavigationEvent { event: navigation::from_event(event)? }
            }
            gst::EventView::CustomUpstream(_) => {
                let structure = event.structure()?;
                let structure_name = structure.name().to_string();
                ControlRequest::CustomUpstreamEvent {
                    structure_name,
                    structure: structure_to_json(structure),
                }
            }
            _ => return None,
        };
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        serde_json::to_string(&ControlRequestMessage {
            id,
            mid: mid.map(str::to_owned),
            video_size: None,
            request,
        })
        .ok()
    }

    /// What the producer says; the application hears of it by an element message.
    fn hear(&self, text: &str) {
        let message = match serde_json::from_str::<ControlMessage>(text) {
            Ok(ControlMessage::ControlResponseMessage { id, error }) => {
                gst::debug!(CAT, "request {id} was answered: {error:?}");
                gst::Structure::builder("webrtc-control-response")
                    .field("id", id)
                    .field_if_some("error", error)
            }
            Ok(ControlMessage::InfoMessage { mid, info }) => {
                if let (Some(informed), Ok(info)) =
                    (self.informed.get(), serde_json::from_value::<Info>(info.clone()))
                {
                    informed(mid.as_deref(), &info);
                }
                let info = info.to_string().replace('\0', "");
                gst::Structure::builder("webrtc-control-info").field("info", info).field_if_some("mid", mid)
            }
            Ok(ControlMessage::Unknown) => return,
            Err(err) => return gst::info!(CAT, "the producer said something that cannot be read: {err}"),
        };
        if let Some(element) = self.element.upgrade() {
            let message = message.field("session-id", &self.session_id).build();
            let _ = element.post_message(gst::message::Element::builder(message).src(&element).build());
        }
    }
}

fn input(event: &gst::EventRef, mid: Option<&str>) -> Option<String> {
    let event = navigation::from_event(event)?;
    serde_json::to_string(&InputMessage { mid: mid.map(str::to_owned), video_size: None, event }).ok()
}
