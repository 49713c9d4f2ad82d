//! Estimates of what the network carries, on their way from a session's thread to who wants to know.

use crate::peer::Estimator;
use crate::runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Passes estimates on, the latest only: who hears them may block.
pub(super) struct Relay {
    estimator: Estimator,
    latest: Arc<(AtomicU32, AtomicBool)>,
}

impl Relay {
    pub(super) fn new(estimator: Estimator) -> Self {
        Self { estimator, latest: Arc::default() }
    }

    pub(super) fn tell(&self, bits_per_second: u32) {
        self.latest.0.store(bits_per_second, Ordering::SeqCst);
        if !self.latest.1.swap(true, Ordering::SeqCst) {
            let (changed, latest) = (self.estimator.changed.clone(), self.latest.clone());
            runtime::spawn_blocking(move || {
                latest.1.store(false, Ordering::SeqCst);
                changed(latest.0.load(Ordering::SeqCst));
            });
        }
    }
}
