//! One viewer's place in the fan-outs of a stream: what it is sent while it goes from one rung to another, and
//! what becomes of a transport that holds pushes up.

use super::fan_out::Packets;
use super::meter::Meter;
use crate::peer::{Outlet, Taken};
use logic::switching::{Switch, Verdict};
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A push that takes longer moves the viewer to a thread of its own; nor does a rung wait longer for another one.
const SLOW: Duration = Duration::from_millis(20);
/// A push that takes longer ends the viewer's session.
const STALLED: Duration = Duration::from_millis(1500);
/// Buffer lists that wait for a slow viewer.
const BACKLOG: usize = 64;

/// One viewer's place. A viewer who goes from one rung to another is in both until the new one's key unit.
pub(crate) struct Member {
    outlet: Box<dyn Outlet>,
    switch: Mutex<Switch>,
    /// Something that a key unit of another rung waited for is over.
    over: Condvar,
    /// The announcement that the transport has heard; 0: none.
    heard: AtomicU64,
    own_thread: OnceLock<SyncSender<(Packets, bool)>>,
    /// Milliseconds since `epoch` at which the push that is under way began; 0: none.
    pushing_since: AtomicU64,
    epoch: Instant,
    /// Called once when the transport takes nothing any more.
    stalled: Box<dyn Fn() + Send + Sync>,
    /// Tells the viewer something beside the packets.
    tell: Box<dyn Fn(&RawValue) + Send + Sync>,
    /// Called when something begins: the first packets, those of another rung, or those after what was left out.
    begins: Box<dyn Fn() + Send + Sync>,
    given_up: AtomicBool,
    meter: Meter,
    frames: AtomicU64,
    key_units: AtomicU64,
}

/// What a viewer was sent of one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) frames: u64,
    pub(crate) key_units: u64,
    /// With all headers.
    pub(crate) bytes: u64,
    /// In bit/s, since somebody asked last, or before that; none in the first second.
    pub(crate) rate: Option<u32>,
}

