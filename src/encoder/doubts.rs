//! What is strange about the user's rows: what an installed element does not have, or cannot be what is meant.

use super::family;
use super::file::Entry;
use super::row::has_action;
use crate::gobject::{is_whole_number, value_of};
use gst::glib;
use gst::prelude::*;
use toml::{Spanned, Value};

/// What the installed element does not have of that, and where in the file it is. An encoder of another machine is none.
pub(super) fn doubts_about(name: &str, entry: &Entry) -> Vec<(Option<usize>, String)> {
    let Some(factory) = gst::ElementFactory::find(name) else {
        let text = format!("element {name} is not installed, nor is it one of the encoders that are known");
        return if family(name).is_some() { Vec::new() } else { vec![(None, text)] };
    };
    let class = factory.load().ok().and_then(|factory| {
        let element = factory.element_type();
        element.is_valid().then(|| gst::glib::object::ObjectClass::from_type(element)).flatten()
    });
    let Some(class) = class else { return vec![(None, format!("element {name} cannot be loaded"))] };
    let cure = format!("gst-inspect-1.0 {name} lists what it has");
    let mut doubts = Vec::new();
    if let Some(rate) = entry.bitrate.as_ref().filter(|_| is_for_sound(name)) {
        let text = format!(
            "{name} encodes sound, whose bitrate does not follow networks: bitrate is left out; give it one in settings"
        );
        doubts.push((Some(rate.property.span().start), text));
    }
    let named = entry.bitrate.iter().map(|rate| &rate.property).chain(&entry.threads);
    for property in named.filter(|property| class.find_property(property.get_ref()).is_none()) {
        let text = format!("{name} has no property {}; {cure}", property.get_ref());
        doubts.push((Some(property.span().start), text));
    }
    doubts.extend(
        doubt_about_rate(name, entry, &class).map(|(at, text)| (Some(at), format!("{text}; {cure}"))),
    );
    doubts.extend(doubts_about_pictures(entry).map(|(at, text)| (Some(at), text)));
    for (property, value) in &entry.settings {
        let Some(text) = text(value) else { continue };
        let doubt = match class.find_property(property) {
            None => format!("{name} has no property {property}; {cure}"),
            Some(spec) if value_of(&spec, &text).is_none() => {
                format!("property {property} of {name} does not take {text}; {cure}")
            }
            Some(_) => continue,
        };
        doubts.push((Some(value.span().start), doubt));
    }
    if let Some(signal) = &entry.key_unit
        && signal.get_ref() != "event"
        && !has_action(class.type_(), signal.get_ref())
    {
        let text = format!("{name} has no action signal {} without arguments; {cure}", signal.get_ref());
        doubts.push((Some(signal.span().start), text));
    }
    doubts
}

/// Whether a bitrate fits into the property that is to hold it.
fn doubt_about_rate(name: &str, entry: &Entry, class: &glib::object::ObjectClass) -> Option<(usize, String)> {
    let rate = entry.bitrate.as_ref().filter(|_| !is_for_sound(name))?;
    let property = rate.property.get_ref();
    let spec = class.find_property(property)?;
    let is_structure = spec.value_type() == gst::Structure::static_type();
    let text = match &rate.field {
        Some(field) if !is_structure => {
            format!("property {property} of {name} is no structure, and has no field {field}")
        }
        None if is_structure => format!("property {property} of {name} is a structure: name a field, too"),
        None if !is_whole_number(&spec) => format!("property {property} of {name} holds no whole number"),
        _ => return None,
    };
    Some((rate.property.span().start, text))
}

/// Formats and memories that there are not.
fn doubts_about_pictures(entry: &Entry) -> impl Iterator<Item = (usize, String)> {
    let formats = entry.formats.iter().flatten().filter(|format| !is_format(format.get_ref()));
    let formats = formats.map(|format| {
        let text = format!("{} is no raw format, and left out; I420 and NV12 are", format.get_ref());
        (format.span().start, text)
    });
    let memories = entry
        .memories
        .iter()
        .flatten()
        .filter(|memory| memory.get_ref().strip_prefix("memory:").is_none_or(str::is_empty));
    let memories = memories.map(|memory| {
        let text = format!("{} is no memory; memory:DMABuf is one", memory.get_ref());
        (memory.span().start, text)
    });
    formats.chain(memories)
}

/// Whether that is a format of raw pictures.
pub(super) fn is_format(name: &str) -> bool {
    use gst_video::VideoFormat::{Encoded, Unknown};
    !matches!(gst_video::VideoFormat::from_string(name), Encoded | Unknown)
}

/// Sound is encoded at the encoder's own bitrate: what networks carry is for pictures.
pub(super) fn is_for_sound(name: &str) -> bool {
    let factory = gst::ElementFactory::find(name);
    factory.is_some_and(|factory| factory.has_type(gst::ElementFactoryType::MEDIA_AUDIO))
}

/// A value as GStreamer reads it.
pub(super) fn text(value: &Spanned<Value>) -> Option<String> {
    Some(match value.get_ref() {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is) => is.to_string(),
        _ => return None,
    })
}
