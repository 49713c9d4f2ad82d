//! From one rung to all its viewers: each RTP buffer list is pushed straight into every viewer's transport.
//!
//! A viewer starts at a key unit. A viewer whose transport holds a push up gets a thread of its own; one that
//! holds it up for too long is given up. So one viewer never delays another for longer than [`SLOW`] once.

use super::told::Told;
use crate::peer::{Batch, Outlet, Taken};
use gst::glib;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A push that takes longer moves the viewer to a thread of its own.
const SLOW: Duration = Duration::from_millis(20);
/// A push that takes longer ends the viewer's session.
const STALLED: Duration = Duration::from_millis(1500);
/// Buffer lists that wait for a slow viewer.
const BACKLOG: usize = 64;

/// One viewer's place in the fan-out.
pub(crate) struct Member {
    outlet: Box<dyn Outlet>,
    /// Set until the first key unit, and again when packets were dropped.
    awaits_key_unit: AtomicBool,
    /// Version of the announcement that the transport has heard; 0: none.
    heard: AtomicU64,
    own_thread: OnceLock<SyncSender<Packets>>,
    /// Milliseconds since `epoch` at which the push that is under way began; 0: none.
    pushing_since: AtomicU64,
    epoch: Instant,
    /// Called once when the transport takes nothing any more.
    stalled: Box<dyn Fn() + Send + Sync>,
    given_up: AtomicBool,
}

#[derive(Clone)]
struct Packets {
    batch: Arc<Batch>,
    key_unit: bool,
    announced: Announced,
    stream_id: Arc<str>,
}

impl Member {
    pub(crate) fn new(outlet: Box<dyn Outlet>, stalled: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            outlet,
            awaits_key_unit: AtomicBool::new(true),
            heard: AtomicU64::new(0),
            own_thread: OnceLock::new(),
            pushing_since: AtomicU64::new(0),
            epoch: Instant::now(),
            stalled: Box::new(stalled),
            given_up: AtomicBool::new(false),
        })
    }

    /// From the payloader to the network.
    pub(crate) fn send_delay(&self) -> Option<Duration> {
        self.outlet.send_delay()
    }

    /// What comes next is another rung's.
    fn begin_anew(&self) {
        self.awaits_key_unit.store(true, Ordering::Relaxed);
        // Announcements of two rungs may have the same number.
        if self.heard.load(Ordering::Relaxed) != 0 {
            self.heard.store(u64::MAX, Ordering::Relaxed);
        }
    }

    fn deliver(self: &Arc<Self>, packets: &Packets) {
        if self.given_up.load(Ordering::Relaxed) {
            return;
        }
        if self.awaits_key_unit.load(Ordering::Relaxed) {
            if !packets.key_unit {
                return;
            }
            self.awaits_key_unit.store(false, Ordering::Relaxed);
        }
        let Some(thread) = self.own_thread.get() else {
            if self.push(packets) > SLOW {
                self.move_to_thread();
            }
            return;
        };
        if let Err(TrySendError::Full(_)) = thread.try_send(packets.clone()) {
            self.awaits_key_unit.store(true, Ordering::Relaxed);
        }
    }

    /// Pushes, after what the transport has not heard yet, and tells how long it took.
    fn push(&self, packets: &Packets) -> Duration {
        let start = self.epoch.elapsed();
        let stamp = u64::try_from(start.as_millis()).unwrap_or(u64::MAX).max(1);
        self.pushing_since.store(stamp, Ordering::Relaxed);
        let announced = &packets.announced;
        let heard = self.heard.swap(announced.version, Ordering::Relaxed);
        if heard != announced.version
            && let Some(caps) = &announced.caps
        {
            let stream_id = (heard == 0).then_some(&*packets.stream_id);
            self.outlet.announce(stream_id, caps, &announced.segment);
        }
        if self.outlet.push(&packets.batch) == Taken::Behind {
            self.awaits_key_unit.store(true, Ordering::Relaxed);
        }
        self.pushing_since.store(0, Ordering::Relaxed);
        self.epoch.elapsed().saturating_sub(start)
    }

    fn move_to_thread(self: &Arc<Self>) {
        let (queue, waiting) = sync_channel::<Packets>(BACKLOG);
        let member = Arc::downgrade(self);
        let spawned = std::thread::Builder::new().name("webrtc-slow-viewer".into()).spawn(move || {
            while let (Ok(packets), Some(member)) = (waiting.recv(), member.upgrade()) {
                member.push(&packets);
            }
        });
        if spawned.is_ok() {
            let _ = self.own_thread.set(queue);
        }
    }

    /// Gives the viewer up where a push has been under way for too long.
    fn check(&self) {
        let since = self.pushing_since.load(Ordering::Relaxed);
        let now = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let limit = u64::try_from(STALLED.as_millis()).unwrap_or(u64::MAX);
        if since != 0 && now.saturating_sub(since) > limit && !self.given_up.swap(true, Ordering::Relaxed) {
            (self.stalled)();
            self.outlet.interrupt();
        }
    }
}

