//! The pads of a source. They may outlive a session: those that the application requested always do, and all others
//! where the element waits for its producer to come back.

use super::{BaseWebRTCSrc, WebRTCSrcPad, templates};
use crate::chain::decode;
use gst::prelude::*;
use logic::codec::{Codec, MediaKind};
use logic::returning::Streams;
use logic::sdp::outputs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pads of one source.
pub(super) struct Pads {
    /// Begins every stream's identifier: no two sources have the same.
    id: String,
    places: Mutex<Vec<Arc<Place>>>,
    /// How often the element has begun: a session that outlives its element's stop has no say in the pads of the next.
    turn: AtomicU64,
}

/// A pad, whatever stream comes out of it.
pub(super) struct Place {
    pub(super) pad: WebRTCSrcPad,
    kind: MediaKind,
    output: outputs::Output,
    stream_id: String,
    group: gst::GroupId,
    /// The application has given it back.
    released: AtomicBool,
}

impl Default for Pads {
    fn default() -> Self {
        Self { id: gst::glib::uuid_string_random().into(), places: Mutex::default(), turn: AtomicU64::new(0) }
    }
}

impl Pads {
    fn places(&self) -> MutexGuard<'_, Vec<Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The element begins.
    pub(super) fn begin(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// Which beginning of the element this is.
    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// The pads of a kind that the application requested, in its order.
    pub(super) fn requested(&self, kind: MediaKind) -> Vec<Arc<Place>> {
        let places = self.places();
        let requested = places.iter().filter(|place| place.kind == kind && place.is_requested());
        requested.cloned().collect()
    }

    /// The pad of our own for an output, where there is one.
    pub(super) fn find(&self, kind: MediaKind, number: usize) -> Option<Arc<Place>> {
        let output = outputs::Output::Own(number);
        self.places().iter().find(|place| place.kind == kind && place.output == output).cloned()
    }

    /// Adds the pad for an output of our own.
    pub(super) fn add(
        &self,
        source: &BaseWebRTCSrc,
        session_id: &str,
        kind: MediaKind,
        number: usize,
    ) -> Result<Arc<Place>, String> {
        let name = format!("{kind}_{number}");
        let template = templates::named(&format!("{kind}_%u")).ok_or("there is no such pad template")?;
        let stream_id = format!("{}/{session_id}/{name}", self.id);
        let place = self.place(template, &name, kind, outputs::Output::Own(number), stream_id);
        let _ = place.pad.set_active(true);
        self.places().push(place.clone());
        source.add_pad(&place.pad).map_err(|err| err.to_string())?;
        Ok(place)
    }

    /// Adds a pad that the application requests, under the next free number.
    pub(super) fn request(
        &self,
        source: &BaseWebRTCSrc,
        template: &gst::PadTemplate,
        name: Option<&str>,
    ) -> Option<gst::Pad> {
        let kind =
            if template.name_template().contains("audio") { MediaKind::Audio } else { MediaKind::Video };
        let free = |name: &String| source.static_pad(name).is_none();
        let asked = name.filter(|name| !name.contains('%')).map(str::to_owned).filter(free);
        let name = asked.or_else(|| (0..).map(|number| format!("req_{kind}_{number}")).find(free))?;
        let index = self.requested(kind).len();
        let stream_id = format!("{}/{name}", self.id);
        let place = self.place(template, &name, kind, outputs::Output::Requested(index), stream_id);
        let _ = place.pad.set_active(source.current_state() >= gst::State::Paused);
        self.places().push(place.clone());
        source.add_pad(&place.pad).ok()?;
        Some(place.pad.clone().upcast())
    }

    /// The application wants a requested pad no longer.
    pub(super) fn release(&self, source: &BaseWebRTCSrc, pad: &gst::Pad) {
        let place = {
            let mut places = self.places();
            let at = places.iter().position(|place| place.pad.upcast_ref::<gst::Pad>() == pad);
            at.map(|at| places.remove(at))
        };
        if let Some(place) = place {
            place.released.store(true, Ordering::Relaxed);
            place.detach();
            let _ = place.pad.set_active(false);
            let _ = source.remove_pad(&place.pad);
        }
    }

    fn place(
        &self,
        template: &gst::PadTemplate,
        name: &str,
        kind: MediaKind,
        output: outputs::Output,
        stream_id: String,
    ) -> Arc<Place> {
        let pad = gst::PadBuilder::<WebRTCSrcPad>::from_template(template).name(name).query_function(query);
        let group = self.places().first().map_or_else(gst::GroupId::next, |place| place.group);
        Arc::new(Place { pad: pad.build(), kind, output, stream_id, group, released: AtomicBool::new(false) })
    }

    /// Hands an event to what is behind the pads, key unit requests for instance; whether anybody took it.
    pub(super) fn send_upstream(&self, event: &gst::Event) -> bool {
        let places = self.places().clone();
        places.iter().filter(|place| place.pad.send_event(event.clone())).count() > 0
    }

    /// Has whoever holds a frame of any pad let go of it.
    pub(super) fn flush(&self) {
        let places = self.places().clone();
        for place in places {
            place.pad.push_event(gst::event::FlushStart::new());
        }
    }

    /// Nothing comes out of the pads any more, for now or for good.
    pub(super) fn close(&self, source: &BaseWebRTCSrc, streams: Streams) {
        let places = {
            let mut places = self.places();
            let all = places.clone();
            if streams != Streams::Keep {
                places.retain(|place| place.is_requested());
            }
            all
        };
        for place in places {
            match streams {
                Streams::Keep => place.detach(),
                Streams::End => place.end(),
                // Who goes on without us is not left flushing.
                Streams::Flush => {
                    place.pad.push_event(gst::event::FlushStop::new(false));
                }
            }
            if streams != Streams::Keep {
                place.detach();
                if !place.is_requested() {
                    let _ = place.pad.set_active(false);
                    let _ = source.remove_pad(&place.pad);
                }
            }
        }
    }
}

impl Place {
    /// Whether the application requested it.
    pub(super) fn is_requested(&self) -> bool {
        matches!(self.output, outputs::Output::Requested(_))
    }

