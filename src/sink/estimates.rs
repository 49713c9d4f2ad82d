//! A session's estimates of what the network carries, shared by the rungs that serve it.

use logic::bitrate::{Spending, budget};
use std::sync::{Arc, Mutex, PoisonError};

/// What sound takes, about, in bit/s.
const USUAL_SOUND: u32 = 64_000;

pub(super) type Listener = Arc<dyn Fn(u32) + Send + Sync>;

/// Where a session's estimates go: to the rungs that serve it, by m-line, in equal shares.
#[derive(Default)]
pub(super) struct Estimates(Mutex<Vec<(usize, Listener)>>);

impl Estimates {
    pub(super) fn changed(&self, bits_per_second: u32) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let spending = Spending { estimate: bits_per_second, sound: USUAL_SOUND, ..Spending::default() };
        let shares = budget(spending, &vec![1; listeners.len()]);
        for ((_, listener), share) in listeners.into_iter().zip(shares) {
            listener(share);
        }
    }

    /// Who hears of them for an m-line from now on.
    pub(super) fn set(&self, m_line: usize, listener: Option<Listener>) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|(other, _)| *other != m_line);
        listeners.extend(listener.map(|listener| (m_line, listener)));
    }
}