impl Member {
    /// A viewer; none of `stalled`, `tell` and `begins` may block.
    pub(crate) fn new(
        outlet: Box<dyn Outlet>,
        stalled: impl Fn() + Send + Sync + 'static,
        tell: impl Fn(&RawValue) + Send + Sync + 'static,
        begins: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            outlet,
            switch: Mutex::default(),
            over: Condvar::new(),
            heard: AtomicU64::new(0),
            own_thread: OnceLock::new(),
            pushing_since: AtomicU64::new(0),
            epoch: Instant::now(),
            stalled: Box::new(stalled),
            tell: Box::new(tell),
            begins: Box::new(begins),
            given_up: AtomicBool::new(false),
            meter: Meter::new(),
            frames: AtomicU64::new(0),
            key_units: AtomicU64::new(0),
        })
    }

    fn switch(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Packets of the rung are welcome.
    pub(super) fn enter(&self, rung: u64) {
        self.switch().enter(rung);
    }

    /// Packets of the rung are not welcome any more.
    pub(super) fn leave(&self, rung: u64) {
        self.switch().leave(rung);
        self.over.notify_all();
    }

    /// Whether it is sent that rung.
    pub(super) fn is_on(&self, rung: u64) -> bool {
        self.switch().current() == Some(rung)
    }

    /// Whether it waits for a key unit of the rung.
    pub(super) fn awaits(&self, rung: u64) -> bool {
        self.switch().awaits(rung)
    }

    /// Whether it has been sent nothing.
    pub(super) fn has_nothing(&self) -> bool {
        self.heard.load(Ordering::Relaxed) == 0
    }

    pub(super) fn deliver(self: &Arc<Self>, packets: &Packets) {
        if self.given_up.load(Ordering::Relaxed) {
            return;
        }
        let Some(begins) = self.claim(packets) else { return };
        if let Some(note) = &packets.note {
            (self.tell)(&note.info);
        }
        let (taken, took) = match self.own_thread.get() {
            None => self.push(packets, begins),
            Some(thread) => match thread.try_send((packets.clone(), begins)) {
                Err(TrySendError::Full(_)) => (Taken::Behind, Duration::ZERO),
                _ => (Taken::Yes, Duration::ZERO),
            },
        };
        let between = {
            let mut switch = self.switch();
            switch.done(packets.rung, taken == Taken::Yes, packets.batch.ends_frame());
            switch.is_between()
        };
        if between {
            self.over.notify_all();
        }
        if begins && taken == Taken::Yes {
            (self.begins)();
        }
        if took > SLOW {
            self.move_to_thread();
        }
    }

    /// Whether the packets begin anew, where they are to be pushed; nobody else pushes until they are.
    fn claim(&self, packets: &Packets) -> Option<bool> {
        let mut switch = self.switch();
        let mut left = SLOW;
        loop {
            match switch.offer(packets.rung, packets.key_unit, left.is_zero()) {
                Verdict::Drop => return None,
                Verdict::Send { begins } => return Some(begins),
                Verdict::Wait => {
                    let since = Instant::now();
                    let waited = self.over.wait_timeout(switch, left);
                    switch = waited.unwrap_or_else(PoisonError::into_inner).0;
                    left = left.saturating_sub(since.elapsed());
                }
            }
        }
    }

    /// From the payloader to the network.
    pub(crate) fn send_delay(&self) -> Option<Duration> {
        self.outlet.send_delay()
    }

    /// Pushes, after what the transport has not heard yet, and tells what became of it and how long it took.
    fn push(&self, packets: &Packets, begins: bool) -> (Taken, Duration) {
        let start = self.epoch.elapsed();
        let stamp = u64::try_from(start.as_millis()).unwrap_or(u64::MAX).max(1);
        self.pushing_since.store(stamp, Ordering::Relaxed);
        let announced = &packets.announced;
        let heard = self.heard.swap(announced.number, Ordering::Relaxed);
        if heard != announced.number
            && let Some(caps) = &announced.caps
        {
            let stream_id = (heard == 0).then_some(&*packets.stream_id);
            self.outlet.announce(stream_id, caps, &announced.segment);
        }
        let taken = self.outlet.push(&packets.batch, begins);
        self.pushing_since.store(0, Ordering::Relaxed);
        if taken == Taken::Yes {
            self.count(packets);
        }
        (taken, self.epoch.elapsed().saturating_sub(start))
    }

    fn count(&self, packets: &Packets) {
        self.meter.count(packets.batch.list().len(), packets.batch.size());
        self.frames.fetch_add(packets.batch.frames(), Ordering::Relaxed);
        self.key_units.fetch_add(packets.key_unit.into(), Ordering::Relaxed);
    }

    /// What it was sent.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            frames: self.frames.load(Ordering::Relaxed),
            key_units: self.key_units.load(Ordering::Relaxed),
            bytes: self.meter.bytes(),
            rate: self.meter.rate(Instant::now()),
        }
    }

    fn move_to_thread(self: &Arc<Self>) {
        let (queue, waiting) = sync_channel::<(Packets, bool)>(BACKLOG);
        let member = Arc::downgrade(self);
        let spawned = std::thread::Builder::new().name("webrtc-slow-viewer".into()).spawn(move || {
            while let (Ok((packets, begins)), Some(member)) = (waiting.recv(), member.upgrade()) {
                if member.push(&packets, begins).0 == Taken::Behind {
                    member.switch().dropped();
                }
            }
        });
        if spawned.is_ok() {
            let _ = self.own_thread.set(queue);
        }
    }

    /// Gives the viewer up where a push has been under way for too long.
    pub(super) fn check(&self) {
        let since = self.pushing_since.load(Ordering::Relaxed);
        let now = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let limit = u64::try_from(STALLED.as_millis()).unwrap_or(u64::MAX);
        if since != 0 && now.saturating_sub(since) > limit && !self.given_up.swap(true, Ordering::Relaxed) {
            (self.stalled)();
            self.outlet.interrupt();
        }
    }
}
