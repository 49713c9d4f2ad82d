//! When ICE begins anew (RFC 8445 section 9): while the peer cannot be reached, signalling may still reach it.

use std::time::Duration;

/// An interruption that is shorter may end by itself.
const SHORT: Duration = Duration::from_secs(2);
/// A peer from which nothing came for this long is behind a path that carries nothing: reports come more often.
const SILENT: Duration = Duration::from_secs(10);
/// A restart is given this long before the next.
const AGAIN: Duration = Duration::from_secs(10);

/// What is known of the way to the peer.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    possible: bool,
    interrupted: bool,
    /// When that was seen first; on the clock of the session.
    since: Option<Duration>,
    last: Option<Duration>,
}

impl Restarts {
    /// Whether this side's transport can begin anew.
    pub(super) fn make_possible(&mut self, possible: bool) {
        self.possible = possible;
    }

    /// The transport lost its way, or found one.
    pub(super) fn interrupted(&mut self, interrupted: bool) {
        self.interrupted = interrupted;
        self.since = None;
    }

    /// Whether to begin anew at this time, after so long a silence.
    pub(super) fn is_due(&mut self, at: Duration, silence: Duration) -> bool {
        if self.interrupted && self.since.is_none() {
            self.since = Some(at);
        }
        let lost = self.since.is_some_and(|since| at.saturating_sub(since) >= SHORT) || silence >= SILENT;
        let rested = self.last.is_none_or(|last| at.saturating_sub(last) >= AGAIN);
        let due = self.possible && lost && rested;
        if due {
            self.last = Some(at);
        }
        due
    }
}
