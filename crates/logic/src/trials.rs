//! Which encoders are tried: one that failed is left alone for a while, longer each time, unless nothing else is there.

use std::collections::HashMap;
use std::time::Duration;

/// How long after its first failure. Other programs may have what there is of a device.
const FIRST: Duration = Duration::from_secs(60);
/// And at most.
const MOST: Duration = Duration::from_secs(3600);
/// Who has done well for so many times its last pause is as good as new.
const FORGIVEN: u32 = 4;

/// What is known of encoders that failed. Time is any monotonic clock's reading.
#[derive(Debug, Default)]
pub struct Trials {
    failed: HashMap<String, Failure>,
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    at: Duration,
    pause: Duration,
}

impl Trials {
    /// An encoder failed.
    pub fn failed(&mut self, name: &str, now: Duration) {
        let last = self.failed.get(name).filter(|last| now.saturating_sub(last.at) < last.pause * FORGIVEN);
        // Those that run beside each other fail together: that is one failure.
        let pause = match last {
            Some(last) if !last.is_over(now) => last.pause,
            Some(last) => (last.pause * 2).min(MOST),
            None => FIRST,
        };
        self.failed.insert(name.into(), Failure { at: now, pause });
    }

    /// Whether an encoder may be tried.
    pub fn may_try(&self, name: &str, now: Duration) -> bool {
        self.failed.get(name).is_none_or(|failure| failure.is_over(now))
    }

    /// Those of `all` that may be tried, in their order; where there are none, all.
    pub fn choose<T>(&self, all: Vec<T>, name: impl Fn(&T) -> &str, now: Duration) -> Vec<T> {
        if all.iter().all(|one| !self.may_try(name(one), now)) {
            return all;
        }
        all.into_iter().filter(|one| self.may_try(name(one), now)).collect()
    }
}

impl Failure {
    fn is_over(self, now: Duration) -> bool {
        now.saturating_sub(self.at) >= self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_failed_is_left_alone_for_a_minute_then_two_and_never_for_more_than_an_hour() {
        let mut trials = Trials::default();
        assert!(trials.may_try("a", at(0)));
        let (mut now, mut pauses) = (at(0), Vec::new());
        for _ in 0..9 {
            trials.failed("a", now);
            assert!(!trials.may_try("a", now));
            let end = (1..).map(|second| now + at(second)).find(|then| trials.may_try("a", *then)).unwrap();
            pauses.push((end - now).as_secs());
            now = end;
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert!(trials.may_try("b", at(0)));
    }

    #[test]
    fn several_failures_within_a_pause_are_one_and_who_did_well_for_long_is_as_good_as_new() {
        let mut trials = Trials::default();
        for second in [0, 1, 2] {
            trials.failed("a", at(second));
        }
        assert!(!trials.may_try("a", at(61)) && trials.may_try("a", at(62)));
        trials.failed("a", at(100));
        assert!(!trials.may_try("a", at(219)));
        // Four times two minutes later.
        trials.failed("a", at(100 + 480));
        assert!(trials.may_try("a", at(100 + 480 + 60)));
    }

    #[test]
    fn the_rest_is_chosen_in_its_order_and_all_where_nothing_is_left() {
        let mut trials = Trials::default();
        let choose = |trials: &Trials| trials.choose(vec!["a", "b", "c"], |name| name, at(10));
        trials.failed("b", at(9));
        assert_eq!(choose(&trials), ["a", "c"]);
        trials.failed("a", at(9));
        assert_eq!(choose(&trials), ["c"]);
        trials.failed("c", at(9));
        assert_eq!(choose(&trials), ["a", "b", "c"]);
    }
}
