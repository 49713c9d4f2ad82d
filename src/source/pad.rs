//! The source's pads.

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::Mutex;

glib::wrapper! {
    /// A src pad: a ghost of what the chain behind it makes, with the `a=msid` of its stream.
    pub struct WebRTCSrcPad(ObjectSubclass<imp::WebRTCSrcPad>) @extends gst::GhostPad, gst::ProxyPad, gst::Pad, gst::Object;
}

impl WebRTCSrcPad {
    /// Notes the stream's `a=msid`.
    pub(super) fn set_msid(&self, msid: Option<String>) {
        self.imp().set_msid(msid);
        self.notify("msid");
    }
}

mod imp {
    use super::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::WebRTCSrcPad)]
    pub struct WebRTCSrcPad {
        #[property(name = "msid", type = Option<String>, get, nick = "Media stream ID",
            blurb = "a=msid of the stream (RFC 8830); NULL where the producer gave none")]
        msid: Mutex<Option<String>>,
    }

    impl WebRTCSrcPad {
        pub(super) fn set_msid(&self, msid: Option<String>) {
            *self.msid.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = msid;
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WebRTCSrcPad {
        const NAME: &'static str = "GstWebRTCSrcPad";
        type Type = super::WebRTCSrcPad;
        type ParentType = gst::GhostPad;
    }

    #[glib::derived_properties]
    impl ObjectImpl for WebRTCSrcPad {}
    impl GstObjectImpl for WebRTCSrcPad {}
    impl PadImpl for WebRTCSrcPad {}
    impl ProxyPadImpl for WebRTCSrcPad {}
    impl GhostPadImpl for WebRTCSrcPad {}
}

/// A stream that nobody wants is dropped where it arrives, before any work is done for it; it flows as soon
/// as someone links its pad.
pub(super) fn drop_while_unlinked(arrival: &gst::Pad, pad: &WebRTCSrcPad) {
    let pad = pad.downgrade();
    arrival.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
        match pad.upgrade() {
            Some(pad) if pad.is_linked() => gst::PadProbeReturn::Ok,
            _ => gst::PadProbeReturn::Drop,
        }
    });
}
