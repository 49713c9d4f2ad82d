//! The encoder of a rung: how it starts, the bitrate that it follows, and its key units.

use super::convert;
use super::fault;
use super::output::Output;
use super::restart::Restart;
use super::rung::{Hooks, Plan};
use super::shape;
use crate::encoder::Row;
use crate::gobject::set_if_present;
use gst::prelude::*;
use logic::following::Stubborn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    restart: Restart,
}

/// Its bitrate, in bit/s.
#[derive(Clone, Copy)]
struct Rate {
    present: u32,
    since: Instant,
    /// What it is to be, unless the change is not worth it, or not yet.
    wanted: u32,
    /// Counts our settings: an encoder is not held to what others told it.
    set: u64,
    /// Somebody sets it, without the lock: the application may listen.
    changes: bool,
}

impl Rate {
    /// Another where it has been set, or is being set, since.
    fn begun(&self) -> u64 {
        self.set + u64::from(self.changes)
    }
}

impl Encoding {
    /// Takes this encoder to READY.
    ///
    /// # Errors
    /// Its device or its driver is not there.
    pub(super) fn start(
        plan: &Plan<'_>,
        hooks: &Arc<dyn Hooks>,
        candidate: &Candidate,
    ) -> Result<Self, String> {
        let encoder = candidate.factory.create().build().map_err(|err| err.to_string())?;
        let row = candidate.row.clone();
        set_if_present(&encoder, "perfect-timestamp", "true");
        let (mut bitrate, mut set) = (plan.bitrate, 0);
        let is_set_up = hooks.encoder(&encoder);
        if let Some(row) = &row {
            if is_set_up {
                bitrate = row.bitrate(&encoder).unwrap_or(bitrate);
            } else {
                row.set_up(&encoder);
                row.set_threads(&encoder, shape::pixels(plan.input, plan.shape), cores());
                set = u64::from(row.set_bitrate(&encoder, bitrate));
            }
        }
        ready(&encoder, hooks)?;
        let rate = Rate { present: bitrate, since: Instant::now(), wanted: bitrate, set, changes: false };
        let is_live = !is_set_up && row.as_ref().is_some_and(Row::is_live);
        let output = Output::watch(&encoder, !is_live);
        let (name, factory) = (candidate.name.clone(), candidate.factory.clone());
        Ok(Self { name, factory, encoder, row, rate: Mutex::new(rate), output, restart: Restart::default() })
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

    /// Its name, where it did not go where it was told to.
    pub(super) fn stuck(&self) -> Option<String> {
        let is_stuck = self.encoder.state(gst::ClockTime::ZERO).0.is_err();
        is_stuck.then(|| self.name.clone())
    }

    /// Where what it makes leaves for the elements behind, the caps being what was asked for.
    pub(super) fn exit(&self) -> Option<gst::Pad> {
        let filter = self.encoder.static_pad("src")?.peer()?.parent_element()?;
        filter.static_pad("src")
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
        let Some(row) = &self.row else { return };
        while let Some(rate) = self.begin(row) {
            let is_set = self.change(row, rate.wanted);
            let mut now = self.rate();
            now.changes = false;
            if !is_set {
                return;
            }
            (now.present, now.since, now.set) = (rate.wanted, Instant::now(), now.set + 1);
            drop(now);
            gst::debug!(gst::CAT_RUST, obj = self.encoder, "{} -> {} bit/s", rate.present, rate.wanted);
        }
    }

    /// The change that is due; none while somebody is at it, who looks again afterwards.
    fn begin(&self, row: &Row) -> Option<Rate> {
        let mut rate = self.rate();
        let is_due = !rate.changes && row.is_worth(rate.present, rate.wanted, rate.since.elapsed());
        rate.changes |= is_due;
        is_due.then_some(*rate)
    }

    /// Has the encoder run at another bitrate; false where it has none.
    fn change(&self, row: &Row, bits_per_second: u32) -> bool {
        if !row.stands_for_changes() || self.encoder.current_state() < gst::State::Paused {
            return row.set_bitrate(&self.encoder, bits_per_second);
        }
        let row = row.clone();
        self.restart.at(&self.encoder, bits_per_second, move |encoder, bits_per_second| {
            row.set_bitrate(encoder, bits_per_second);
        })
    }

    /// Looks at what comes out of the encoder, now and then; what is wrong with its bitrate, once.
    pub(super) fn look(&self) -> Option<Stubborn> {
        let (row, rate) = (self.row.as_ref()?, *self.rate());
        if rate.changes || rate.set == 0 {
            return None;
        }
        let is_refused = !row.stands_for_changes() && !row.holds(&self.encoder, rate.present);
        // What was set meanwhile is judged the next time.
        let is_still = { self.rate().begun() == rate.begun() };
        if is_refused && is_still && self.output.follows() {
            return self.output.note(Stubborn { told: rate.present, makes: None });
        }
        self.output.look(rate.present)
    }

    /// Whether it takes pictures in this memory, with the caps that it would be asked to take.
    pub(super) fn takes(&self, memory: &str, asked: &gst::Caps) -> bool {
        let may = self.row.as_ref().is_none_or(|row| row.may_take(memory));
        may && convert::takes(&self.factory, asked)
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
fn ready(encoder: &gst::Element, hooks: &Arc<dyn Hooks>) -> Result<(), String> {
    let bus = gst::Bus::new();
    let asked = hooks.clone();
    bus.set_sync_handler(move |_, message| {
        // It is in no pipeline yet, and may not go there without the application's display.
        if fault::tell_context(message, &*asked) {
            return gst::BusSyncReply::Drop;
        }
        gst::BusSyncReply::Pass
    });
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Asking, Told, candidate, with_plan};
    use super::*;

    #[test]
    fn an_encoder_that_the_application_set_up_is_not_held_to_what_it_was_never_told() {
        let sets_up: fn(&gst::Element) = |encoder| encoder.set_property("target-bitrate", 700_000_i32);
        let hooks: Arc<dyn Hooks> = Arc::new(Told { sets_up: Some(sets_up), ..Told::default() });
        with_plan(vec![candidate("vp8enc")], |plan| {
            let encoding = Encoding::start(plan, &hooks, &plan.encoders[0]).unwrap();
            assert_eq!(encoding.bitrate(), 700_000, "it is what the application said");
            assert_eq!(encoding.look(), None);
            encoding.encoder.set_property("target-bitrate", 900_000_i32);
            assert_eq!(encoding.look(), None);
            encoding.set_bitrate(1_873_421);
            assert_eq!((encoding.bitrate(), encoding.look()), (1_873_421, None));
            encoding.encoder.set_property("target-bitrate", 900_000_i32);
            assert_eq!(encoding.look(), Some(Stubborn { told: 1_873_421, makes: None }));
        });
    }

    #[test]
    fn an_encoder_that_needs_a_context_before_it_is_in_a_pipeline_asks_the_application() {
        gst::init().unwrap();
        let encoder = gst::glib::Object::new::<Asking>();
        let told = Arc::new(Told::default());
        let hooks: Arc<dyn Hooks> = told.clone();
        ready(encoder.upcast_ref(), &hooks).unwrap();
        assert_eq!(*told.contexts.lock().unwrap(), ["test.display"]);
        encoder.set_state(gst::State::Null).unwrap();
    }

    #[test]
    fn an_encoder_is_not_judged_while_its_bitrate_is_set() {
        with_plan(vec![candidate("vp8enc")], |plan| {
            let hooks: Arc<dyn Hooks> = Arc::new(Told::default());
            let encoding = Arc::new(Encoding::start(plan, &hooks, &plan.encoders[0]).unwrap());
            let (weak, looks) = (Arc::downgrade(&encoding), Arc::new(Mutex::new(Vec::new())));
            let looked = looks.clone();
            encoding.encoder.connect_notify(Some("target-bitrate"), move |_, _| {
                let encoding = weak.upgrade().unwrap();
                looked.lock().unwrap().push(encoding.look());
                encoding.set_bitrate(3_000_000);
            });
            encoding.set_bitrate(300_000);
            assert_eq!(encoding.bitrate(), 3_000_000, "what is asked for meanwhile is done afterwards");
            assert_eq!(*looks.lock().unwrap(), [None, None]);
            assert_eq!((encoding.look(), encoding.follows()), (None, true));
        });
    }
}
