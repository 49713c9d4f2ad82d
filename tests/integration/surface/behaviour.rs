//! What no table can say of the surface: who is asked first, what is read back, what pads and children are called.

use crate::support;
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn element(name: &str) -> gst::Element {
    support::init();
    gst::ElementFactory::make(name).build().unwrap()
}

/// Answers a signal, and counts how often it was asked.
fn answer(
    object: &glib::Object,
    signal: &str,
    answer: impl ToSendValue + Sync + 'static,
) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    object.connect(signal, false, move |_| {
        count.fetch_add(1, Relaxed);
        Some(answer.to_send_value().into())
    });
    asked
}

#[test]
fn a_sink_has_its_signaller_and_pads_as_children_by_name_only() {
    let sink = element("webrtcsink");
    let pad = sink.request_pad_simple("audio_%u").unwrap();
    let proxy = sink.dynamic_cast_ref::<gst::ChildProxy>().unwrap();
    assert_eq!(proxy.children_count(), 0);
    assert_eq!(proxy.child_by_index(0), None);
    assert_eq!(proxy.child_by_name("signaller").unwrap(), sink.property::<glib::Object>("signaller"));
    assert_eq!(proxy.child_by_name("audio_0").unwrap(), *pad.upcast_ref::<glib::Object>());
    assert_eq!(proxy.child_by_name("audio_1"), None);
}

#[test]
fn a_source_has_its_signaller_as_its_one_child() {
    let src = element("webrtcsrc");
    let signaller = src.property::<glib::Object>("signaller");
    let proxy = src.dynamic_cast_ref::<gst::ChildProxy>().unwrap();
    assert_eq!(proxy.children_count(), 1);
    assert_eq!(proxy.child_by_index(0).as_ref(), Some(&signaller));
    assert_eq!(proxy.child_by_index(1), None);
    assert_eq!(proxy.child_by_name("signaller").as_ref(), Some(&signaller));
}

#[test]
fn pads_are_numbered_in_the_order_of_the_requests_whatever_name_is_asked_for() {
    let sink = element("webrtcsink");
    for (asked, given) in [
        ("video_%u", "video_0"),
        ("video_7", "video_1"),
        ("audio_3", "audio_0"),
        ("audio_%u", "audio_1"),
        ("video_0", "video_2"),
    ] {
        let template = sink.pad_template(if asked.starts_with("video") { "video_%u" } else { "audio_%u" });
        let name = (!asked.contains('%')).then_some(asked);
        let pad = sink.request_pad(&template.unwrap(), name, None).unwrap();
        assert_eq!(pad.name(), given, "{asked}");
    }
}

#[test]
fn addresses_read_back_in_their_full_form() {
    let sink = element("webrtcsink");
    let signaller = sink.property::<glib::Object>("signaller");
    let read = |object: &glib::Object, name: &str| object.property::<Option<String>>(name).unwrap();
    for (set, expected) in [("ws://h:1", "ws://h:1/"), ("wss://h/path?a=b", "wss://h/path?a=b")] {
        signaller.set_property("uri", set);
        assert_eq!(read(&signaller, "uri"), expected);
    }
    let host = "web-server-host-addr";
    for (set, expected) in [("http://[::]:9090", "http://[::]:9090/"), ("http://h/", "http://h/")] {
        sink.set_property(host, set);
        assert_eq!(read(sink.upcast_ref(), host), expected);
    }
    // Kept, for the error that names it.
    sink.set_property(host, "no address");
    assert_eq!(read(sink.upcast_ref(), host), "no address");
}

#[test]
fn handlers_are_asked_until_one_has_set_the_element_up() {
    for signal in ["encoder-setup", "payloader-setup"] {
        let sink = element("webrtcsink");
        let identity = element("identity");
        let ask = || sink.emit_by_name::<bool>(signal, &[&"id", &"video_0", &identity]);
        assert!(!ask(), "{signal}: nobody did it");
        let asked: Vec<_> =
            [false, true, true].map(|said| answer(sink.upcast_ref(), signal, said)).into_iter().collect();
        assert!(ask(), "{signal}");
        assert_eq!(asked.iter().map(|asked| asked.load(Relaxed)).collect::<Vec<_>>(), [1, 1, 0], "{signal}");
    }
}

#[test]
fn any_handler_of_what_a_signaller_is_asked_stands_in_for_the_signaller() {
    let sink = element("webrtcsink");
    let id = "session";
    let none = None::<&str>;
    let description = gst_webrtc::WebRTCSessionDescription::new(
        gst_webrtc::WebRTCSDPType::Offer,
        gst_sdp::SDPMessage::new(),
    );
    let requests: [(&str, Vec<&dyn ToValue>); 6] = [
        ("start", vec![]),
        ("stop", vec![]),
        ("send-session-description", vec![&id, &description]),
        ("send-ice", vec![&id, &"candidate", &0u32, &none]),
        ("end-session", vec![&id]),
        ("end-session-with-error", vec![&id, &none]),
    ];
    let signaller = sink.property::<glib::Object>("signaller");
    for (signal, arguments) in requests {
        let asked = [false, true].map(|said| answer(&signaller, signal, said));
        // The first of them answers for all, whatever it says; the signaller itself would connect to a server.
        assert!(!signaller.emit_by_name::<bool>(signal, &arguments), "{signal}");
        assert_eq!(asked.map(|asked| asked.load(Relaxed)), [1, 0], "{signal}");
    }
    let state = signaller.property_value("state").serialize().unwrap();
    assert_eq!(state, "disconnected");
}

#[test]
fn the_first_handler_says_what_is_announced_and_what_is_sent() {
    let sink = element("webrtcsink");
    let signaller = sink.property::<glib::Object>("signaller");
    let ask = || signaller.emit_by_name::<Option<gst::Structure>>("request-meta", &[]);
    assert_eq!(ask(), None);
    let first = gst::Structure::builder("meta").field("name", "first").build();
    let asked = [Some(first.clone()), None].map(|meta| answer(&signaller, "request-meta", meta));
    assert_eq!(ask(), Some(first));
    assert_eq!(asked.map(|asked| asked.load(Relaxed)), [1, 0]);

    let sdp = |name: &str| {
        let mut sdp = gst_sdp::SDPMessage::new();
        sdp.set_session_name(name);
        gst_webrtc::WebRTCSessionDescription::new(gst_webrtc::WebRTCSDPType::Offer, sdp)
    };
    let munge = || {
        let arguments: [&dyn ToValue; 2] = [&"session", &sdp("ours")];
        let sent: gst_webrtc::WebRTCSessionDescription =
            signaller.emit_by_name("munge-session-description", &arguments);
        sent.sdp().session_name().unwrap().to_owned()
    };
    assert_eq!(munge(), "ours");
    let asked = ["first", "second"].map(|name| answer(&signaller, "munge-session-description", sdp(name)));
    assert_eq!(munge(), "first");
    assert_eq!(asked.map(|asked| asked.load(Relaxed)), [1, 0]);
}
