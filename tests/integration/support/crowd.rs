//! A sink whose viewers are light ones: who was invited, what became of each, and waiting for it.

use super::direct::{Direct, Said};
use super::light::{Habit, Joined, Lights, News};
use super::{DEADLINE, Pipeline};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What became of an invited viewer.
#[derive(Default)]
pub(crate) struct Guest {
    habit: Option<Habit>,
    pub(crate) offer: Option<String>,
    pub(crate) heard: bool,
    pub(crate) reached: bool,
    pub(crate) connected: bool,
    pub(crate) closed: bool,
    /// Why the sink ended the session.
    pub(crate) ended: Option<Option<String>>,
    pub(crate) packets: usize,
    /// Packets that are missing by their numbers.
    pub(crate) missing: u64,
    last: Option<u64>,
    pub(crate) joined: Option<Joined>,
}

#[derive(Default)]
struct Guests {
    all: Mutex<HashMap<String, Guest>>,
    changed: Condvar,
}

/// The viewers of a sink.
pub(crate) struct Crowd {
    direct: Direct,
    lights: Arc<Lights>,
    guests: Arc<Guests>,
}

impl Crowd {
    /// Viewers for the sink called `ws`, which is not playing yet, with this signaller.
    pub(crate) fn at(pipeline: &Pipeline, direct: Direct, said: Receiver<Said>) -> Self {
        pipeline.element("ws").set_property("signaller", &direct);
        let (lights, news) = Lights::start();
        let (lights, guests) = (Arc::new(lights), Arc::<Guests>::default());
        let crowd = Self { direct, lights, guests };
        let guests = crowd.guests.clone();
        // They end with their senders.
        std::thread::spawn(move || {
            while let Ok((session, news)) = news.recv() {
                guests.change(&session, |guest| guest.note(news));
            }
        });
        let (guests, direct) = (crowd.guests.clone(), crowd.direct.downgrade());
        let lights = Arc::downgrade(&crowd.lights);
        std::thread::spawn(move || {
            while let Ok(said) = said.recv() {
                let (Some(lights), Some(direct)) = (lights.upgrade(), direct.upgrade()) else { return };
                guests.hear(said, &lights, &direct);
            }
        });
        crowd
    }

    /// A viewer asks for what the sink serves, and will behave like that.
    pub(crate) fn invite(&self, session: &str, habit: Option<Habit>) {
        self.invite_as("viewer", session, habit);
    }

    /// The same, of a peer with this name.
    pub(crate) fn invite_as(&self, peer: &str, session: &str, habit: Option<Habit>) {
        self.guests.lock().insert(session.to_owned(), Guest { habit, ..Guest::default() });
        self.direct.session_requested(session, peer, None);
    }

    /// A viewer behaves otherwise from now on.
    pub(crate) fn behave(&self, session: &str, habit: Habit) {
        self.lights.behave(session, habit);
    }

    /// A viewer asks for a key unit.
    pub(crate) fn ask(&self, session: &str) {
        self.lights.ask(session);
    }

    /// A viewer says that it can be reached there.
    pub(crate) fn claim(&self, session: &str, address: SocketAddr) {
        let candidate = format!("candidate:9 1 UDP 2130706431 {} {} typ host", address.ip(), address.port());
        self.direct.handle_ice(session, 0, None, &candidate);
    }

    /// A viewer's program is killed: its socket is closed and nobody says a word.
    pub(crate) fn vanish(&self, session: &str) {
        self.lights.leave(session);
    }

    /// A viewer says goodbye and leaves.
    pub(crate) fn leave(&self, session: &str) {
        self.direct.session_ended(session, None);
        self.lights.leave(session);
        self.guests.lock().remove(session);
    }

    /// Waits until something is found out about the viewers.
    pub(crate) fn wait<T>(&self, what: &str, found: impl Fn(&HashMap<String, Guest>) -> Option<T>) -> T {
        self.wait_within(DEADLINE, what, found)
    }

    /// The same, where it takes long.
    pub(crate) fn wait_within<T>(
        &self,
        limit: Duration,
        what: &str,
        found: impl Fn(&HashMap<String, Guest>) -> Option<T>,
    ) -> T {
        let end = Instant::now() + limit;
        let mut all = self.guests.lock();
        loop {
            if let Some(result) = found(&all) {
                return result;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} in time");
            all = self.guests.changed.wait_timeout(all, left).unwrap().0;
        }
    }

    /// Waits for something about one viewer.
    pub(crate) fn until(&self, session: &str, what: &str, is_so: impl Fn(&Guest) -> bool) {
        self.wait(what, |all| {
            let guest = all.get(session)?;
            assert!(guest.ended.is_none(), "{session} was ended before {what}: {:?}", guest.ended);
            is_so(guest).then_some(())
        });
    }

    /// What is known of one viewer.
    pub(crate) fn of<T>(&self, session: &str, ask: impl FnOnce(&Guest) -> T) -> T {
        ask(&self.guests.lock()[session])
    }

    /// Why the sink ended a session.
    pub(crate) fn end(&self, session: &str, limit: Duration) -> Option<String> {
        self.wait_within(limit, "end", |all| all.get(session)?.ended.clone())
    }
}

impl Guests {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Guest>> {
        self.all.lock().unwrap()
    }

    fn change(&self, session: &str, change: impl FnOnce(&mut Guest)) {
        if let Some(guest) = self.lock().get_mut(session) {
            change(guest);
        }
        self.changed.notify_all();
    }

    fn hear(&self, said: Said, lights: &Lights, direct: &Direct) {
        match said {
            Said::Description(session, WebRTCSDPType::Offer, sdp) => {
                let (joined, habit) =
                    self.lock().get(&session).map_or((false, None), |it| (it.joined.is_some(), it.habit));
                // Who is not reached any more is offered to begin anew: these do not answer.
                if joined {
                    return;
                }
                let Some(habit) = habit else {
                    return self.change(&session, |guest| guest.offer = Some(sdp));
                };
                let joined = lights.join(&session, &sdp, habit);
                direct.describe(&session, WebRTCSDPType::Answer, &joined.answer);
                self.change(&session, |guest| {
                    (guest.offer, guest.joined) = (Some(sdp), Some(joined));
                });
            }
            Said::Candidate(session, candidate) => lights.candidate(&session, &candidate),
            Said::Ended(session, why) => self.change(&session, |guest| guest.ended = Some(why)),
            _ => {}
        }
    }
}

impl Guest {
    fn note(&mut self, news: News) {
        match news {
            News::Heard => self.heard = true,
            News::Reached => self.reached = true,
            News::Connected => self.connected = true,
            News::Closed => self.closed = true,
            News::Packet(number) => {
                self.packets += 1;
                let step = self.last.map_or(1, |last| number.saturating_sub(last));
                self.missing = (self.missing + step).saturating_sub(1);
                self.last = self.last.max(Some(number));
            }
        }
    }
}
