//! The link between an element and its signaller: the element's handlers on the signaller's signals, gone
//! when the link is dropped.

use super::{Signallable, SignallableExt};
use crate::{gobject, runtime};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a signaller tells an element.
pub(crate) enum News {
    /// A peer wants a session: session, peer, its offer.
    Requested(String, String, Option<WebRTCSessionDescription>),
    /// The session that we asked for exists: session, peer.
    Started(String, String),
    /// A description from the other side.
    Description(String, WebRTCSessionDescription),
    /// A candidate from the other side: session, m-line index, mid, text.
    Candidate(String, u32, Option<String>, String),
    /// The other side ended a session: why, and what went wrong.
    Ended(String, Option<protocol::EndReason>, Option<String>),
    /// The signaller reached its server, or lost it; what it says of that.
    Connection(bool, gst::Structure),
    /// STUN and TURN servers to use from now on, instead of what was said before.
    IceServers(Vec<String>),
    /// This producer came, or was there when the server was found again, or says something else of itself.
    ProducerAdded(String),
    /// Signalling is impossible from now on.
    Error(String),
    /// Everything is over.
    Shutdown,
    /// The signaller asks for the element's metadata.
    Meta(std::sync::mpsc::SyncSender<Option<gst::Structure>>),
}

/// Handlers on a signaller's signals.
pub(crate) struct Link {
    signaller: Signallable,
    handlers: Vec<glib::SignalHandlerId>,
    state: Arc<Mutex<State>>,
}

/// Starting and stopping are asked for by different threads and must not overtake each other.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    Starting,
    Started,
    Stopped,
}

/// Answers whether the session was known.
pub(crate) type Hear = dyn Fn(News) -> bool + Send + Sync;

impl Link {
    /// Hands everything that `signaller` tells to `hear`, which must not block.
    pub(crate) fn new(signaller: &Signallable, hear: Arc<Hear>) -> Self {
        let mut link = Self {
            signaller: signaller.clone(),
            handlers: Vec::new(),
            state: Arc::new(Mutex::new(State::Idle)),
        };
        link.on("session-requested", &hear, |v| {
            Some(News::Requested(text(v, 1)?, text(v, 2)?, v.get(3)?.get().ok()?))
        });
        link.on("session-started", &hear, |v| Some(News::Started(text(v, 1)?, text(v, 2)?)));
        link.on("session-description", &hear, |v| {
            Some(News::Description(text(v, 1)?, v.get(2)?.get().ok()?))
        });
        link.on("handle-ice", &hear, |v| {
            Some(News::Candidate(text(v, 1)?, v.get(2)?.get().ok()?, text(v, 3), text(v, 4)?))
        });
        link.on("error", &hear, |v| Some(News::Error(text(v, 1)?)));
        link.on("shutdown", &hear, |_| Some(News::Shutdown));
        link.on_question("session-ended", &hear, |v| Some(News::Ended(text(v, 1)?, None, None)));
        link.on_question("session-ended-with-error", &hear, |v| {
            Some(News::Ended(text(v, 1)?, None, text(v, 2)))
        });
        link.on_question("session-ended-with-reason", &hear, |v| {
            let reason = text(v, 2).map(|name| super::reason_named(&name));
            Some(News::Ended(text(v, 1)?, reason, text(v, 3)))
        });
        link.on("connection-changed", &hear, |v| {
            let details: Option<gst::Structure> = v.get(2)?.get().ok()?;
            let details = details.unwrap_or_else(|| gst::Structure::new_empty("details"));
            Some(News::Connection(v.get(1)?.get().ok()?, details))
        });
        link.on("ice-servers", &hear, |v| Some(News::IceServers(v.get(1)?.get().ok()?)));
        link.on("producer-added", &hear, |v| Some(News::ProducerAdded(text(v, 1)?)));
        link.on_meta(&hear);
        link
    }

    fn on(&mut self, signal: &str, hear: &Arc<Hear>, read: fn(&[glib::Value]) -> Option<News>) {
        let hear = hear.clone();
        self.handlers.push(self.signaller.connect(signal, false, move |values| {
            read(values).map(|news| hear(news));
            None
        }));
    }

    fn on_question(&mut self, signal: &str, hear: &Arc<Hear>, read: fn(&[glib::Value]) -> Option<News>) {
        let hear = hear.clone();
        self.handlers.push(self.signaller.connect(signal, false, move |values| {
            Some(read(values).is_some_and(|news| hear(news)).to_value())
        }));
    }

    fn on_meta(&mut self, hear: &Arc<Hear>) {
        let hear = hear.clone();
        self.handlers.push(self.signaller.connect("request-meta", false, move |_| {
            let (reply, meta) = std::sync::mpsc::sync_channel(1);
            hear(News::Meta(reply));
            Some(meta.try_recv().unwrap_or(None).to_value())
        }));
    }

    /// Starts the signaller off the runtime and off the caller's thread, once.
    pub(crate) fn start(&self) {
        if !advance(&self.state, State::Idle, State::Starting) {
            return;
        }
        let (signaller, state) = (self.signaller.clone(), self.state.clone());
        runtime::spawn_blocking(move || {
            if *lock(&state) == State::Stopped {
                return;
            }
            SignallableExt::start(&signaller);
            // Stopped while it was starting: whoever stopped it could not.
            if !advance(&state, State::Starting, State::Started) {
                SignallableExt::stop(&signaller);
            }
        });
    }

    /// Whether the signaller was asked to start.
    pub(crate) fn is_started(&self) -> bool {
        matches!(*lock(&self.state), State::Starting | State::Started)
    }

    /// Stops the signaller; it will not start any more.
    pub(crate) fn stop(&self) {
        let before = std::mem::replace(&mut *lock(&self.state), State::Stopped);
        if before == State::Started {
            SignallableExt::stop(&self.signaller);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Goes from one state to another; false where it is in neither.
fn advance(state: &Mutex<State>, from: State, to: State) -> bool {
    let mut state = lock(state);
    let fits = *state == from;
    if fits {
        *state = to;
    }
    fits
}

impl Drop for Link {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            self.signaller.disconnect(handler);
        }
    }
}

fn text(values: &[glib::Value], index: usize) -> Option<String> {
    gobject::text(values.get(index)?)
}
