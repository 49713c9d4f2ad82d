//! What is registered, as lines of text: elements, types, properties, signals, pad templates, enumerations. Read from
//! GObject itself, as every language binding and `gst-inspect-1.0` do.

use crate::support;
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeMap;

/// What each fact is about, and what it says.
pub(super) type Facts = BTreeMap<String, String>;

/// Everything that the plugin registers.
pub(super) fn facts() -> Facts {
    support::init();
    let mut found = Facts::new();
    plugin(&mut found);
    let objects: Vec<_> = elements(&mut found).into_iter().map(|element| element.upcast()).collect();
    let mut objects: Vec<glib::Object> = objects;
    let signaller = objects.iter().map(|object| object.property::<glib::Object>("signaller").type_()).next();
    objects.extend(signaller.map(glib::Object::with_type));
    let mut reached = Vec::new();
    for object in &objects {
        for type_ in own(object.type_()) {
            owned(&mut found, type_, object, &mut reached);
        }
    }
    for type_ in reached {
        reachable(&mut found, type_);
    }
    found
}

fn plugin(found: &mut Facts) {
    let plugin = gst::Registry::get().find_plugin("rswebrtc").unwrap();
    let texts = [("license", plugin.license()), ("package", plugin.package()), ("source", plugin.source())];
    for (name, text) in texts {
        found.insert(format!("plugin rswebrtc {name}"), text.to_string());
    }
    found.insert("plugin rswebrtc origin".into(), plugin.origin().to_string());
}

fn elements(found: &mut Facts) -> Vec<gst::Element> {
    let mut made = Vec::new();
    for feature in gst::Registry::get().features_by_plugin("rswebrtc") {
        let Ok(factory) = feature.downcast::<gst::ElementFactory>() else { continue };
        let element = factory.create().build().unwrap();
        let mut say =
            |what: &str, text: String| found.insert(format!("element {} {what}", factory.name()), text);
        say("type", element.type_().name().into());
        let rank = match factory.rank() {
            gst::Rank::NONE => "none".into(),
            gst::Rank::PRIMARY => "primary".into(),
            rank => i32::from(rank).to_string(),
        };
        say("rank", rank);
        for key in ["klass", "long-name"] {
            say(key, factory.metadata(key).unwrap_or_default().into());
        }
        let flags = [(gst::ElementFlags::SINK, "SINK"), (gst::ElementFlags::SOURCE, "SOURCE")];
        let flags = flags.iter().filter(|(flag, _)| element.element_flags().contains(*flag));
        say("flags", flags.map(|(_, name)| *name).collect::<Vec<_>>().join(", "));
        if factory.uri_type() != gst::URIType::Unknown {
            say("uri", format!("{:?} {}", factory.uri_type(), factory.uri_protocols().join(", ")));
        }
        made.push(element);
    }
    made.sort_by_key(|element| element.type_().name());
    made
}

/// The types of this plugin that a type descends from, and its interfaces of this plugin.
fn own(type_: glib::Type) -> Vec<glib::Type> {
    let ancestors = std::iter::successors(Some(type_), |type_| type_.parent());
    let interfaces = type_.interfaces();
    ancestors.chain(interfaces.iter().copied()).filter(|type_| is_own(*type_)).collect()
}

/// Whether a type is of this plugin, not of GStreamer's library for WebRTC.
fn is_own(type_: glib::Type) -> bool {
    let others = ["GstWebRTCICETransportPolicy", "GstWebRTCSessionDescription"];
    let prefixes = ["GstBaseWebRTC", "GstRSWebRTC", "GstWebRTC"];
    prefixes.iter().any(|prefix| type_.name().starts_with(prefix)) && !others.contains(&type_.name())
}

