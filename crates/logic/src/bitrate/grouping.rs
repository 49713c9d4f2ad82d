//! Which viewers share a rung: the cut of all viewers, ordered by what their networks carry, into groups that is worth
//! most to all of them together.
//!
//! A group is sent what its weakest member carries. So whoever is far weaker than the others is better put into a
//! group of his own, on a lower rung; only in the lowest group, which nobody can leave downwards, some few may
//! be sent more than they carry, where sparing them would cost the others more.

use super::quality::Quality;

/// What being sent more than the network carries costs, at once and for each factor of e.
const OVERLOAD: (f64, f64) = (6.0, 16.0);
/// A little too much does no harm.
const TOLERATED: f64 = 1.05;
/// What it costs to be sent less than the network carries because of somebody weaker, for each factor of e beyond
/// the first quarter.
const HARM: f64 = 2.0;
const UNHARMED: f64 = 1.25;
/// Beyond this factor it gets no worse: what such networks carry is not known well.
const HARMED: f64 = 4.0;
/// What each encoder costs, and starting it, in the unit of one viewer's quality.
const ENCODER: f64 = 0.4;
const START: f64 = 0.05;
/// A group is sent a little less than its weakest member carries: estimates sway.
const SPARED: f64 = 0.95;

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
    /// How many there are.
    pub(super) viewers: f64,
    /// What it costs to move them all, and those of each rung.
    pub(super) ties: f64,
    pub(super) on: Vec<f64>,
}

/// Sums over the first so many classes.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    viewers: f64,
    logarithms: f64,
    ties: f64,
}

/// Classes, ordered, and what of them can be known beforehand.
pub(super) struct Crowd<'a> {
    terms: Terms<'a>,
    carries: Vec<f64>,
    sums: Vec<Sums>,
    /// For each class the first that is harmed when this one's rate is sent, and the first that is harmed most.
    harmed: Vec<(usize, usize)>,
    /// For each rung, what it costs to move those of the first so many classes that are on it.
    on: Vec<Vec<f64>>,
}

impl Terms<'_> {
    /// What it is worth to a viewer to be sent that.
    pub(super) fn worth(&self, choice: Choice, rate: f64, carries: f64) -> f64 {
        let carries = carries.clamp(1.0, self.bounds.1.max(1.0));
        let value = self.quality.value(choice.rung, rate);
        if carries * TOLERATED < rate {
            value - OVERLOAD.0 - OVERLOAD.1 * (rate / carries).ln()
        } else if choice.fixed.is_none() {
            let more = (carries / (rate / SPARED)).clamp(UNHARMED, HARMED);
            value - HARM * (more / UNHARMED).ln()
        } else {
            value
        }
    }

    /// What a rung costs.
    pub(super) fn cost(choice: Choice) -> f64 {
        let encoder = if choice.fixed.is_some() { 0.0 } else { ENCODER };
        encoder + if choice.runs { 0.0 } else { START }
    }
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
            sum.ties += class.ties;
            sums.push(sum);
        }
        let harmed = carries.iter().map(|weakest| {
            let from = |factor| carries.partition_point(|carries| *carries <= weakest * factor);
            (from(UNHARMED), from(HARMED))
        });
        let harmed = harmed.collect();
        let rungs = classes.first().map_or(0, |class| class.on.len());
        let on = (0..rungs).map(|rung| {
            let counts = classes.iter().map(move |class| class.on.get(rung).copied().unwrap_or_default());
            std::iter::once(0.0).chain(counts.scan(0.0, |sum, count| {
                *sum += count;
                Some(*sum)
            }))
        });
        let on = on.map(Iterator::collect).collect();
        Self { terms, carries, sums, harmed, on }
    }

    /// Sums over the classes from `from` up to, and without, `to`.
    fn sums(&self, from: usize, to: usize) -> Sums {
        let at = |index: usize| self.sums.get(index.min(self.carries.len())).copied().unwrap_or_default();
        let (from, to) = (at(from), at(to.max(from)));
        Sums {
            viewers: to.viewers - from.viewers,
            logarithms: to.logarithms - from.logarithms,
            ties: to.ties - from.ties,
        }
    }

    /// What the classes from `from` up to `to` are worth on a rung that sends what class `weakest` carries; those
    /// before it are overloaded.
    fn value(&self, choice: Choice, (from, weakest, to): (usize, usize, usize)) -> f64 {
        let Some(carried) = self.carries.get(weakest) else { return f64::MIN };
        let rate = self.sent(choice, weakest);
        let mut value = self.sums(from, to).viewers * self.terms.quality.value(choice.rung, rate);
        let overloaded = self.sums(from, self.overloaded_to(rate, from, to));
        let excess = overloaded.viewers * rate.ln() - overloaded.logarithms;
        value -= OVERLOAD.0 * overloaded.viewers + OVERLOAD.1 * excess;
        if choice.fixed.is_none() {
            let (first, most) = self.harmed.get(weakest).copied().unwrap_or((to, to));
            let (first, most) = (first.clamp(from, to), most.clamp(from, to));
            let (some, all) = (self.sums(first, most), self.sums(most, to));
            value -= HARM * (some.logarithms - some.viewers * (carried * UNHARMED).ln());
            value -= HARM * all.viewers * (HARMED / UNHARMED).ln();
        }
        value
    }

    /// What a rung sends when it sends what that class carries.
    fn sent(&self, choice: Choice, weakest: usize) -> f64 {
        let carried = self.carries.get(weakest).copied().unwrap_or_default();
        choice.fixed.unwrap_or((carried * SPARED).clamp(self.terms.bounds.0, self.terms.bounds.1))
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
        Terms::cost(choice) + self.sums(from, to).ties - (on(to) - on(from))
    }

    /// The rate that is worth most to all of these on one rung.
    pub(super) fn rate(&self, choice: Choice) -> Option<f64> {
        (!self.carries.is_empty()).then(|| self.sent(choice, self.group(choice, 0, self.carries.len()).1))
    }

    /// What each rung is best sent, where it is used. The choices are in the order of the ladder, the best first.
    pub(super) fn cut(&self, choices: &[Choice]) -> Vec<(usize, f64)> {
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
        let mut plan = Vec::new();
        let mut to = classes;
        for (choice, begin) in choices.iter().zip(begins.iter().rev()) {
            let from = begin.get(to).copied().unwrap_or_default();
            if from < to {
                plan.push((choice.rung, self.sent(*choice, self.group(*choice, from, to).1)));
            }
            to = from;
        }
        plan
    }
}
