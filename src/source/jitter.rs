//! Keeps each jitter buffer as long as its network needs: looks at it five times a second, more often at first, lets
//! `logic::jitter` decide.

use super::BaseWebRTCSrc;
use super::timing::Timing;
use crate::gobject::set_if_present;
use crate::runtime;
use gst::glib;
use gst::prelude::*;
use logic::jitter::{JitterBuffer, Seen};
use std::sync::{Arc, Weak};
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(200);
/// At first, and how often: what a stream begins with is lost as often as the rest, and missed more.
const FIRST_INTERVAL: Duration = Duration::from_millis(50);
const FIRST: u32 = 40;

/// Follows the network, and the bounds that the source's properties set, with one jitter buffer until it is gone.
pub(super) fn follow(element: gst::Element, source: &glib::WeakRef<BaseWebRTCSrc>, timing: &Arc<Timing>) {
    let Some(bounds) = source.upgrade().map(|source| source.settings().jitter_buffer()) else { return };
    timing.add_buffer(&element);
    // Nothing comes before the first packet of a stream that starts: it need not wait for an earlier one.
    set_if_present(&element, "faststart-min-packets", "1");
    // A packet is missing when a later one has come. One that is merely expected may wait in the sender's pacer: to
    // ask for it is a waste, and to give it up breaks the frame that it is part of.
    set_if_present(&element, "rtx-next-seqnum", "false");
    let buffer = element.downgrade();
    drop(element);
    let length = JitterBuffer::new(bounds.0, bounds.1);
    runtime::spawn(watch(buffer, length, source.clone(), Arc::downgrade(timing)));
}

async fn watch(
    buffer: glib::WeakRef<gst::Element>,
    mut length: JitterBuffer,
    source: glib::WeakRef<BaseWebRTCSrc>,
    timing: Weak<Timing>,
) {
    let mut before = Totals::default();
    let mut tick = tokio::time::interval(FIRST_INTERVAL);
    let mut interval = FIRST_INTERVAL;
    for look in 0u32.. {
        tick.tick().await;
        if look == FIRST {
            (tick, interval) = (tokio::time::interval(INTERVAL), INTERVAL);
        }
        let Some(element) = buffer.upgrade() else { return };
        let source = source.clone();
        let decided = runtime::blocking(move || {
            let now = Totals::of(&element);
            let (shortest, longest) = source.upgrade()?.settings().jitter_buffer();
            let set = length.set_bounds(shortest, longest);
            let grown = length.update(now.since(before), interval);
            if let Some(latency) = grown.or(set) {
                let milliseconds = u32::try_from(latency.as_millis()).unwrap_or(u32::MAX);
                element.set_property("latency", milliseconds);
            }
            set_hurry(&element, length.hurry());
            Some((length, now))
        });
        match decided.await.flatten() {
            Some((next, now)) => {
                if let (Some(round_trip), Some(timing)) = (now.round_trip, timing.upgrade()) {
                    timing.set_round_trip(round_trip);
                }
                (length, before) = (next, now);
            }
            None => return,
        }
    }
}

/// Milliseconds to wait for an answer before asking again, and to ask; -1: as the jitter buffer thinks.
fn set_hurry(element: &gst::Element, hurry: Option<(Duration, Duration)>) {
    let set = |name: &str, time: Option<Duration>| {
        let milliseconds = time.and_then(|time| i32::try_from(time.as_millis()).ok()).unwrap_or(-1);
        if element.has_property_with_type(name, i32::static_type())
            && element.property::<i32>(name) != milliseconds
        {
            element.set_property(name, milliseconds);
        }
    };
    set("rtx-retry-timeout", hurry.map(|(apart, _)| apart));
    set("rtx-retry-period", hurry.map(|(_, time)| time));
}

/// Counts since the stream began.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    jitter: Duration,
    late: u64,
    lost: u64,
    requested: u64,
    recovered: u64,
    received: u64,
    round_trip: Option<Duration>,
}

impl Totals {
    fn of(element: &gst::Element) -> Self {
        let stats = element.property::<gst::Structure>("stats");
        let count = |name: &str| stats.get::<u64>(name).unwrap_or(0);
        Self {
            jitter: Duration::from_nanos(count("avg-jitter")),
            late: count("num-late"),
            lost: count("num-lost"),
            requested: count("rtx-count"),
            recovered: count("rtx-success-count"),
            received: count("num-pushed"),
            // From the requests that were answered, also of packets that came too late.
            round_trip: Some(count("rtx-rtt")).filter(|time| *time > 0).map(Duration::from_nanos),
        }
    }

    fn since(self, before: Self) -> Seen {
        Seen {
            jitter: self.jitter,
            late: self.late.saturating_sub(before.late),
            lost: self.lost.saturating_sub(before.lost),
            requested: self.requested.saturating_sub(before.requested),
            recovered: self.recovered.saturating_sub(before.recovered),
            received: self.received.saturating_sub(before.received),
            round_trip: self.round_trip,
        }
    }
}
