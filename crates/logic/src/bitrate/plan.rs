//! What each rung sends, and so who belongs on it: kept for as long as nothing is clearly better, so that
//! the estimates of many viewers, which always sway, move neither the rungs nor the viewers.

use super::grouping::{Choice, Class, Crowd, Terms};
use std::time::Duration;

/// Viewers are grouped by what they carry in steps of a tenth.
const STEP: f64 = 1.1;
/// How much better another plan has to be, for each viewer, and in all.
const BETTER: (f64, f64) = (0.03, 0.02);
/// How often another one is looked for while nothing gets worse.
const PERIOD: Duration = Duration::from_millis(600);
/// A viewer stays on a rung that sends as much more than he carries, and goes to one that sends so much less: not less than
/// a group is spared, or who carries as much as the weakest of it could never join it.
const STAYS: f64 = 0.92;
const COMES: f64 = 1.03;

/// A viewer, as far as plans go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    /// What he carries.
    pub(super) carries: f64,
    /// The rung he is on; none while he is just coming.
    pub(super) rung: Option<usize>,
    /// What it costs to move him, in the unit of quality.
    pub(super) ties: f64,
}

/// What each rung sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// The best rung first; without those that nobody should be on.
    rungs: Vec<(usize, f64)>,
    /// What it was worth for each viewer when it was made.
    worth: f64,
    looked: Option<Duration>,
}

impl Plan {
    /// What a rung is to send.
    pub(super) fn rate(&self, rung: usize) -> Option<f64> {
        self.rungs.iter().find(|(other, _)| *other == rung).map(|(_, rate)| *rate)
    }

    /// Whether nobody can be sent less.
    pub(super) fn is_lowest(&self, rung: usize) -> bool {
        self.rungs.last().is_some_and(|(lowest, _)| *lowest == rung)
    }

    /// Where a viewer belongs.
    pub(super) fn target(&self, seat: Seat) -> Option<usize> {
        let fits = |(rung, rate): &&(usize, f64)| {
            let needed = match seat.rung {
                Some(current) if *rung >= current => STAYS,
                Some(_) => COMES,
                None => 1.0,
            };
            seat.carries >= rate * needed
        };
        self.rungs.iter().find(fits).or(self.rungs.last()).map(|(rung, _)| *rung)
    }

    /// Follows what cannot be planned: rungs that are not ours to set or not there any more, and the only viewer of one.
    pub(super) fn follow(&mut self, choices: &[Choice], seats: &[Seat], terms: Terms<'_>) {
        self.rungs.retain(|(rung, _)| choices.iter().any(|choice| choice.rung == *rung));
        for choice in choices {
            let mut on = seats.iter().filter(|seat| seat.rung == Some(choice.rung));
            let alone = match (on.next(), on.next()) {
                (Some(seat), None) => Some(seat.carries.clamp(terms.bounds.0, terms.bounds.1)),
                _ => None,
            };
            let rate = self.rungs.iter_mut().find(|(rung, _)| *rung == choice.rung);
            if let (Some((_, rate)), Some(real)) = (rate, choice.fixed.or(alone)) {
                *rate = real;
            }
        }
    }

    /// Looks for a better plan, at once where this one has become worse.
    pub(super) fn improve(&mut self, choices: &[Choice], seats: &[Seat], terms: Terms<'_>, now: Duration) {
        let viewers = f64::from(u32::try_from(seats.len()).unwrap_or(u32::MAX)).max(1.0);
        let margin = BETTER.0 * viewers + BETTER.1;
        let worth = self.worth(choices, seats, terms);
        let waits = self.looked.is_some_and(|looked| now.saturating_sub(looked) < PERIOD);
        if waits && worth / viewers > self.worth - margin / viewers {
            return;
        }
        self.looked = Some(now);
        let other = Self { rungs: crowd(choices, seats, terms).cut(choices), ..Self::default() };
        let better = other.worth(choices, seats, terms);
        if better > worth + margin {
            self.rungs = other.rungs;
            self.worth = better / viewers;
        } else {
            self.worth = worth / viewers;
        }
    }

    /// What it is worth to all together.
    fn worth(&self, choices: &[Choice], seats: &[Seat], terms: Terms<'_>) -> f64 {
        if self.rungs.is_empty() && !seats.is_empty() {
            return f64::MIN;
        }
        let mut sum = 0.0;
        let mut used = vec![false; choices.len()];
        for seat in seats {
            let target = self.target(*seat);
            let found = choices.iter().enumerate().find(|(_, choice)| Some(choice.rung) == target);
            let Some((index, choice)) = found else { return f64::MIN };
            sum += terms.worth(*choice, self.rate(choice.rung).unwrap_or_default(), seat.carries);
            if seat.rung != target {
                sum -= seat.ties;
            }
            if let Some(used) = used.get_mut(index) {
                *used = true;
            }
        }
        let used = choices.iter().zip(used).filter(|(_, used)| *used);
        sum - used.map(|(choice, _)| Terms::cost(*choice)).sum::<f64>()
    }
}

/// The viewers in the order of what they carry, those who carry about the same together.
fn crowd<'a>(choices: &[Choice], seats: &[Seat], terms: Terms<'a>) -> Crowd<'a> {
    let mut order = seats.to_vec();
    order.sort_by(|a, b| a.carries.total_cmp(&b.carries));
    let rungs = choices.iter().map(|choice| choice.rung + 1).max().unwrap_or_default();
    let mut classes: Vec<Class> = Vec::new();
    for seat in order {
        if classes.last().is_none_or(|class| seat.carries > class.carries * STEP) {
            classes.push(Class { carries: seat.carries, viewers: 0.0, ties: 0.0, on: vec![0.0; rungs] });
        }
        let Some(class) = classes.last_mut() else { continue };
        class.viewers += 1.0;
        class.ties += seat.ties;
        if let Some(on) = seat.rung.and_then(|rung| class.on.get_mut(rung)) {
            *on += seat.ties;
        }
    }
    Crowd::new(terms, &classes)
}
