//! Properties that hold structures, lists and objects, which the derived ones cannot.

use super::imp::BaseWebRTCSrc;
use super::settings;
use crate::signaller::{SIGNALLER_IS_IN_USE, Signallable};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::codec::{Codec, MediaKind};

/// Their specifications.
pub(super) fn boxed() -> Vec<glib::ParamSpec> {
    let list = |name: &str, nick: &str, blurb: &str, item: &str| {
        let item = glib::ParamSpecString::builder(item).nick(nick).blurb(blurb).build();
        gst::ParamSpecArray::builder(name).nick(nick).blurb(blurb).element_spec(&item).mutable_ready().build()
    };
    vec![
        list(
            "turn-servers",
            "TURN servers",
            "TURN servers as turn(s)://user:password@host:port",
            "turn-server",
        ),
        list(
            "video-codecs",
            "Video codecs",
            "Names of the video codecs to accept: VP8, H264, VP9, H265, AV1, RAW; others are left out with a warning",
            "codec",
        ),
        list(
            "audio-codecs",
            "Audio codecs",
            "Names of the audio codecs to accept: OPUS, MULTIOPUS, L24, L16, L8; others are left out with a warning",
            "codec",
        ),
        glib::ParamSpecBoxed::builder::<gst::Structure>("meta")
            .nick("Metadata")
            .blurb("What the signalling server tells others about this consumer")
            .mutable_ready()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
            .nick("Statistics")
            .blurb("Statistics of the session: what comes, how much is lost, how old frames are when they leave, the length of the jitter buffers")
            .read_only()
            .build(),
        glib::ParamSpecObject::builder::<Signallable>("signaller")
            .nick("Signaller")
            .blurb("Carries descriptions and candidates to the producer; NULL for the default one")
            .mutable_ready()
            .build(),
    ]
}

fn texts(value: &glib::Value) -> Vec<String> {
    let array = value.get::<gst::Array>().ok();
    array
        .iter()
        .flat_map(|array| array.iter())
        .filter_map(|value| value.get::<Option<String>>().ok()?)
        .collect()
}

fn names(codecs: &[&'static logic::codec::Codec]) -> glib::Value {
    gst::Array::new(codecs.iter().map(|codec| codec.name)).to_value()
}

impl BaseWebRTCSrc {
    /// Sets one of them; false where the name is another's.
    pub(super) fn set_boxed(&self, value: &glib::Value, name: &str) -> bool {
        match name {
            "turn-servers" => self.settings().turn_servers = texts(value),
            "video-codecs" => self.settings().video_codecs = self.codecs(MediaKind::Video, name, value),
            "audio-codecs" => self.settings().audio_codecs = self.codecs(MediaKind::Audio, name, value),
            "meta" => self.settings().meta = value.get().ok().flatten(),
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

    /// The codecs of a list; a warning tells of names of which there is none.
    fn codecs(&self, kind: MediaKind, property: &str, value: &glib::Value) -> Vec<&'static Codec> {
        let names = texts(value);
        let (codecs, unknown) = settings::named(kind, &names);
        if !unknown.is_empty() {
            let (unknown, known) = (unknown.join(", "), settings::known_names(kind));
            let text = format!("property {property}: there is no codec {unknown}; there are {known}");
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{text}"));
        }
        codecs
    }

    /// Reads one of them.
    pub(super) fn boxed(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "turn-servers" => gst::Array::new(self.settings().turn_servers.clone()).to_value(),
            "video-codecs" => names(&self.settings().video_codecs),
            "audio-codecs" => names(&self.settings().audio_codecs),
            "meta" => self.settings().meta.to_value(),
            "stats" => self.obj().stats().to_value(),
            "signaller" => self.obj().signaller().to_value(),
            _ => return None,
        })
    }
}
