//! One session, for the sink and the source alike: a task that owns it, feeds what happens to
//! `logic::negotiation` and performs what that decides. Everyone else holds an [`EventSender`].

pub(crate) mod news;
mod phases;
mod task;

pub(crate) use phases::{Phases, now};
pub(crate) use task::{Host, Session, spawn};

use logic::negotiation::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Events that may wait for a session's task; a peer that causes more is given up.
const QUEUE: usize = 2048;

/// The way to a session, from any thread, without waiting.
#[derive(Clone)]
pub(crate) struct EventSender {
    queue: mpsc::Sender<Event>,
    flooded: Arc<AtomicBool>,
    phases: Arc<Phases>,
}

impl EventSender {
    /// A sender and what the task reads of a session that is requested now.
    pub(crate) fn new() -> (Self, Events) {
        let (queue, events) = mpsc::channel(QUEUE);
        let flooded = Arc::new(AtomicBool::new(false));
        (
            Self { queue, flooded: flooded.clone(), phases: Arc::new(Phases::begin()) },
            Events { events, flooded },
        )
    }

    /// Tells the session of something.
    pub(crate) fn send(&self, event: Event) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(event) {
            self.flooded.store(true, Ordering::Relaxed);
        }
    }

    /// When the session reached its phases.
    pub(crate) fn phases(&self) -> &Arc<Phases> {
        &self.phases
    }

    /// Whether the session is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

/// What a session's task reads.
pub(crate) struct Events {
    events: mpsc::Receiver<Event>,
    flooded: Arc<AtomicBool>,
}
