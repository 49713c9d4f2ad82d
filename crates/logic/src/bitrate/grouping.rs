//! Which viewers share a rung: the cut of all viewers, ordered by what their networks carry, into groups that is worth
//! most to all of them together.
//!
//! A group is sent what its weakest member carries. So whoever is far weaker than the others is better put into a
//! group of his own, on a lower rung; only in the lowest group, which nobody can leave downwards, some few may
//! be sent more than they carry, where sparing them would cost the others more.

use super::quality::Quality;

/// What being sent more than the network carries costs, at once and for each factor of e.
const OVERLOAD: (f64, f64) = (2.0, 8.0);
/// A little too much is no harm: estimates sway.
const TOLERATED: f64 = 1.05;
/// What it costs to be sent less than the network carries because of somebody weaker, for each factor of e beyond
/// the first quarter.
const HARM: f64 = 2.0;
const UNHARMED: f64 = 1.25;
/// What each encoder costs, and starting it, in the unit of one viewer's quality.
const ENCODER: f64 = 0.4;
const START: f64 = 0.1;
/// What a switch costs.
const SWITCH: f64 = 0.15;

/// A rung as it may be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    /// Its place on the ladder.
    pub(super) rung: usize,
    /// What it sends, where that is not ours to set.
    pub(super) fixed: Option<f64>,
    /// Whether it has viewers already.
    pub(super) runs: bool,
}

/// What every evaluation needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) quality: &'a Quality,
    /// Bounds of a bitrate that is ours to set.
    pub(super) bounds: (f64, f64),
}

/// Viewers whose networks carry about the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    /// What the weakest carries.
    pub(super) carries: f64,
    /// How many there are, and how many of them are on each rung.
    pub(super) viewers: f64,
    pub(super) on: Vec<f64>,
}

/// Sums over the first so many classes.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    viewers: f64,
    logarithms: f64,
}

/// Classes, ordered, and what of them can be known beforehand.
pub(super) struct Crowd<'a> {
    terms: Terms<'a>,
    carries: Vec<f64>,
    sums: Vec<Sums>,
    /// For each class the first that is harmed when this one's rate is sent.
    harmed_from: Vec<usize>,
    /// For each rung, how many viewers of the first so many classes are on it.
    on: Vec<Vec<f64>>,
}

impl<'a> Crowd<'a> {
    /// The classes are in the order of what they carry, the weakest first.
    pub(super) fn new(terms: Terms<'a>, classes: &[Class]) -> Self {
        let carries: Vec<f64> =
            classes.iter().map(|class| class.carries.clamp(1.0, terms.bounds.1.max(1.0))).collect();
        let mut sums = vec![Sums::default()];
        let mut sum = Sums::default();
        for (class, carries) in classes.iter().zip(&carries) {
            sum.viewers += class.viewers;
            sum.logarithms += class.viewers * carries.ln();
            sums.push(sum);
        }
        let mut next = 0;
        let harmed_from = carries.iter().map(|weakest| {
            next += carries.iter().skip(next).take_while(|carries| **carries <= weakest * UNHARMED).count();
            next
        });
        let harmed_from = harmed_from.collect();
        let rungs = classes.first().map_or(0, |class| class.on.len());
        let on = (0..rungs).map(|rung| {
            let counts = classes.iter().map(move |class| class.on.get(rung).copied().unwrap_or_default());
            std::iter::once(0.0).chain(counts.scan(0.0, |sum, count| {
                *sum += count;
                Some(*sum)
            }))
        });
        let on = on.map(Iterator::collect).collect();
        Self { terms, carries, sums, harmed_from, on }
    }

    /// Sums over the classes from `from` up to, and without, `to`.
    fn sums(&self, from: usize, to: usize) -> Sums {
        let at = |index: usize| self.sums.get(index.min(self.carries.len())).copied().unwrap_or_default();
        let (from, to) = (at(from), at(to.max(from)));
        Sums { viewers: to.viewers - from.viewers, logarithms: to.logarithms - from.logarithms }
    }

