//! One session for its task: makes and reads descriptions, and has its thread do the rest.

use super::data::Data;
use super::engine::Engine;
use super::gathering::Gathered;
use super::handle::{Command, Handle, Job};
use super::ice::Restart;
use super::lines::Lines;
use super::outlet::NativeOutlet;
use super::remote::{Remote, read_candidate};
use super::routes::{Key, Place};
use super::session::{Session, Shared};
use super::statistics;
use crate::peer::{Channel, ChannelOptions, Config, Connection, Outlet, SenderOptions};
use crate::session::EventSender;
use logic::bitrate::Bounds;
use logic::codec::MediaKind;
use logic::negotiation::{EndReason, Event};
use logic::sdp::local::Local;
use logic::sdp::media::Format;
use logic::sdp::transport::Setup;
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use str0m::{Candidate, IceCreds};

/// The peer's candidates that may wait for a description to come into force.
const EARLY: usize = 64;

/// A session through str0m.
pub(crate) struct Native {
    pub(super) key: Key,
    pub(super) handle: Arc<Handle>,
    pub(super) engine: Arc<Engine>,
    pub(super) config: Config,
    pub(super) events: EventSender,
    pub(super) shared: Arc<Shared>,
    id: u64,
    pub(super) state: Arc<Mutex<State>>,
}

pub(super) struct State {
    pub(super) lines: Lines,
    /// The peer's latest description.
    remote: Option<Remote>,
    /// Whether it is an offer that has not been answered yet.
    answering: bool,
    /// Whether it answers under an origin of its own.
    has_origin: bool,
    /// Those of our latest description.
    credentials: IceCreds,
    /// Counts our descriptions.
    pub(super) version: u64,
    pub(super) gathered: Gathered,
    /// What the thread has been told.
    pub(super) open: Option<Open>,
    /// The peer's candidates that belong to a description which is not in force.
    early: Vec<Candidate>,
    data: Data,
}

/// What the thread of an open session knows.
pub(super) struct Open {
    local: IceCreds,
    remote: IceCreds,
    /// Whether this side began with DTLS: that stays.
    active: bool,
    /// The peer's certificate: that stays too.
    fingerprint: (String, Vec<u8>),
}

impl State {
    /// Whether what the peer says of its candidates is about what the thread knows.
    fn is_in_force(&self) -> bool {
        let of = |open: &Open| self.remote.as_ref().is_some_and(|remote| remote.credentials() == open.remote);
        self.open.as_ref().is_some_and(of)
    }

    /// Both sides have described themselves: data channels may begin.
    fn associate(&mut self) {
        if let (Some(remote), Some(open)) = (&self.remote, &self.open) {
            self.data.agreed(&self.lines, remote, open.active);
        }
    }
}

impl Native {
    /// A session on one of the engine's threads.
    ///
    /// # Errors
    /// The engine has no threads.
    pub(crate) fn new(engine: &Arc<Engine>, config: &Config, events: EventSender) -> Result<Self, String> {
        let none = || "the transport has no threads".to_owned();
        let (key, handle) = engine.place().ok_or_else(none)?;
        handle.count();
        handle.tell(Command::Expect(key));
        let state = State {
            lines: Lines::new(),
            remote: None,
            answering: false,
            has_origin: false,
            credentials: IceCreds::new(),
            version: 0,
            gathered: Gathered::default(),
            open: None,
            early: Vec::new(),
            data: Data::new(key, handle, &events),
        };
        let native = Self {
            key,
            handle: handle.clone(),
            engine: engine.clone(),
            config: config.clone(),
            events,
            shared: Arc::default(),
            id: u64::from(gst::glib::random_int()),
            state: Arc::new(Mutex::new(state)),
        };
        native.route(&native.state().credentials);
        native.gather();
        Ok(native)
    }

    /// Has the reading thread know under which name this session is asked for.
    fn route(&self, credentials: &IceCreds) {
        if let Some(reader) = self.engine.reader() {
            let place = Place { thread: self.handle.index(), key: self.key };
            reader.tell(Command::Route(credentials.ufrag.clone(), place));
        }
    }

