//! All that is kept, as JSON: what docs/dashboard.md says of `data.json`.

use super::looking::{RungNumbers, SessionNumbers};
use super::{INTERVAL, Kept, RUNG, Recorder, SESSION};
use crate::session::now;
use logic::phases::{Phase, Reached};
use logic::record::{End, RungFacts, Samples, SessionFacts};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// Of the form of the data; it grows when a reader of the one before would read it wrong.
const VERSION: u32 = 1;

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    version: u32,
    now: u64,
    started_at: u64,
    element: &'a str,
    /// Milliseconds.
    interval: u128,
    sessions: Vec<Session>,
    rungs: Vec<Rung>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    peer_id: String,
    transport: Option<&'static str>,
    state: &'static str,
    phases: Phases,
    end: Option<Ending>,
    codecs: Vec<String>,
    samples: Columns<SESSION>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Phases {
    requested: Option<u64>,
    offered: Option<u64>,
    answered: Option<u64>,
    ice_connected: Option<u64>,
    dtls_connected: Option<u64>,
    first_frame: Option<u64>,
    ended: Option<u64>,
}

impl From<Reached> for Phases {
    fn from(reached: Reached) -> Self {
        Self {
            requested: reached.at(Phase::Requested),
            offered: reached.at(Phase::Offered),
            answered: reached.at(Phase::Answered),
            ice_connected: reached.at(Phase::IceConnected),
            dtls_connected: reached.at(Phase::DtlsConnected),
            first_frame: reached.at(Phase::FirstFrame),
            ended: reached.at(Phase::Ended),
        }
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Ending {
    reason: &'static str,
    text: String,
    is_error: bool,
}

#[derive(serde::Serialize)]
struct Rung {
    id: String,
    pad: String,
    codec: String,
    encoder: Option<String>,
    rung: usize,
    width: Option<u32>,
    height: Option<u32>,
    viewers: usize,
    samples: Columns<RUNG>,
}

/// Samples, each number by its name: an array as long as that of the instants.
struct Columns<const N: usize> {
    names: [&'static str; N],
    samples: Samples<N>,
}

impl<const N: usize> Serialize for Columns<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(N + 1))?;
        map.serialize_entry("at", &self.samples.at)?;
        for (index, name) in self.names.iter().enumerate() {
            map.serialize_entry(name, &Column { samples: &self.samples, index })?;
        }
        map.end()
    }
}

struct Column<'a, const N: usize> {
    samples: &'a Samples<N>,
    index: usize,
}

impl<const N: usize> Serialize for Column<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.samples.at.len()))?;
        for value in self.samples.column(self.index) {
            match value {
                // Whole numbers read better without a point.
                Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
                    list.serialize_element(&(value as i64))?;
                }
                value => list.serialize_element(&value)?,
            }
        }
        list.end()
    }
}

fn session(facts: &SessionFacts, end: Option<&End>, samples: Samples<SESSION>) -> Session {
    let is_up = facts.phases.at(Phase::DtlsConnected).is_some();
    Session {
        id: facts.id.clone(),
        peer_id: facts.peer_id.clone(),
        transport: Some(facts.transport).filter(|name| !name.is_empty()),
        state: match end {
            Some(_) => "ended",
            None if is_up => "streaming",
            None => "connecting",
        },
        phases: facts.phases.into(),
        end: end.map(|end| Ending { reason: end.reason, text: end.text.clone(), is_error: end.is_error }),
        codecs: facts.codecs.clone(),
        samples: Columns { names: SessionNumbers::NAMES, samples },
    }
}

fn rung(facts: &RungFacts, samples: Samples<RUNG>) -> Rung {
    let (width, height) = facts.size.unzip();
    Rung {
        id: facts.id.clone(),
        pad: facts.pad.clone(),
        codec: facts.codec.clone(),
        encoder: facts.encoder.clone(),
        rung: facts.rung,
        width,
        height,
        viewers: facts.viewers,
        samples: Columns { names: RungNumbers::NAMES, samples },
    }
}

/// A copy of what is newer than `since`, in milliseconds since 1970.
fn copy(book: &Kept, since: u64) -> (Vec<Session>, Vec<Rung>) {
    let sessions = book.sessions().iter();
    let sessions = sessions.map(|one| session(&one.facts, one.end.as_ref(), one.samples.after(since)));
    let rungs = book.rungs().iter().map(|one| rung(&one.facts, one.samples.after(since)));
    (sessions.collect(), rungs.collect())
}

impl Recorder {
    /// All that is kept, with the samples that are newer than `since`, in milliseconds since 1970. Takes a while where much
    /// is kept: not on a thread of the runtime.
    pub(crate) fn data(&self, since: u64) -> String {
        let (sessions, rungs) = copy(&self.book(), since);
        let data = Data {
            version: VERSION,
            now: now(),
            started_at: self.started_at,
            element: &self.element,
            interval: INTERVAL.as_millis(),
            sessions,
            rungs,
        };
        // Nothing in it can fail to be written.
        serde_json::to_string(&data).unwrap_or_default()
    }
}
