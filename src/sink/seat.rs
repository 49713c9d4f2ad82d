//! One viewer's place on a ladder: the rung that it is sent, and the one that it is on its way to.

use super::input::Input;
use super::ladder::Ladder;
use super::rungs::{Lease, Which};
use super::settings::Settings;
use crate::chain::fault::Fault;
use crate::chain::member::Member;
use crate::chain::rung::Rung;
use crate::session::EventSender;
use logic::codec::{Codec, MediaKind};
use logic::negotiation::{EndReason, Event};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A rung that makes no key unit in this time is of no use.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who sits there.
pub(super) struct Guest {
    pub(super) member: Arc<Member>,
    pub(super) peer_id: String,
    pub(super) events: EventSender,
    /// Hears how much the network should be tried for, in bit/s.
    pub(super) desires: Box<dyn Fn(u32) + Send + Sync>,
}

/// A viewer's place.
pub(super) struct Seat {
    ladder: Arc<Ladder>,
    viewer: u64,
    guest: Guest,
    places: Mutex<Places>,
    desired: AtomicU32,
}

struct Places {
    /// None when the viewer is gone.
    current: Option<Lease>,
    next: Option<Next>,
    /// Whether the viewer's transport is up.
    joined: bool,
}

impl Places {
    /// The old rung's lease, where the viewer has changed over.
    fn arrive(&mut self) -> Option<Lease> {
        let next = self.next.take_if(|next| next.lease.serves())?;
        self.current.replace(next.lease)
    }
}

/// The rung that a viewer is on the way to.
struct Next {
    lease: Lease,
    since: Instant,
    /// What the old one had sent by then.
    sent: u64,
}

/// A viewer who sits; dropping it lets him go.
pub(super) struct Seated(Arc<Seat>);

impl Seated {
    /// Takes a place on the ladder of a stream; blocks while an encoder is started.
    ///
    /// # Errors
    /// None starts.
    pub(super) fn take(
        input: &Arc<Input>,
        codec: &'static Codec,
        settings: &Arc<Settings>,
        guest: Guest,
    ) -> Result<Self, String> {
        let ladder = input.ladder(codec, settings);
        let (viewer, lease) = ladder.enter(&guest.peer_id)?;
        let places = Mutex::new(Places { current: Some(lease), next: None, joined: false });
        let seat = Arc::new(Seat { ladder, viewer, guest, places, desired: AtomicU32::new(0) });
        seat.ladder.seated(viewer, &seat);
        // A rung that failed before told nobody of this one.
        if let Some((which, rung)) = seat.rung()
            && let Some(fault) = rung.failure()
        {
            input.rung_had_failed(&seat.ladder, &which, fault);
        }
        Ok(Self(seat))
    }

    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.0
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.0.ladder.leave(self.0.viewer);
        // Others may hold the seat for a moment: from here on nothing is pushed.
        let (current, next) = {
            let mut places = self.0.places();
            (places.current.take(), places.next.take())
        };
        drop((current, next));
    }
}

