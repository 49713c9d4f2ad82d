//! Errors that name the cause and the cure.

use crate::packages;
use gst::prelude::*;

/// An element could not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("element {name} is missing; on Debian it is in package {}", packages::of_element(name))]
pub(crate) struct MissingElement {
    name: String,
}

/// Makes an element.
///
/// # Errors
/// The element's plugin is not installed; the text names the package.
pub(crate) fn make(name: &str) -> Result<gst::Element, MissingElement> {
    gst::ElementFactory::make(name).build().map_err(|_| MissingElement { name: name.to_owned() })
}

/// Fails where an element is not installed.
///
/// # Errors
/// The first one that is missing.
pub(crate) fn require(names: &[&str]) -> Result<(), MissingElement> {
    for name in names {
        if gst::ElementFactory::find(name).is_none() {
            return Err(MissingElement { name: (*name).to_owned() });
        }
    }
    Ok(())
}

/// Sets a property from text where the object has it, and says whether the value took.
///
/// Plugins differ between versions and systems: a property or a value that is not there is no error.
pub(crate) fn set_if_present(object: &impl IsA<gst::glib::Object>, name: &str, text: &str) -> bool {
    let object = object.as_ref();
    let Some(spec) = object.find_property(name) else {
        return false;
    };
    let Ok(value) = gst::glib::Value::deserialize_with_pspec(text, &spec) else {
        return false;
    };
    if !in_range(&spec, &value) {
        return false;
    }
    object.set_property_from_value(name, &value);
    true
}

/// Whether a property takes the value as it is.
#[expect(unsafe_code, reason = "the bindings have no safe form of g_param_value_validate")]
fn in_range(spec: &gst::glib::ParamSpec, value: &gst::glib::Value) -> bool {
    use gst::glib::{gobject_ffi, translate::*};
    let mut copy = value.clone();
    // SAFETY: both pointers are valid for the call, and the value is a copy of our own.
    unsafe { gobject_ffi::g_param_value_validate(spec.to_glib_none().0, copy.to_glib_none_mut().0) == 0 }
}
