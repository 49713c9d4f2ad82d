//! A delay that is measured while media flows, and its mean of about the last second.

use logic::mean::Mean;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Measured by one thread, looked at by another now and then.
pub(crate) struct Gauge {
    epoch: Instant,
    mean: Mutex<Mean>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { epoch: Instant::now(), mean: Mutex::default() }
    }
}

impl Gauge {
    fn lock(&self) -> MutexGuard<'_, Mean> {
        self.mean.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a value.
    pub(crate) fn add(&self, value: Duration) {
        let now = self.epoch.elapsed();
        self.lock().add(value, now);
    }

    /// The mean, where anything was measured of late.
    pub(crate) fn read(&self) -> Option<Duration> {
        let now = self.epoch.elapsed();
        self.lock().at(now)
    }

    /// The mean in seconds.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.read().map(|mean| mean.as_secs_f64())
    }
}
