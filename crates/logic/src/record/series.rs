//! Samples over time: several numbers at each instant, those of the last minutes only.

use std::collections::VecDeque;
use std::time::Duration;

/// For how long samples are kept.
pub const SPAN: Duration = Duration::from_secs(600);
const SPAN_MS: u64 = SPAN.as_millis() as u64;
/// One a second, and a few more where the time was set back.
const MOST: usize = 660;
/// For how many samples room is made at a time: doubling it would waste up to half.
const STEP: usize = 60;

/// Samples of `N` numbers, each of which may be unknown.
#[derive(Debug, Clone)]
pub struct Series<const N: usize> {
    at: VecDeque<u64>,
    /// Not a number: unknown.
    values: VecDeque<[f32; N]>,
}

impl<const N: usize> Default for Series<N> {
    fn default() -> Self {
        Self { at: VecDeque::new(), values: VecDeque::new() }
    }
}

impl<const N: usize> Series<N> {
    /// Adds a sample, in milliseconds since 1970. Instants grow, also where the clock is set back.
    pub fn push(&mut self, at: u64, values: [Option<f64>; N]) {
        let at = self.at.back().map_or(at, |last| at.max(last + 1));
        self.forget(at);
        if self.at.len() == self.at.capacity() {
            self.at.reserve_exact(STEP);
            self.values.reserve_exact(STEP);
        }
        self.at.push_back(at);
        let number =
            |value: Option<f64>| value.filter(|value| value.is_finite()).map_or(f32::NAN, |v| v as f32);
        self.values.push_back(values.map(number));
    }

    /// Forgets what is too old at a time, and gives back the room that it took.
    pub fn forget(&mut self, now: u64) {
        let is_old = |at: &u64| at.saturating_add(SPAN_MS) < now;
        while self.at.len() >= MOST || self.at.front().is_some_and(is_old) {
            self.at.pop_front();
            self.values.pop_front();
        }
        if self.at.is_empty() || self.at.capacity() - self.at.len() > 2 * STEP {
            self.at.shrink_to_fit();
            self.values.shrink_to_fit();
        }
    }

    /// When the last sample was taken, where there is one.
    pub fn last(&self) -> Option<u64> {
        self.at.back().copied()
    }

    /// A copy of those that are newer than an instant.
    pub fn after(&self, since: u64) -> Samples<N> {
        let first = self.at.partition_point(|at| *at <= since);
        Samples {
            at: self.at.range(first..).copied().collect(),
            values: self.values.range(first..).copied().collect(),
        }
    }
}

/// Some samples of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples<const N: usize> {
    /// Milliseconds since 1970.
    pub at: Vec<u64>,
    values: Vec<[f32; N]>,
}

impl<const N: usize> Samples<N> {
    /// One of the numbers at each of the instants.
    pub fn column(&self, index: usize) -> impl Iterator<Item = Option<f32>> + '_ {
        self.values.iter().map(move |row| row.get(index).copied().filter(|value| !value.is_nan()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<const N: usize>(series: &Series<N>) -> Vec<u64> {
        series.after(0).at
    }

    #[test]
    fn samples_of_the_last_minutes_are_kept_and_unknown_numbers_stay_unknown() {
        let mut series = Series::default();
        for second in 0..1000 {
            series.push(1_000_000 + second * 1000, [Some(second as f64), None, Some(f64::NAN)]);
        }
        let all = series.after(0);
        assert_eq!(all.at.len(), 601);
        assert_eq!((all.at.first(), all.at.last()), (Some(&1_399_000), Some(&1_999_000)));
        assert_eq!(all.column(0).next(), Some(Some(399.0)));
        assert!(all.column(1).chain(all.column(2)).all(|value| value.is_none()));
        series.forget(1_999_000 + SPAN_MS + 1);
        assert!(at(&series).is_empty());
    }

    /// What the samples take, used or not.
    fn bytes<const N: usize>(series: &Series<N>) -> usize {
        series.at.capacity() * size_of::<u64>() + series.values.capacity() * size_of::<[f32; N]>()
    }

    #[test]
    fn samples_take_the_room_that_they_need_and_give_it_back() {
        let mut series = Series::default();
        for second in 0..1000 {
            series.push(second * 1000, [Some(1.0); 8]);
            assert!(bytes(&series) <= (second as usize + 60) * 40);
        }
        // As docs/dashboard.md says.
        assert_eq!(bytes(&series), 26_400);
        for second in 1000..1600 {
            series.forget(second * 1000);
            assert!(bytes(&series) <= (series.at.len() + 120) * 40);
        }
        series.forget(1_600_000);
        assert_eq!(bytes(&series), 0);
    }

    #[test]
    fn only_what_is_newer_is_copied() {
        let mut series = Series::default();
        (1..=5).for_each(|at| series.push(at * 1000, [Some(1.0)]));
        assert_eq!(series.after(3000).at, [4000, 5000]);
        assert_eq!(series.after(2999).at, [3000, 4000, 5000]);
        assert!(series.after(5000).at.is_empty());
        assert_eq!(series.last(), Some(5000));
    }

    #[test]
    fn a_clock_that_is_set_back_harms_neither_order_nor_bounds() {
        let mut series = Series::default();
        series.push(50_000, [None]);
        (0..2000).for_each(|_| series.push(10_000, [None]));
        let all = at(&series);
        assert!(all.is_sorted_by(|one, other| one < other));
        assert_eq!(all.len(), MOST);
    }
}