/// What a type itself has, beyond those that it descends from; `reached` are types that it names.
fn owned(found: &mut Facts, type_: glib::Type, object: &glib::Object, reached: &mut Vec<glib::Type>) {
    if found.contains_key(&format!("type {} parent", type_.name())) {
        return;
    }
    describe(found, type_);
    for spec in object.list_properties().iter().filter(|spec| spec.owner_type() == type_) {
        found.insert(format!("property {} {}", type_.name(), spec.name()), property(object, spec));
        reached.push(spec.value_type());
    }
    for id in signals(type_) {
        let query = id.query();
        let arguments: Vec<_> = query.param_types().iter().map(|argument| argument.type_()).collect();
        let result = query.return_type().type_();
        let names: Vec<_> = arguments.iter().map(|argument| argument.name()).collect();
        let text = format!("({}) -> {}, {}", names.join(", "), result.name(), flags(query.flags()));
        found.insert(format!("signal {} {}", type_.name(), query.signal_name()), text);
        reached.extend(arguments);
        reached.push(result);
    }
    if let Some(element) = object.downcast_ref::<gst::Element>() {
        let inherited = type_.parent().into_iter().filter(|parent| is_own(*parent)).count();
        for template in element.pad_template_list().iter().filter(|_| inherited == 0) {
            found.insert(format!("template {} {}", type_.name(), template.name_template()), pads(template));
            reached.push(template.gtype());
        }
    }
}

fn describe(found: &mut Facts, type_: glib::Type) {
    let parent = type_.parent().map_or("none", |parent| parent.name());
    found.insert(format!("type {} parent", type_.name()), parent.into());
    let parent = type_.parent().filter(|parent| is_own(*parent));
    let inherited = parent.map(|parent| parent.interfaces().to_vec()).unwrap_or_default();
    let mut interfaces = type_.interfaces().to_vec();
    interfaces.retain(|interface| !inherited.contains(interface));
    if !interfaces.is_empty() {
        let mut names: Vec<_> = interfaces.iter().map(|interface| interface.name()).collect();
        names.sort_unstable();
        found.insert(format!("type {} interfaces", type_.name()), names.join(", "));
    }
}

/// A type that others name: pads, enumerations, and what signals hand out.
fn reachable(found: &mut Facts, type_: glib::Type) {
    if !is_own(type_) || type_.is_a(glib::Type::INTERFACE) {
        return;
    }
    let values: Vec<(String, &str)> = if let Some(class) = glib::EnumClass::with_type(type_) {
        class.values().iter().map(|value| (value.value().to_string(), value.nick())).collect()
    } else if let Some(class) = glib::FlagsClass::with_type(type_) {
        class.values().iter().map(|value| (value.value().to_string(), value.nick())).collect()
    } else {
        let direction = type_.is_a(gst::Pad::static_type()).then_some(gst::PadDirection::Sink);
        let object = glib::Object::builder_with_type(type_);
        let object = object.property_if_some("direction", direction).build();
        return owned(found, type_, &object, &mut Vec::new());
    };
    describe(found, type_);
    for (value, nick) in values {
        found.insert(format!("value {} {value}", type_.name()), nick.into());
    }
}

fn property(object: &glib::Object, spec: &glib::ParamSpec) -> String {
    let mut text = vec![spec.value_type().name().to_owned()];
    text.extend(range(spec));
    let flags = spec.flags();
    if flags.contains(glib::ParamFlags::READABLE) {
        text.push(format!("default {}", shown(&object.property_value(spec.name()))));
    }
    let named = [
        (glib::ParamFlags::READABLE, "readable"),
        (glib::ParamFlags::WRITABLE, "writable"),
        (glib::ParamFlags::CONSTRUCT, "construct"),
        (glib::ParamFlags::CONSTRUCT_ONLY, "construct-only"),
        (glib::ParamFlags::DEPRECATED, "deprecated"),
        (gst::PARAM_FLAG_CONTROLLABLE, "controllable"),
        (gst::PARAM_FLAG_MUTABLE_READY, "changes in READY"),
        (gst::PARAM_FLAG_MUTABLE_PAUSED, "changes in PAUSED"),
        (gst::PARAM_FLAG_MUTABLE_PLAYING, "changes in PLAYING"),
        (gst::PARAM_FLAG_CONDITIONALLY_AVAILABLE, "conditionally available"),
    ];
    text.extend(named.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| (*name).to_owned()));
    text.join(", ")
}

