//! Pictures in the shape of a rung, and cut as its bitrate or the application says: frames are left out where they
//! enter, the size follows the input's caps.

use super::rung::{Hooks, Plan};
use crate::gobject::set_if_present;
use gst::prelude::*;
use logic::picture::{Cut, Shape, Share, Thinning};
use logic::placement::Placement;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a rung makes of its pictures.
pub(super) struct Shaping {
    shape: Shape,
    /// The pictures come from a decoder.
    decoded: bool,
    state: Mutex<State>,
    /// The size is to be looked at before the next frame.
    resize: AtomicBool,
    /// Somebody asks how pictures are to be cut.
    asks: AtomicBool,
}

struct State {
    cut: Cut,
    thinning: Thinning,
    /// The caps of the pictures before anything is taken from them.
    source: Option<gst::Caps>,
    /// Those of the last ones, and of what is taken of them.
    entering: Option<(gst::Caps, gst::Caps)>,
    /// Whether pictures are made smaller.
    is_smaller: bool,
}

impl Shaping {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let decoded = matches!(plan.placement, Placement::Transcode(_));
        let source = (!decoded).then(|| plan.input.clone());
        let thinning = Thinning::new(plan.shape.frames);
        let state = State { cut: Cut::default(), thinning, source, entering: None, is_smaller: false };
        let (resize, asks) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { shape: plan.shape, decoded, state: Mutex::new(state), resize, asks }
    }

    /// Asks how the pictures are to be cut at a bitrate, and does so; who comes meanwhile is to come again.
    pub(super) fn mitigate(&self, bits_per_second: u32, hooks: &dyn Hooks) {
        let Some(source) = self.state().source.clone() else { return };
        if self.asks.swap(true, Ordering::Acquire) {
            return;
        }
        if let Some(cut) = hooks.cut(&source, bits_per_second) {
            self.cut(cut);
        }
        self.asks.store(false, Ordering::Release);
    }

    /// Never held for longer than it takes to copy: frames come here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the pictures like that from the next one on.
    fn cut(&self, cut: Cut) {
        let mut state = self.state();
        if state.cut == cut {
            return;
        }
        state.cut = cut;
        let share = cut.frames.unwrap_or(self.shape.frames);
        if state.thinning.share() != share {
            state.thinning = Thinning::new(share);
            state.entering = None;
        }
        self.resize.store(true, Ordering::Release);
    }

    /// Whether to take the next frame.
    pub(super) fn admits(&self) -> bool {
        self.state().thinning.take()
    }

    /// The caps of those that are taken, of pictures with these.
    pub(super) fn caps(&self, caps: &gst::Caps) -> gst::Caps {
        let mut state = self.state();
        match &state.entering {
            Some((entering, taken)) if entering == caps => taken.clone(),
            _ => {
                let taken = thinned(caps, state.thinning.share());
                state.source = Some(caps.clone());
                state.entering = Some((caps.clone(), taken.clone()));
                taken
            }
        }
    }

    /// Whether pictures are made smaller, and whether frames are left out.
    pub(super) fn is_reduced(&self) -> (bool, bool) {
        let state = self.state();
        (state.is_smaller, !state.thinning.share().is_whole())
    }

    /// Lets `filter` ask `converters` for pictures of the size, whatever caps their frames get. What is encoded often does not
    /// say its size, so those behind a decoder count.
    pub(super) fn follow(self: &Arc<Self>, converters: &[gst::Element], filter: &gst::Element) {
        let asked = filter.property::<gst::Caps>("caps");
        let (filter, shaping) = (filter.downgrade(), self.clone());
        let weak: Vec<_> = converters.iter().map(gst::Element::downgrade).collect();
        let resize = move |caps: &gst::CapsRef| {
            let Some(filter) = filter.upgrade() else { return };
            let (caps, keeps_aspect) = shaping.sized(&asked, caps);
            // Even sizes are not of quite the same aspect.
            let borders = if keeps_aspect { "false" } else { "true" };
            for converter in weak.iter().filter_map(gst::glib::WeakRef::upgrade) {
                set_if_present(&converter, "add-borders", borders);
            }
            if filter.property::<gst::Caps>("caps") != caps {
                filter.set_property("caps", caps);
            }
        };
        let Some(pad) = converters.first().and_then(|converter| converter.static_pad("sink")) else { return };
        let shaping = self.clone();
        // Before the caps go on, or the first frame after a change: no frame is scaled to the size of others.
        let mask = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::BUFFER;
        pad.add_probe(mask, move |pad, info| {
            if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view()) {
                shaping.resize.store(false, Ordering::Release);
                resize(caps.caps());
            } else if info.buffer().is_some()
                && shaping.resize.swap(false, Ordering::AcqRel)
                && let Some(caps) = pad.current_caps()
            {
                resize(&caps);
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// What to ask for, for pictures with these caps, and whether their aspect stays.
    fn sized(&self, asked: &gst::Caps, caps: &gst::CapsRef) -> (gst::Caps, bool) {
        let mut state = self.state();
        let cut = state.cut;
        let whole = whole(caps).unwrap_or_default();
        if self.decoded {
            state.source = Some(caps.to_owned());
        }
        let Some(size) = size(caps, self.shape, cut) else {
            state.is_smaller = false;
            return (asked.clone(), true);
        };
        state.is_smaller = i64::from(size.0) * i64::from(size.1) < i64::from(whole.0) * i64::from(whole.1);
        (sized(asked, size), cut.width.is_none() || cut.height.is_none())
    }
}

/// The caps of a share of the frames.
fn thinned(caps: &gst::Caps, share: Share) -> gst::Caps {
    let mut caps = caps.clone();
    if !share.is_whole()
        && let Some(structure) = caps.make_mut().structure_mut(0)
        && let Ok(rate) = structure.get::<gst::Fraction>("framerate")
    {
        let (numerator, denominator) = share.of((rate.numer(), rate.denom()));
        structure.set("framerate", gst::Fraction::new(numerator, denominator));
    }
    caps
}

/// How many pixels a picture with these caps has in the shape; 0 where they do not say.
pub(super) fn pixels(caps: &gst::CapsRef, shape: Shape) -> u64 {
    let (width, height) = size(caps, shape, Cut::default()).or(whole(caps)).unwrap_or_default();
    u64::try_from(i64::from(width) * i64::from(height)).unwrap_or(0)
}

/// How large pictures with these caps are.
fn whole(caps: &gst::CapsRef) -> Option<(i32, i32)> {
    let length = |name: &str| caps.structure(0)?.get::<i32>(name).ok();
    length("width").zip(length("height"))
}

/// How large pictures with these caps are in the shape and the cut; `None` where as large as they are.
fn size(caps: &gst::CapsRef, shape: Shape, cut: Cut) -> Option<(i32, i32)> {
    let structure = caps.structure(0)?;
    let number = |name: &str| structure.get::<i32>(name).ok().and_then(|number| u32::try_from(number).ok());
    let pixel = structure.get::<gst::Fraction>("pixel-aspect-ratio").unwrap_or(gst::Fraction::new(1, 1));
    let pixel = (u32::try_from(pixel.numer()).ok()?, u32::try_from(pixel.denom()).ok()?);
    let (width, height) = shape.size((number("width")?, number("height")?), pixel, cut)?;
    Some((i32::try_from(width).ok()?, i32::try_from(height).ok()?))
}

fn sized(asked: &gst::Caps, (width, height): (i32, i32)) -> gst::Caps {
    let mut caps = asked.clone();
    for structure in caps.make_mut().iter_mut() {
        structure.set("width", width);
        structure.set("height", height);
    }
    caps
}
