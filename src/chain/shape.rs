//! Pictures in the shape of a rung: frames are left out where they enter, the size follows the input's caps.

use crate::gobject::set_if_present;
use gst::prelude::*;
use logic::picture::{Shape, Thinning};
use std::sync::{Mutex, PoisonError};

/// The gate of a rung that takes a share of the frames only.
pub(super) struct Gate {
    shape: Shape,
    thinning: Mutex<Thinning>,
}

impl Gate {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, thinning: Mutex::new(Thinning::new(shape.frames)) }
    }

    /// Whether to take the next frame.
    pub(super) fn admits(&self) -> bool {
        self.shape.frames.is_whole() || self.thinning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The caps of those that are taken.
    pub(super) fn caps(&self, caps: &gst::Caps) -> gst::Caps {
        let mut caps = caps.clone();
        if !self.shape.frames.is_whole()
            && let Some(structure) = caps.make_mut().structure_mut(0)
            && let Ok(rate) = structure.get::<gst::Fraction>("framerate")
        {
            let (numerator, denominator) = self.shape.frames.of((rate.numer(), rate.denom()));
            structure.set("framerate", gst::Fraction::new(numerator, denominator));
        }
        caps
    }
}

/// Lets `filter` ask `converters` for pictures of the shape, whatever caps their frames get. What is encoded often does not say
/// its size, so those behind a decoder count.
pub(super) fn follow(converters: &[gst::Element], filter: &gst::Element, shape: Shape) {
    if shape.pixels.is_whole() {
        return;
    }
    // Even sizes are not of quite the same aspect.
    for converter in converters {
        set_if_present(converter, "add-borders", "false");
    }
    let (asked, filter) = (filter.property::<gst::Caps>("caps"), filter.downgrade());
    if let Some(pad) = converters.first().and_then(|converter| converter.static_pad("sink")) {
        // Before the caps go on: no frame is scaled to the size of those before it.
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view())
                && let (Some(filter), Some(size)) = (filter.upgrade(), size(caps.caps(), shape))
            {
                filter.set_property("caps", sized(&asked, size));
            }
            gst::PadProbeReturn::Ok
        });
    }
}

/// How many pixels a picture with these caps has in the shape; 0 where they do not say.
pub(super) fn pixels(caps: &gst::CapsRef, shape: Shape) -> u64 {
    let length = |name: &str| caps.structure(0)?.get::<i32>(name).ok();
    let whole = length("width").zip(length("height"));
    let (width, height) = size(caps, shape).or(whole).unwrap_or_default();
    u64::try_from(i64::from(width) * i64::from(height)).unwrap_or(0)
}

/// How large pictures with these caps are in the shape.
fn size(caps: &gst::CapsRef, shape: Shape) -> Option<(i32, i32)> {
    let structure = caps.structure(0)?;
    let number = |name: &str| structure.get::<i32>(name).ok().and_then(|number| u32::try_from(number).ok());
    let pixel = structure.get::<gst::Fraction>("pixel-aspect-ratio").unwrap_or(gst::Fraction::new(1, 1));
    let pixel = (u32::try_from(pixel.numer()).ok()?, u32::try_from(pixel.denom()).ok()?);
    let (width, height) = shape.size((number("width")?, number("height")?), pixel)?;
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
