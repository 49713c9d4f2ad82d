//! The book of sessions and rungs: who is there, who was, and their samples.

use super::series::Series;
use crate::phases::{Phase, Reached};

/// How many sessions that have ended are kept.
pub const MOST_ENDED: usize = 200;
/// How many rungs: with encoders of their own, each viewer has some.
const MOST_RUNGS: usize = 300;

/// What is known of a session whenever it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionFacts {
    /// Its identifier in signalling.
    pub id: String,
    /// That of its viewer.
    pub peer_id: String,
    /// What carries it; empty as long as that is not known.
    pub transport: &'static str,
    /// What it is sent, as `video/VP8`.
    pub codecs: Vec<String>,
    /// When it reached its phases.
    pub phases: Reached,
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// For programs.
    pub reason: &'static str,
    /// For people.
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
}

/// A session in the book.
#[derive(Debug, Clone)]
pub struct Session<const N: usize> {
    /// What was known last.
    pub facts: SessionFacts,
    /// None while it lasts.
    pub end: Option<End>,
    /// Its samples.
    pub samples: Series<N>,
}

impl<const N: usize> Session<N> {
    /// Whether this is that session: identifiers may come again, at another time.
    fn is(&self, facts: &SessionFacts) -> bool {
        let requested = |facts: &SessionFacts| facts.phases.at(Phase::Requested);
        self.facts.id == facts.id && requested(&self.facts) == requested(facts)
    }
}

/// What is known of a rung whenever it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RungFacts {
    /// No other rung's.
    pub id: String,
    /// The sink pad whose stream it is.
    pub pad: String,
    /// As `video/VP8`.
    pub codec: String,
    /// The encoder's factory, where it encodes.
    pub encoder: Option<String>,
    /// Its place on the ladder.
    pub rung: usize,
    /// Width and height of its pictures, where known.
    pub size: Option<(u32, u32)>,
    /// How many are sent it.
    pub viewers: usize,
}

/// A rung in the book.
#[derive(Debug, Clone)]
pub struct Rung<const N: usize> {
    /// What was known last.
    pub facts: RungFacts,
    /// Its samples.
    pub samples: Series<N>,
}

/// The book; sessions have `S` numbers in a sample, rungs `R`.
#[derive(Debug, Default)]
pub struct Book<const S: usize, const R: usize> {
    sessions: Vec<Session<S>>,
    rungs: Vec<Rung<R>>,
    /// Of the last look.
    at: u64,
}

impl<const S: usize, const R: usize> Book<S, R> {
    /// An empty one.
    pub fn new() -> Self {
        Self { sessions: Vec::new(), rungs: Vec::new(), at: 0 }
    }

    /// The sessions, those that have ended included, in the order in which they came.
    pub fn sessions(&self) -> &[Session<S>] {
        &self.sessions
    }

    /// The rungs of the last minutes.
    pub fn rungs(&self) -> &[Rung<R>] {
        &self.rungs
    }

    /// The instant of the samples of a look at this time: later than that of all before, also where the clock was set back.
    /// So who has the samples of one look lacks only what is newer.
    pub fn next(&mut self, now: u64) -> u64 {
        self.at = now.max(self.at + 1);
        self.at
    }

    /// A session was looked at; one that has ended stays as it was, or away where it has been forgotten.
    pub fn look_at_session(&mut self, facts: SessionFacts, at: u64, sample: [Option<f64>; S]) {
        match self.known(&facts) {
            Some(session) if session.end.is_some() => {}
            Some(session) => {
                session.facts = facts;
                session.samples.push(at, sample);
            }
            None if facts.phases.at(Phase::Ended).is_some() => {}
            None => {
                let mut samples = Series::default();
                samples.push(at, sample);
                self.sessions.push(Session { facts, end: None, samples });
            }
        }
    }

    fn known(&mut self, facts: &SessionFacts) -> Option<&mut Session<S>> {
        self.sessions.iter_mut().find(|session| session.is(facts))
    }

    /// A session is over. It keeps the codecs that it was last seen with.
    pub fn end_session(&mut self, mut facts: SessionFacts, end: End) {
        match self.known(&facts) {
            Some(session) if session.end.is_some() => {}
            Some(session) => {
                if facts.codecs.is_empty() {
                    facts.codecs = std::mem::take(&mut session.facts.codecs);
                }
                session.facts = facts;
                session.end = Some(end);
            }
            None => self.sessions.push(Session { facts, end: Some(end), samples: Series::default() }),
        }
        let ended = self.sessions.iter().filter(|session| session.end.is_some()).count();
        let mut spare = ended.saturating_sub(MOST_ENDED);
        self.sessions.retain(|session| {
            let goes = spare > 0 && session.end.is_some();
            spare -= usize::from(goes);
            !goes
        });
    }

    /// A rung was looked at.
    pub fn look_at_rung(&mut self, facts: RungFacts, at: u64, sample: [Option<f64>; R]) {
        match self.rungs.iter_mut().find(|rung| rung.facts.id == facts.id) {
            Some(rung) => {
                rung.facts = facts;
                rung.samples.push(at, sample);
            }
            None => {
                let mut samples = Series::default();
                samples.push(at, sample);
                self.rungs.push(Rung { facts, samples });
            }
        }
    }

