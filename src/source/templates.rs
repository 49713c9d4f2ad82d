//! The source's pad templates.

use super::WebRTCSrcPad;
use crate::codec;
use gst::prelude::*;
use std::sync::LazyLock;

const VIDEO: &str =
    "video/x-raw(ANY); application/x-rtp; video/x-vp8; video/x-h264; video/x-vp9; video/x-h265; video/x-av1";
const AUDIO: &str = "audio/x-raw(ANY); application/x-rtp; audio/x-opus";

/// `video_%u` and `audio_%u`, one for each stream that arrives.
pub(super) fn src() -> &'static [gst::PadTemplate] {
    static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
        let template = |name: &str, caps: &str| {
            gst::PadTemplate::with_gtype(
                name,
                gst::PadDirection::Src,
                gst::PadPresence::Sometimes,
                &codec::caps(caps),
                WebRTCSrcPad::static_type(),
            )
        };
        [template("video_%u", VIDEO), template("audio_%u", AUDIO)].into_iter().flatten().collect()
    });
    &TEMPLATES
}
