//! The viewers of a stream in one codec, and which encoder serves each: the deeds to the decisions of
//! `logic::bitrate`. With encoders of their own each viewer has a ladder to himself.

use super::WebRTCSinkMitigationMode;
use super::input::Input;
use super::rungs::{Lease, Which, picture};
use super::seat::Seat;
use super::settings::{Settings, WebRTCSinkEncoderSharing};
use crate::runtime;
use logic::bitrate::{Action, Allocator, Bounds, Ladder as Rungs, Picture};
use logic::codec::{Codec, MediaKind};
use logic::picture::Shape;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// How often it is looked at who should be where.
const TICK: Duration = Duration::from_millis(200);
/// How soon again where something is urgent: many estimates may fall at once, on a machine that is busy anyway.
const SOON: Duration = Duration::from_millis(20);

/// A ladder while it has viewers.
pub(super) struct Ladder {
    input: Arc<Input>,
    codec: &'static Codec,
    owner: Option<u64>,
    pub(super) shapes: Vec<Shape>,
    rungs: Rungs,
    state: Mutex<State>,
    /// Something does not wait for the next tick.
    urgent: Arc<Notify>,
    born: Instant,
}

struct State {
    /// Those that hold now.
    bounds: Bounds,
    /// None where there is nothing to decide: one rung, at a bitrate that does not change.
    allocator: Option<Allocator>,
    seats: Vec<(u64, Weak<Seat>)>,
    /// Rungs that failed since the last tick, and why.
    failed: Vec<(usize, String)>,
    /// All that ever did.
    lost: Vec<usize>,
    picture: Option<Picture>,
    /// What may be given up of pictures.
    modes: WebRTCSinkMitigationMode,
    /// Whether there has been anything to decide by.
    told: bool,
    /// Whether somebody looks now and then.
    watched: bool,
}

impl State {
    fn seats(&self) -> Vec<Arc<Seat>> {
        self.seats.iter().filter_map(|(_, seat)| seat.upgrade()).collect()
    }
}
/// What a tick found out.
struct Found {
    actions: Vec<Action>,
    failed: Vec<(usize, String)>,
    /// The viewers, and how much the network of each should be tried for.
    seats: Vec<(Arc<Seat>, u32)>,
}

