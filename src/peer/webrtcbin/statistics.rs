//! What webrtcbin knows about itself: it is asked where nobody waits, since one that hangs never answers.

use crate::runtime;
use gst::glib;
use gst::prelude::*;
use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nobody waits for one that has not answered for so long.
const PATIENCE: Duration = Duration::from_millis(200);

/// What it said last.
#[derive(Default)]
pub(super) struct Statistics {
    latest: Mutex<Option<gst::Structure>>,
    asked: Mutex<Option<Asked>>,
    /// Elements that send lost packets again.
    repeaters: Mutex<Vec<glib::WeakRef<gst::Element>>>,
}

/// A question that is not answered yet, and who waits for the answer.
struct Asked {
    since: Instant,
    waiting: Vec<Sender<Infallible>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Statistics {
    /// It has an element that sends lost packets again.
    pub(super) fn add_repeater(&self, element: &gst::Element) {
        lock(&self.repeaters).push(element.downgrade());
    }

    /// What it said last.
    pub(super) fn latest(&self) -> Option<gst::Structure> {
        lock(&self.latest).clone()
    }

    /// Asks it; `answered` is dropped when it has answered.
    pub(super) fn refresh(self: &Arc<Self>, bin: &gst::Element, answered: Sender<Infallible>) {
        if !self.begins(answered) {
            return;
        }
        let (this, bin) = (self.clone(), bin.downgrade());
        runtime::spawn_blocking(move || {
            let told = this.clone();
            let promise = gst::Promise::with_change_func(move |reply| {
                told.answer(reply.ok().flatten().map(gst::StructureRef::to_owned));
            });
            if let Some(bin) = bin.upgrade() {
                // It waits for whatever the transport is doing.
                bin.emit_by_name::<()>("get-stats", &[&None::<gst::Pad>, &promise]);
            } else {
                this.answer(None);
            }
        });
    }

    /// Whether it is to be asked: one question at a time.
    fn begins(&self, answered: Sender<Infallible>) -> bool {
        let mut asked = lock(&self.asked);
        match asked.as_mut() {
            None => *asked = Some(Asked { since: Instant::now(), waiting: vec![answered] }),
            Some(asked) => {
                if asked.since.elapsed() < PATIENCE {
                    asked.waiting.push(answered);
                }
                return false;
            }
        }
        true
    }

    fn answer(&self, said: Option<gst::Structure>) {
        if let Some(mut said) = said.filter(|said| !said.has_field("error")) {
            said.set("packets-retransmitted", self.sent_again());
            *lock(&self.latest) = Some(said);
        }
        let asked = lock(&self.asked).take();
        drop(asked);
    }

    /// Packets that were sent again.
    fn sent_again(&self) -> u64 {
        let repeaters = lock(&self.repeaters).clone();
        let elements = repeaters.iter().filter_map(glib::WeakRef::upgrade);
        elements.map(|element| u64::from(element.property::<u32>("num-rtx-packets"))).sum()
    }
}
