//! What a user may get wrong is told in words that say what to change.

use crate::support::{self, Pipeline, SINK, VIDEO};
use gst::prelude::*;
use std::net::TcpListener;

#[test]
fn a_signalling_port_in_use_is_named_with_its_property() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink run-signalling-server=true signalling-server-host=127.0.0.1 signalling-server-port={port}"
    ));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err());
    let text = pipeline.error();
    assert!(text.contains(&port.to_string()) && text.contains("signalling-server-port"), "{text}");
}

#[test]
fn a_web_port_in_use_is_named_with_its_property() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", taken.local_addr().unwrap());
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! {SINK} run-web-server=true web-server-host-addr={address}"));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err());
    let text = pipeline.error();
    assert!(text.contains(&address) && text.contains("web-server-host-addr"), "{text}");
}

#[test]
fn a_token_that_http_cannot_carry_is_named_with_its_property_and_not_shown() {
    for token in ["open sesame", "s\u{e9}same", "sesame\n"] {
        let settings =
            "run-web-server=true web-server-host-addr=http://127.0.0.1:0 web-server-dashboard=true";
        let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK} {settings}"));
        pipeline.element("ws").set_property("web-server-token", token);
        assert!(pipeline.0.set_state(gst::State::Playing).is_err());
        let text = pipeline.error();
        assert!(text.contains("web-server-token") && !text.contains(token), "{text}");
    }
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_says_what_to_start() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink signaller::uri=ws://{free} stun-server=\"\""));
    pipeline.play();
    let text = pipeline.error();
    assert!(text.contains(&free.to_string()) && text.contains("gst-webrtc-signalling-server"), "{text}");
}

#[test]
fn an_address_that_is_none_is_an_error_that_quotes_it() {
    for (bad, why) in [("not-an-address", "not-an-address"), ("http://127.0.0.1:1", "ws or wss")] {
        let pipeline =
            Pipeline::parse(&format!("{VIDEO} ! webrtcsink signaller::uri={bad} stun-server=\"\""));
        pipeline.play();
        let text = pipeline.error();
        assert!(text.contains(why) && text.contains("property uri"), "{text}");
    }
}

#[test]
fn an_address_of_the_page_that_cannot_be_is_an_error_with_one_that_can() {
    for (bad, why) in [("8080", "http://127.0.0.1:8080"), ("https://127.0.0.1:0", "web-server-cert")] {
        let pipeline =
            Pipeline::parse(&format!("{VIDEO} ! {SINK} run-web-server=true web-server-host-addr={bad}"));
        assert!(pipeline.0.set_state(gst::State::Playing).is_err());
        let text = pipeline.error();
        assert!(text.contains(why) && text.contains("web-server-host-addr"), "{text}");
    }
}

#[test]
fn an_ice_server_that_is_none_is_a_warning_that_says_how_to_write_it() {
    for element in [format!("{VIDEO} ! {SINK}"), "webrtcsrc stun-server=\"\" name=ws ! fakesink".into()] {
        let pipeline = Pipeline::parse(&element);
        let servers = gst::Array::new(["user:secret@a.example"]);
        pipeline.element("ws").set_property("turn-servers", servers);
        pipeline.play();
        let text = pipeline.warning();
        assert!(text.contains("turn-servers") && text.contains("turn://"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn null_where_text_is_expected_does_no_harm() {
    support::init();
    let sink = gst::ElementFactory::make("webrtcsink").build().unwrap();
    let source = gst::ElementFactory::make("webrtcsrc").build().unwrap();
    for element in [&sink, &source] {
        let signaller = element.property::<gst::glib::Object>("signaller");
        for object in [element.upcast_ref::<gst::glib::Object>(), &signaller] {
            for spec in
                object.list_properties().iter().filter(|spec| spec.value_type() == String::static_type())
            {
                let usable = spec.flags().contains(gst::glib::ParamFlags::WRITABLE)
                    && !spec.flags().contains(gst::glib::ParamFlags::CONSTRUCT_ONLY)
                    && spec.name() != "name";
                if usable {
                    object.set_property(spec.name(), None::<String>);
                }
            }
        }
        assert!(signaller.property::<Option<String>>("uri").is_some(), "the address was lost");
    }
}

#[test]
fn a_pad_of_an_unknown_kind_is_refused() {
    support::init();
    let sink = gst::ElementFactory::make("webrtcsink").build().unwrap();
    assert!(sink.request_pad_simple("subtitle_%u").is_none());
    assert!(sink.request_pad_simple("video_%u").is_some());
}

#[test]
fn input_that_no_codec_of_the_list_carries_is_an_error_that_names_the_property() {
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! x264enc tune=zerolatency ! {SINK} video-caps=video/x-vp8"));
    let _ = pipeline.0.set_state(gst::State::Playing);
    let text = pipeline.error();
    assert!(text.contains("H264") && text.contains("video-caps"), "{text}");
}

#[test]
fn a_certificate_that_cannot_be_read_stops_the_start() {
    let settings = "signalling-server-cert=/nowhere/cert.pem signalling-server-key=/nowhere/key.pem";
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {SINK} {settings}"));
    assert!(pipeline.0.set_state(gst::State::Playing).is_err());
    let text = pipeline.error();
    assert!(text.contains("/nowhere/") && text.contains("signalling-server-cert"), "{text}");
}

#[test]
fn a_uri_of_another_scheme_is_refused_and_ours_are_taken() {
    support::init();
    let source = gst::ElementFactory::make("webrtcsrc").build().unwrap();
    let handler = source.dynamic_cast_ref::<gst::URIHandler>().unwrap();
    assert!(handler.set_uri("http://127.0.0.1/").is_err());
    assert!(handler.set_uri("gstwebrtc://[").is_err());
    let error = handler.set_uri("gstwebrtc://user:secret@host:port").unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    handler.set_uri("gstwebrtc://127.0.0.1:8443?peer-id=abc").unwrap();
    assert_eq!(handler.uri().as_deref(), Some("ws://127.0.0.1:8443/?peer-id=abc"));
    handler.set_uri("gstwebrtcs://h:1/path?connect-to-first-producer=true").unwrap();
    assert_eq!(handler.uri().as_deref(), Some("wss://h:1/path?connect-to-first-producer=true"));
}
