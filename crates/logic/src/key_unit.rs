//! The arbiter of key units: merges what all viewers of an encoder ask for and bounds how often it is asked.

use std::collections::VecDeque;
use std::time::Duration;

/// What to do about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the encoder now.
    Ask,
    /// Ask once the clock reads this, through [`Arbiter::due`].
    Later(Duration),
    /// A key unit is already on its way.
    OnItsWay,
}

/// Key units that may come closer than their spacing, before their number is bounded: enough for a second of joins.
const BURST: usize = 7;

/// Merges requests for key units. Time is any monotonic clock's reading.
///
/// A viewer who comes soon after another does not wait. While many come they wait for no more than two thirds of
/// `spacing`, all who came in that time for the same key unit; in the long run key units are `spacing` apart.
#[derive(Debug, Clone)]
pub struct Arbiter {
    spacing: Duration,
    patience: Duration,
    asked: Option<Duration>,
    /// The last few, oldest first.
    produced: VecDeque<Duration>,
    scheduled: bool,
}

impl Arbiter {
    /// An arbiter that lets key units be `spacing` apart in the long run, and that asks again when an encoder
    /// has not answered within `patience`.
    pub fn new(spacing: Duration, patience: Duration) -> Self {
        Self { spacing, patience, asked: None, produced: VecDeque::new(), scheduled: false }
    }

    /// A viewer wants a key unit.
    pub fn request(&mut self, now: Duration) -> Decision {
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < self.patience) {
            return Decision::OnItsWay;
        }
        match self.earliest(now).filter(|at| *at > now) {
            Some(at) => {
                if std::mem::replace(&mut self.scheduled, true) {
                    Decision::OnItsWay
                } else {
                    Decision::Later(at)
                }
            }
            None => {
                self.asked = Some(now);
                Decision::Ask
            }
        }
    }

    /// When the next key unit may come; none: whenever.
    fn earliest(&self, now: Duration) -> Option<Duration> {
        let window = self.spacing * u32::try_from(BURST).unwrap_or(1);
        let bounded =
            self.produced.front().filter(|_| self.produced.len() >= BURST).map(|oldest| *oldest + window);
        let mut newest = self.produced.iter().rev();
        // One may follow another at once.
        let (last, before) = (newest.next(), newest.next());
        let recent = before.is_some_and(|before| now.saturating_sub(*before) < self.spacing * 2);
        let close = last.filter(|_| recent).map(|last| *last + self.spacing * 2 / 3);
        bounded.max(close)
    }

    /// The time of a postponed request has come; whether to ask the encoder now.
    pub fn due(&mut self, now: Duration) -> bool {
        if std::mem::take(&mut self.scheduled) {
            self.asked = Some(now);
            return true;
        }
        false
    }

    /// The encoder made a key unit.
    pub fn produced(&mut self, now: Duration) {
        self.asked = None;
        self.produced.push_back(now);
        if self.produced.len() > BURST {
            self.produced.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn requests_while_a_key_unit_is_on_its_way_are_merged_with_it() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert!((1..25).all(|n| arbiter.request(ms(n)) == Decision::OnItsWay));
        arbiter.produced(ms(30));
        assert_eq!(arbiter.request(ms(40)), Decision::Ask);
    }

    #[test]
    fn fifty_joins_in_a_second_cost_a_few_key_units() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        let (mut asked, mut due, mut longest) = (0, None, ms(0));
        for n in 0..60 {
            let now = ms(n * 20);
            if due.is_some_and(|at| at <= now) && arbiter.due(now) {
                (asked, due) = (asked + 1, None);
                arbiter.produced(now);
            }
            if n >= 50 {
                continue;
            }
            match arbiter.request(now) {
                Decision::Ask => {
                    asked += 1;
                    arbiter.produced(now);
                }
                Decision::Later(at) => (due, longest) = (Some(at), longest.max(at - now)),
                Decision::OnItsWay => {}
            }
        }
        assert_eq!(asked, 7);
        assert!(longest <= ms(200), "somebody waited for {longest:?}");
    }

    #[test]
    fn a_postponed_request_is_asked_once() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        (0..3).for_each(|n| arbiter.produced(ms(n * 10)));
        assert_eq!(arbiter.request(ms(40)), Decision::Later(ms(220)));
        assert_eq!(arbiter.request(ms(50)), Decision::OnItsWay);
        assert!(arbiter.due(ms(220)));
        assert!(!arbiter.due(ms(221)));
    }

    #[test]
    fn a_viewer_who_comes_soon_after_another_does_not_wait() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        for n in 0..5 {
            arbiter.produced(ms(n * 1000));
            assert_eq!(arbiter.request(ms(n * 1000 + 20)), Decision::Ask);
            arbiter.produced(ms(n * 1000 + 30));
        }
    }

    #[test]
    fn losses_without_end_get_key_units_that_are_apart_in_the_long_run() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        let (mut asked, mut due) = (0, None);
        for now in (0..30_000).step_by(10).map(ms) {
            let postponed = due.is_some_and(|at| at <= now) && arbiter.due(now);
            let decision = if postponed { Decision::Ask } else { arbiter.request(now) };
            match decision {
                Decision::Ask => {
                    (asked, due) = (asked + 1, None);
                    arbiter.produced(now);
                }
                Decision::Later(at) => due = Some(at),
                Decision::OnItsWay => {}
            }
        }
        assert!((95..=107).contains(&asked), "{asked} in half a minute");
    }

    #[test]
    fn an_encoder_that_does_not_answer_is_asked_again() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert_eq!(arbiter.request(ms(999)), Decision::OnItsWay);
        assert_eq!(arbiter.request(ms(1000)), Decision::Ask);
    }
}
