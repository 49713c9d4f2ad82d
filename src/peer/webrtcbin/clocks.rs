//! The clock that the peer's description names (RFC 7273), for jitter buffers that are to follow it. They look for it in the caps
//! of payload types, into which webrtcbin (seen with GStreamer 1.22) does not put it.

use super::WebRtcBin;
use crate::gobject::set_if_present;
use gst::prelude::*;
use logic::media_clock::MediaClock;
use std::sync::Arc;

/// Property of rtpbin: frames get the time of a clock that the description names.
const FOLLOWS: &str = "rfc7273-sync";

impl WebRtcBin {
    /// Has frames get the time at which they were captured by the clock that the peer's description names, where this
    /// version of GStreamer can.
    pub(crate) fn follow_clocks(&self) {
        if let Some(rtpbin) = self.rtpbin() {
            set_if_present(&rtpbin, FOLLOWS, "true");
        }
    }

    /// Whether they do: the application may have had it so, too.
    pub(super) fn follows_clocks(&self) -> bool {
        self.rtpbin().is_some_and(|rtpbin| follows(&rtpbin))
    }

    /// Tells jitter buffers that are to follow it which clock that is; `of` knows it by the payload type.
    pub(crate) fn name_clocks(&self, of: impl Fn(u8) -> Option<MediaClock> + Send + Sync + 'static) {
        let (Some(rtpbin), of) = (self.rtpbin(), Arc::new(of)) else { return };
        rtpbin.connect("new-jitterbuffer", false, move |values| {
            let (rtpbin, session) =
                (values.first()?.get::<gst::Element>().ok()?, values.get(2)?.get::<u32>().ok()?);
            let buffer = values.get(1)?.get::<gst::Element>().ok()?;
            if follows(&rtpbin) {
                let (rtpbin, of) = (rtpbin.downgrade(), of.clone());
                // Whoever is connected last answers.
                buffer.connect("request-pt-map", false, move |values| {
                    let payload_type = values.get(1)?.get::<u32>().ok()?;
                    let rtpbin = rtpbin.upgrade()?;
                    let known = rtpbin
                        .emit_by_name::<Option<gst::Caps>>("request-pt-map", &[&session, &payload_type]);
                    let mut caps = known?;
                    if let Some(clock) = u8::try_from(payload_type).ok().and_then(|number| of(number)) {
                        name(&mut caps, &clock);
                    }
                    Some(caps.to_value())
                });
            }
            None
        });
    }
}

fn follows(rtpbin: &gst::Element) -> bool {
    rtpbin.has_property_with_type(FOLLOWS, bool::static_type()) && rtpbin.property(FOLLOWS)
}

fn name(caps: &mut gst::Caps, clock: &MediaClock) {
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.set("a-ts-refclk", clock.reference.to_string().replace('\0', ""));
        structure.set("a-mediaclk", format!("direct={}", clock.offset));
    }
}
