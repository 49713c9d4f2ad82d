//! The clock of capture times, which is that of str0m's sender reports: the system's when the process began, and from then
//! on what has passed.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime};
use str0m::rtp::AbsCaptureTime;

static START: LazyLock<(Instant, SystemTime)> = LazyLock::new(|| (Instant::now(), SystemTime::now()));

/// Begins, where it has not begun; early, so that there is little in which the system's clock can have been corrected
/// between this start and str0m's.
pub(super) fn start() {
    LazyLock::force(&START);
}

/// A capture time as packets tell it.
pub(super) fn capture_time(captured: Instant) -> AbsCaptureTime {
    let (instant, system) = *START;
    let time = match captured.checked_duration_since(instant) {
        Some(since) => system.checked_add(since),
        None => system.checked_sub(instant.saturating_duration_since(captured)),
    };
    AbsCaptureTime { capture_time: time.unwrap_or(system), clock_offset: None }
}
