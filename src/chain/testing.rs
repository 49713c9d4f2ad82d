//! For tests of a rung's parts: a plan, and the hooks of an application.

use super::encoding::Candidate;
use super::fault::Fault;
use super::payload::Numbers;
use super::plan::{Hooks, Plan};
use crate::encoder::Table;
use gst::glib;
use logic::codec;
use logic::following::Stubborn;
use logic::picture::{Cut, Shape};
use logic::placement::Placement;
use std::sync::Mutex;
use std::sync::mpsc::Sender;

/// An application that does nothing, or what it is given.
#[derive(Default)]
pub(super) struct Told {
    /// How it sets an encoder up.
    pub(super) sets_up: Option<fn(&gst::Element)>,
    /// What it returns for encoded frames to pass.
    pub(super) filter: Option<fn() -> gst::Element>,
    /// The encoders that failed while a rung was started.
    pub(super) tried: Mutex<Vec<String>>,
    /// The contexts that it was asked for.
    pub(super) contexts: Mutex<Vec<String>>,
    /// Where faults go.
    pub(super) faults: Mutex<Option<Sender<Fault>>>,
}

impl Hooks for Told {
    fn encoder(&self, encoder: &gst::Element) -> bool {
        self.sets_up.map(|sets_up| sets_up(encoder)).is_some()
    }
    fn payloader(&self, _: &gst::Element) -> bool {
        false
    }
    fn filter(&self, _: &gst::Caps) -> Option<gst::Element> {
        self.filter.map(|filter| filter())
    }
    fn cut(&self, _: &gst::Caps, _: u32) -> Option<Cut> {
        None
    }
    fn upstream_key_unit(&self) {}
    fn encoder_failed(&self, encoder: &str, _: Option<&str>, _: &str) {
        self.tried.lock().unwrap().push(encoder.to_owned());
    }
    fn context(&self, message: &gst::Message) {
        if let gst::MessageView::NeedContext(asked) = message.view() {
            self.contexts.lock().unwrap().push(asked.context_type().to_owned());
        }
    }
    fn bitrate_not_followed(&self, _: &str, _: Stubborn) {}
    fn failed(&self, fault: Fault) {
        if let Some(faults) = &*self.faults.lock().unwrap() {
            let _ = faults.send(fault);
        }
    }
}

glib::wrapper! {
    /// Asks for a context on its way to READY.
    pub struct Asking(ObjectSubclass<asking::Asking>) @extends gst::Element, gst::Object;
}

mod asking {
    use gst::glib;
    use gst::prelude::*;
    use gst::subclass::prelude::*;

    #[derive(Default)]
    pub struct Asking;

    #[glib::object_subclass]
    impl ObjectSubclass for Asking {
        const NAME: &'static str = "TestAskingEncoder";
        type Type = super::Asking;
        type ParentType = gst::Element;
    }

    impl ObjectImpl for Asking {}
    impl GstObjectImpl for Asking {}

    impl ElementImpl for Asking {
        fn change_state(
            &self,
            transition: gst::StateChange,
        ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
            if transition == gst::StateChange::NullToReady {
                let asks = gst::message::NeedContext::builder("test.display").src(&*self.obj()).build();
                let _ = self.obj().post_message(asks);
            }
            self.parent_change_state(transition)
        }
    }
}

/// An encoder with its built-in row.
pub(super) fn candidate(name: &str) -> Candidate {
    gst::init().unwrap();
    let factory = gst::ElementFactory::find(name).unwrap();
    Candidate { name: name.into(), factory, row: Table::default().row(name) }
}

/// Has something done with a plan of VP8 at 1 Mbit/s.
pub(super) fn with_plan<T>(encoders: Vec<Candidate>, then: impl FnOnce(&Plan<'_>) -> T) -> T {
    gst::init().unwrap();
    let caps = crate::codec::caps(
        "video/x-raw, format=I420, width=320, height=240, framerate=30/1, pixel-aspect-ratio=1/1",
    );
    let numbers = Numbers { payload_type: 96, ssrc: 1, timestamp_offset: 0, transport_cc: None };
    then(&Plan {
        name: "test".into(),
        codec: codec::by_name("VP8").unwrap(),
        placement: Placement::Shared,
        input: &caps,
        told: &caps,
        numbers,
        encoders,
        bitrate: 1_000_000,
        start_bitrate: 1_000_000,
        shape: Shape::WHOLE,
        mtu: 1200,
        clock: None,
        base_time: None,
    })
}