/// What precedes the packets, and changes with the encoder's caps and segment.
#[derive(Clone, Default)]
struct Announced {
    version: u64,
    caps: Option<gst::Caps>,
    /// Some encoders shift their timestamps; the segment tells by how much.
    segment: gst::FormattedSegment<gst::ClockTime>,
}

/// All viewers of a rung.
pub(crate) struct FanOut {
    members: Mutex<Arc<Vec<Arc<Member>>>>,
    announced: Mutex<Announced>,
    /// Whether the packets of the frame that is being packetised belong to a key unit.
    key_unit: AtomicBool,
    told: Told,
    stream_id: Arc<str>,
    /// The rung's own, whose clock tells what time it is.
    pipeline: glib::WeakRef<gst::Pipeline>,
}

impl FanOut {
    pub(crate) fn new(stream_id: &str, pipeline: &gst::Pipeline) -> Self {
        Self {
            pipeline: pipeline.downgrade(),
            stream_id: stream_id.into(),
            key_unit: AtomicBool::new(true),
            told: Told::new(),
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

    pub(crate) fn join(&self, member: Arc<Member>) {
        member.begin_anew();
        self.change(|list| list.push(member));
    }

    pub(crate) fn leave(&self, member: &Arc<Member>) {
        self.change(|list| list.retain(|other| !Arc::ptr_eq(other, member)));
    }

    /// Whether a viewer has not been given its key unit yet.
    pub(super) fn awaits_key_unit(&self) -> bool {
        self.members().iter().any(|member| member.awaits_key_unit.load(Ordering::Relaxed))
    }

    pub(super) fn has_members(&self) -> bool {
        !self.members().is_empty()
    }

    pub(super) fn set_caps(&self, caps: gst::Caps) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.version += 1;
        announced.caps = Some(caps);
    }

    pub(super) fn set_segment(&self, segment: gst::FormattedSegment<gst::ClockTime>) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.version += 1;
        announced.segment = segment;
    }

    /// The next packets are of a frame that is, or is not, a key unit.
    pub(super) fn frame(&self, key_unit: bool) {
        self.key_unit.store(key_unit, Ordering::Relaxed);
        self.told.frame();
    }

    /// A viewer may begin with the next packets, and knows nothing of those before.
    pub(super) fn begins(&self) {
        self.told.anew();
    }

    /// Hands packets to every viewer.
    pub(super) fn deliver(&self, list: gst::BufferList) {
        let members = self.members();
        if members.is_empty() {
            return;
        }
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if announced.caps.is_none() {
            return;
        }
        let captured = self.captured(&list, &announced.segment);
        let packets = Packets {
            batch: Arc::new(Batch::new(list, captured, self.told.is_due())),
            key_unit: self.key_unit.load(Ordering::Relaxed),
            announced,
            stream_id: self.stream_id.clone(),
        };
        for member in members.iter() {
            member.deliver(&packets);
        }
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

    /// Gives up viewers whose transport has been stuck for too long; to be called now and then.
    pub(crate) fn check(&self) {
        for member in self.members().iter() {
            member.check();
        }
    }
}
