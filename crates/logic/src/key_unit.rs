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

/// How many key units closer than their spacing may be saved up: enough for a second of joins.
const BURST: u32 = 10;

/// Merges requests for key units. Time is any monotonic clock's reading.
///
/// A viewer who comes soon after another does not wait. While many come they wait for no more than a third of
/// `spacing`, all who came in that time for the same key unit; in the long run key units are `spacing` apart.
#[derive(Debug, Clone)]
pub struct Arbiter {
    spacing: Duration,
    patience: Duration,
    asked: Option<Duration>,
    /// When the last two were made, the latest first.
    produced: [Option<Duration>; 2],
    /// From when on as many are saved up as ever. Each key unit moves it on by `spacing`.
    full: Duration,
    scheduled: bool,
}

impl Arbiter {
    /// An arbiter that lets key units be `spacing` apart in the long run, and that asks again when an encoder
    /// has not answered within `patience`.
    pub fn new(spacing: Duration, patience: Duration) -> Self {
        Self { spacing, patience, asked: None, produced: [None; 2], full: Duration::ZERO, scheduled: false }
    }

    /// A viewer wants a key unit.
    pub fn request(&mut self, now: Duration) -> Decision {
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < self.patience) {
            return Decision::OnItsWay;
        }
        let at = self.earliest(now);
        if at <= now {
            self.asked = Some(now);
            return Decision::Ask;
        }
        if std::mem::replace(&mut self.scheduled, true) { Decision::OnItsWay } else { Decision::Later(at) }
    }

    /// When the next key unit may come.
    fn earliest(&self, now: Duration) -> Duration {
        let saved = self.full.saturating_sub(self.spacing * (BURST - 1));
        let [last, before] = self.produced;
        // One may follow another at once.
        let recent = before.is_some_and(|before| now.saturating_sub(before) < self.spacing * 2);
        last.filter(|_| recent).map_or(saved, |last| saved.max(last + self.spacing / 3))
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
        self.produced = [Some(now), self.produced[0]];
        // Those that an encoder makes of its own accord are not held against viewers for ever.
        self.full = (self.full.max(now) + self.spacing).min(now + self.spacing * BURST);
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

    /// When key units are made by an encoder that answers at once, and how long a request waited at most.
    fn served(requests: impl Iterator<Item = Duration>) -> (Vec<Duration>, Duration) {
        let (mut arbiter, mut due) = (Arbiter::new(ms(300), ms(1000)), None);
        let (mut waiting, mut made, mut longest) = (Vec::new(), Vec::new(), ms(0));
        let mut requests = requests.peekable();
        for now in (0..40_000).map(ms) {
            let mut asked = due.is_some_and(|at| at <= now) && arbiter.due(now);
            if asked {
                due = None;
            }
            while requests.next_if_eq(&now).is_some() {
                waiting.push(now);
                match arbiter.request(now) {
                    Decision::Ask => asked = true,
                    Decision::Later(at) => due = Some(at),
                    Decision::OnItsWay => {}
                }
            }
            if asked {
                arbiter.produced(now);
                made.push(now);
                longest = waiting.drain(..).map(|since| now - since).fold(longest, Duration::max);
            }
        }
        assert!(waiting.is_empty());
        (made, longest)
    }

    fn fifty_joins(from: u64) -> impl Iterator<Item = Duration> {
        (0..50).map(move |n| ms(from + n * 20))
    }

    #[test]
    fn fifty_joins_in_a_second_cost_a_few_key_units() {
        let (made, longest) = served(fifty_joins(0));
        assert_eq!(made.len(), 12);
        assert!(longest <= ms(100), "somebody waited for {longest:?}");
    }

    #[test]
    fn a_while_without_requests_saves_key_units_up_again() {
        let (made, longest) = served(fifty_joins(0).chain(fifty_joins(10_000)));
        assert_eq!(made.len(), 24);
        assert!(longest <= ms(100), "somebody waited for {longest:?}");
    }

    #[test]
    fn a_postponed_request_is_asked_once() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        (0..3).for_each(|n| arbiter.produced(ms(n * 10)));
        assert_eq!(arbiter.request(ms(40)), Decision::Later(ms(120)));
        assert_eq!(arbiter.request(ms(50)), Decision::OnItsWay);
        assert!(arbiter.due(ms(120)));
        assert!(!arbiter.due(ms(121)));
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
        let (made, longest) = served((0..3000).map(|n| ms(n * 10)));
        assert!((100..=112).contains(&made.len()), "{} in half a minute", made.len());
        assert!(longest <= ms(300), "somebody waited for {longest:?}");
    }

    #[test]
    fn an_encoder_that_does_not_answer_is_asked_again() {
        let mut arbiter = Arbiter::new(ms(300), ms(1000));
        assert_eq!(arbiter.request(ms(0)), Decision::Ask);
        assert_eq!(arbiter.request(ms(999)), Decision::OnItsWay);
        assert_eq!(arbiter.request(ms(1000)), Decision::Ask);
    }
}
