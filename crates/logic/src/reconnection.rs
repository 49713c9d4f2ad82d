//! Whether and when to connect to a server again: limits on attempts, and delays that grow.

use crate::backoff::Backoff;
use std::time::Duration;

/// A connection that ended before this was no success.
const AT_ONCE: Duration = Duration::from_millis(250);

/// How much is tried, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts before the first success; 0 for no limit.
    pub first_attempts: u32,
    /// Attempts in a row after a connection was lost; 0 for no limit.
    pub attempts: u32,
    /// The delay before the second attempt.
    pub shortest: Duration,
    /// No delay is longer, unless the server asks for it.
    pub longest: Duration,
}

/// The state of the attempts.
#[derive(Debug)]
pub struct Reconnection {
    policy: Policy,
    delays: Backoff,
    connected_before: bool,
    failed: u32,
}

impl Reconnection {
    /// Nothing has been tried yet. The delays differ with `seed`.
    pub fn new(policy: Policy, seed: u64) -> Self {
        let longest = policy.longest.max(policy.shortest);
        Self {
            policy,
            delays: Backoff::new(policy.shortest, longest, seed),
            connected_before: false,
            failed: 0,
        }
    }

    /// Attempts that failed in a row.
    pub fn failures(&self) -> u32 {
        self.failed
    }

    /// The limit that applies now; 0 for none.
    pub fn limit(&self) -> u32 {
        if self.connected_before { self.policy.attempts } else { self.policy.first_attempts }
    }

    /// Whether there has been a success.
    pub fn has_connected(&self) -> bool {
        self.connected_before
    }

    /// A connection was made.
    pub fn connected(&mut self) {
        self.connected_before = true;
        self.failed = 0;
    }

    /// The connection was lost after this long: how long to wait. A server that takes clients on and throws them
    /// out at once is asked less and less often.
    pub fn lost(&mut self, after: Duration) -> Duration {
        if after >= AT_ONCE {
            self.delays.succeeded();
        }
        self.delays.failed()
    }

    /// An attempt failed: how long to wait, at least as long as the server asks for; nothing where no attempt is
    /// left.
    pub fn failed(&mut self, wanted: Option<Duration>) -> Option<Duration> {
        self.failed = self.failed.saturating_add(1);
        let used_up = self.limit() != 0 && self.failed >= self.limit();
        let delay = self.delays.failed();
        (!used_up).then(|| delay.max(wanted.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(first_attempts: u32, attempts: u32) -> Policy {
        let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(10));
        Policy { first_attempts, attempts, shortest, longest }
    }

    #[test]
    fn attempts_before_and_after_the_first_success_have_their_own_limits() {
        let mut reconnection = Reconnection::new(policy(2, 3), 1);
        assert!(reconnection.failed(None).is_some());
        assert_eq!(reconnection.failed(None), None);
        let mut reconnection = Reconnection::new(policy(2, 3), 1);
        reconnection.connected();
        reconnection.lost(Duration::ZERO);
        assert!(reconnection.failed(None).is_some() && reconnection.failed(None).is_some());
        assert_eq!(reconnection.failed(None), None);
        reconnection.connected();
        assert_eq!(reconnection.failures(), 0);
    }

    #[test]
    fn no_limit_means_that_it_is_tried_for_ever() {
        let mut reconnection = Reconnection::new(policy(0, 0), 1);
        assert!((0..1000).all(|_| reconnection.failed(None).is_some()));
    }

    #[test]
    fn the_server_may_ask_for_more_time_but_not_for_less() {
        let mut reconnection = Reconnection::new(policy(0, 0), 1);
        let wanted = Duration::from_secs(60);
        assert_eq!(reconnection.failed(Some(wanted)), Some(wanted));
        assert!(reconnection.failed(Some(Duration::ZERO)).unwrap() > Duration::ZERO);
    }

    #[test]
    fn a_server_that_takes_us_on_and_throws_us_out_is_asked_less_and_less_often() {
        let mut reconnection = Reconnection::new(policy(0, 0), 1);
        let mut delay = Duration::ZERO;
        for _ in 0..8 {
            reconnection.connected();
            delay = reconnection.lost(Duration::ZERO);
        }
        assert!(delay >= Duration::from_secs(5), "{delay:?}");
        reconnection.connected();
        assert!(reconnection.lost(Duration::from_secs(1)) <= Duration::from_millis(100));
    }
}