    /// The next description of ours has credentials of its own: ICE begins anew.
    fn renew(&self, state: &mut State) {
        state.credentials = IceCreds::new();
        self.route(&state.credentials);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self, state: &mut State, kind: DescriptionKind) -> String {
        let candidates: Vec<_> = self.told(state).iter().map(Candidate::to_sdp_string).collect();
        let offer = state.remote.as_ref().filter(|_| kind == DescriptionKind::Answer);
        let lines = state.lines.written(offer);
        let active = match &state.open {
            Some(open) => open.active,
            None => state.remote.as_ref().is_some_and(|remote| remote.has_us_begin(kind)),
        };
        let local = Local {
            id: self.id,
            version: state.version,
            ufrag: &state.credentials.ufrag,
            pwd: &state.credentials.pass,
            fingerprint: &self.config.certificate.fingerprint,
            setup: match kind {
                DescriptionKind::Offer => Setup::ActPass,
                DescriptionKind::Answer if active => Setup::Active,
                DescriptionKind::Answer => Setup::Passive,
            },
            candidates: &candidates,
            complete: state.gathered.is_complete(),
            lines: &lines,
        };
        state.version += 1;
        local.write()
    }

    /// Both sides have described themselves, for the first time or anew.
    fn agreed(&self, state: &mut State, kind: DescriptionKind) {
        let Some(remote) = &state.remote else { return };
        let agreement = match kind {
            DescriptionKind::Offer => state.lines.answered(remote, &self.config),
            DescriptionKind::Answer => state.lines.answering(remote, &self.config),
        };
        let remote_candidates: Vec<_> = remote.candidates().chain(state.early.drain(..)).collect();
        let local_candidates = self.candidates(state);
        if let Some(open) = &mut state.open {
            for (stream, paused) in agreement.paused {
                self.with(move |session| session.pause_stream(stream, paused));
            }
            for stream in agreement.streams {
                self.with(move |session| session.add_stream(stream));
            }
            let (local, remote) = (state.credentials.clone(), remote.credentials());
            if (&local, &remote) == (&open.local, &open.remote) {
                for candidate in remote_candidates {
                    self.with(move |session| session.add_remote_candidate(candidate));
                }
                return;
            }
            let before = std::mem::replace(&mut open.local, local.clone());
            open.remote = remote.clone();
            let restart = Restart { local, remote, local_candidates, remote_candidates };
            self.with(move |session| session.restart_ice(restart));
            if let Some(reader) = self.engine.reader().filter(|_| before != open.local) {
                reader.tell(Command::Unroute(before.ufrag, self.key));
            }
            return;
        }
        let opening =
            self.opening(remote, &state.credentials, (local_candidates, remote_candidates), agreement, kind);
        state.open = Some(Open {
            local: opening.local.clone(),
            remote: opening.remote.clone(),
            active: opening.active,
            fingerprint: remote.transport.fingerprint.clone(),
        });
        self.handle.tell(Command::Open(self.key, Box::new(opening)));
    }

    fn with(&self, change: impl FnOnce(&mut Session) + Send + 'static) {
        self.handle.tell(Command::With(self.key, Box::new(change)));
    }
}

impl Connection for Native {
    fn create(&self, kind: DescriptionKind) {
        let mut state = self.state();
        let State { lines, remote, .. } = &mut *state;
        if let (DescriptionKind::Answer, Some(remote)) = (kind, remote) {
            lines.make_room(remote.description.media.len(), remote);
            // Who is offered new credentials answers with new ones (RFC 8445 section 9).
            let theirs = remote.credentials();
            let renewed = |open: &Open| open.remote != theirs && open.local == state.credentials;
            if state.open.as_ref().is_some_and(renewed) {
                self.renew(&mut state);
            }
        }
        if kind == DescriptionKind::Offer {
            let State { lines, data, .. } = &mut *state;
            data.offer(lines);
        }
        let sdp = self.text(&mut state, kind);
        drop(state);
        self.events.send(Event::Created(SessionDescription { kind, sdp }));
    }

    fn set_local(&self, description: &SessionDescription) -> Result<(), EndReason> {
        match description.kind {
            DescriptionKind::Offer => Ok(()),
            DescriptionKind::Answer => {
                let mut state = self.state();
                self.agreed(&mut state, DescriptionKind::Answer);
                state.answering = false;
                state.associate();
                Ok(())
            }
        }
    }