    /// Everyone has been looked at: rungs that were not run no more, and nobody is sent them. What is too old is
    /// forgotten.
    pub fn looked(&mut self, now: u64) {
        for session in &mut self.sessions {
            session.samples.forget(now);
        }
        for rung in &mut self.rungs {
            if rung.samples.last().is_none_or(|last| last < now) {
                rung.facts.viewers = 0;
            }
            rung.samples.forget(now);
        }
        self.rungs.retain(|rung| rung.samples.last().is_some());
        let spare = self.rungs.len().saturating_sub(MOST_RUNGS);
        if spare > 0 {
            self.rungs.sort_by_key(|rung| rung.samples.last());
            self.rungs.drain(..spare);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SPAN;

    fn facts(id: &str, requested: u64) -> SessionFacts {
        let phases = Reached::of(|phase| (phase == Phase::Requested).then_some(requested));
        SessionFacts { id: id.into(), codecs: vec!["video/VP8".into()], phases, ..Default::default() }
    }

    fn end() -> End {
        End { reason: "peer", text: "ended by the peer".into(), is_error: false }
    }

    fn rung(id: &str, viewers: usize) -> RungFacts {
        RungFacts { id: id.into(), viewers, ..Default::default() }
    }

    #[test]
    fn a_session_that_has_ended_keeps_what_it_was_and_takes_nothing_in() {
        let mut book = Book::<1, 1>::new();
        book.look_at_session(facts("a", 5), 1000, [Some(1.0)]);
        book.end_session(SessionFacts { codecs: Vec::new(), ..facts("a", 5) }, end());
        // Somebody had begun to look before.
        book.look_at_session(facts("a", 5), 2000, [Some(2.0)]);
        book.end_session(facts("a", 5), End { reason: "stopping", ..end() });
        let [session] = book.sessions() else { panic!("{book:?}") };
        assert_eq!((session.end.as_ref().unwrap().reason, session.samples.last()), ("peer", Some(1000)));
        assert_eq!(session.facts.codecs, ["video/VP8"]);
        // The identifier comes again.
        book.look_at_session(facts("a", 3000), 3500, [None]);
        assert_eq!(book.sessions().len(), 2);
    }

    #[test]
    fn of_those_that_have_ended_the_last_are_kept_and_of_those_that_last_all() {
        let mut book = Book::<1, 1>::new();
        for number in 0..500 {
            book.look_at_session(facts(&number.to_string(), number), 1000, [None]);
        }
        for number in 0..300 {
            book.end_session(facts(&number.to_string(), number), end());
        }
        let ended = book.sessions().iter().filter(|session| session.end.is_some());
        let ids: Vec<_> = ended.map(|session| session.facts.id.as_str()).collect();
        assert_eq!((ids.len(), ids.first(), ids.last()), (MOST_ENDED, Some(&"100"), Some(&"299")));
        assert_eq!(book.sessions().len(), MOST_ENDED + 200);
    }

    #[test]
    fn a_session_that_has_ended_and_is_forgotten_does_not_come_back() {
        let mut book = Book::<1, 1>::new();
        for number in 0..=MOST_ENDED as u64 {
            book.end_session(facts(&number.to_string(), number), end());
        }
        // Somebody had begun to look before.
        let phases = Reached::of(|phase| [Phase::Requested, Phase::Ended].contains(&phase).then_some(0));
        book.look_at_session(SessionFacts { phases, ..facts("0", 0) }, 1000, [None]);
        assert!(book.sessions().iter().all(|session| session.facts.id != "0" && session.end.is_some()));
    }

    #[test]
    fn a_clock_that_is_set_back_hides_nobody_from_who_asks_for_what_is_newer() {
        let mut book = Book::<1, 1>::new();
        let before = book.next(1_000_000);
        book.look_at_session(facts("a", 1), before, [None]);
        let after = book.next(5000);
        book.look_at_session(facts("a", 1), after, [None]);
        book.look_at_session(facts("b", 4000), after, [None]);
        let newer = book.sessions().iter().map(|session| session.samples.after(before).at);
        assert_eq!(newer.collect::<Vec<_>>(), [[after], [after]]);
    }

    #[test]
    fn a_rung_that_runs_no_more_is_kept_as_long_as_its_samples() {
        let mut book = Book::<1, 1>::new();
        book.look_at_rung(rung("one", 3), 1000, [Some(1.0)]);
        book.looked(1000);
        assert_eq!(book.rungs()[0].facts.viewers, 3);
        book.looked(2000);
        assert_eq!(book.rungs()[0].facts.viewers, 0);
        book.look_at_rung(rung("one", 1), 3000, [Some(1.0)]);
        assert_eq!(book.rungs()[0].samples.after(0).at, [1000, 3000]);
        book.looked(3000 + SPAN.as_millis() as u64 + 1);
        assert!(book.rungs().is_empty());
    }

    #[test]
    fn rungs_are_bounded_and_those_that_run_stay() {
        let mut book = Book::<1, 1>::new();
        for at in 1..=2 * MOST_RUNGS as u64 {
            book.look_at_rung(rung(&at.to_string(), 1), at, [None]);
            book.looked(at);
        }
        assert_eq!(book.rungs().len(), MOST_RUNGS);
        assert!(book.rungs().iter().all(|rung| rung.samples.last() > Some(MOST_RUNGS as u64)));
    }
}
