//! Estimates of what the network carries, on their way from a session's thread to who wants to know.

use crate::peer::Estimator;
use crate::runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Passes estimates on, one after the other and the latest only: who hears them may block.
pub(super) struct Relay {
    estimator: Estimator,
    latest: Arc<Latest>,
}

#[derive(Default)]
struct Latest {
    bits_per_second: AtomicU32,
    /// How often it was told since nobody passes it on.
    told: AtomicU32,
}

impl Relay {
    pub(super) fn new(estimator: Estimator) -> Self {
        Self { estimator, latest: Arc::default() }
    }

    pub(super) fn tell(&self, bits_per_second: u32) {
        self.latest.bits_per_second.store(bits_per_second, Ordering::SeqCst);
        if self.latest.told.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        let (changed, latest) = (self.estimator.changed.clone(), self.latest.clone());
        runtime::spawn_blocking(move || {
            let mut told = latest.told.load(Ordering::SeqCst);
            loop {
                changed(latest.bits_per_second.load(Ordering::SeqCst));
                match latest.told.compare_exchange(told, 0, Ordering::SeqCst, Ordering::SeqCst) {
                    Ok(_) => return,
                    // There is a later one.
                    Err(now) => told = now,
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use logic::bitrate::Bounds;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn the_latest_estimate_is_heard_last_however_long_somebody_takes_to_hear_one() {
        let (heard, hears) = channel();
        let (go_on, goes_on) = channel::<()>();
        let goes_on = Mutex::new(goes_on);
        let changed = move |estimate| {
            heard.send(estimate).unwrap();
            let _ = goes_on.lock().unwrap().recv();
        };
        let bounds = Bounds { min: 1, max: 10, start: 5 };
        let relay = Relay::new(Estimator { bounds, changed: Arc::new(changed) });
        relay.tell(1);
        assert_eq!(hears.recv_timeout(Duration::from_secs(5)), Ok(1));
        relay.tell(2);
        relay.tell(3);
        // Nobody hears of them while the first is being heard.
        assert!(hears.recv_timeout(Duration::from_millis(200)).is_err());
        go_on.send(()).unwrap();
        assert_eq!(hears.recv_timeout(Duration::from_secs(5)), Ok(3));
        go_on.send(()).unwrap();
        assert!(hears.recv_timeout(Duration::from_millis(200)).is_err());
    }
}
