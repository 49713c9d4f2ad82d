//! The source's pad templates.

use super::WebRTCSrcPad;
use crate::codec;
use gst::prelude::*;
use std::sync::LazyLock;

const VIDEO: &str =
    "video/x-raw(ANY); application/x-rtp; video/x-vp8; video/x-h264; video/x-vp9; video/x-h265; video/x-av1";
const AUDIO: &str = "audio/x-raw(ANY); application/x-rtp; audio/x-opus";

/// `video_%u` and `audio_%u`, one for each stream that arrives, and `req_video_%u` and `req_audio_%u`, which the
/// application requests before.
pub(super) fn src() -> &'static [gst::PadTemplate] {
    static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
        let template = |name: &str, presence: gst::PadPresence, caps: &str| {
            let pad = WebRTCSrcPad::static_type();
            gst::PadTemplate::with_gtype(name, gst::PadDirection::Src, presence, &codec::caps(caps), pad)
        };
        let (sometimes, request) = (gst::PadPresence::Sometimes, gst::PadPresence::Request);
        let all = [
            template("video_%u", sometimes, VIDEO),
            template("audio_%u", sometimes, AUDIO),
            template("req_video_%u", request, VIDEO),
            template("req_audio_%u", request, AUDIO),
        ];
        all.into_iter().flatten().collect()
    });
    &TEMPLATES
}

/// The template of this name.
pub(super) fn named(name: &str) -> Option<&'static gst::PadTemplate> {
    src().iter().find(|template| template.name_template() == name)
}
