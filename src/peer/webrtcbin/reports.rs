//! What comes as RTCP, before webrtcbin has made anything of it.

use super::WebRtcBin;
use gst::prelude::*;

impl WebRtcBin {
    /// Hands each packet of reports to `handle` as it comes, from a streaming thread.
    pub(crate) fn on_reports(&self, handle: impl Fn(&[u8]) + Clone + Send + Sync + 'static) {
        self.on_element(move |name, element| {
            if name != "rtpsession" {
                return;
            }
            let handle = handle.clone();
            element.connect_pad_added(move |_, pad| {
                if pad.name() != "recv_rtcp_sink" {
                    return;
                }
                let handle = handle.clone();
                pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                    if let Some(bytes) = info.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                        handle(&bytes);
                    }
                    gst::PadProbeReturn::Ok
                });
            });
        });
    }
}
