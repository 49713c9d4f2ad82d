//! The encoder of a rung: how it starts, the bitrate that it follows, and its key units.

use super::convert;
use super::output::Output;
use super::restart;
use super::rung::{Hooks, Plan};
use super::shape;
use crate::encoder::Row;
use crate::gobject::set_if_present;
use gst::prelude::*;
use logic::following::Stubborn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// An encoder that may be tried.
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) factory: gst::ElementFactory,
    pub(crate) row: Option<Row>,
}

/// An encoder at work.
pub(super) struct Encoding {
    /// Of its factory.
    name: String,
    factory: gst::ElementFactory,
    encoder: gst::Element,
    row: Option<Row>,
    rate: Mutex<Rate>,
    output: Output,
}

/// Its bitrate, in bit/s.
#[derive(Clone, Copy)]
struct Rate {
    present: u32,
    since: Instant,
    /// What it is to be, unless the change is not worth it, or not yet.
    wanted: u32,
}

impl Encoding {
    /// Takes this encoder to READY.
    ///
    /// # Errors
    /// Its device or its driver is not there.
    pub(super) fn start(plan: &Plan<'_>, hooks: &dyn Hooks, candidate: &Candidate) -> Result<Self, String> {
        let encoder = candidate.factory.create().build().map_err(|err| err.to_string())?;
        let row = candidate.row.clone();
        set_if_present(&encoder, "perfect-timestamp", "true");
        if !hooks.encoder(&encoder)
            && let Some(row) = &row
        {
            row.set_up(&encoder);
            row.set_threads(&encoder, shape::pixels(plan.input, plan.shape), cores());
            row.set_bitrate(&encoder, plan.bitrate);
        }
        ready(&encoder)?;
        let rate = Rate { present: plan.bitrate, since: Instant::now(), wanted: plan.bitrate };
        let output = Output::watch(&encoder);
        let (name, factory) = (candidate.name.clone(), candidate.factory.clone());
        Ok(Self { name, factory, encoder, row, rate: Mutex::new(rate), output })
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn element(&self) -> &gst::Element {
        &self.encoder
    }

    pub(super) fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }

    /// The encoder's factory and its bitrate in bit/s.
    pub(super) fn facts(&self) -> (String, u32) {
        (self.name.clone(), self.rate().present)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its bitrate in bit/s.
    pub(super) fn bitrate(&self) -> u32 {
        self.rate().present
    }

    /// Sets the bitrate, at once or, with an encoder to which a change is dear, when it is worth it.
    pub(super) fn set_bitrate(&self, bits_per_second: u32) {
        self.rate().wanted = bits_per_second;
        self.catch_up();
    }

    /// Does what is due of that; to be called now and then.
    pub(super) fn catch_up(&self) {
        let (Some(row), rate) = (&self.row, *self.rate()) else { return };
        if !row.is_worth(rate.present, rate.wanted, rate.since.elapsed()) || !self.change(row, rate.wanted) {
            return;
        }
        gst::debug!(gst::CAT_RUST, obj = self.encoder, "{} -> {} bit/s", rate.present, rate.wanted);
        let mut now = self.rate();
        (now.present, now.since) = (rate.wanted, Instant::now());
    }

    /// Has the encoder run at another bitrate; false where it has none.
    fn change(&self, row: &Row, bits_per_second: u32) -> bool {
        if !row.stands_for_changes() || self.encoder.current_state() < gst::State::Paused {
            return row.set_bitrate(&self.encoder, bits_per_second);
        }
        let row = row.clone();
        restart::with(&self.encoder, move |encoder| {
            row.set_bitrate(encoder, bits_per_second);
        });
        true
    }

    /// Looks at what comes out of the encoder, now and then; what is wrong with its bitrate, once.
    pub(super) fn look(&self) -> Option<Stubborn> {
        let (row, rate) = (self.row.as_ref()?, *self.rate());
        let is_refused = !row.stands_for_changes() && !row.holds(&self.encoder, rate.present);
        if is_refused && self.output.follows() {
            return self.output.note(Stubborn { told: rate.present, makes: None });
        }
        self.output.look(rate.present)
    }

    /// Whether it takes pictures in this memory.
    pub(super) fn takes(&self, memory: &str) -> bool {
        let may = self.row.as_ref().is_none_or(|row| row.may_take(memory));
        may && convert::takes(&self.factory, memory)
    }

    /// Whether the encoder does as it is told, as far as is known.
    pub(super) fn follows(&self) -> bool {
        self.output.follows()
    }

    /// Whether it takes pictures and makes nothing of them.
    pub(super) fn is_silent(&self) -> bool {
        self.output.is_silent()
    }

    /// Asks for a key unit.
    pub(super) fn ask_key_unit(&self) {
        if self.row.as_ref().is_some_and(|row| row.ask_key_unit(&self.encoder)) {
            return;
        }
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        // Straight to the encoder: not every payloader lets the event through.
        if let Some(pad) = self.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }
}

/// Takes an encoder to READY.
///
/// # Errors
/// What it says of why it does not go there.
fn ready(encoder: &gst::Element) -> Result<(), String> {
    let bus = gst::Bus::new();
    encoder.set_bus(Some(&bus));
    let result = encoder.set_state(gst::State::Ready);
    encoder.set_bus(None);
    let Err(err) = result else { return Ok(()) };
    let _ = encoder.set_state(gst::State::Null);
    let said = bus.iter().find_map(|message| match message.view() {
        gst::MessageView::Error(err) => Some(err.error().to_string()),
        _ => None,
    });
    Err(said.unwrap_or_else(|| err.to_string()))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