    /// What the classes from `from` up to `to` are worth on a rung that sends what class `weakest` carries; those
    /// before it are overloaded.
    fn value(&self, choice: Choice, (from, weakest, to): (usize, usize, usize)) -> f64 {
        let (low, high) = self.terms.bounds;
        let Some(carried) = self.carries.get(weakest) else { return f64::MIN };
        let rate = choice.fixed.unwrap_or(carried.clamp(low.min(high), high));
        let mut value = self.sums(from, to).viewers * self.terms.quality.value(choice.rung, rate);
        let overloaded = self.sums(from, self.overloaded_to(rate, from, to));
        let excess = overloaded.viewers * rate.ln() - overloaded.logarithms;
        value -= OVERLOAD.0 * overloaded.viewers + OVERLOAD.1 * excess;
        if choice.fixed.is_none() {
            let first = self.harmed_from.get(weakest).copied().unwrap_or(to).max(from);
            let harmed = self.sums(first, to);
            value -= HARM * (harmed.logarithms - harmed.viewers * (carried * UNHARMED).ln());
        }
        value
    }

    /// The end of those from `from` on who carry less than that rate.
    fn overloaded_to(&self, rate: f64, from: usize, to: usize) -> usize {
        let group = self.carries.get(from..to).unwrap_or_default();
        from + group.partition_point(|carries| carries * TOLERATED < rate)
    }

    /// The worth of a group on a rung, and the class whose rate is sent.
    fn group(&self, choice: Choice, from: usize, to: usize) -> (f64, usize) {
        // Whoever is not in the lowest group could be in a lower one.
        let last = if from == 0 && choice.fixed.is_none() { to } else { from + 1 };
        let weakest = (from..last).map(|weakest| (self.value(choice, (from, weakest, to)), weakest));
        weakest.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::MIN, from))
    }

    /// What a rung costs for the classes from `from` up to `to`.
    fn cost(&self, choice: Choice, from: usize, to: usize) -> f64 {
        let on = |to: usize| self.on.get(choice.rung).and_then(|on| on.get(to)).copied().unwrap_or_default();
        let newcomers = self.sums(from, to).viewers - (on(to) - on(from));
        let encoder = if choice.fixed.is_some() { 0.0 } else { ENCODER };
        SWITCH * newcomers + encoder + if choice.runs { 0.0 } else { START }
    }

    /// The rate that is worth most to all of these on one rung.
    pub(super) fn rate(&self, choice: Choice) -> Option<f64> {
        let (_, weakest) = self.group(choice, 0, self.carries.len());
        let (low, high) = self.terms.bounds;
        self.carries.get(weakest).map(|carries| carries.clamp(low.min(high), high))
    }

    /// The rung of each class. The choices are in the order of the ladder, the best first.
    pub(super) fn cut(&self, choices: &[Choice]) -> Vec<usize> {
        let classes = self.carries.len();
        // The worth of the first so many classes with the lowest so many choices, and where the highest group begins.
        let mut worth = vec![f64::MIN; classes + 1];
        if let Some(nobody) = worth.first_mut() {
            *nobody = 0.0;
        }
        let mut begins: Vec<Vec<usize>> = Vec::new();
        for choice in choices.iter().rev() {
            let mut begin: Vec<usize> = (0..=classes).collect();
            let mut next = worth.clone();
            for (to, (next, begin)) in next.iter_mut().zip(&mut begin).enumerate().skip(1) {
                for (from, before) in
                    worth.iter().enumerate().take(to).filter(|(_, worth)| **worth > f64::MIN)
                {
                    let value = before + self.group(*choice, from, to).0 - self.cost(*choice, from, to);
                    if value > *next {
                        (*next, *begin) = (value, from);
                    }
                }
            }
            begins.push(begin);
            worth = next;
        }
        let mut rungs = vec![choices.last().map_or(0, |choice| choice.rung); classes];
        let mut to = classes;
        for (choice, begin) in choices.iter().zip(begins.iter().rev()) {
            let from = begin.get(to).copied().unwrap_or_default();
            rungs.get_mut(from..to).unwrap_or_default().fill(choice.rung);
            to = from;
        }
        rungs
    }
}
