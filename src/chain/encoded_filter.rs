//! The application's own element that encoded frames pass: between the parser and the payloader of a rung, or before the
//! decoder of what arrives.

use super::rung::{Hooks, Plan, RungError};
use crate::codec;
use gst::prelude::*;

/// The element that encoded frames pass, where the application wants one.
///
/// # Errors
/// It cannot be used. Going on without would send what the application meant to change, or to encrypt, as it is.
pub(super) fn requested(plan: &Plan<'_>, hooks: &dyn Hooks) -> Result<Option<gst::Element>, RungError> {
    let caps = codec::caps(plan.codec.payloader_caps);
    let Some(element) = hooks.filter(&caps) else { return Ok(None) };
    match unfit(&element, Some(&caps)) {
        None => Ok(Some(element)),
        Some(cause) => Err(RungError::Filter { name: element.name().into(), cause }),
    }
}

/// What is wrong with it, and its cure; it has to take and give these caps, where they are known.
pub(super) fn unfit(element: &gst::Element, caps: Option<&gst::Caps>) -> Option<&'static str> {
    if element.parent().is_some() {
        return Some("it is in a pipeline already; each call has to return a new element, or NULL");
    }
    let (Some(sink), Some(source)) = (element.static_pad("sink"), element.static_pad("src")) else {
        return Some("it has to have static pads called sink and src; a bin has them as ghost pads");
    };
    if sink.direction() != gst::PadDirection::Sink || source.direction() != gst::PadDirection::Src {
        return Some("its pads sink and src have to have these directions");
    }
    if sink.is_linked() || source.is_linked() {
        return Some("its pads have to be free");
    }
    let fits = |pad: &gst::Pad| caps.is_none_or(|caps| pad.query_caps(None).can_intersect(caps));
    (!fits(&sink) || !fits(&source))
        .then_some("it has to take and give the caps that the handler is called with")
}
