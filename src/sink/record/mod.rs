//! The recorder of a sink: once a second it looks at every session and every rung, and keeps what it saw for the
//! dashboard. There is none where nobody asks for it (property `web-server-dashboard`).
//!
//! | file | what |
//! |---|---|
//! | `looking` | what there is to see of a session and of a rung |
//! | `metrics` | sums and distributions of it, for Prometheus |
//! | `data` | all that is kept, as the page and scripts read it |

mod data;
mod looking;
mod metrics;

use super::BaseWebRTCSink;
use super::imp::CAT;
use super::input::Input;
use super::stage::Stage;
use super::stats;
use super::viewers::Viewer;
use crate::runtime;
use crate::session::now;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::negotiation::EndReason;
use logic::phases::Phase;
use logic::record::{Book, End, SessionFacts};
use looking::{Counters, RungNumbers, SessionCounts, SessionNumbers};
use metrics::Metrics;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// How often everyone is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many numbers samples have.
const SESSION: usize = SessionNumbers::NAMES.len();
const RUNG: usize = RungNumbers::NAMES.len();

/// Sessions by their id.
type Viewers = Vec<(String, Viewer)>;
type Kept = Book<SESSION, RUNG>;

/// What a sink did lately.
pub(crate) struct Recorder {
    sink: glib::WeakRef<BaseWebRTCSink>,
    element: String,
    /// Milliseconds since 1970.
    started_at: u64,
    /// Held for as long as it takes to copy.
    book: Mutex<Kept>,
    /// Of the one who looks.
    counters: Mutex<Counters>,
    metrics: Mutex<Metrics>,
}

impl Recorder {
    /// Looks once a second, until it is dropped.
    pub(super) fn start(sink: &BaseWebRTCSink) -> Arc<Self> {
        let recorder = Arc::new(Self {
            sink: sink.downgrade(),
            element: sink.name().into(),
            started_at: now(),
            book: Mutex::new(Book::new()),
            counters: Mutex::default(),
            metrics: Mutex::new(Metrics::new()),
        });
        let looks = Arc::downgrade(&recorder);
        runtime::spawn(async move {
            let mut tick = tokio::time::interval(INTERVAL);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                let Some(recorder) = looks.upgrade() else { return };
                // Transports are waited for, though not for long.
                runtime::blocking(move || recorder.look()).await;
            }
        });
        recorder
    }

    fn book(&self) -> MutexGuard<'_, Kept> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metrics_now(&self) -> MutexGuard<'_, Metrics> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let Some((viewers, inputs)) = self.to_look_at() else { return };
        let stages = stats::refreshed(&viewers);
        let (at, began) = (now(), Instant::now());
        let (sessions, rungs) = {
            let mut counters = self.counters();
            counters.begin(began);
            let sessions = viewers.iter().zip(&stages);
            let look = |((id, viewer), stage): (&(String, Viewer), &Option<Arc<Stage>>)| {
                let seen = counters.session(id, viewer, stage.as_deref());
                self.meet(counters.of(viewer), &seen.0, false);
                seen
            };
            let sessions: Vec<_> = sessions.map(look).collect();
            let rungs: Vec<_> = inputs.iter().flat_map(|input| counters.rungs(input)).collect();
            counters.end();
            (sessions, rungs)
        };
        self.metrics_now().look(&sessions, &rungs);
        let took = began.elapsed();
        let name = &self.element;
        gst::log!(CAT, "{name}: {} sessions and {} rungs took {took:?}", sessions.len(), rungs.len());
        let mut book = self.book();
        let at = book.next(at);
        for ((mut facts, numbers), (_, viewer)) in sessions.into_iter().zip(&viewers) {
            // One that has ended meanwhile was put into the book by who ended it.
            facts.phases = viewer.phases().reached();
            book.look_at_session(facts, at, numbers.sample());
        }
        for (facts, numbers) in rungs {
            book.look_at_rung(facts, at, numbers.sample());
        }
        book.looked(at);
    }

    /// Everyone there is. Nothing else is held while transports are waited for: neither the element, nor its servers.
    fn to_look_at(&self) -> Option<(Viewers, Vec<Arc<Input>>)> {
        let sink = self.sink.upgrade()?;
        let viewers = sink.imp().running()?.viewers().all();
        Some((viewers, sink.inputs()))
    }

    /// Counts a session where it is new, and how long it took until its media flowed, or until it ended without.
    fn meet(&self, counts: &mut SessionCounts, facts: &SessionFacts, is_over: bool) {
        let flows = facts.phases.at(Phase::FirstFrame).is_some();
        let is_new = !std::mem::replace(&mut counts.met, true);
        let is_set_up = (flows || is_over) && !std::mem::replace(&mut counts.set_up, true);
        if is_new || is_set_up {
            self.metrics_now().meet(&facts.phases, is_new, is_set_up);
        }
    }

    /// A session is over.
    pub(super) fn ended(&self, id: &str, viewer: &Viewer, reason: &EndReason) {
        let facts = looking::facts(id, viewer, viewer.stage().as_deref());
        let end = End { reason: reason.name(), text: reason.to_string(), is_error: reason.is_error() };
        self.meet(self.counters().of(viewer), &facts, true);
        self.metrics_now().ended(end.reason);
        self.book().end_session(facts, end);
    }

    /// Sums and distributions, in the text format of OpenMetrics.
    pub(crate) fn metrics(&self) -> String {
        self.metrics_now().written()
    }
}