impl Ladder {
    pub(super) fn new(
        input: &Arc<Input>,
        codec: &'static Codec,
        settings: &Settings,
        caps: Option<&gst::Caps>,
    ) -> Arc<Self> {
        let decides = codec.kind == MediaKind::Video && caps.is_some_and(|caps| Input::encodes(caps, codec));
        let picture = caps.and_then(picture);
        let rungs = if decides { settings.ladder() } else { Rungs::single() };
        let shapes = rungs.rungs().to_vec();
        let modes = settings.mitigation_modes;
        let allocator = decides.then(|| {
            let mut allocator = Allocator::new(rungs.clone(), settings.bounds(), picture);
            allocator.permit(&rungs.permitted(modes.into()));
            allocator
        });
        let is_private = settings.encoder_sharing == WebRTCSinkEncoderSharing::Private;
        Arc::new(Self {
            input: input.clone(),
            codec,
            owner: is_private.then(unique),
            shapes,
            rungs,
            state: Mutex::new(State {
                bounds: settings.bounds(),
                allocator,
                seats: Vec::new(),
                failed: Vec::new(),
                lost: Vec::new(),
                picture,
                modes,
                told: false,
                watched: false,
            }),
            urgent: Arc::default(),
            born: Instant::now(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether others who take the codec may come.
    pub(super) fn is_for(&self, codec: &'static Codec) -> bool {
        self.codec == codec && self.owner.is_none()
    }

    /// Whether an encoder is one of its own.
    pub(super) fn has(&self, which: &Which) -> bool {
        self.codec == which.codec && self.owner == which.owner
    }

    /// What the stream is sent as.
    pub(super) fn codec(&self) -> &'static Codec {
        self.codec
    }

    /// The name of the stream's pad.
    pub(super) fn pad(&self) -> &str {
        &self.input.name
    }

    fn which(&self, rung: usize) -> Option<Which> {
        let shape = *self.shapes.get(rung)?;
        Some(Which { codec: self.codec, owner: self.owner, rung, shape })
    }

    /// A share of a rung; blocks while it is started.
    pub(super) fn lease(&self, rung: usize, peer_id: &str) -> Result<Lease, String> {
        let which = self.which(rung).ok_or("take a rung that the ladder does not have")?;
        let element = self.input.element.upgrade().ok_or("reach the element: it is gone")?;
        let (rate, bounds) = {
            let state = self.state();
            (state.allocator.as_ref().map(|allocator| allocator.rate(rung)), state.bounds)
        };
        let begins = rate == Some(None);
        let rate = bounds.hold(rate.map_or(bounds.max, |rate| rate.unwrap_or(bounds.start)));
        let lease = self.input.lease(which, rate, &element.settings(), peer_id)?;
        // One that lingers runs at what somebody's network carried who is gone.
        if let Some(rung) = lease.rung().filter(|_| begins) {
            rung.set_bitrate(rate);
        }
        Ok(lease)
    }

    /// The first place of a viewer who comes; blocks while an encoder is started. Where one does not start, another
    /// is tried.
    ///
    /// # Errors
    /// None starts; says why the first does not.
    pub(super) fn enter(&self, peer_id: &str) -> Result<(u64, Lease), String> {
        let (viewer, mut first) = (unique(), None);
        for _ in 0..self.shapes.len() {
            let rung = {
                let mut state = self.state();
                state.allocator.as_mut().map_or(0, |allocator| allocator.join(viewer, self.born.elapsed()))
            };
            match self.lease(rung, peer_id) {
                Ok(lease) => return Ok((viewer, lease)),
                Err(text) => first = first.or(Some(text)),
            }
            if let Some(allocator) = &mut self.state().allocator {
                allocator.leave(viewer);
                allocator.unavailable(rung);
            }
        }
        Err(first.unwrap_or_else(|| "find a rung".into()))
    }

    /// A viewer has his first place.
    pub(super) fn seated(self: &Arc<Self>, viewer: u64, seat: &Arc<Seat>) {
        let unwatched = {
            let mut state = self.state();
            state.seats.push((viewer, Arc::downgrade(seat)));
            state.allocator.is_some() && !std::mem::replace(&mut state.watched, true)
        };
        if unwatched {
            self.watch();
        }
    }

    /// A viewer is gone.
    pub(super) fn leave(&self, viewer: u64) {
        let mut state = self.state();
        state.seats.retain(|(other, _)| *other != viewer);
        if let Some(allocator) = &mut state.allocator {
            allocator.leave(viewer);
        }
    }

    /// What a viewer's network carries of this stream, in bit/s.
    pub(super) fn estimate(&self, viewer: u64, bits_per_second: u32) {
        gst::log!(super::imp::CAT, "{}: viewer {viewer}: {bits_per_second} bit/s", self.input.name);
        let is_urgent = {
            let mut state = self.state();
            state.told = true;
            let now = self.born.elapsed();
            let allocator = state.allocator.as_mut();
            allocator.is_some_and(|allocator| allocator.estimate(viewer, bits_per_second, now))
        };
        if is_urgent {
            self.urgent.notify_one();
        }
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&self, bounds: Bounds) {
        let seats: Vec<_> = {
            let mut state = self.state();
            state.bounds = bounds;
            let picture = state.picture;
            match &mut state.allocator {
                Some(allocator) => {
                    allocator.set(bounds, picture);
                    state.told = true;
                    Vec::new()
                }
                None => state.seats(),
            }
        };
        for seat in seats {
            seat.go_at(bounds.max);
        }
        self.urgent.notify_one();
    }

    /// A rung failed: its viewers go to another, where there is one.
    pub(super) fn failed(&self, rung: usize, text: &str) {
        let seats = {
            let mut state = self.state();
            match &mut state.allocator {
                Some(allocator) => {
                    allocator.unavailable(rung);
                    state.failed.push((rung, text.to_owned()));
                    state.lost.push(rung);
                    Vec::new()
                }
                None => state.seats(),
            }
        };
        for seat in seats {
            seat.end(text);
        }
        self.urgent.notify_one();
    }

    /// A rung that failed is started anew, with another encoder, for all who are on it or on their way there.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn renew(&self, rung: usize) -> Result<(), String> {
        let seats = self.state().seats(); // They ask for the lock.
        seats.iter().try_for_each(|seat| seat.renew(rung))
    }

    /// Whether another encoder is left to take the place of those that failed.
    pub(super) fn has_next(&self) -> bool {
        self.input.has_next(self.codec)
    }

    /// Looks now and then at who should be where, while there are viewers.
    fn watch(self: &Arc<Self>) {
        let (ladder, urgent) = (Arc::downgrade(self), self.urgent.clone());
        runtime::spawn(async move {
            let mut tick = tokio::time::interval(TICK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = urgent.notified() => {}
                }
                let Some(ladder) = ladder.upgrade() else { return };
                let idle = {
                    let mut state = ladder.state();
                    if state.seats.is_empty() {
                        state.watched = false;
                        return;
                    }
                    !state.told && state.failed.is_empty()
                };
                if !idle {
                    // Starting an encoder blocks.
                    runtime::blocking(move || ladder.tick()).await;
                    tokio::time::sleep(SOON).await;
                }
            }
        });
    }

    fn tick(&self) {
        let mut failed = Vec::new();
        let mut seats = Vec::new();
        // Where a rung does not start the next is found at once: somebody may be without any.
        for _ in 0..=self.shapes.len() {
            let Some(found) = self.decide() else { return };
            failed.extend(found.failed);
            seats = found.seats;
            let mut actions = found.actions;
            // Nobody waits until an encoder of others has started.
            actions.sort_by_cached_key(|action| self.starts(action));
            let done: Vec<_> = actions.into_iter().map(|action| self.perform(action)).collect();
            if !done.contains(&false) {
                break;
            }
        }
        let lost = self.state().lost.clone();
        for (seat, desired) in seats {
            for (rung, text) in &failed {
                seat.abandon(*rung, text, &lost);
            }
            if let Some(rung) = seat.settle() {
                self.unavailable(rung);
            }
            seat.desire(desired);
        }
    }

    /// Whether an encoder has to be started for that.
    fn starts(&self, action: &Action) -> bool {
        let Action::Switch { rung, .. } = action else { return false };
        self.which(*rung).is_some_and(|which| self.input.running(&which).is_none())
    }

    /// False where a rung does not start.
    fn perform(&self, action: Action) -> bool {
        gst::debug!(super::imp::CAT, "{} as {}: {action:?}", self.input.name, self.codec.name);
        match action {
            Action::Rate { rung, bits_per_second } => {
                let rung = self.which(rung).and_then(|which| self.input.running(&which));
                if let Some(rung) = rung {
                    rung.set_bitrate(bits_per_second);
                }
                true
            }
            Action::Switch { viewer, rung } => self.switch(viewer, rung),
        }
    }

    fn decide(&self) -> Option<Found> {
        let picture = self.input.caps().as_ref().and_then(picture);
        let modes = self.modes();
        let mut state = self.state();
        let State { bounds, allocator, seats, failed, picture: known, modes: known_modes, .. } = &mut *state;
        let allocator = allocator.as_mut()?;
        if std::mem::replace(known_modes, modes) != modes {
            allocator.permit(&self.rungs.permitted(modes.into()));
        }
        if *known != picture {
            *known = picture;
            allocator.set(*bounds, picture);
        }
        let actions = allocator.tick(self.born.elapsed());
        let desired =
            |(viewer, seat): &(u64, Weak<Seat>)| Some((seat.upgrade()?, allocator.desired(*viewer)));
        let seats = seats.iter().filter_map(desired).collect();
        Some(Found { actions, failed: std::mem::take(failed), seats })
    }

    /// What may be given up of pictures, now.
    fn modes(&self) -> WebRTCSinkMitigationMode {
        let sink = self.input.element.upgrade();
        sink.map_or_else(WebRTCSinkMitigationMode::all, |sink| sink.mitigation_modes())
    }

    fn switch(&self, viewer: u64, rung: usize) -> bool {
        let seat = {
            let state = self.state();
            state.seats.iter().find(|(other, _)| *other == viewer).and_then(|(_, seat)| seat.upgrade())
        };
        let Some(seat) = seat else { return true };
        let switched = seat.switch(rung);
        if let Err(text) = &switched {
            gst::warning!(super::imp::CAT, "{}: rung {rung} is left out: {text}", self.input.name);
            self.unavailable(rung);
        }
        switched.is_ok()
    }

    fn unavailable(&self, rung: usize) {
        if let Some(allocator) = &mut self.state().allocator {
            allocator.unavailable(rung);
        }
    }
}

/// A number that no other viewer has.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
