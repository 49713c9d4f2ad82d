//! One stream of one viewer: a bare pad from which RTP buffer lists are pushed straight into webrtcbin.
//! No element, no thread and no queue stands between.

use super::{Batch, Outlet, OutletEvents, Taken};
use gst::prelude::*;
use logic::rtp::Rewrite;
use std::sync::Arc;

/// A pad that feeds the transport.
pub(super) struct PadOutlet {
    pad: gst::Pad,
    sink: gst::Pad,
    rewrite: Rewrite,
}

impl PadOutlet {
    /// A pad linked to the transport's `sink`.
    ///
    /// # Errors
    /// The transport's pad is taken.
    pub(super) fn new(
        sink: gst::Pad,
        rewrite: Rewrite,
        events: Arc<dyn OutletEvents>,
    ) -> Result<Self, gst::PadLinkError> {
        let pad = gst::Pad::builder(gst::PadDirection::Src)
            .event_function(move |_, _, event| {
                if gst_video::UpstreamForceKeyUnitEvent::parse(&event).is_ok() {
                    events.key_unit_wanted();
                }
                true
            })
            .query_function(|pad, parent, query| match query.view_mut() {
                gst::QueryViewMut::Latency(latency) => {
                    latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
                    true
                }
                _ => gst::Pad::query_default(pad, parent, query),
            })
            .build();
        let _ = pad.set_active(true);
        pad.link_full(&sink, gst::PadLinkCheck::empty())?;
        Ok(Self { pad, sink, rewrite })
    }

    /// The same payload behind a header of its own.
    fn rewritten(&self, mut packet: gst::Buffer) -> gst::Buffer {
        {
            let packet = packet.make_mut();
            // A payloader puts the header into a memory of its own: only that one is copied.
            if packet.n_memory() > 0
                && let Ok(mut header) = packet.peek_memory(0).copy_to_vec()
            {
                self.rewrite.apply(&mut header);
                packet.replace_memory(0, gst::Memory::from_slice(header));
            }
        }
        packet
    }
}

impl Outlet for PadOutlet {
    fn announce(
        &self,
        stream_id: Option<&str>,
        caps: &gst::Caps,
        segment: &gst::FormattedSegment<gst::ClockTime>,
    ) {
        let mut caps = caps.clone();
        if let Some(structure) = caps.make_mut().structure_mut(0) {
            if let Some(pt) = self.rewrite.payload_type {
                structure.set("payload", i32::from(pt));
            }
            if let Some((from, to)) = self.rewrite.extension
                && let Ok(uri) = structure.get::<String>(format!("extmap-{from}"))
            {
                structure.remove_field(format!("extmap-{from}"));
                structure.set(format!("extmap-{to}"), uri);
            }
        }
        if let Some(id) = stream_id {
            self.pad.push_event(gst::event::StreamStart::builder(id).group_id(gst::GroupId::next()).build());
        }
        self.pad.push_event(gst::event::Caps::new(&caps));
        self.pad.push_event(gst::event::Segment::new(segment));
    }

    fn push(&self, batch: &Arc<Batch>) -> Taken {
        let packets = batch.list();
        let list = if self.rewrite.is_nothing() {
            packets.clone()
        } else {
            packets.iter_owned().map(|packet| self.rewritten(packet)).collect()
        };
        // A transport that is being torn down refuses: its session is over already.
        let _ = self.pad.push_list(list);
        Taken::Yes
    }

    fn interrupt(&self) {
        self.sink.send_event(gst::event::FlushStart::new());
    }
}

impl Drop for PadOutlet {
    fn drop(&mut self) {
        let _ = self.pad.set_active(false);
        let _ = self.pad.unlink(&self.sink);
    }
}

/// The content of a memory.
trait CopyToVec {
    fn copy_to_vec(&self) -> Result<Vec<u8>, gst::glib::BoolError>;
}

impl CopyToVec for gst::MemoryRef {
    fn copy_to_vec(&self) -> Result<Vec<u8>, gst::glib::BoolError> {
        Ok(self.map_readable()?.as_slice().to_vec())
    }
}
