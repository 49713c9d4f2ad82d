//! The GObject of every source: properties, states and child proxy.

use super::ending::WebRTCSessionEnd;
use super::pads::Pads;
use super::settings::Settings;
use super::{properties, signals, templates};
use crate::latency::WebRTCLatencyProfile;
use crate::peer::DEFAULT_STUN_SERVER;
use crate::signaller::Signallable;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("webrtcsrc", gst::DebugColorFlags::empty(), Some("WebRTC source"))
});

#[derive(Default, glib::Properties)]
#[properties(wrapper_type = super::BaseWebRTCSrc)]
pub struct BaseWebRTCSrc {
    #[property(name = "stun-server", type = Option<String>, get, set, member = stun_server, nick = "STUN server",
        blurb = "STUN server as stun://host:port; NULL for none", default = Some(DEFAULT_STUN_SERVER), mutable_ready)]
    #[property(name = "do-retransmission", type = bool, get, set, member = do_retransmission, nick = "Retransmission",
        blurb = "Ask for lost packets again (RFC 4588)", default = true, mutable_ready)]
    #[property(name = "enable-control-data-channel", type = bool, get, set, member = control_channel, nick = "Control data channel",
        blurb = "Send navigation and custom events from downstream to the producer, over its data channel called control", mutable_ready)]
    #[property(name = "enable-data-channel-navigation", type = bool, get, set, member = input_channel, nick = "Navigation data channel",
        blurb = "Send navigation events from downstream to the producer, over its data channel called input", mutable_ready)]
    #[property(name = "rfc7273-sync", type = bool, get, set, member = rfc7273_sync, nick = "RFC 7273 synchronisation",
        blurb = "Give frames the time at which they were captured by the reference clock that the producer's description names, which \
        is asked over the network (RFC 7273); needs jitter buffers (jitter-buffer-min) that are longer than the whole way of a frame",
        mutable_ready)]
    #[property(name = "latency-profile", type = WebRTCLatencyProfile, get, set, member = latency_profile, nick = "Latency profile",
        blurb = "What delay is traded for; sets the bounds of the jitter buffers: live 20 to 150 ms, balanced 50 to 1000 ms, \
        smooth 200 to 2000 ms; a change reaches buffers that exist", builder(WebRTCLatencyProfile::Balanced).mutable_playing())]
    #[property(name = "jitter-buffer-min", type = u32, get = Self::shortest, set = Self::set_shortest, nick = "Shortest jitter buffer",
        blurb = "Length of the jitter buffers on a calm network (ms), in the place of the latency profile's: the latency of this \
        source. The first frame does not wait for it; a change reaches buffers that exist", default = 50, mutable_playing)]
    #[property(name = "jitter-buffer-max", type = u32, get = Self::longest, set = Self::set_longest, nick = "Longest jitter buffer",
        blurb = "The jitter buffers grow with jitter and make room for retransmissions, up to this (ms); in the place of the latency \
        profile's. The same as jitter-buffer-min for a latency that never changes", default = 1000, mutable_playing)]
    #[property(name = "on-session-end", type = WebRTCSessionEnd, get, set, member = on_session_end, nick = "On session end",
        blurb = "What happens when a session ends that this element did not end: auto (EOS; an error as well where the session failed), \
        eos, error, or wait: the pads stay, downstream sees nothing of it, and the next session goes on where this one stopped. The \
        end that comes next counts", builder(WebRTCSessionEnd::Auto).mutable_playing())]
    settings: Mutex<Settings>,
    pub(super) signaller: Mutex<Option<Signallable>>,
    pub(super) running: Mutex<Option<Arc<super::running::Running>>>,
    pub(super) pads: Arc<Pads>,
}

/// What a subclass of the base may do; nothing yet.
pub trait BaseWebRTCSrcImpl: BinImpl + ObjectSubclass<Type: IsA<super::BaseWebRTCSrc>> {}

#[expect(unsafe_code, reason = "this is how glib marks a class as one to derive from")]
// SAFETY: the class has no virtual methods of its own.
unsafe impl<T: BaseWebRTCSrcImpl> IsSubclassable<T> for super::BaseWebRTCSrc {}