    /// Whether the application has given it back.
    pub(super) fn is_released(&self) -> bool {
        self.released.load(Ordering::Relaxed)
    }

    /// Those of the codecs that downstream takes, as they come or decoded.
    pub(super) fn acceptable(&self, codecs: Vec<&'static Codec>) -> Vec<&'static Codec> {
        decode::acceptable(self.pad.upcast_ref(), self.kind, codecs)
    }

    /// Has what leaves `exit` come out of the pad.
    pub(super) fn attach(&self, exit: &gst::Pad, keeps: bool) -> Result<(), String> {
        self.follow(exit, keeps);
        if self.has_ended() {
            // Sinks take nothing after EOS but this.
            self.pad.push_event(gst::event::FlushStart::new());
            self.pad.push_event(gst::event::FlushStop::new(false));
        }
        self.pad.set_target(Some(exit)).map_err(|err| err.to_string())
    }

    fn has_ended(&self) -> bool {
        self.pad.sticky_event::<gst::event::Eos>(0).is_some()
    }

    fn detach(&self) {
        let _ = self.pad.set_target(None::<&gst::Pad>);
    }

    /// No stream comes out of it in this session.
    pub(super) fn end(&self) {
        if self.has_ended() {
            return;
        }
        if self.pad.sticky_event::<gst::event::StreamStart>(0).is_none() {
            self.pad.push_event(self.stream_start(gst::Seqnum::next()));
        }
        self.pad.push_event(gst::event::Eos::new());
    }

    fn stream_start(&self, seqnum: gst::Seqnum) -> gst::Event {
        gst::event::StreamStart::builder(&self.stream_id).group_id(self.group).seqnum(seqnum).build()
    }

    /// Gives the stream an identifier of its own: the transport's is the same in every session. Where the stream goes on
    /// with another session, downstream sees neither an end nor a second beginning.
    fn follow(&self, exit: &gst::Pad, keeps: bool) {
        let (pad, id, group) = (self.pad.downgrade(), self.stream_id.clone(), self.group);
        let anew = AtomicBool::new(false);
        exit.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let (Some(event), Some(pad)) = (info.event(), pad.upgrade()) else {
                return gst::PadProbeReturn::Ok;
            };
            let is_old = match event.view() {
                gst::EventView::StreamStart(_) => {
                    let before = pad.sticky_event::<gst::event::StreamStart>(0);
                    let has_begun = before.is_some_and(|before| before.stream_id() == id.as_str())
                        && pad.sticky_event::<gst::event::Eos>(0).is_none();
                    anew.store(!has_begun, Ordering::Relaxed);
                    if !has_begun {
                        let named = gst::event::StreamStart::builder(&id).group_id(group);
                        let named = named.seqnum(event.seqnum()).build();
                        info.data = Some(gst::PadProbeData::Event(named));
                    }
                    has_begun
                }
                gst::EventView::Segment(segment) => {
                    let before = pad.sticky_event::<gst::event::Segment>(0);
                    let same = before.is_some_and(|before| are_same(before.segment(), segment.segment()));
                    same && !anew.load(Ordering::Relaxed)
                }
                gst::EventView::Eos(_) => keeps,
                _ => false,
            };
            // Dropped ones would come again with every buffer.
            if is_old { gst::PadProbeReturn::Handled } else { gst::PadProbeReturn::Ok }
        });
    }
}

/// Whether timestamps mean the same in two segments; where in them one is is no part of that.
fn are_same(one: &gst::Segment, other: &gst::Segment) -> bool {
    let here = |segment: &gst::Segment| {
        let mut segment = segment.clone();
        segment.set_position(segment.start());
        segment.set_duration(segment.stop());
        segment
    };
    here(one) == here(other)
}

/// A pad behind which there is no stream is live all the same: downstream may ask at any time.
fn query(pad: &WebRTCSrcPad, parent: Option<&gst::Object>, query: &mut gst::QueryRef) -> bool {
    if let gst::QueryViewMut::Latency(latency) = query.view_mut()
        && pad.target().is_none()
    {
        latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
        return true;
    }
    gst::Pad::query_default(pad, parent, query)
}
