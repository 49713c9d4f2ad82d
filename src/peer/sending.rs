//! One stream of one viewer: a bare pad from which RTP buffer lists are pushed straight into webrtcbin.
//! No element, no thread and no queue stands between.

use super::{Batch, Outlet, SenderOptions, Taken, batch};
use crate::codec;
use crate::gauge::Gauge;
use gst::prelude::*;
use logic::capture::{self, CAPTURE_TIME};
use logic::rtp::header::payload_start;
use logic::rtp::{Offsets, Rewrite, Splice};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A pad that feeds the transport.
pub(super) struct PadOutlet {
    pad: gst::Pad,
    sink: gst::Pad,
    rewrite: Rewrite,
    /// Under which identifier packets tell when they were captured.
    capture_time: Option<u8>,
    /// Nobody else waits for it.
    splice: Mutex<Splice>,
    delay: Gauge,
}

impl PadOutlet {
    /// A pad linked to the transport's `sink`.
    ///
    /// # Errors
    /// The transport's pad is taken.
    pub(super) fn new(sink: gst::Pad, options: &SenderOptions<'_>) -> Result<Self, gst::PadLinkError> {
        let events = options.events.clone();
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
        let capture_time = codec::extension(options.formats, CAPTURE_TIME);
        Ok(Self {
            pad,
            sink,
            rewrite: options.rewrite,
            capture_time,
            splice: Mutex::default(),
            delay: Gauge::default(),
        })
    }

    /// Whether all that is rewritten is within these bytes: a payload's descriptor is in one memory.
    fn is_whole(head: &[u8], offsets: Offsets) -> bool {
        let start = payload_start(head);
        start.is_some_and(|start| head.len() > start || !offsets.changes_payload())
    }

    /// The packet with the viewer's numbers; what it carries is shared as far as it is the same.
    fn rewritten(
        &self,
        mut packet: gst::Buffer,
        offsets: Offsets,
        captured: Option<(u8, Duration)>,
    ) -> gst::Buffer {
        {
            let packet = packet.make_mut();
            // A payloader puts headers into memories of their own, one for extensions: only those are copied.
            let mut head = Vec::new();
            let mut count = 0;
            while count < packet.n_memory() && !Self::is_whole(&head, offsets) {
                let Ok(memory) = packet.peek_memory(count).map_readable() else { break };
                head.extend_from_slice(&memory);
                count += 1;
            }
            self.rewrite.apply(&mut head);
            offsets.apply(&mut head);
            if let Some((id, captured)) = captured {
                capture::write(&mut head, id, captured);
            }
            packet.replace_memory_range(0..count, gst::Memory::from_slice(head));
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

    fn push(&self, batch: &Arc<Batch>, begins: bool) -> Taken {
        let packets = batch.list();
        let offsets = batch.span().map(|span| {
            let mut splice = self.splice.lock().unwrap_or_else(PoisonError::into_inner);
            if begins { splice.begin(span) } else { splice.go_on(span) }
        });
        let offsets = offsets.unwrap_or_default();
        let is_same = self.rewrite.is_nothing() && offsets.is_nothing();
        let told = self.capture_time.zip(batch.tells());
        let mut told = told.map(|(id, captured)| (id, batch::now().saturating_sub(captured.elapsed())));
        let list = if is_same && told.is_none() {
            packets.clone()
        } else {
            let changed = |packet| match told.take() {
                None if is_same => packet,
                told => self.rewritten(packet, offsets, told),
            };
            packets.iter_owned().map(changed).collect()
        };
        // A transport that is being torn down refuses: its session is over already.
        let _ = self.pad.push_list(list);
        self.delay.add(batch.made().elapsed());
        Taken::Yes
    }

    fn send_delay(&self) -> Option<Duration> {
        self.delay.read()
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