#[glib::object_subclass]
impl ObjectSubclass for BaseWebRTCSrc {
    const NAME: &'static str = "GstBaseWebRTCSrc";
    type Type = super::BaseWebRTCSrc;
    type ParentType = gst::Bin;
    type Interfaces = (gst::ChildProxy,);
}

impl BaseWebRTCSrc {
    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shortest(&self) -> u32 {
        milliseconds(self.settings().jitter_buffer().0)
    }

    fn longest(&self) -> u32 {
        milliseconds(self.settings().jitter_buffer().1)
    }

    fn set_shortest(&self, milliseconds: u32) {
        self.settings().jitter_buffer_min = Some(milliseconds);
    }

    fn set_longest(&self, milliseconds: u32) {
        self.settings().jitter_buffer_max = Some(milliseconds);
    }
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

impl ObjectImpl for BaseWebRTCSrc {
    fn signals() -> &'static [glib::subclass::Signal] {
        signals::all()
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut all = BaseWebRTCSrc::derived_properties().to_vec();
            all.extend(properties::boxed());
            all
        });
        &PROPERTIES
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        if !self.set_boxed(value, spec.name()) {
            self.derived_set_property(id, value, spec);
        }
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        self.boxed(spec.name()).unwrap_or_else(|| self.derived_property(id, spec))
    }

    fn constructed(&self) {
        self.parent_constructed();
        let obj = self.obj();
        obj.set_suppressed_flags(gst::ElementFlags::SINK | gst::ElementFlags::SOURCE);
        obj.set_element_flags(gst::ElementFlags::SOURCE);
    }
}

impl GstObjectImpl for BaseWebRTCSrc {}

impl ElementImpl for BaseWebRTCSrc {
    fn pad_templates() -> &'static [gst::PadTemplate] {
        templates::src()
    }

    fn request_new_pad(
        &self,
        template: &gst::PadTemplate,
        name: Option<&str>,
        _: Option<&gst::Caps>,
    ) -> Option<gst::Pad> {
        self.pads.request(&self.obj(), template, name)
    }

    fn release_pad(&self, pad: &gst::Pad) {
        self.pads.release(&self.obj(), pad);
    }

    fn send_event(&self, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::Eos(_) => self.end_streams(),
            gst::EventView::Navigation(_) => self.obj().send_to_producer(&event),
            gst::EventView::CustomUpstream(_) if !gst_video::ForceKeyUnitEvent::is(&event) => {
                self.obj().send_to_producer(&event)
            }
            _ if event.is_upstream() => self.pads.send_upstream(&event),
            // What goes downstream comes from the producer.
            _ => false,
        }
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        match transition {
            gst::StateChange::ReadyToPaused => self.begin()?,
            gst::StateChange::PausedToReady => self.finish(),
            _ => {}
        }
        let success = self.parent_change_state(transition);
        if success.is_err() {
            self.finish();
        }
        let success = success?;
        match transition {
            gst::StateChange::ReadyToPaused | gst::StateChange::PlayingToPaused => {
                Ok(gst::StateChangeSuccess::NoPreroll)
            }
            gst::StateChange::PausedToPlaying => {
                self.play();
                Ok(success)
            }
            _ => Ok(success),
        }
    }
}

impl BinImpl for BaseWebRTCSrc {
    /// What fails inside fails the session; what becomes of the element then is a property's to say.
    fn handle_message(&self, message: gst::Message) {
        match message.view() {
            gst::MessageView::Error(err) if self.session_failed(err) => {}
            _ => self.parent_handle_message(message),
        }
    }
}

impl ChildProxyImpl for BaseWebRTCSrc {
    fn child_by_index(&self, index: u32) -> Option<glib::Object> {
        (index == 0).then(|| self.obj().signaller().upcast())
    }

    fn children_count(&self) -> u32 {
        1
    }

    fn child_by_name(&self, name: &str) -> Option<glib::Object> {
        match name {
            "signaller" => Some(self.obj().signaller().upcast()),
            _ => self.obj().static_pad(name).map(Cast::upcast),
        }
    }
}
