//! What `webrtcbin` receives: which streams of an offer, and where they come out.

use super::{WebRtcBin, repair};
use crate::gobject::set_if_present;
use gst::prelude::*;
use gst_webrtc::{WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};
use std::time::Duration;

/// For how much longer packets are kept than jitter buffers may wait.
const BESIDE: Duration = Duration::from_millis(100);

/// A stream that arrived.
pub(crate) struct Received {
    /// The transport's pad.
    pub(crate) pad: gst::Pad,
    /// Index of the m-line.
    pub(crate) m_line: usize,
}

impl WebRtcBin {
    /// Hands arriving streams to `handle`, from a streaming thread.
    pub(crate) fn on_received(&self, handle: impl Fn(Received) + Send + Sync + 'static) {
        let heard = self.heard.clone();
        self.bin.connect_pad_added(move |_, pad| {
            if pad.direction() != gst::PadDirection::Src {
                return;
            }
            // Who sends media sends reports on it.
            heard.owes_answers();
            let m_line = pad.property::<Option<WebRTCRTPTransceiver>>("transceiver").map(|t| t.mlineindex());
            handle(Received { pad: pad.clone(), m_line: m_line.unwrap_or(0) as usize });
        });
    }

    /// Hands each jitter buffer to `handle` when it is made, from any thread.
    pub(crate) fn on_jitter_buffer(&self, handle: impl Fn(gst::Element) + Send + Sync + 'static) {
        self.bin.connect("deep-element-added", false, move |values| {
            let element = values.get(2)?.get::<gst::Element>().ok()?;
            if element.factory().is_some_and(|factory| factory.name() == "rtpjitterbuffer") {
                handle(element);
            }
            None
        });
    }

    /// How long jitter buffers are when they are made.
    pub(crate) fn set_latency(&self, latency: gst::ClockTime) {
        self.bin.set_property("latency", u32::try_from(latency.mseconds()).unwrap_or(u32::MAX));
    }

    /// How long jitter buffers may become: what error correction restores is missed only then.
    pub(crate) fn set_longest_latency(&self, longest: Duration) {
        let kept = longest.saturating_add(BESIDE).as_nanos();
        let Some(rtpbin) = self.rtpbin() else { return };
        // Webrtcbin, which set it to its own latency, has been told before.
        rtpbin.connect("new-storage", false, move |values| {
            set_if_present(&values.get(1)?.get::<gst::Element>().ok()?, "size-time", &kept.to_string());
            None
        });
    }

    pub(super) fn rtpbin(&self) -> Option<gst::Element> {
        self.bin.downcast_ref::<gst::Bin>()?.by_name("rtpbin")
    }

    /// Chooses what to receive in an m-line of the offer that was set, or refuses what it offers.
    ///
    /// To be called for each m-line in order: before GStreamer 1.26 webrtcbin makes transceivers only when it
    /// answers, and then takes the first unused one that fits.
    pub(crate) fn set_receiver(
        &self,
        m_line: usize,
        formats: &gst::Caps,
        accept: bool,
        retransmission: bool,
    ) {
        let direction = if accept {
            WebRTCRTPTransceiverDirection::Recvonly
        } else {
            WebRTCRTPTransceiverDirection::Inactive
        };
        let transceiver = self.transceiver(m_line).unwrap_or_else(|| {
            self.bin.emit_by_name::<WebRTCRTPTransceiver>("add-transceiver", &[&direction, formats])
        });
        transceiver.set_property("direction", direction);
        transceiver.set_property("codec-preferences", formats);
        transceiver.set_property("do-nack", accept && retransmission);
        repair::take(&transceiver, formats, accept);
    }

    /// Adds a stream to receive, before an offer is made.
    pub(crate) fn add_receiver(&self, formats: &gst::Caps, retransmission: bool) {
        let direction = WebRTCRTPTransceiverDirection::Recvonly;
        let transceiver =
            self.bin.emit_by_name::<WebRTCRTPTransceiver>("add-transceiver", &[&direction, formats]);
        transceiver.set_property("do-nack", retransmission);
        repair::take(&transceiver, formats, true);
    }
}
