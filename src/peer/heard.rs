//! When something last came from a peer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a transport notes of media, reports and handshakes.
pub(super) struct Heard {
    epoch: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
    /// The same, of the moment when the transport came up; 0: not yet.
    connected: AtomicU64,
    owed: AtomicBool,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            last: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            owed: AtomicBool::new(false),
        }
    }
}

impl Heard {
    /// The handshakes' last packets come within this after the transport is up.
    const HANDSHAKES: u64 = 2000;

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A packet came.
    pub(super) fn something(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// The transport is up.
    pub(super) fn connected(&self) {
        self.connected.store(self.now().max(1), Ordering::Relaxed);
    }

    /// From now on the peer owes reports on what it is sent or sends, or answers to checks: its silence counts, even
    /// where nothing came from it before.
    pub(super) fn owes_answers(&self) {
        if !self.owed.swap(true, Ordering::Relaxed) {
            self.something();
        }
    }

    /// For how long nothing has come. A peer that owes nothing and from which nothing came after the handshakes is
    /// not called silent: without media in either direction there are no reports.
    pub(super) fn silence(&self) -> Duration {
        let (last, up) = (self.last.load(Ordering::Relaxed), self.connected.load(Ordering::Relaxed));
        let owed = self.owed.load(Ordering::Relaxed);
        if up == 0 || (last < up + Self::HANDSHAKES && !owed) {
            return Duration::ZERO;
        }
        Duration::from_millis(self.now().saturating_sub(last.max(up)))
    }
}
