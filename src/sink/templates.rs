//! The sink's pad templates.

use super::WebRTCSinkPad;
use crate::codec;
use gst::prelude::*;
use std::sync::LazyLock;

const VIDEO: &str = "video/x-raw; video/x-raw(memory:CUDAMemory); video/x-raw(memory:GLMemory); \
    video/x-raw(memory:NVMM); video/x-raw(memory:D3D11Memory); video/x-raw(memory:VAMemory); \
    video/x-raw(memory:DMABuf); video/x-vp8; video/x-h264; video/x-vp9; video/x-h265; video/x-av1";
const AUDIO: &str = "audio/x-raw; audio/x-opus, channel-mapping-family=(int)0; \
    audio/x-opus, channel-mapping-family=(int)1";

/// `video_%u` and `audio_%u`, by request.
pub(super) fn sink() -> &'static [gst::PadTemplate] {
    static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
        let template = |name: &str, caps: &str| {
            gst::PadTemplate::with_gtype(
                name,
                gst::PadDirection::Sink,
                gst::PadPresence::Request,
                &codec::caps(caps),
                WebRTCSinkPad::static_type(),
            )
        };
        [template("video_%u", VIDEO), template("audio_%u", AUDIO)].into_iter().flatten().collect()
    });
    &TEMPLATES
}
