//! One stream of one session, for its rung: packets go to the session's thread, and no more than it keeps up
//! with.

use super::handle::{Handle, Job};
use super::routes::Key;
use super::session::{Session, Shared};
use crate::gauge::Gauge;
use crate::peer::{Batch, Outlet, Taken};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Batches that may be on their way to the session's thread; a viewer with more is behind.
const IN_FLIGHT: usize = 48;

/// Packets for a session's thread.
pub(super) struct Packets {
    pub(super) key: Key,
    /// Index of the stream.
    pub(super) stream: usize,
    pub(super) batch: Arc<Batch>,
    /// They do not follow on those before.
    pub(super) begins: bool,
    in_flight: Arc<AtomicUsize>,
    /// How long packets take to the network.
    pub(super) delay: Arc<Gauge>,
    skips: Arc<AtomicBool>,
}

impl Packets {
    /// Those that follow up to a key unit are not wanted.
    pub(super) fn skip(&self) {
        self.skips.store(true, Ordering::Relaxed);
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way to a session's stream.
pub(super) struct NativeOutlet {
    handle: Arc<Handle>,
    key: Key,
    stream: usize,
    shared: Arc<Shared>,
    in_flight: Arc<AtomicUsize>,
    delay: Arc<Gauge>,
    /// Whether the viewer is to go on at a key unit.
    skips: Arc<AtomicBool>,
}

impl NativeOutlet {
    pub(super) fn new(handle: Arc<Handle>, key: Key, stream: usize, shared: Arc<Shared>) -> Self {
        Self {
            handle,
            key,
            stream,
            shared,
            in_flight: Arc::default(),
            delay: Arc::default(),
            skips: Arc::default(),
        }
    }
}

impl Outlet for NativeOutlet {
    fn announce(&self, _: Option<&str>, _: &gst::Caps, _: &gst::FormattedSegment<gst::ClockTime>) {}

    fn push(&self, batch: &Arc<Batch>, begins: bool) -> Taken {
        if self.skips.load(Ordering::Relaxed) && self.skips.swap(false, Ordering::Relaxed) {
            // Not before, or the key unit could be what is left out.
            let stream = self.stream;
            let ask = Box::new(move |session: &mut Session| session.ask(stream));
            self.handle.hand(Job::With(self.key, ask));
            return Taken::Behind;
        }
        if self.shared.crowded.load(Ordering::Relaxed) {
            return Taken::Behind;
        }
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= IN_FLIGHT {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            return Taken::Behind;
        }
        let packets = Packets {
            key: self.key,
            stream: self.stream,
            batch: batch.clone(),
            begins,
            in_flight: self.in_flight.clone(),
            delay: self.delay.clone(),
            skips: self.skips.clone(),
        };
        if self.handle.hand(Job::Packets(packets)) { Taken::Yes } else { Taken::Behind }
    }

    fn send_delay(&self) -> Option<Duration> {
        self.delay.read()
    }

    fn interrupt(&self) {}
}
