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

/// Key units that may follow each other at once, before their number is bounded.
const BURST: usize = 3;

/// Merges requests for key units. Time is any monotonic clock's reading.
///
/// The first few of a while are served at once, so that a viewer who comes soon after another does not wait;
/// in the long run they are `spacing` apart.
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
        let window = self.spacing * u32::try_from(BURST).unwrap_or(1);
        let full = self.produced.len() >= BURST;
        match self.produced.front().filter(|oldest| full && now.saturating_sub(**oldest) < window) {
            Some(oldest) => {
                let at = *oldest + window;
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
        let (mut asked, mut due) = (0, None);
        for n in 0..50 {
            let now = ms(n * 20);
            if due.is_some_and(|at| at <= now) && arbiter.due(now) {
                (asked, due) = (asked + 1, None);
                arbiter.produced(now);
            }
            match arbiter.request(now) {
                Decision::Ask => {
                    asked += 1;
                    arbiter.produced(now);
                }
                Decision::Later(at) => due = Some(at),
                Decision::OnItsWay => {}
            }
        }
        assert_eq!(asked, 6);
    }

    #[test]
    fn a_postponed_request_is_asked_once() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        (0..3).for_each(|n| arbiter.produced(ms(n * 10)));
        assert_eq!(arbiter.request(ms(40)), Decision::Later(ms(900)));
        assert!(arbiter.due(ms(900)));
        assert!(!arbiter.due(ms(901)));
    }

    #[test]
    fn an_encoder_that_does_not_answer_is_asked_again() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert_eq!(arbiter.request(ms(999)), Decision::OnItsWay);
        assert_eq!(arbiter.request(ms(1000)), Decision::Ask);
    }
}