/// What a number may be; what a list is of.
fn range(spec: &glib::ParamSpec) -> Option<String> {
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        return Some(format!("{} to {}", spec.minimum(), spec.maximum()));
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt>() {
        return Some(format!("{} to {}", spec.minimum(), spec.maximum()));
    }
    let spec = spec.downcast_ref::<gst::ParamSpecArray>()?;
    Some(format!("of {}", spec.element_spec()?.value_type().name()))
}

/// A value as it is written in a pipeline description; of an object, its type.
fn shown(value: &glib::Value) -> String {
    if let Ok(object) = value.get::<Option<glib::Object>>() {
        return object.map_or_else(|| "NULL".into(), |object| object.type_().name().to_owned());
    }
    if let Ok(text) = value.get::<Option<String>>() {
        return text.map_or_else(|| "NULL".into(), |text| format!("\"{text}\""));
    }
    if let Ok(structure) = value.get::<Option<gst::Structure>>() {
        return structure.map_or_else(|| "NULL".into(), |structure| structure.to_string());
    }
    if let Ok(caps) = value.get::<Option<gst::Caps>>() {
        return caps.map_or_else(|| "NULL".into(), |caps| caps.to_string());
    }
    // Serialised they have their long names.
    if let Some((_, set)) = glib::FlagsValue::from_value(value) {
        return set.iter().map(|value| value.nick()).collect::<Vec<_>>().join("+");
    }
    value.serialize().map_or_else(|_| format!("{value:?}"), |text| text.to_string())
}

fn pads(template: &gst::PadTemplate) -> String {
    let direction = if template.direction() == gst::PadDirection::Sink { "sink" } else { "src" };
    let presence = match template.presence() {
        gst::PadPresence::Always => "always",
        gst::PadPresence::Sometimes => "sometimes",
        _ => "request",
    };
    format!("{direction}, {presence}, {}, {}", template.gtype().name(), template.caps())
}

/// The signals that a type itself has.
#[expect(unsafe_code, reason = "the bindings cannot list signals")]
fn signals(type_: glib::Type) -> Vec<glib::subclass::SignalId> {
    use glib::translate::IntoGlib;
    let mut count = 0;
    // SAFETY: the type exists and has been used; the array is ours, and the lookups below copy out of it.
    let names: Vec<String> = unsafe {
        let ids = glib::gobject_ffi::g_signal_list_ids(type_.into_glib(), &mut count);
        let all: &[u32] = if ids.is_null() { &[] } else { std::slice::from_raw_parts(ids, count as usize) };
        let name = |id: &u32| std::ffi::CStr::from_ptr(glib::gobject_ffi::g_signal_name(*id));
        let names = all.iter().map(|id| name(id).to_string_lossy().into_owned()).collect();
        glib::ffi::g_free(ids.cast());
        names
    };
    names.iter().filter_map(|name| glib::subclass::SignalId::lookup(name, type_)).collect()
}

fn flags(flags: glib::SignalFlags) -> String {
    let named = [
        (glib::SignalFlags::RUN_FIRST, "run-first"),
        (glib::SignalFlags::RUN_LAST, "run-last"),
        (glib::SignalFlags::RUN_CLEANUP, "run-cleanup"),
        (glib::SignalFlags::NO_RECURSE, "no-recurse"),
        (glib::SignalFlags::DETAILED, "detailed"),
        (glib::SignalFlags::ACTION, "action"),
        (glib::SignalFlags::NO_HOOKS, "no-hooks"),
        (glib::SignalFlags::DEPRECATED, "deprecated"),
    ];
    named
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, name)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}
