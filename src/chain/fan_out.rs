//! From one rung to all its viewers: each RTP buffer list is pushed straight into every viewer's transport.
//!
//! A viewer starts at a key unit. A viewer whose transport holds a push up gets a thread of its own; one that
//! holds it up for too long is given up. So one viewer never delays another for longer than 20 ms once.

use super::member::Member;
use super::meter::Meter;
use super::notes::{Note, Notes};
use super::replay::{self, Replay};
use super::told::Told;
use crate::peer::Batch;
use gst::glib;
use gst::prelude::*;
use logic::codec::Codec;
use logic::rtp::picture::Format;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What every viewer is handed.
#[derive(Clone)]
pub(super) struct Packets {
    pub(super) batch: Arc<Batch>,
    /// The rung's number.
    pub(super) rung: u64,
    /// Whether a key unit begins with them.
    pub(super) key_unit: bool,
    pub(super) announced: Announced,
    pub(super) stream_id: Arc<str>,
    /// What is to be told of the frame that begins with them.
    pub(super) note: Option<Arc<Note>>,
}

/// A number that nothing else has.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What precedes the packets, and changes with the encoder's caps and segment.
#[derive(Clone, Default)]
pub(super) struct Announced {
    /// No other announcement's, of whatever rung.
    pub(super) number: u64,
    pub(super) caps: Option<gst::Caps>,
    /// Some encoders shift their timestamps; the segment tells by how much.
    pub(super) segment: gst::FormattedSegment<gst::ClockTime>,
}

/// What came out of an encoder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) frames: u64,
    pub(crate) key_units: u64,
}

/// All viewers of a rung.
pub(crate) struct FanOut {
    /// By which its viewers know it.
    number: u64,
    format: Format,
    members: Mutex<Arc<Vec<Arc<Member>>>>,
    announced: Mutex<Announced>,
    /// Whether the packets of the frame that is being packetised belong to a key unit.
    key_unit: AtomicBool,
    /// Whether none of them has come out yet.
    frame_begins: AtomicBool,
    told: Told,
    frames: AtomicU64,
    key_units: AtomicU64,
    stream_id: Arc<str>,
    meter: Meter,
    notes: Notes,
    /// Where the encoder is not ours.
    replay: Option<Replay>,
    /// The rung's own, whose clock tells what time it is.
    pipeline: glib::WeakRef<gst::Pipeline>,
}

impl FanOut {
    /// The viewers of a rung; who comes in the middle of a group of pictures gets it from `replay`.
    pub(super) fn new(
        stream_id: &str,
        codec: &Codec,
        pipeline: &gst::Pipeline,
        replay: Option<Replay>,
    ) -> Self {
        Self {
            format: Format::of(codec),
            pipeline: pipeline.downgrade(),
            stream_id: stream_id.into(),
            meter: Meter::new(),
            notes: Notes::default(),
            replay,
            number: unique(),
            key_unit: AtomicBool::new(true),
            frame_begins: AtomicBool::new(true),
            told: Told::new(),
            frames: AtomicU64::new(0),
            key_units: AtomicU64::new(0),
            members: Mutex::default(),
            announced: Mutex::default(),
        }
    }

