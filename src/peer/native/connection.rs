//! One session for its task: makes and reads descriptions, and has its thread do the rest.

use super::engine::Engine;
use super::handle::{Command, Handle};
use super::lines::{Agreement, Lines, Remote};
use super::outlet::NativeOutlet;
use super::routes::{Key, Place};
use super::session::{Opening, Session, Shared};
use super::statistics;
use crate::peer::{Config, Connection, Outlet, SenderOptions};
use crate::session::EventSender;
use logic::negotiation::{EndReason, Event};
use logic::sdp::local::Local;
use logic::sdp::transport::Setup;
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use str0m::config::{DtlsCert, Fingerprint};
use str0m::{Candidate, IceCreds};

/// A session through str0m.
pub(crate) struct Native {
    key: Key,
    handle: Arc<Handle>,
    engine: Arc<Engine>,
    config: Config,
    events: EventSender,
    shared: Arc<Shared>,
    credentials: IceCreds,
    id: u64,
    state: Arc<Mutex<State>>,
}

struct State {
    lines: Lines,
    /// The peer's latest description.
    remote: Option<Remote>,
    /// Counts our descriptions.
    version: u64,
    /// The candidate that a STUN server told, and whether one may still come.
    reflexive: Option<Candidate>,
    gathering: bool,
    /// Whether the thread has been told what was agreed on; then, whether this side decides about ICE's pairs.
    open: bool,
}

impl Native {
    /// A session on one of the engine's threads.
    ///
    /// # Errors
    /// The engine has no threads.
    pub(crate) fn new(engine: &Arc<Engine>, config: &Config, events: EventSender) -> Result<Self, String> {
        let none = || "the transport has no threads".to_owned();
        let (key, handle) = engine.place().ok_or_else(none)?;
        let credentials = IceCreds::new();
        handle.count();
        handle.tell(Command::Expect(key));
        let place = Place { thread: handle.index(), key };
        engine.reader().ok_or_else(none)?.tell(Command::Route(credentials.ufrag.clone(), place));
        let state = State {
            lines: Lines::new(),
            remote: None,
            version: 0,
            reflexive: None,
            gathering: false,
            open: false,
        };
        let native = Self {
            key,
            handle: handle.clone(),
            engine: engine.clone(),
            config: config.clone(),
            events,
            shared: Arc::default(),
            credentials,
            id: u64::from(gst::glib::random_int()),
            state: Arc::new(Mutex::new(state)),
        };
        native.gather();
        Ok(native)
    }

    /// Has the STUN server asked under which address the world sees this side.
    fn gather(&self) {
        let Some(server) = self.config.servers.stun_address() else { return };
        let (state, handle, key) = (Arc::downgrade(&self.state), self.handle.clone(), self.key);
        let events = self.events.clone();
        let found = move |candidate: Candidate| {
            let Some(state) = state.upgrade() else { return };
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.reflexive = Some(candidate.clone());
            state.gathering = false;
            // What was described before goes after it.
            if let Some((index, mid)) = state.lines.first().filter(|_| state.version > 0) {
                let text = candidate.to_sdp_string();
                let told =
                    IceCandidate { candidate: text, sdp_m_line_index: Some(index), sdp_mid: Some(mid) };
                events.send(Event::LocalCandidate(told));
            }
            if state.open {
                handle
                    .mention(Command::With(key, Box::new(|session| session.add_local_candidate(candidate))));
            }
        };
        // It may find before this returns.
        let (known, asked) = self.engine.reflexive(server, found);
        let mut state = self.state();
        state.gathering = asked && state.reflexive.is_none();
        state.reflexive = known.or(state.reflexive.take());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where this session can be reached.
    fn candidates(&self, state: &State) -> Vec<Candidate> {
        let addresses = self.engine.addresses().into_iter();
        let hosts = addresses.filter_map(|address| Candidate::host(address, "udp").ok());
        hosts.chain(state.reflexive.clone()).collect()
    }

    fn text(&self, state: &mut State, kind: DescriptionKind) -> String {
        let candidates: Vec<_> = self.candidates(state).iter().map(Candidate::to_sdp_string).collect();
        let lines = state.lines.written();
        let local = Local {
            id: self.id,
            version: state.version,
            ufrag: &self.credentials.ufrag,
            pwd: &self.credentials.pass,
            fingerprint: &self.config.certificate.fingerprint,
            setup: match kind {
                DescriptionKind::Offer => Setup::ActPass,
                DescriptionKind::Answer if begins(state.remote.as_ref(), kind) => Setup::Active,
                DescriptionKind::Answer => Setup::Passive,
            },
            candidates: &candidates,
            complete: !state.gathering,
            lines: &lines,
        };
        state.version += 1;
        local.write()
    }

    /// Both sides have described themselves, for the first time or anew.
    fn agreed(&self, state: &mut State, kind: DescriptionKind) -> Result<(), EndReason> {
        let Some(remote) = &state.remote else { return Ok(()) };
        let agreement = match kind {
            DescriptionKind::Offer => state.lines.answered(remote, &self.config),
            DescriptionKind::Answer => state.lines.answering(remote),
        };
        if std::mem::replace(&mut state.open, true) {
            for stream in agreement.streams {
                self.with(move |session| session.add_stream(stream));
            }
            for candidate in remote.transport.candidates.iter().filter_map(|text| read_candidate(text)) {
                self.with(move |session| session.add_remote_candidate(candidate));
            }
            return Ok(());
        }
        let opening = self.opening((remote, self.candidates(state)), agreement, kind)?;
        self.handle.tell(Command::Open(self.key, Box::new(opening)));
        Ok(())
    }

    fn opening(
        &self,
        (remote, local_candidates): (&Remote, Vec<Candidate>),
        agreement: Agreement,
        ours: DescriptionKind,
    ) -> Result<Opening, EndReason> {
        let transport = &remote.transport;
        let (hash_func, bytes) = transport.fingerprint.clone();
        let estimator = self.config.estimator.clone();
        if estimator.is_some() && !agreement.measures {
            gst::info!(super::CAT, "the peer does not report on every packet: no congestion control");
        }
        let certificate = &self.config.certificate;
        Ok(Opening {
            local: self.credentials.clone(),
            remote: IceCreds { ufrag: transport.ufrag.clone(), pass: transport.pwd.clone() },
            fingerprint: Fingerprint { hash_func, bytes },
            certificate: DtlsCert {
                certificate: certificate.der.clone(),
                private_key: certificate.key.clone(),
            },
            controlling: ours == DescriptionKind::Offer || transport.lite,
            active: begins(Some(remote), ours),
            formats: agreement.formats,
            extensions: agreement.extensions,
            streams: agreement.streams,
            local_candidates,
            remote_candidates: transport.candidates.iter().filter_map(|text| read_candidate(text)).collect(),
            estimator: estimator.filter(|_| agreement.measures),
            events: self.events.clone(),
            shared: self.shared.clone(),
        })
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
        }
        let sdp = self.text(&mut state, kind);
        drop(state);
        self.events.send(Event::Created(SessionDescription { kind, sdp }));
    }

