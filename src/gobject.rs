//! What the bindings have no safe or no simple form of.

use gst::glib;
use gst::prelude::*;

/// A property that can be set at any time.
fn settable(object: &glib::Object, name: &str) -> Option<glib::ParamSpec> {
    let spec = object.find_property(name)?;
    let flags = spec.flags();
    let is_open =
        flags.contains(glib::ParamFlags::WRITABLE) && !flags.contains(glib::ParamFlags::CONSTRUCT_ONLY);
    is_open.then_some(spec)
}

/// Sets a property from text where the object has it, and says whether the value took.
///
/// Plugins differ between versions and systems: a property or a value that is not there is no error.
pub(crate) fn set_if_present(object: &impl IsA<glib::Object>, name: &str, text: &str) -> bool {
    let object = object.as_ref();
    let Some(spec) = settable(object, name) else { return false };
    let Some(value) = value_of(&spec, text) else { return false };
    object.set_property_from_value(name, &value);
    true
}

/// What a property is set to by text; none where it takes no such value.
pub(crate) fn value_of(spec: &glib::ParamSpec, text: &str) -> Option<glib::Value> {
    let value = glib::Value::deserialize_with_pspec(text, spec).ok()?;
    in_range(spec, &value).then_some(value)
}

/// Sets a property that is a whole number to the nearest that it takes; false where there is no such property.
pub(crate) fn set_number(object: &impl IsA<glib::Object>, name: &str, number: u64) -> bool {
    let object = object.as_ref();
    let Some(value) = settable(object, name).and_then(|spec| nearest(&spec, number)) else { return false };
    object.set_property_from_value(name, &value);
    true
}

/// Whether a property is a whole number that can be set at any time.
pub(crate) fn is_whole_number(spec: &glib::ParamSpec) -> bool {
    spec.flags().contains(glib::ParamFlags::WRITABLE) && nearest(spec, 1).is_some()
}

/// The nearest number that a property takes.
fn nearest(spec: &glib::ParamSpec, number: u64) -> Option<glib::Value> {
    let signed = i64::try_from(number).unwrap_or(i64::MAX);
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt>() {
        let bound = signed.clamp(spec.minimum().into(), spec.maximum().into());
        return Some(i32::try_from(bound).ok()?.to_value());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        let bound = number.clamp(spec.minimum().into(), spec.maximum().into());
        return Some(u32::try_from(bound).ok()?.to_value());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt64>() {
        return Some(signed.clamp(spec.minimum(), spec.maximum()).to_value());
    }
    let spec = spec.downcast_ref::<glib::ParamSpecUInt64>()?;
    Some(number.clamp(spec.minimum(), spec.maximum()).to_value())
}

/// What a property that is a whole number is, and the nearest to `number` that it takes; none where it does not tell.
pub(crate) fn number_and_nearest(
    object: &impl IsA<glib::Object>,
    name: &str,
    number: u64,
) -> Option<(i64, i64)> {
    let object = object.as_ref();
    let spec = settable(object, name).filter(|spec| spec.flags().contains(glib::ParamFlags::READABLE))?;
    let whole = |value: &glib::Value| value.transform::<i64>().ok()?.get::<i64>().ok();
    Some((whole(&object.property_value(name))?, whole(&nearest(&spec, number)?)?))
}

/// Sets a field of a property that is a structure, and leaves the others; false where there is no such property.
pub(crate) fn set_field(
    object: &impl IsA<glib::Object>,
    name: &str,
    field: &str,
    value: &glib::SendValue,
) -> bool {
    let object = object.as_ref();
    let Some(spec) = settable(object, name) else { return false };
    if spec.value_type() != gst::Structure::static_type()
        || !spec.flags().contains(glib::ParamFlags::READABLE)
    {
        return false;
    }
    let old = object.property::<Option<gst::Structure>>(name);
    let mut structure = old.unwrap_or_else(|| gst::Structure::new_empty("controls"));
    structure.set_value(field, value.clone());
    object.set_property(name, structure);
    true
}

/// A whole number in a property that is a structure.
pub(crate) fn field(object: &impl IsA<glib::Object>, name: &str, field: &str) -> Option<i32> {
    let object = object.as_ref();
    let spec = object.find_property(name)?;
    let is_structure = spec.value_type() == gst::Structure::static_type();
    if !is_structure || !spec.flags().contains(glib::ParamFlags::READABLE) {
        return None;
    }
    object.property::<Option<gst::Structure>>(name)?.get(field).ok()
}

/// Whether anybody is connected to a signal of an object.
pub(crate) fn is_listened_to(object: &impl IsA<glib::Object>, signal: &str) -> bool {
    let id = glib::subclass::SignalId::lookup(signal, object.as_ref().type_());
    id.is_some_and(|id| glib::signal::signal_has_handler_pending(object.as_ref(), id, None, true))
}

/// Whether a property takes the value as it is.
#[expect(unsafe_code, reason = "the bindings have no safe form of g_param_value_validate")]
fn in_range(spec: &glib::ParamSpec, value: &glib::Value) -> bool {
    use glib::{gobject_ffi, translate::*};
    let mut copy = value.clone();
    // SAFETY: both pointers are valid for the call, and the value is a copy of our own.
    unsafe { gobject_ffi::g_param_value_validate(spec.to_glib_none().0, copy.to_glib_none_mut().0) == 0 }
}

/// An element as a value whose receiver owns it: webrtcbin adds it to a bin, which takes floating references
/// over and adds to others, and then nobody drops ours.
#[expect(unsafe_code, reason = "the bindings sink every reference and have no way back")]
pub(crate) fn given_away(element: &gst::Element) -> glib::Value {
    use glib::translate::ToGlibPtr;
    let value = element.to_value();
    let object: *mut gst::ffi::GstElement = element.to_glib_none().0;
    // SAFETY: the pointer is valid, and the value holds the reference that becomes the floating one.
    unsafe { glib::gobject_ffi::g_object_force_floating(object.cast()) };
    value
}

/// An element that a handler returned, as ours: those in C return floating references, which the bindings take for
/// owned ones, so that the bin that it is added to and we would own the same one.
#[expect(unsafe_code, reason = "the bindings do not sink what they get from a value")]
pub(crate) fn taken(element: gst::Element) -> gst::Element {
    use glib::translate::ToGlibPtr;
    let object: *mut gst::ffi::GstElement = element.to_glib_none().0;
    // SAFETY: the pointer is valid, and a floating reference is the one that the wrapper holds, and drops.
    unsafe {
        if glib::gobject_ffi::g_object_is_floating(object.cast()) != glib::ffi::GFALSE {
            glib::gobject_ffi::g_object_ref_sink(object.cast());
        }
    }
    element
}

/// The text of a value; `None` where it is NULL or the value holds something else.
///
/// The bindings' own way panics over text that is not UTF-8, and what a signaller in C or Python hands on
/// comes from the network.
#[expect(unsafe_code, reason = "the bindings have no form of g_value_get_string that takes any bytes")]
pub(crate) fn text(value: &glib::Value) -> Option<String> {
    use glib::translate::{ToGlibPtr, from_glib_none};
    if !value.is::<String>() {
        return None;
    }
    // SAFETY: the value holds a string and owns it, and the copy replaces what is no UTF-8.
    unsafe { from_glib_none(glib::gobject_ffi::g_value_get_string(value.to_glib_none().0)) }
}
