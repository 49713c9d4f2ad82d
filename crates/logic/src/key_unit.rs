//! The arbiter of key units: merges what all viewers of an encoder ask for and bounds how often it is asked.

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

/// Merges requests for key units. Time is any monotonic clock's reading.
#[derive(Debug, Clone)]
pub struct Arbiter {
    shortest: Duration,
    patience: Duration,
    asked: Option<Duration>,
    produced: Option<Duration>,
    scheduled: bool,
}

impl Arbiter {
    /// An arbiter that lets key units follow each other no closer than `shortest`, and that asks again
    /// when an encoder has not answered within `patience`.
    pub fn new(shortest: Duration, patience: Duration) -> Self {
        Self { shortest, patience, asked: None, produced: None, scheduled: false }
    }

    /// A viewer wants a key unit.
    pub fn request(&mut self, now: Duration) -> Decision {
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < self.patience) {
            return Decision::OnItsWay;
        }
        match self.produced {
            Some(at) if now.saturating_sub(at) < self.shortest => {
                if std::mem::replace(&mut self.scheduled, true) {
                    Decision::OnItsWay
                } else {
                    Decision::Later(at + self.shortest)
                }
            }
            _ => {
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
        self.produced = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_burst_of_joins_costs_one_key_unit_and_one_more_for_those_who_came_after_it() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert!((1..25).all(|n| arbiter.request(ms(n)) == Decision::OnItsWay));
        arbiter.produced(ms(30));
        assert_eq!(arbiter.request(ms(40)), Decision::Later(ms(330)));
        assert!((41..60).all(|n| arbiter.request(ms(n)) == Decision::OnItsWay));
        assert!(arbiter.due(ms(330)));
        assert!(!arbiter.due(ms(331)));
    }

    #[test]
    fn an_encoder_that_does_not_answer_is_asked_again() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert_eq!(arbiter.request(ms(999)), Decision::OnItsWay);
        assert_eq!(arbiter.request(ms(1000)), Decision::Ask);
    }
}
