//! An encoder that is started anew at its place, for what it takes only while it stands.

use gst::prelude::*;

/// Stops the encoder before the next frame, has it changed, and starts it again.
pub(super) fn with(encoder: &gst::Element, change: impl Fn(&gst::Element) + Send + Sync + 'static) {
    let Some(sink) = encoder.static_pad("sink") else { return };
    let Some(before) = sink.peer() else { return };
    let encoder = encoder.downgrade();
    // On the thread that brings frames: none is in the encoder, and none enters it meanwhile.
    before.add_probe(gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER, move |before, _| {
        let Some(encoder) = encoder.upgrade() else { return gst::PadProbeReturn::Remove };
        let _ = encoder.set_state(gst::State::Ready);
        change(&encoder);
        // Its pad has forgotten caps and segment, which are sent again to one that is linked anew.
        let _ = before.unlink(&sink);
        let _ = before.link_full(&sink, gst::PadLinkCheck::empty());
        if let Err(err) = encoder.sync_state_with_parent() {
            gst::element_error!(encoder, gst::LibraryError::Encode, ("{err}"));
        }
        gst::PadProbeReturn::Remove
    });
}
