//! The figures of a run's phases.

use crate::job::Received;
use crate::networks::cases::{Case, Phase};
use crate::networks::course::{Course, Passage};
use link::Counters;
use serde::Serialize;

/// A picture that stands for longer is frozen (s).
const FROZEN: f64 = 0.3;
/// The share of the link that counts as having found it.
const FOUND: f64 = 0.8;
/// Over this time (s).
const FOUND_WITHIN: f64 = 1.0;

/// One phase.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Bits a second.
    pub rate: u64,
    pub seconds: f64,
    /// % of the link, what arrived in the second half.
    pub used: Option<f64>,
    /// The competing flow's part of it, payload.
    pub competing: Option<f64>,
    /// From the phase's beginning until a second of the link was used by 80 % (s), where it carries more than before.
    pub found_after: Option<f64>,
    /// Time for which a picture stood for more than 300 ms (s, % of the phase).
    pub frozen: f64,
    pub frozen_percent: f64,
    pub frames_per_second: f64,
    /// In the queue of the link (ms).
    pub waited_p50: Option<f64>,
    pub waited_p95: Option<f64>,
    /// % of what was offered, in packets.
    pub dropped_percent: Option<f64>,
    /// % of the media bytes that arrived.
    pub retransmitted_percent: Option<f64>,
    /// How late the emulation itself was (ms).
    pub late_p99: Option<f64>,
}

/// Every phase.
pub fn of(case: &Case, course: &Course) -> Vec<Figures> {
    let of_phase = |(from, phase): (f64, Phase)| {
        let to = from + phase.seconds;
        let [begin, middle, end] = [from, (from + to) / 2.0, to].map(|at| look(&course.link, at));
        let within = |earlier: Option<&Passage>| {
            let earlier = earlier.map(|look| look.counters.clone()).unwrap_or_default();
            end.map(|end| end.counters.since(&earlier))
        };
        let whole = within(begin).unwrap_or_default();
        let possible = |seconds: f64| phase.rate as f64 * seconds / 8.0;
        let half =
            within(middle).map(|counters| counters.passed.bytes as f64 / possible(phase.seconds / 2.0));
        let carried = |look: Option<&Passage>| look.map_or(0, |look| look.competing);
        let flow = carried(end).saturating_sub(carried(middle)) as f64 / possible(phase.seconds / 2.0);
        let frozen = frozen(&course.noted.shown, from, to);
        let frames = course
            .noted
            .shown
            .iter()
            .filter(|at| (from..to).contains(*at))
            .count();
        let milliseconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64() * 1e3);
        Figures {
            rate: phase.rate,
            seconds: phase.seconds,
            used: half.map(|share| share * 100.0),
            competing: phase.competing.then_some(flow * 100.0),
            found_after: found_after(&course.link, from, to, phase.rate).filter(|_| wider(case, from)),
            frozen,
            frozen_percent: frozen / phase.seconds * 100.0,
            frames_per_second: frames as f64 / phase.seconds,
            waited_p50: milliseconds(whole.waited.quantile(0.5)),
            waited_p95: milliseconds(whole.waited.quantile(0.95)),
            dropped_percent: dropped(&whole),
            retransmitted_percent: retransmitted(&course.noted.received, from, to),
            late_p99: milliseconds(whole.late.quantile(0.99)),
        }
    };
    case.timed().map(of_phase).collect()
}

/// Whether a phase begins with more than there was before it.
fn wider(case: &Case, from: f64) -> bool {
    let phase = |wanted: &dyn Fn(f64) -> bool| case.timed().filter(|(at, _)| wanted(*at)).last();
    let (before, now) = (phase(&|at| at < from), phase(&|at| at <= from));
    before.is_none_or(|(_, before)| now.is_some_and(|(_, now)| now.rate > before.rate))
}

/// The last look that was not after a time.
fn look(looks: &[Passage], at: f64) -> Option<&Passage> {
    looks.iter().take_while(|look| look.at <= at + 0.02).last()
}

fn dropped(counters: &Counters) -> Option<f64> {
    let share = counters.dropped.packets as f64 / counters.offered.packets as f64;
    share.is_finite().then_some(share * 100.0)
}

/// How long after the beginning there was a second with enough in it.
fn found_after(looks: &[Passage], from: f64, to: f64, rate: u64) -> Option<f64> {
    let wanted = rate as f64 / 8.0 * FOUND_WITHIN * FOUND;
    let inside = |look: &&Passage| look.at > from + FOUND_WITHIN - 0.05 && look.at <= to + 0.05;
    let found = looks.iter().filter(inside).find(|end| {
        let begin = look(looks, end.at - FOUND_WITHIN).map_or(0, |look| look.counters.passed.bytes);
        end.counters.passed.bytes.saturating_sub(begin) as f64 >= wanted
    });
    found.map(|look| look.at - from)
}

/// For how long within a time a picture stood for too long.
fn frozen(shown: &[f64], from: f64, to: f64) -> f64 {
    let end = to.max(shown.last().copied().unwrap_or(from));
    let times = shown.iter().copied().chain([end]);
    let pairs = shown.iter().copied().zip(times.skip(1));
    let long = pairs.filter(|(shown, next)| next - shown > FROZEN);
    let inside = long.map(|(shown, next)| (next.min(to) - shown.max(from)).max(0.0));
    if shown.is_empty() { to - from } else { inside.sum() }
}

fn retransmitted(received: &[Received], from: f64, to: f64) -> Option<f64> {
    let inside = || {
        received
            .iter()
            .filter(|received| (from..to).contains(&received.at))
    };
    let all: u64 = inside().map(|received| received.bytes).sum();
    let again: u64 = inside()
        .filter(|received| received.format.eq_ignore_ascii_case("rtx"))
        .map(|received| received.bytes)
        .sum();
    (all > 0).then(|| again as f64 / all as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::frozen;

    #[test]
    fn a_picture_that_stands_too_long_is_frozen_for_all_of_that_time_and_in_its_own_phase() {
        let shown = [0.0, 0.1, 0.3, 0.9, 1.0, 1.5];
        let is = |from, to, wanted: f64| assert!((frozen(&shown, from, to) - wanted).abs() < 1e-9);
        is(0.0, 1.5, 1.1);
        is(0.0, 0.5, 0.2);
        is(0.5, 1.0, 0.4);
        // Nothing any more until the end.
        is(1.5, 3.0, 1.5);
        assert!((frozen(&[], 0.0, 2.0) - 2.0).abs() < 1e-9);
    }
}
