//! The beginning of a rung whose input is encoded in another codec: its decoder.

use super::decode::{self, DecodeError};
use super::rung::Hooks;
use super::shape::Shaping;
use crate::errors::make;
use crate::runtime;
use gst::prelude::*;
use logic::codec::Codec;
use std::sync::Arc;

/// What stands between the entrance and the converters. Frames are left out behind the decoder, which needs every frame.
///
/// # Errors
/// An element is missing, or no decoder starts.
pub(super) fn decoder(
    from: &'static Codec,
    shaping: &Arc<Shaping>,
) -> Result<Vec<gst::Element>, DecodeError> {
    let mut elements = Vec::new();
    if let Some(parser) = from.parser {
        elements.push(make(parser)?);
    }
    let decoder = decode::start_decoder(from)?;
    let shaping = shaping.clone();
    if let Some(pad) = decoder.static_pad("src") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            if shaping.admits() { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop }
        });
    }
    elements.push(decoder);
    Ok(elements)
}

/// Has the input make key units when the decoder asks for them.
pub(super) fn pass_key_unit_requests_on(entrance: &gst::Element, hooks: &Arc<dyn Hooks>) {
    let hooks = Arc::downgrade(hooks);
    if let Some(pad) = entrance.static_pad("src") {
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            let asks =
                info.event().is_some_and(|event| gst_video::UpstreamForceKeyUnitEvent::parse(event).is_ok());
            if let Some(hooks) = hooks.upgrade().filter(|_| asks) {
                runtime::spawn_blocking(move || hooks.upstream_key_unit());
            }
            gst::PadProbeReturn::Ok
        });
    }
}
