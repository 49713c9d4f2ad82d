//! RTP timestamps that are the time of the pipeline's clock, where receivers can read that clock, too (property
//! `do-clock-signalling`, RFC 7273).
//!
//! A payloader keeps the offset of its timestamps while it runs, but a pipeline that pauses gets another base time. So
//! rungs live on a time of their own that never stops: it is the clock's, from the base time on that the pipeline had
//! when it first played.

use super::BaseWebRTCSink;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use logic::media_clock::{self, Reference};
use logic::sdp::munge;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time of an element's rungs. It stays the pipeline's running time where timestamps need not be any clock's.
pub(super) struct Timeline {
    /// The clock's time where that of the rungs begins (ns).
    epoch: AtomicU64,
    /// The clock that sessions are told.
    reference: Mutex<Option<Arc<Reference>>>,
    /// Whether the element has played: what rungs and viewers have been told stays.
    played: AtomicBool,
}

/// Rungs have no time of their own.
const NONE: u64 = u64::MAX;

impl Default for Timeline {
    fn default() -> Self {
        Self { epoch: AtomicU64::new(NONE), reference: Mutex::default(), played: AtomicBool::new(false) }
    }
}

impl Timeline {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Reference>>> {
        self.reference.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn epoch(&self) -> Option<gst::ClockTime> {
        let epoch = self.epoch.load(Ordering::Relaxed);
        (epoch != NONE).then(|| gst::ClockTime::from_nseconds(epoch))
    }

    /// The pipeline plays, by the clock that it has now.
    pub(super) fn play(&self, sink: &BaseWebRTCSink) {
        if !sink.settings().clock_signalling {
            return;
        }
        let now = sink.clock().as_ref().and_then(reference);
        let before = self.reference();
        let is_first = !self.played.swap(true, Ordering::Relaxed);
        match (before, now, sink.base_time()) {
            (None, Some(now), Some(epoch)) if is_first => {
                *self.lock() = Some(Arc::new(now));
                self.epoch.store(epoch.nseconds(), Ordering::Relaxed);
            }
            (Some(before), now, _) if now.as_ref().is_none_or(|now| !before.is_as_good_as(now)) => {
                gst::element_warning!(
                    sink,
                    gst::CoreError::Clock,
                    ("viewers were told that timestamps are the time of {before}, which is not the pipeline's clock any \
                         more: give the pipeline its clock with gst_pipeline_use_clock, or take it to READY and back")
                );
            }
            (None, Some(now), _) => gst::element_warning!(
                sink,
                gst::CoreError::Clock,
                ("viewers are not told that timestamps are the time of {now}, which became the pipeline's clock after it had \
                     played by another: take the pipeline to READY and back")
            ),
            _ => {}
        }
    }

    /// The element has stopped.
    pub(super) fn stop(&self) {
        self.played.store(false, Ordering::Relaxed);
        *self.lock() = None;
        self.epoch.store(NONE, Ordering::Relaxed);
    }

    fn reference(&self) -> Option<Arc<Reference>> {
        self.lock().clone()
    }

    /// A description that says whose time timestamps are: the sender's own where nobody else can read its clock.
    pub(super) fn told_in(&self, description: WebRTCSessionDescription) -> WebRTCSessionDescription {
        let reference = self.reference();
        told(&description, reference.as_deref()).unwrap_or(description)
    }

    /// The base time of rungs and sessions.
    pub(super) fn base_time(&self, sink: &BaseWebRTCSink) -> Option<gst::ClockTime> {
        self.epoch().or_else(|| sink.base_time())
    }

    /// The timestamp of the beginning of the rungs' time.
    pub(super) fn first_timestamp(&self, clock_rate: u32) -> Option<u32> {
        let first = media_clock::timestamp(Duration::from(self.epoch()?), clock_rate);
        // The largest number would stand for any.
        Some(first.min(u32::MAX - 1))
    }

    /// The time of rungs at a running time of an element that has this base time.
    pub(super) fn of(
        &self,
        running: gst::ClockTime,
        base_time: impl FnOnce() -> Option<gst::ClockTime>,
    ) -> gst::ClockTime {
        let paused = self.epoch().and_then(|epoch| base_time()?.checked_sub(epoch));
        running.saturating_add(paused.unwrap_or(gst::ClockTime::ZERO))
    }
}

/// The description, which says whose time timestamps are.
fn told(
    description: &WebRTCSessionDescription,
    reference: Option<&Reference>,
) -> Option<WebRTCSessionDescription> {
    let text = munge::with_clock(&description.sdp().as_text().ok()?, reference);
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).ok()?;
    Some(WebRTCSessionDescription::new(description.type_(), sdp))
}

/// How descriptions name a clock.
fn reference(clock: &gst::Clock) -> Option<Reference> {
    if let Some(clock) = clock.downcast_ref::<gst_net::NtpClock>() {
        let client: &gst_net::NetClientClock = clock.upcast_ref();
        let port = u16::try_from(client.port()).ok()?;
        return Some(Reference::Ntp { host: client.address()?.into(), port });
    }
    let clock = clock.downcast_ref::<gst_net::PtpClock>()?;
    let domain = u8::try_from(clock.domain()).ok();
    Some(Reference::Ptp { grandmaster: clock.grandmaster_clock_id(), domain })
}
