//! Signallers of an application's own, in Rust, C and Python: the examples run, and an element takes one whenever
//! it is not running.

use crate::support::direct::{Direct, Said};
use crate::support::program::{Program, example, in_c, repository};
use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer};
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::signaller::{Signallable, WebRTCSignallerRole};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

#[test]
fn a_signaller_in_rust_connects_two_elements_of_one_program() {
    let said = Program::start(example("custom_signaller"), &["30"]).ends_well();
    assert!(said.contains("30 frames came"), "{said}");
}

/// The signaller in C, for the test of this name.
fn c_signaller(test: &str) -> PathBuf {
    in_c("PROGRAM", &format!("c-signaller-{test}"))
}

/// A path for a socket: short, because the system takes no long ones.
fn socket(test: &str) -> String {
    let path = std::env::temp_dir().join(format!("signaller-{test}-{}", std::process::id()));
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_signaller_in_c_carries_a_session_between_two_programs() {
    let (program, path) = (c_signaller("pair"), socket("pair"));
    let producer = Program::start(&program, &["produce", &path, "--viewers", "2"]);
    producer.says("listening at");
    for _ in 0..2 {
        let said = Program::start(&program, &["consume", &path, "--frames", "30"]).ends_well();
        assert!(said.contains("connected"), "{said}");
    }
    let said = producer.ends_well();
    assert_eq!(said.matches("ended by the peer").count(), 2, "{said}");
    assert!(!Path::new(&path).exists(), "the socket was left behind");
}

#[test]
fn a_viewer_in_c_that_is_killed_is_gone_with_its_connection() {
    let (program, path) = (c_signaller("killed"), socket("killed"));
    let producer = Program::start(&program, &["produce", &path, "--viewers", "1"]);
    producer.says("listening at");
    let viewer = Program::start(&program, &["consume", &path]);
    viewer.says("connected");
    drop(viewer);
    let said = producer.ends_well();
    assert!(said.contains("ended by the peer"), "{said}");
}

#[test]
fn a_signaller_in_c_may_hand_on_whatever_it_is_sent() {
    let (program, path) = (c_signaller("anything"), socket("anything"));
    let producer = Program::start(&program, &["produce", &path, "--viewers", "5"]);
    producer.says("listening at");
    for (sent, why) in [
        // A candidate whose one byte is no UTF-8, then the end.
        ("ice 0 /w==\nend\n", "ended by the peer"),
        ("answer bm8=\n", "failed to read the session description"),
        // Nothing where a description or a candidate should be.
        ("answer\n", "the description is no SDP"),
        ("offer \n", "the description is no SDP"),
        ("ice\nice 0\nice 0 \n\nend \n", "ended by the peer"),
    ] {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        assert!(lines.next().unwrap().unwrap().starts_with("session "));
        assert!(lines.next().unwrap().unwrap().starts_with("offer "));
        stream.write_all(sent.as_bytes()).unwrap();
        producer.says(why);
    }
    producer.ends_well();
}

#[test]
fn what_fails_in_a_signaller_in_c_is_an_error_of_the_element() {
    let (status, said) = Program::start(c_signaller("alone"), &["consume", &socket("alone")]).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("Signalling error") && said.contains("start a producer there first"), "{said}");
}

#[test]
fn a_signaller_in_python_serves_viewers_of_the_signalling_server() {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let example = repository("examples/python/custom_signaller.py");
    let producer = Program::start(example, &["--uri", &uri, "--viewers", "1"]);
    producer.says("registered as");
    let viewer = Viewer::play(&uri, "video", "video/x-raw");
    viewer.samples(30);
    viewer.pipeline.stop();
    let said = producer.ends_well();
    assert!(said.contains("ended by the peer"), "{said}");
}

#[test]
fn a_server_that_goes_is_an_error_of_the_element_with_a_signaller_in_python() {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let producer = Program::start(repository("examples/python/custom_signaller.py"), &["--uri", &uri]);
    producer.says("registered as");
    drop(server);
    let (status, said) = producer.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("Signalling error") && said.contains(&uri), "{said}");
}

