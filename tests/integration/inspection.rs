//! What `gst-inspect-1.0` shows: names, ranks, documented properties, as applications know them.

use crate::support;
use gst::prelude::*;

fn metadata(name: &str) -> (String, String, gst::Rank) {
    support::init();
    let factory = gst::ElementFactory::find(name).unwrap();
    let text = |key| factory.metadata(key).unwrap().to_owned();
    (text("long-name"), text("klass"), factory.rank())
}

#[test]
fn names_classes_and_ranks_are_those_that_applications_know() {
    assert_eq!(metadata("webrtcsink"), ("WebRTCSink".into(), "Sink/Network/WebRTC".into(), gst::Rank::NONE));
    assert_eq!(
        metadata("webrtcsrc"),
        ("WebRTCSrc".into(), "Source/Network/WebRTC".into(), gst::Rank::PRIMARY)
    );
    for (name, type_name) in [("webrtcsink", "GstWebRTCSink"), ("webrtcsrc", "GstWebRTCSrc")] {
        let element = gst::ElementFactory::make(name).build().unwrap();
        assert_eq!(element.type_().name(), type_name);
        assert_eq!(element.property::<gst::glib::Object>("signaller").type_().name(), "GstWebRTCSignaller");
    }
}

#[test]
fn every_property_is_documented() {
    support::init();
    for name in ["webrtcsink", "webrtcsrc"] {
        let element = gst::ElementFactory::make(name).build().unwrap();
        let signaller = element.property::<gst::glib::Object>("signaller");
        for object in [element.upcast_ref::<gst::glib::Object>(), &signaller] {
            for spec in object.list_properties().iter() {
                let blurb = spec.blurb().unwrap_or_default();
                assert!(blurb.len() > 10, "{name} {}: '{blurb}'", spec.name());
            }
        }
    }
}

#[test]
fn a_child_is_reached_by_its_path() {
    support::init();
    let sink = gst::ElementFactory::make("webrtcsink").build().unwrap();
    let pad = sink.request_pad_simple("video_%u").unwrap();
    assert_eq!(pad.name(), "video_0");
    let proxy = sink.dynamic_cast_ref::<gst::ChildProxy>().unwrap();
    proxy.set_child_property("signaller::uri", "ws://192.0.2.1:9");
    proxy.set_child_property("video_0::msid", "mine");
    assert_eq!(proxy.child_property_value("signaller::uri").get::<&str>().unwrap(), "ws://192.0.2.1:9/");
    assert_eq!(pad.property::<Option<String>>("msid").as_deref(), Some("mine"));
}