    fn set_remote(&self, description: &SessionDescription) -> Result<(), EndReason> {
        let remote = Remote::read(&description.sdp).map_err(|err| EndReason::Description(err.to_string()))?;
        let mut state = self.state();
        if state.open.as_ref().is_some_and(|open| open.fingerprint != remote.transport.fingerprint) {
            let text = "go on with the peer: its certificate changed, which needs another session";
            return Err(EndReason::Description(text.into()));
        }
        if description.kind == DescriptionKind::Answer {
            state.has_origin = remote.transport.origin != self.id.to_string();
        }
        state.remote = Some(remote);
        state.answering = description.kind == DescriptionKind::Offer;
        if description.kind == DescriptionKind::Answer {
            self.agreed(&mut state, DescriptionKind::Offer);
            state.associate();
        }
        drop(state);
        self.events.send(Event::RemoteSet);
        Ok(())
    }

    fn add_candidate(&self, candidate: &IceCandidate) {
        let Some(candidate) = read_candidate(&candidate.candidate) else { return };
        let mut state = self.state();
        if state.is_in_force() {
            self.with(move |session| session.add_remote_candidate(candidate));
        } else if state.early.len() < EARLY {
            state.early.push(candidate);
        }
    }

    fn add_sender(&self, options: SenderOptions<'_>) -> Result<Box<dyn Outlet>, String> {
        let mut state = self.state();
        let State { lines, remote, answering, .. } = &mut *state;
        let offered = remote.as_ref().filter(|_| *answering);
        let stream = match offered {
            Some(remote) => lines.answer(options, remote, &self.config)?,
            None => lines.offer(options, &self.config)?,
        };
        Ok(Box::new(NativeOutlet::new(self.handle.clone(), self.key, stream, self.shared.clone())))
    }

    fn can_send(&self, kind: MediaKind, format: &Format) -> bool {
        self.state().lines.can_send(kind, format)
    }

    fn remove_sender(&self, m_line: usize) -> bool {
        let mut state = self.state();
        if let Some(stream) = state.lines.remove(m_line) {
            self.with(move |session| session.remove_stream(stream));
        }
        // A webrtcbin, whose answers repeat our origin, gives up where a section is used again (GStreamer 1.22). Who
        // has not answered yet may be one.
        state.has_origin
    }

    fn open_channel(&self, options: ChannelOptions) -> Result<Arc<Channel>, String> {
        let mut state = self.state();
        let described = state.version > 0;
        Ok(state.data.open(options, described))
    }

    fn expect_channels(&self) {
        self.state().data.expect();
    }

    fn channels_line(&self) -> Option<usize> {
        self.state().lines.data()
    }

    fn refuse(&self, m_line: usize, _: &gst::Caps) {
        let mut state = self.state();
        let State { lines, remote, .. } = &mut *state;
        if let Some(remote) = remote {
            lines.make_room(m_line, remote);
        }
    }

    fn can_restart_ice(&self) -> bool {
        true
    }

    fn restart_ice(&self) {
        {
            let mut state = self.state();
            self.renew(&mut state);
            // The host may have moved.
            state.gathered.forget_reflexive();
        }
        self.gather_reflexive();
    }

    fn aim(&self, minimum: u32, desired: u32) {
        let change = Box::new(move |session: &mut Session| session.aim(minimum, desired));
        // Where it is not taken there is another soon.
        self.handle.hand(Job::With(self.key, change));
    }

    fn set_bounds(&self, bounds: Bounds) {
        let change = Box::new(move |session: &mut Session| session.set_bounds(bounds));
        // Whoever sets a property must not wait. Encoders are told by others.
        self.handle.mention(Command::With(self.key, change));
    }

    fn silence(&self) -> Duration {
        self.shared.heard.silence()
    }

    fn stats(&self) -> Option<gst::Structure> {
        Some(statistics::of(&self.shared.statistics().clone()))
    }

    fn close(&self) {
        self.handle.tell(Command::Close(self.key));
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        self.close();
        if let Some(reader) = self.engine.reader() {
            reader.tell(Command::Forget(self.key));
        }
    }
}