fn signaller(element: &gst::Element) -> Signallable {
    element.property("signaller")
}

#[test]
fn an_element_takes_a_signaller_when_it_is_made_and_until_it_runs() {
    for name in ["webrtcsink", "webrtcsrc"] {
        let (first, _) = Direct::new();
        let element = gst::ElementFactory::make(name).property("signaller", &first).build().unwrap();
        assert_eq!(&signaller(&element), first.upcast_ref::<Signallable>());
        for state in [gst::State::Null, gst::State::Ready] {
            element.set_state(state).unwrap();
            let (other, _) = Direct::new();
            element.set_property("signaller", &other);
            assert_eq!(&signaller(&element), other.upcast_ref::<Signallable>(), "{name} in {state:?}");
        }
        element.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn an_element_that_runs_keeps_its_signaller_and_says_what_to_do() {
    for description in [
        format!("{VIDEO} ! webrtcsink name=element stun-server=\"\""),
        "webrtcsrc name=element stun-server=\"\" ! fakesink".into(),
    ] {
        let (first, said) = Direct::new();
        let pipeline = Pipeline::parse(&description);
        let element = pipeline.element("element");
        element.set_property("signaller", &first);
        pipeline.play();
        assert!(matches!(said.recv_timeout(DEADLINE), Ok(Said::Started)));
        let (second, said_to_second) = Direct::new();
        element.set_property("signaller", &second);
        let warning = pipeline.warning();
        assert!(warning.contains("property signaller") && warning.contains("NULL or READY"), "{warning}");
        assert_eq!(&signaller(&element), first.upcast_ref::<Signallable>());
        pipeline.stop();
        assert!(matches!(said.recv_timeout(DEADLINE), Ok(Said::Stopped)));
        element.set_property("signaller", &second);
        pipeline.play();
        assert!(matches!(said_to_second.recv_timeout(DEADLINE), Ok(Said::Started)));
        assert!(said.try_recv().is_err(), "the signaller that was replaced was asked to start again");
    }
}

#[test]
fn null_brings_the_default_signaller_back() {
    for (name, role) in
        [("webrtcsink", WebRTCSignallerRole::Producer), ("webrtcsrc", WebRTCSignallerRole::Consumer)]
    {
        let (own, _) = Direct::new();
        let element = gst::ElementFactory::make(name).property("signaller", &own).build().unwrap();
        element.set_property("signaller", None::<Signallable>);
        assert_eq!(signaller(&element).type_().name(), "GstWebRTCSignaller");
        assert_eq!(signaller(&element).property::<WebRTCSignallerRole>("role"), role);
    }
}

mod panicking {
    //! A signaller with a mistake.

    use gst::glib;
    use gst::subclass::prelude::*;
    use gstrswebrtc::signaller::{Signallable, SignallableImpl};

    glib::wrapper! {
        pub(super) struct Panicking(ObjectSubclass<Imp>) @implements Signallable;
    }

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = Panicking)]
    pub(super) struct Imp {
        #[property(name = "manual-sdp-munging", override_interface = Signallable, type = bool, get = |_| false)]
        _own: (),
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Imp {
        const NAME: &'static str = "TestPanickingSignaller";
        type Type = Panicking;
        type Interfaces = (Signallable,);
    }

    #[glib::derived_properties]
    impl ObjectImpl for Imp {}

    impl SignallableImpl for Imp {
        fn start(&self) {
            panic!("this signaller always does");
        }
    }
}

#[test]
fn a_signaller_in_rust_that_panics_is_an_error_of_the_element() {
    support::init();
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\""));
    let signaller: panicking::Panicking = glib::Object::new();
    pipeline.element("ws").set_property("signaller", &signaller);
    pipeline.play();
    let text = pipeline.error();
    assert!(text.contains("start of signaller TestPanickingSignaller panicked"), "{text}");
}
