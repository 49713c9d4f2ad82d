//! Properties that hold structures, caps, lists and objects, which the derived ones cannot.

use super::imp::BaseWebRTCSink;
use crate::codec;
use crate::signaller::{SIGNALLER_IS_IN_USE, Signallable};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

/// Their specifications.
pub(super) fn boxed() -> Vec<glib::ParamSpec> {
    vec![
        glib::ParamSpecBoxed::builder::<gst::Caps>("video-caps")
            .nick("Video encoder caps")
            .blurb("Video codecs to offer, best first")
            .mutable_playing()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Caps>("audio-caps")
            .nick("Audio encoder caps")
            .blurb("Audio codecs to offer, best first")
            .mutable_playing()
            .build(),
        gst::ParamSpecArray::builder("turn-servers")
            .nick("TURN servers")
            .blurb("TURN servers as turn(s)://user:password@host:port; credentials percent-encoded")
            .element_spec(
                &glib::ParamSpecString::builder("turn-server")
                    .nick("TURN server")
                    .blurb("Address of a TURN server")
                    .build(),
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("meta")
            .nick("Metadata")
            .blurb("What the signalling server tells others about this producer")
            .mutable_playing()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
            .nick("Statistics")
            .blurb("Statistics of every session, by its id; asks every transport, so not for every frame")
            .read_only()
            .build(),
        glib::ParamSpecObject::builder::<Signallable>("signaller")
            .nick("Signaller")
            .blurb("Carries descriptions and candidates to the viewers; NULL for the default one")
            .mutable_ready()
            .build(),
    ]
}

impl BaseWebRTCSink {
    /// Reads back as a whole address, where it is one; what is none is an error when the server starts.
    pub(super) fn set_web_server_address(&self, address: Option<String>) {
        let whole = |text: String| url::Url::parse(&text).map_or(text, Into::into);
        self.settings().web_server_host_addr = address.map(whole);
    }

    /// Sets one of them; false where the name is another's.
    pub(super) fn set_boxed(&self, value: &glib::Value, name: &str) -> bool {
        match name {
            "video-caps" => self.settings().video_caps = caps(value),
            "audio-caps" => self.settings().audio_caps = caps(value),
            "turn-servers" => {
                let list = value.get::<gst::Array>().map(|array| texts(&array)).unwrap_or_default();
                self.settings().turn_servers = list;
            }
            "meta" => {
                self.settings().meta = value.get().ok().flatten();
                self.obj().meta_changed();
            }
            "signaller" => {
                if self.running().is_some() {
                    gst::element_imp_warning!(self, gst::CoreError::StateChange, ("{SIGNALLER_IS_IN_USE}"));
                    return true;
                }
                let new = value.get::<Option<Signallable>>().ok().flatten();
                let old = std::mem::replace(
                    &mut *self.signaller.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
                    new,
                );
                drop(old);
            }
            _ => return false,
        }
        true
    }

    /// Reads one of them.
    pub(super) fn boxed(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "video-caps" => self.settings().video_caps.to_value(),
            "audio-caps" => self.settings().audio_caps.to_value(),
            "turn-servers" => gst::Array::new(self.settings().turn_servers.clone()).to_value(),
            "meta" => self.settings().meta.to_value(),
            "stats" => self.stats().to_value(),
            "signaller" => self.obj().signaller().to_value(),
            _ => return None,
        })
    }
}

fn caps(value: &glib::Value) -> gst::Caps {
    value.get::<Option<gst::Caps>>().ok().flatten().unwrap_or_else(|| codec::caps("EMPTY"))
}

fn texts(array: &gst::Array) -> Vec<String> {
    array.iter().filter_map(|value| value.get::<Option<String>>().ok().flatten()).collect()
}
