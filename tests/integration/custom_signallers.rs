//! Signallers of an application's own: the examples run, and an element takes one whenever it is not running.

use crate::support::direct::{Direct, Said};
use crate::support::program::{Program, built};
use crate::support::{self, DEADLINE, Pipeline, VIDEO};
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::signaller::{Signallable, WebRTCSignallerRole};

#[test]
fn a_signaller_in_rust_connects_two_elements_of_one_program() {
    let example = built().join("examples/custom_signaller");
    assert!(example.is_file(), "{} is not there: run cargo build --examples", example.display());
    let said = Program::start(example, &["30"]).ends_well();
    assert!(said.contains("30 frames came"), "{said}");
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
