//! From any raw input to what an encoder takes: which elements, by `logic::memory`, and in which caps.

use crate::errors::{MissingElement, make};
use logic::codec::MediaKind;
use logic::memory::{self, Route};

/// The elements that convert input with these caps for an encoder, in order, and the memory in which it takes it.
///
/// # Errors
/// One of them is not installed.
pub(super) fn converters(
    kind: MediaKind,
    caps: &gst::CapsRef,
    takes: impl Fn(&str) -> bool,
) -> Result<(Vec<gst::Element>, Option<&'static str>), MissingElement> {
    if kind == MediaKind::Audio {
        let elements = ["audioconvert", "audioresample"].into_iter().map(make);
        return Ok((elements.collect::<Result<_, _>>()?, None));
    }
    let features = caps.features(0).map(ToString::to_string).unwrap_or_default();
    let Route { elements, memory } = memory::route(&features, takes, is_installed);
    let elements = elements.into_iter().map(make);
    Ok((elements.collect::<Result<_, _>>()?, memory))
}

/// Whether what lies in this memory can be brought to any encoder with what is installed.
pub(crate) fn can_read(memory: &str) -> bool {
    memory::can_leave(memory, is_installed)
}

fn is_installed(name: &str) -> bool {
    gst::ElementFactory::find(name).is_some()
}

/// Whether elements of a factory take pictures in this memory.
pub(super) fn takes(factory: &gst::ElementFactory, memory: &str) -> bool {
    let mut templates = factory.static_pad_templates().into_iter();
    templates.any(|template| {
        let is_sink = template.direction() == gst::PadDirection::Sink;
        is_sink && template.caps().iter_with_features().any(|(_, features)| features.contains(memory))
    })
}
