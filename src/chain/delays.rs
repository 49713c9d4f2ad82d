//! Where the milliseconds go in a rung: until a frame enters the encoder, and in it. Looked at once a frame, whatever the
//! number of viewers.

use crate::gauge::Gauge;
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A rung's.
#[derive(Default)]
pub(crate) struct Delays {
    /// How old frames are when they enter the encoder.
    entering: Gauge,
    /// The same when they are about to be packetised.
    encoded: Gauge,
}

impl Delays {
    /// Looks at frames on their way into the encoder, where there is one, and into the payloader.
    pub(super) fn watch(
        pipeline: &gst::Pipeline,
        encoder: Option<&gst::Element>,
        payloader: &gst::Pad,
    ) -> Arc<Self> {
        let delays = Arc::new(Self::default());
        if let Some(entry) = encoder.and_then(|encoder| encoder.static_pad("sink")) {
            let entering = delays.clone();
            watch(&entry, pipeline, move |age| entering.entering.add(age));
        }
        let encoded = delays.clone();
        watch(payloader, pipeline, move |age| encoded.encoded.add(age));
        delays
    }

    /// From the capture of a frame until it enters the encoder, or the payloader where there is no encoder.
    pub(crate) fn capture_to_encode(&self) -> Option<Duration> {
        self.entering.read().or_else(|| self.encoded.read())
    }

    /// In the encoder.
    pub(crate) fn encode(&self) -> Option<Duration> {
        Some(self.encoded.read()?.saturating_sub(self.entering.read()?))
    }
}

fn watch(pad: &gst::Pad, pipeline: &gst::Pipeline, note: impl Fn(Duration) + Send + Sync + 'static) {
    let pipeline = pipeline.downgrade();
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let Some(age) = info.buffer().and_then(|buffer| age(pad, buffer, &pipeline)) {
            note(age);
        }
        gst::PadProbeReturn::Ok
    });
}

/// How long ago a frame's time was.
fn age(pad: &gst::Pad, buffer: &gst::Buffer, pipeline: &glib::WeakRef<gst::Pipeline>) -> Option<Duration> {
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
    let at = segment.to_running_time(buffer.pts()?)?;
    let now = pipeline.upgrade()?.current_running_time()?;
    Some(now.saturating_sub(at).into())
}
