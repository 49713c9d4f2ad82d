//! One stream of one viewer: a bare pad from which RTP buffer lists are pushed straight into the transport.
//! No element, no thread and no queue stands between.

use gst::prelude::*;
use logic::rtp::Rewrite;
use std::sync::Arc;

/// What the transport asks of the sender. Called from any thread; must not block.
pub(crate) trait OutletEvents: Send + Sync + 'static {
    /// The viewer cannot decode and wants a key unit.
    fn key_unit_wanted(&self);
}

/// A pad that feeds the transport.
pub(crate) struct Outlet {
    pad: gst::Pad,
    sink: gst::Pad,
    rewrite: Rewrite,
}

impl Outlet {
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

    /// Says what will be pushed; the identifier only the first time.
    pub(crate) fn announce(
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

    /// Pushes packets; returns whether the transport still takes them.
    pub(crate) fn push(&self, packets: &gst::BufferList) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.rewrite.is_nothing() {
            return self.pad.push_list(packets.clone());
        }
        self.pad.push_list(packets.iter_owned().map(|packet| self.rewritten(packet)).collect())
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

    /// Makes a push that the transport holds up return.
    pub(crate) fn interrupt(&self) {
        self.sink.send_event(gst::event::FlushStart::new());
    }
}

impl Drop for Outlet {
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