    fn set_local(&self, description: &SessionDescription) -> Result<(), EndReason> {
        match description.kind {
            DescriptionKind::Offer => Ok(()),
            DescriptionKind::Answer => self.agreed(&mut self.state(), DescriptionKind::Answer),
        }
    }

    fn set_remote(&self, description: &SessionDescription) -> Result<(), EndReason> {
        let remote = Remote::read(&description.sdp).map_err(|err| EndReason::Description(err.to_string()))?;
        let mut state = self.state();
        let before = state.remote.replace(remote);
        let renewed = |old: &Remote, new: &Remote| old.transport.ufrag != new.transport.ufrag;
        if let (true, Some(old), Some(new)) = (state.open, &before, &state.remote)
            && renewed(old, new)
        {
            return Err(EndReason::Description("restart ICE: this transport cannot".into()));
        }
        if description.kind == DescriptionKind::Answer {
            self.agreed(&mut state, DescriptionKind::Offer)?;
        }
        drop(state);
        self.events.send(Event::RemoteSet);
        Ok(())
    }

    fn add_candidate(&self, candidate: &IceCandidate) {
        if let Some(candidate) = read_candidate(&candidate.candidate) {
            self.with(move |session| session.add_remote_candidate(candidate));
        }
    }

    fn add_sender(&self, options: SenderOptions<'_>) -> Result<Box<dyn Outlet>, String> {
        let mut state = self.state();
        let State { lines, remote, .. } = &mut *state;
        let offered = remote.as_ref().filter(|remote| options.m_line < remote.description.media.len());
        let stream = match offered {
            Some(remote) => lines.answer(options, remote)?,
            None => lines.offer(options, &self.config)?,
        };
        Ok(Box::new(NativeOutlet::new(self.handle.clone(), self.key, stream)))
    }

    fn refuse(&self, m_line: usize, _: &gst::Caps) {
        let mut state = self.state();
        let State { lines, remote, .. } = &mut *state;
        if let Some(remote) = remote {
            lines.make_room(m_line, remote);
        }
    }

    fn silence(&self) -> Duration {
        self.shared.heard.silence()
    }

    fn stats(&self, _: Duration) -> Option<gst::Structure> {
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

/// Whether this side begins with DTLS: the peer's wish, and that of who answers where it has none.
fn begins(remote: Option<&Remote>, ours: DescriptionKind) -> bool {
    match remote.map(|remote| remote.transport.setup) {
        Some(Setup::Active) => false,
        Some(Setup::Passive) => true,
        _ => ours == DescriptionKind::Answer,
    }
}

/// The peer's candidate, where it is one that can be reached: not TCP, not a name.
fn read_candidate(text: &str) -> Option<Candidate> {
    let text = text.trim().trim_start_matches("a=");
    let candidate = Candidate::from_sdp_string(text).ok()?;
    (candidate.proto() == str0m::net::Protocol::Udp).then_some(candidate)
}
