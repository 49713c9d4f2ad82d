//! The sink's pads.

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, OnceLock};

glib::wrapper! {
    /// A sink pad: a ghost of the input behind it, with the `a=msid` of its stream.
    pub struct WebRTCSinkPad(ObjectSubclass<imp::WebRTCSinkPad>) @extends gst::GhostPad, gst::ProxyPad, gst::Pad, gst::Object;
}

impl WebRTCSinkPad {
    /// The stream behind the pad.
    pub(super) fn input(&self) -> Option<&std::sync::Arc<super::input::Input>> {
        self.imp().input.get()
    }

    /// Notifies of `viewers` where it is another number than the last time.
    pub(super) fn tell_viewers(&self) {
        let now = self.imp().viewers();
        if self.imp().told.swap(now, std::sync::atomic::Ordering::Relaxed) != now {
            self.notify("viewers");
        }
    }

    /// Puts a stream behind the pad, once.
    pub(super) fn set_input(&self, input: std::sync::Arc<super::input::Input>) {
        let _ = self.imp().input.set(input);
    }
}

mod imp {
    use super::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::WebRTCSinkPad)]
    pub struct WebRTCSinkPad {
        #[property(name = "msid", type = Option<String>, get, set, nick = "Media stream ID",
            blurb = "a=msid of the stream (RFC 8830); NULL lets the transport choose", mutable_ready)]
        msid: Mutex<Option<String>>,
        /// How many viewers the application was told of.
        #[property(name = "viewers", type = u32, get = Self::viewers, nick = "Viewers",
            blurb = "How many sessions are sent this stream, once they have agreed on it; notified")]
        pub(super) told: AtomicU32,
        pub(super) input: OnceLock<std::sync::Arc<crate::sink::input::Input>>,
    }

    impl WebRTCSinkPad {
        pub(super) fn viewers(&self) -> u32 {
            let sink = self.input.get().and_then(|input| input.element.upgrade().zip(Some(input)));
            sink.map_or(0, |(sink, input)| sink.viewer_count_of(&input.name))
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WebRTCSinkPad {
        const NAME: &'static str = "GstWebRTCSinkPad";
        type Type = super::WebRTCSinkPad;
        type ParentType = gst::GhostPad;
    }

    #[glib::derived_properties]
    impl ObjectImpl for WebRTCSinkPad {}
    impl GstObjectImpl for WebRTCSinkPad {}
    impl PadImpl for WebRTCSinkPad {}
    impl ProxyPadImpl for WebRTCSinkPad {}
    impl GhostPadImpl for WebRTCSinkPad {}
}