impl Seat {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the stream is sent as.
    pub(super) fn codec(&self) -> &'static Codec {
        self.ladder.codec()
    }

    /// The name of the stream's pad.
    pub(super) fn pad(&self) -> &str {
        self.ladder.pad()
    }

    /// How many rungs there are.
    pub(super) fn rungs(&self) -> usize {
        self.ladder.shapes.len()
    }

    /// Whether its encoders are those of the stream as it is now.
    pub(super) fn is_current(&self, input: &Input) -> bool {
        input.has_ladder(&self.ladder)
    }

    /// Starts the flow: the viewer's transport is up.
    pub(super) fn begin(&self) {
        {
            let mut places = self.places();
            places.joined = true;
            if let Some(lease) = &mut places.current {
                lease.join(&self.guest.member);
            }
        }
        self.request_key_unit();
    }

    /// The viewer's transport lost packets that matter. Who is on the way to another rung gets one from that.
    pub(super) fn request_key_unit(&self) {
        let rung = {
            let places = self.places();
            let next = places.next.as_ref().map(|next| &next.lease);
            next.or(places.current.as_ref()).and_then(|lease| lease.rung().cloned())
        };
        if let Some(rung) = rung {
            rung.request_key_unit();
        }
    }

    /// What the viewer's network carries of this stream, in bit/s.
    pub(super) fn estimate(&self, bits_per_second: u32) {
        self.ladder.estimate(self.viewer, bits_per_second);
    }

    /// Has the network tried for so much, in bit/s.
    pub(super) fn desire(&self, bits_per_second: u32) {
        if self.desired.swap(bits_per_second, Ordering::Relaxed) != bits_per_second {
            (self.guest.desires)(bits_per_second);
        }
    }

    /// Nothing is decided by what the network carries: the encoder runs at so much.
    pub(super) fn go_at(&self, bits_per_second: u32) {
        if let Some((_, rung)) = self.rung() {
            rung.set_bitrate(bits_per_second);
        }
        if self.codec().kind == MediaKind::Video {
            self.desire(bits_per_second);
        }
    }

    /// Sets out for another rung, which is started where it does not run; blocks meanwhile.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn switch(&self, rung: usize) -> Result<(), String> {
        let is_there = |lease: &Lease| lease.which().rung == rung && failure(lease).is_none();
        let (old, back, is_done) = {
            let mut places = self.places();
            let old = places.arrive();
            let goes = places.next.as_ref().is_some_and(|next| is_there(&next.lease));
            let stays = !goes && places.current.as_ref().is_none_or(is_there);
            let back = if stays { places.next.take() } else { None };
            (old, back, goes || stays)
        };
        drop(old);
        self.give_up(back);
        if is_done {
            return Ok(());
        }
        let mut lease = self.ladder.lease(rung, &self.guest.peer_id)?;
        let (old, spare) = {
            let mut places = self.places();
            match (&places.current, places.joined) {
                // Gone meanwhile.
                (None, _) => ((None, None), Some(lease)),
                (Some(_), false) => ((places.current.replace(lease), places.next.take()), None),
                (Some(current), true) => {
                    lease.join(&self.guest.member);
                    let next = Next { lease, since: Instant::now(), sent: sent(current) };
                    ((None, places.next.replace(next)), None)
                }
            }
        };
        drop(old);
        if let Some(lease) = spare {
            lease.give_up();
            return Ok(());
        }
        self.request_key_unit();
        Ok(())
    }

    /// Goes no further. Packets do not wait for this: the viewer may have changed over just now, and back.
    fn give_up(&self, next: Option<Next>) {
        if next.is_none() {
            return;
        }
        drop(next);
        if self.rung().is_some_and(|(_, rung)| rung.fan_out().awaits_key_unit()) {
            self.request_key_unit();
        }
    }

    /// Gives the old rung back where the viewer has changed over. The rung that never made a key unit, where there is
    /// one.
    pub(super) fn settle(&self) -> Option<usize> {
        let (old, late) = {
            let mut places = self.places();
            let old = places.arrive();
            let Places { current, next, .. } = &mut *places;
            let is_late = |next: &mut Next| {
                next.since.elapsed() > PATIENCE && !waits(&next.lease) && goes_on(current.as_ref(), next.sent)
            };
            (old, next.take_if(is_late))
        };
        drop(old);
        let rung = late.as_ref().map(|next| next.lease.which().rung);
        self.give_up(late);
        rung
    }

    /// A rung has failed, and another encoder takes its place: the viewer goes on there. Blocks while that is started.
    ///
    /// # Errors
    /// None starts.
    pub(super) fn renew(&self, rung: usize) -> Result<(), String> {
        let failed = |lease: &Lease| lease.which().rung == rung && failure(lease).is_some();
        let is_concerned = || {
            let places = self.places();
            let next = places.next.as_ref().map(|next| &next.lease);
            next.into_iter().chain(&places.current).any(failed)
        };
        while is_concerned() {
            if !self.ladder.has_next() {
                return Err("none of the encoders works".into());
            }
            let mut lease = self.ladder.lease(rung, &self.guest.peer_id)?;
            let (old, spare) = {
                let mut places = self.places();
                let Places { current, next, joined } = &mut *places;
                let next = next.as_mut().map(|next| &mut next.lease);
                match next.into_iter().chain(current).find(|lease| failed(lease)) {
                    Some(place) => {
                        if *joined {
                            lease.join(&self.guest.member);
                        }
                        (Some(std::mem::replace(place, lease)), None)
                    }
                    None => (None, Some(lease)),
                }
            };
            drop(old);
            spare.into_iter().for_each(Lease::give_up);
            self.request_key_unit();
        }
        Ok(())
    }

    /// A rung has failed: the viewer goes on without it, or not at all.
    ///
    /// `lost` are all that have failed so far: who was on his way from one to the other is left with nothing.
    pub(super) fn abandon(&self, rung: usize, text: &str, lost: &[usize]) {
        let failed = |lease: &Lease| lease.which().rung == rung && failure(lease).is_some();
        let (next, is_over) = {
            let mut places = self.places();
            let next = if places.next.as_ref().is_some_and(|next| failed(&next.lease)) {
                places.next.take()
            } else {
                None
            };
            let is_lost = |lease: &Lease| failure(lease).is_some() && lost.contains(&lease.which().rung);
            (next, places.next.is_none() && places.current.as_ref().is_some_and(is_lost))
        };
        self.give_up(next);
        if is_over {
            self.end(text);
        }
    }

    /// The session is over for that.
    pub(super) fn end(&self, text: &str) {
        self.guest.events.send(Event::Failed(EndReason::Pipeline(text.to_owned())));
    }

    /// The rung that the viewer is sent.
    pub(super) fn rung(&self) -> Option<(Which, Arc<Rung>)> {
        let places = self.places();
        let next = places.next.as_ref().map(|next| &next.lease).filter(|lease| lease.serves());
        let lease = next.or(places.current.as_ref())?;
        Some((*lease.which(), lease.rung()?.clone()))
    }
}

/// What a rung has sent.
fn sent(lease: &Lease) -> u64 {
    lease.rung().map_or(0, |rung| rung.fan_out().sent())
}

/// Whether a rung is not to blame for making nothing.
fn waits(lease: &Lease) -> bool {
    lease.rung().is_some_and(|rung| rung.waits())
}

/// Whether pictures come in, as far as can be seen from another rung, or that one is of no use either.
fn goes_on(current: Option<&Lease>, before: u64) -> bool {
    current.is_none_or(|current| sent(current) != before || failure(current).is_some())
}

/// Why a rung failed, where it did.
fn failure(lease: &Lease) -> Option<&Fault> {
    lease.rung()?.failure()
}
