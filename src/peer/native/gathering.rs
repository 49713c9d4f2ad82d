//! A session's candidates: the host's own, and those that STUN and TURN servers tell in their own time, while nobody
//! waits for them.

use super::CAT;
use super::connection::{Native, State};
use super::handle::{Command, Handle};
use super::relay::Request;
use super::routes::Key;
use crate::runtime;
use crate::session::EventSender;
use logic::negotiation::{EndReason, Event};
use protocol::IceCandidate;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use str0m::net::TcpType;
use str0m::{Candidate, CandidateKind};
use tokio::sync::oneshot;

/// TURN servers that a session asks for an address.
const MOST_RELAYS: usize = 4;

/// What servers have told.
#[derive(Default)]
pub(super) struct Gathered {
    candidates: Vec<Candidate>,
    /// How many may still tell something.
    pending: usize,
    /// Why TURN servers give no address.
    faults: Vec<String>,
}

impl Gathered {
    /// Whether nothing more will come.
    pub(super) fn is_complete(&self) -> bool {
        self.pending == 0
    }

    /// What STUN servers told is out of date; relays stay where they are.
    pub(super) fn forget_reflexive(&mut self) {
        self.candidates.retain(|candidate| candidate.kind() != CandidateKind::ServerReflexive);
    }
}

/// The way back to a session that may be over.
#[derive(Clone)]
struct Back {
    state: Weak<Mutex<State>>,
    handle: Arc<Handle>,
    events: EventSender,
    key: Key,
}

impl Back {
    /// A server has told something, or that there is nothing to tell.
    fn found(&self, candidate: Option<Candidate>) {
        self.heard(candidate, None);
    }

    /// A TURN server has given an address, or not. Without any a session that may use nothing else has no way.
    fn relayed(&self, told: Option<Result<Candidate, String>>, only: bool) {
        match told.unwrap_or_else(|| Err("the session is over".into())) {
            Ok(candidate) => self.heard(Some(candidate), None),
            Err(fault) => self.heard(None, Some(fault).filter(|_| only)),
        }
    }

    fn heard(&self, candidate: Option<Candidate>, fault: Option<String>) {
        let Some(state) = self.state.upgrade() else { return };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = &mut state.gathered;
        gathered.pending = gathered.pending.saturating_sub(1);
        let is_fault = fault.is_some();
        gathered.faults.extend(fault);
        if is_fault && gathered.is_complete() && gathered.candidates.is_empty() {
            let why = gathered.faults.join("; ");
            self.events.send(Event::Failed(EndReason::NoRelay(why)));
        }
        let Some(candidate) = candidate else { return };
        state.gathered.candidates.push(candidate.clone());
        // What was described before goes after it.
        if let Some((index, mid)) = state.lines.first().filter(|_| state.version > 0) {
            let text = candidate.to_sdp_string();
            let told = IceCandidate { candidate: text, sdp_m_line_index: Some(index), sdp_mid: Some(mid) };
            self.events.send(Event::LocalCandidate(told));
        }
        if state.open.is_some() {
            self.handle
                .mention(Command::With(self.key, Box::new(|session| session.add_local_candidate(candidate))));
        }
    }
}

impl Native {
    /// Has servers asked where this session can be reached.
    pub(super) fn gather(&self) {
        self.gather_reflexive();
        self.ask_turn(&self.back());
    }

    /// The same, STUN servers only.
    pub(super) fn gather_reflexive(&self) {
        if !self.config.relay_only {
            self.ask_stun(&self.back());
        }
    }

    fn back(&self) -> Back {
        Back {
            state: Arc::downgrade(&self.state),
            handle: self.handle.clone(),
            events: self.events.clone(),
            key: self.key,
        }
    }

    /// Under which address the world sees this side.
    fn ask_stun(&self, back: &Back) {
        let Some(server) = self.config.servers.stun_address() else { return };
        // It may find before this returns.
        self.state().gathered.pending += 1;
        let found = back.clone();
        let (known, asked) = self.engine.reflexive(server, move |candidate| found.found(Some(candidate)));
        if !asked {
            back.found(known);
        }
    }

    /// Addresses on TURN servers.
    fn ask_turn(&self, back: &Back) {
        let (relays, over_tls) = self.config.servers.relays();
        if !over_tls.is_empty() {
            gst::info!(
                CAT,
                "going on without TURN over TLS, which only webrtcbin has: {}",
                over_tls.join(", ")
            );
        }
        if relays.is_empty() && self.config.relay_only {
            gst::warning!(CAT, "only relays may be used, and no TURN server is known: nobody can be reached");
        }
        for server in relays.into_iter().take(MOST_RELAYS) {
            let (tell, told) = oneshot::channel();
            self.state().gathered.pending += 1;
            let from = self.engine.way_to(server.address);
            self.handle.tell(Command::Relay(self.key, Request { server, from, tell }));
            let (back, only) = (back.clone(), self.config.relay_only);
            runtime::spawn(async move { back.relayed(told.await.ok(), only) });
        }
    }

    /// Where this session can be reached.
    pub(super) fn candidates(&self, state: &State) -> Vec<Candidate> {
        self.with_hosts(&self.own_addresses(), state)
    }

    /// What the peer is told of that.
    pub(super) fn told(&self, state: &State) -> Vec<Candidate> {
        self.with_hosts(&self.config.advertised.told(&self.own_addresses()), state)
    }

    fn own_addresses(&self) -> Vec<SocketAddr> {
        if self.config.relay_only { Vec::new() } else { self.engine.addresses() }
    }

    fn with_hosts(&self, addresses: &[SocketAddr], state: &State) -> Vec<Candidate> {
        let udp = addresses.iter().filter_map(|address| Candidate::host(*address, "udp").ok());
        let tcp = addresses.iter().filter(|_| self.engine.takes_tcp());
        let passive =
            |address: &SocketAddr| Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive);
        let tcp = tcp.filter_map(|address| passive(address).build().ok());
        udp.chain(tcp).chain(state.gathered.candidates.iter().cloned()).collect()
    }
}
