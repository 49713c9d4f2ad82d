//! What the producer tells about its media, for whom it is of use downstream: events, and time codes of frames.

use super::imp::CAT;
use super::streams::Streams;
use crate::data_channel::{RemoteControl, structure_from_json};
use gst::prelude::*;
use protocol::{CustomEvent, FrameMeta, Info};
use std::sync::Arc;

/// Structures of GStreamer's own events begin so: what they do is not for a producer to say.
const RESERVED: &str = "Gst";

/// Hears what the producer tells.
pub(super) fn listen(streams: &Arc<Streams>, remote: &RemoteControl) {
    let streams = Arc::downgrade(streams);
    remote.on_info(move |mid, info| {
        if let Some(streams) = streams.upgrade() {
            streams.hear(mid, info);
        }
    });
}

impl Streams {
    fn hear(&self, mid: Option<&str>, info: &Info) {
        if let Some(event) = &info.event
            && let Err(cause) = self.push(mid, event)
        {
            gst::info!(CAT, "an event of the producer's was passed over: {cause}");
        }
        if let (Some(FrameMeta::TimeCode(code)), Some(timestamp), Some(mid)) =
            (&info.meta, info.rtp_timestamp, mid)
        {
            self.timing().keep_time_code(mid, timestamp, code.clone());
        }
    }

    /// An event goes down every pad that it is about, ahead of the frames that wait there.
    fn push(&self, mid: Option<&str>, event: &CustomEvent) -> Result<(), String> {
        if event.structure_name.starts_with(RESERVED) {
            return Err(format!("{} is a name of GStreamer's own", event.structure_name));
        }
        let structure = structure_from_json(&event.structure_name, &event.structure)?;
        let event = gst::event::CustomDownstreamOob::new(structure);
        for pad in self.pads(mid) {
            pad.push_event(event.clone());
        }
        Ok(())
    }
}
