//! How what a session's network carries is divided between its pictures where the application decides: signal
//! `define-encoder-bitrates`. Estimates come on threads that must not wait; handlers are called on another.

use super::seat::Seat;
use super::{BaseWebRTCSink, signals};
use crate::runtime;
use gst::glib;
use logic::bitrate::{Bounds, defined};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// One session's.
#[derive(Default)]
pub(super) struct Division {
    asker: OnceLock<Asker>,
    work: Mutex<Work>,
}

/// Who is asked, and about whom.
struct Asker {
    sink: glib::WeakRef<BaseWebRTCSink>,
    peer_id: String,
    bounds: Mutex<Bounds>,
}

impl Asker {
    fn bounds(&self) -> Bounds {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is to ask.
#[derive(Default)]
struct Work {
    /// The shares that are to be divided anew.
    next: Option<Vec<(Weak<Seat>, u32)>>,
    is_asking: bool,
}

impl Division {
    /// Whose handlers decide.
    pub(super) fn attach(&self, sink: &glib::WeakRef<BaseWebRTCSink>, peer_id: &str, bounds: Bounds) {
        let bounds = Mutex::new(bounds);
        let _ = self.asker.set(Asker { sink: sink.clone(), peer_id: peer_id.to_owned(), bounds });
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&self, bounds: Bounds) {
        if let Some(asker) = self.asker.get() {
            *asker.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
        }
    }

    /// What each encoder may have.
    pub(super) fn bounds(&self) -> Option<Bounds> {
        self.asker.get().map(Asker::bounds)
    }

    /// Whether the application decides.
    pub(super) fn is_defined(&self) -> bool {
        let sink = self.asker.get().and_then(|asker| asker.sink.upgrade());
        sink.is_some_and(|sink| signals::defines_bitrates(&sink))
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the application divide these anew, and tells each place its part. Of several that come while a handler is
    /// busy only the last counts.
    pub(super) fn ask(self: &Arc<Self>, shares: Vec<(Weak<Seat>, u32)>) {
        {
            let mut work = self.work();
            work.next = Some(shares);
            if std::mem::replace(&mut work.is_asking, true) {
                return;
            }
        }
        let division = self.clone();
        runtime::spawn_blocking(move || {
            loop {
                let next = {
                    let mut work = division.work();
                    let next = work.next.take();
                    work.is_asking = next.is_some();
                    next
                };
                let Some(shares) = next else { return };
                division.divide(&shares);
            }
        });
    }

    fn divide(&self, shares: &[(Weak<Seat>, u32)]) {
        let seats: Vec<_> =
            shares.iter().filter_map(|(seat, share)| Some((seat.upgrade()?, *share))).collect();
        let Some(asker) = self.asker.get() else { return };
        let Some(sink) = asker.sink.upgrade().filter(|_| !seats.is_empty()) else { return };
        let pads: Vec<_> = seats.iter().map(|(seat, share)| (seat.pad(), *share)).collect();
        let numbers = signals::define_bitrates(&sink, &asker.peer_id, &pads);
        let bounds = asker.bounds();
        for ((seat, share), number) in seats.iter().zip(numbers) {
            seat.estimate(defined(number, *share, bounds));
        }
    }
}
