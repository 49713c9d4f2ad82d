//! The encoder of a rung: which one starts, the bitrate that it follows, and its key units.

use super::rung::{Hooks, Plan, RungError};
use super::shape;
use crate::codec;
use crate::encoder::{self, Family};
use crate::gobject::set_if_present;
use gst::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// An encoder at work.
pub(super) struct Encoding {
    encoder: gst::Element,
    family: Option<&'static Family>,
    rate: Mutex<Rate>,
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
    /// The first encoder, best first, that goes to READY: the others lack their device or their driver.
    pub(super) fn start(plan: &Plan<'_>, hooks: &dyn Hooks) -> Result<Self, RungError> {
        let mut tried = Vec::new();
        for factory in codec::encoders(plan.codec) {
            let Ok(encoder) = factory.create().build() else {
                continue;
            };
            let family = encoder::family(&factory.name());
            set_if_present(&encoder, "perfect-timestamp", "true");
            if !hooks.encoder(&encoder)
                && let Some(family) = family
            {
                family.set_up(&encoder);
                family.set_threads(&encoder, shape::pixels(plan.input, plan.shape), cores());
                family.set_bitrate(&encoder, plan.bitrate);
            }
            if encoder.set_state(gst::State::Ready).is_ok() {
                let rate = Rate { present: plan.bitrate, since: Instant::now(), wanted: plan.bitrate };
                return Ok(Self { encoder, family, rate: Mutex::new(rate) });
            }
            let _ = encoder.set_state(gst::State::Null);
            tried.push(factory.name().to_string());
        }
        let tried = if tried.is_empty() {
            "none is installed".to_owned()
        } else {
            format!("tried {}", tried.join(", "))
        };
        Err(RungError::NoEncoder { codec: plan.codec.name, tried })
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn element(&self) -> &gst::Element {
        &self.encoder
    }

    pub(super) fn family(&self) -> Option<&'static Family> {
        self.family
    }

    /// The encoder's factory and its bitrate in bit/s.
    pub(super) fn facts(&self) -> Option<(String, u32)> {
        let name = self.encoder.factory()?.name().to_string();
        Some((name, self.rate().present))
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
        let (Some(family), rate) = (self.family, *self.rate()) else { return };
        if !family.is_worth(rate.present, rate.wanted, rate.since.elapsed())
            || !family.set_bitrate(&self.encoder, rate.wanted)
        {
            return;
        }
        gst::debug!(gst::CAT_RUST, obj = self.encoder, "{} -> {} bit/s", rate.present, rate.wanted);
        let mut now = self.rate();
        (now.present, now.since) = (rate.wanted, Instant::now());
    }

    /// Asks for a key unit.
    pub(super) fn ask_key_unit(&self) {
        if self.family.is_some_and(|family| family.ask_key_unit(&self.encoder)) {
            return;
        }
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        // Straight to the encoder: not every payloader lets the event through.
        if let Some(pad) = self.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