    fn members(&self) -> Arc<Vec<Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Member>>)) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list = members.to_vec();
        change(&mut list);
        let old = std::mem::replace(&mut *members, Arc::new(list));
        drop(members);
        drop(old);
    }

    /// The viewer is sent this rung from now on, or from its next key unit on where it is sent another.
    pub(crate) fn join(&self, member: Arc<Member>) {
        member.enter(self.number);
        self.change(|list| {
            list.retain(|other| !Arc::ptr_eq(other, &member));
            list.push(member);
        });
    }

    /// The viewer is not sent this rung any more.
    pub(crate) fn leave(&self, member: &Arc<Member>) {
        member.leave(self.number);
        self.change(|list| list.retain(|other| !Arc::ptr_eq(other, member)));
    }

    /// Whether it is this rung that the viewer is sent.
    pub(crate) fn serves(&self, member: &Member) -> bool {
        member.is_on(self.number)
    }

    /// Whether a viewer has not been given its key unit yet.
    pub(crate) fn awaits_key_unit(&self) -> bool {
        self.members().iter().any(|member| member.awaits(self.number))
    }

    pub(super) fn has_members(&self) -> bool {
        !self.members().is_empty()
    }

    pub(super) fn set_caps(&self, caps: gst::Caps) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.number = unique();
        announced.caps = Some(caps);
    }

    pub(super) fn set_segment(&self, segment: gst::FormattedSegment<gst::ClockTime>) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.number = unique();
        announced.segment = segment;
    }

    /// A frame enters of which viewers are to be told when it comes out.
    pub(crate) fn note(&self, note: Arc<Note>) {
        self.notes.put(note);
    }

    /// The next packets are of a frame that is, or is not, a key unit.
    pub(super) fn frame(&self, key_unit: bool) {
        self.key_unit.store(key_unit, Ordering::Relaxed);
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.key_units.fetch_add(key_unit.into(), Ordering::Relaxed);
        self.frame_begins.store(true, Ordering::Relaxed);
        self.told.frame();
    }

    /// A viewer may begin with the next packets, and knows nothing of those before.
    pub(super) fn begins(&self) {
        self.told.anew();
        self.replay.iter().for_each(Replay::key_unit);
    }

    /// The input is asked for a key unit.
    pub(super) fn asked(&self) {
        self.replay.iter().for_each(Replay::asked);
    }

    /// Hands packets to every viewer.
    pub(super) fn deliver(&self, list: gst::BufferList) {
        let begins = self.frame_begins.swap(false, Ordering::Relaxed);
        let members = self.members();
        if members.is_empty() && self.replay.is_none() {
            return;
        }
        if !members.is_empty() {
            self.meter.count(list.len(), list.calculate_size());
        }
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if announced.caps.is_none() {
            return;
        }
        let key_unit = begins && self.key_unit.load(Ordering::Relaxed);
        let group = self.group(announced.number, begins && !key_unit, &members);
        let list = self.replay.as_ref().and_then(|_| replay::owned(&list)).unwrap_or(list);
        let captured = self.captured(&list, &announced.segment);
        let batch = Arc::new(Batch::new(list, captured, self.format, self.told.is_due()));
        let note = batch.span().filter(|_| begins).and_then(|span| self.notes.take(span.timestamp()));
        let packets = Packets {
            batch,
            rung: self.number,
            key_unit,
            announced,
            stream_id: self.stream_id.clone(),
            note,
        };
        let group = group.map(|batch| Packets { batch, key_unit: true, note: None, ..packets.clone() });
        let gets_group = |member: &&Arc<Member>| group.is_some() && self.is_new(member);
        members.iter().filter(|member| !gets_group(member)).for_each(|member| member.deliver(&packets));
        // A group is much at once: nobody else waits for that.
        if let Some(group) = &group {
            for member in members.iter().filter(|member| self.is_new(member)) {
                member.deliver(group);
                member.deliver(&packets);
            }
        }
        if let Some(replay) = &self.replay {
            replay.keep(&packets.batch, key_unit, packets.announced.number);
        }
    }

    /// What there is of the group of pictures, for viewers who have come in the middle of it.
    fn group(&self, announced: u64, is_between: bool, members: &[Arc<Member>]) -> Option<Arc<Batch>> {
        let replay = self.replay.as_ref().filter(|_| is_between)?;
        members.iter().find(|member| self.is_new(member))?;
        let group = replay.group(announced, self.format)?;
        self.told.anew();
        Some(group)
    }

    /// Whether a viewer has come who has not been sent anything.
    fn is_new(&self, member: &Member) -> bool {
        member.has_nothing() && member.awaits(self.number)
    }

    /// When the frame entered the pipeline: its delay since then must not differ between sound and pictures.
    fn captured(&self, list: &gst::BufferList, segment: &gst::FormattedSegment<gst::ClockTime>) -> Instant {
        let now = Instant::now();
        let pts = list.get(0).and_then(gst::BufferRef::pts);
        let at = pts.and_then(|pts| segment.to_running_time(pts));
        let present = self.pipeline.upgrade().and_then(|pipeline| pipeline.current_running_time());
        let (Some(at), Some(present)) = (at, present) else { return now };
        now.checked_sub(present.saturating_sub(at).into()).unwrap_or(now)
    }

    /// What came out of the encoder in all.
    pub(crate) fn made(&self) -> Made {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Made { frames: count(&self.frames), key_units: count(&self.key_units) }
    }

    /// How many are sent this rung.
    pub(crate) fn viewers(&self) -> usize {
        self.members().iter().filter(|member| self.serves(member)).count()
    }

    /// What was sent in all (bytes).
    pub(crate) fn sent(&self) -> u64 {
        self.meter.bytes()
    }

    /// What a viewer is sent lately, in bit/s; none where that is not known yet.
    pub(crate) fn rate(&self) -> Option<u32> {
        self.meter.rate(Instant::now())
    }

    /// Gives up viewers whose transport has been stuck for too long; to be called now and then.
    pub(crate) fn check(&self) {
        for member in self.members().iter() {
            member.check();
        }
    }
}
