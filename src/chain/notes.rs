//! What viewers are told of frames beside the packets: it waits until the frame that it is about has been encoded.

use logic::pairing::Pairing;
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What there is to tell of one frame.
pub(crate) struct Note {
    /// The frame's RTP timestamp.
    pub(crate) timestamp: u32,
    /// The text for all viewers.
    pub(crate) info: Box<RawValue>,
}

/// A rung's.
#[derive(Default)]
pub(super) struct Notes {
    /// Whether there ever was one: nobody pays for what nobody uses.
    any: AtomicBool,
    waiting: Mutex<Pairing<Arc<Note>>>,
}

impl Notes {
    /// A frame enters of which there is something to tell.
    pub(super) fn put(&self, note: Arc<Note>) {
        self.any.store(true, Ordering::Relaxed);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).put(note.timestamp, note);
    }

    /// The first packets of a frame come out.
    pub(super) fn take(&self, timestamp: u32) -> Option<Arc<Note>> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take(timestamp)
    }
}
