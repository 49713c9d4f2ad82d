//! What goes into an encoder and comes out of it, and what is wrong with that.

use gst::prelude::*;
use logic::following::{Following, Stubborn};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// An encoder that has taken more frames than this, for so long, and made none makes none. Some threads hold a few.
const FRAMES: u32 = 20;
/// Where nobody has set it up for live media it may look ahead.
const FRAMES_AHEAD: u32 = 90;
const SILENCE: Duration = Duration::from_secs(5);

/// An encoder's.
#[derive(Default)]
pub(super) struct Output {
    counts: Arc<Counts>,
    following: Mutex<Following>,
    stubborn: OnceLock<Stubborn>,
    looks_ahead: bool,
}

#[derive(Default)]
struct Counts {
    taken: AtomicU32,
    /// When the first was taken.
    since: OnceLock<Instant>,
    bytes: AtomicU64,
    key_units: AtomicU32,
}

impl Output {
    /// Counts what the encoder takes and makes, once a frame; it may look ahead or not.
    pub(super) fn watch(encoder: &gst::Element, looks_ahead: bool) -> Self {
        let output = Self { looks_ahead, ..Self::default() };
        if let Some(pad) = encoder.static_pad("sink") {
            let counts = output.counts.clone();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                counts.taken.fetch_add(1, Ordering::Relaxed);
                counts.since.get_or_init(Instant::now);
                gst::PadProbeReturn::Ok
            });
        }
        if let Some(pad) = encoder.static_pad("src") {
            let counts = output.counts.clone();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                if let Some(buffer) = info.buffer() {
                    counts.bytes.fetch_add(u64::try_from(buffer.size()).unwrap_or(0), Ordering::Relaxed);
                    let is_delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
                    counts.key_units.fetch_add(u32::from(!is_delta), Ordering::Relaxed);
                }
                gst::PadProbeReturn::Ok
            });
        }
        output
    }

    /// Whether the encoder takes frames and makes none.
    pub(super) fn is_silent(&self) -> bool {
        let counts = &*self.counts;
        let has_made = counts.bytes.load(Ordering::Relaxed) > 0;
        let passed = counts.since.get().filter(|_| !has_made).map(Instant::elapsed);
        let taken = counts.taken.load(Ordering::Relaxed);
        passed.is_some_and(|passed| is_too_long(passed, taken, self.looks_ahead))
    }

    /// Whether the encoder follows the bitrate that it has been told; what is wrong, once.
    pub(super) fn look(&self, told: u32) -> Option<Stubborn> {
        let now = self.counts.since.get()?.elapsed();
        let bytes = self.counts.bytes.load(Ordering::Relaxed);
        let key_units = self.counts.key_units.load(Ordering::Relaxed);
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        self.note(following.look(told, bytes, key_units, now)?)
    }

    /// The encoder does not follow; none where that is known.
    pub(super) fn note(&self, stubborn: Stubborn) -> Option<Stubborn> {
        self.stubborn.set(stubborn).is_ok().then_some(stubborn)
    }

    /// Whether nothing is known to be wrong with its bitrate.
    pub(super) fn follows(&self) -> bool {
        self.stubborn.get().is_none()
    }
}

/// Whether an encoder has made nothing for too long, of so many frames.
fn is_too_long(passed: Duration, taken: u32, looks_ahead: bool) -> bool {
    passed > SILENCE && taken > if looks_ahead { FRAMES_AHEAD } else { FRAMES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_encoder_of_slow_pictures_is_given_up_as_soon_as_one_of_fast_ones() {
        for frames_per_second in [5, 30] {
            let silent = (1..60).find(|seconds| {
                is_too_long(Duration::from_secs(*seconds), frames_per_second * *seconds as u32, false)
            });
            assert_eq!(silent, Some(6), "{frames_per_second}");
        }
        // One frame a second may be a still picture: few say little.
        assert!(!is_too_long(Duration::from_secs(8), 8, false));
        // Forty frames of look-ahead, and threads.
        assert!(!is_too_long(Duration::from_secs(12), 60, true));
        assert!(is_too_long(Duration::from_secs(20), 100, true));
    }
}
