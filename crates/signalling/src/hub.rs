//! The rules of the server: who is told what, and in which order.
//!
//! Pure: no sockets, no clock, no randomness. Session identifiers come from a source that the caller gives.
//! Queues, slow peers and closing belong to `board` and `connection`.

mod passing;

use crate::grant::Rights;
use crate::metrics::Census;
use crate::peers::Peers;
use crate::refusal::Refusal;
use crate::sessions::{Session, Sessions};
use protocol::{
    ClientMessage, EndReason, ErrorCode, Meta, PeerId, PeerRole, PeerStatus, ProtocolVersion, ServerMessage,
    SessionId,
};
use std::sync::Arc;

/// One message that the server has to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Who is told.
    pub to: PeerId,
    /// What is said; the same value where many are told the same.
    pub message: Arc<ServerMessage>,
}

/// What one peer may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sessions that a peer may have at a time.
    pub sessions_per_peer: usize,
    /// Sessions that two peers may have with each other at a time: nobody can take all that a producer may have.
    pub sessions_per_pair: usize,
    /// Bytes of a peer's `meta`, as JSON.
    pub meta: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions_per_peer: 1000, sessions_per_pair: 8, meta: 64 * 1024 }
    }
}

/// The state of a room: peers, their roles and their sessions.
pub struct Hub {
    peers: Peers,
    sessions: Sessions,
    limits: Limits,
    new_session_id: Box<dyn FnMut() -> SessionId + Send>,
}

impl Hub {
    /// An empty hub. `new_session_id` must give a new identifier at each call.
    pub fn new(limits: Limits, new_session_id: impl FnMut() -> SessionId + Send + 'static) -> Self {
        Self {
            peers: Peers::default(),
            sessions: Sessions::default(),
            limits,
            new_session_id: Box::new(new_session_id),
        }
    }

    /// A peer has connected under an identifier that nobody else has. Nothing happens where it is taken.
    pub fn connected(&mut self, peer: PeerId, rights: Rights) -> Vec<Outgoing> {
        if !self.peers.add(peer.clone(), rights) {
            return Vec::new();
        }
        let versions = ProtocolVersion::ALL.to_vec();
        vec![tell(&peer, ServerMessage::Welcome { peer_id: peer.clone(), versions })]
    }

    /// A peer has said something. A message that is refused changes nothing, and its sender is told why.
    pub fn message(&mut self, from: &PeerId, message: ClientMessage) -> Vec<Outgoing> {
        self.answer(from, message).unwrap_or_else(|refusal| vec![tell(from, refusal.message())])
    }

    /// A peer has said something that is no message at all; `details` says what is wrong with it.
    pub fn not_understood(&self, from: &PeerId, details: String) -> Vec<Outgoing> {
        let code = Some(ErrorCode::InvalidMessage);
        vec![tell(from, ServerMessage::Error { details, code, peer_id: None, session_id: None })]
    }

    /// A peer is over: its sessions end, and listeners hear of it.
    pub fn gone(&mut self, peer: &PeerId) -> Vec<Outgoing> {
        let Some(status) = self.peers.remove(peer) else {
            return Vec::new();
        };
        let mut told = self.end_sessions(peer, EndReason::PeerGone, |_| true);
        let farewell = PeerStatus { roles: Vec::new(), meta: status.meta, peer_id: Some(peer.clone()) };
        self.tell_listeners(farewell, &mut told);
        told
    }

    /// A peer has lost its connection, but may come back. Its sessions stay, and nobody is told; but until it is
    /// back it is in no list, and no session can be started with it.
    pub fn lost(&mut self, peer: &PeerId) {
        self.peers.lose(peer);
    }

    /// The connection of `newcomer` turns out to be that of `peer`: the newcomer, who has said nothing yet, is
    /// forgotten, and `peer` has its rights from now on. Nothing, and nothing changes, where one of them is not
    /// there or the rights do not cover the roles of `peer`; otherwise who is told: listeners, where somebody has
    /// missed the peer.
    pub fn resumed(&mut self, newcomer: &PeerId, peer: &PeerId) -> Option<Vec<Outgoing>> {
        if newcomer == peer || !self.peers.merge(newcomer, peer) {
            return None;
        }
        let mut told = Vec::new();
        if self.peers.find(peer)
            && let Some(status) = self.peers.status(peer)
        {
            self.tell_listeners(status, &mut told);
        }
        Some(told)
    }

    /// The version that a peer speaks.
    pub fn version(&self, peer: &PeerId) -> ProtocolVersion {
        self.peers.version(peer)
    }

    /// Whether a peer may still choose its version: it has said nothing yet.
    pub fn is_new(&self, peer: &PeerId) -> bool {
        self.peers.is_new(peer)
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// How many sessions run.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Who is here and what they do.
    pub(crate) fn census(&self) -> Census {
        let [producers, consumers, listeners] = self.peers.with_roles();
        Census { rooms: 0, producers, consumers, listeners, sessions: self.sessions.len() }
    }

    fn answer(&mut self, from: &PeerId, message: ClientMessage) -> Result<Vec<Outgoing>, Refusal> {
        // Neither is the first message that decides about the version.
        match &message {
            ClientMessage::Unknown => return Err(Refusal::UnknownMessage),
            ClientMessage::SetProtocolVersion { version, .. } if !ProtocolVersion::ALL.contains(version) => {
                return Err(Refusal::UnknownVersion);
            }
            _ => {}
        }
        let first = self.peers.speaks(from)?;
        match message {
            ClientMessage::SetProtocolVersion { version, .. } => self.set_version(from, version, first),
            ClientMessage::SetPeerStatus(status) => self.set_status(from, status),
            ClientMessage::StartSession { peer_id, offer } => self.start_session(from, &peer_id, offer),
            ClientMessage::EndSession { session_id } => self.end_session(from, &session_id, None, None),
            ClientMessage::EndSessionV1_1 { session_id, error, reason } => {
                self.end_session(from, &session_id, error, reason)
            }
            ClientMessage::Peer(message) => self.forward(from, message),
            ClientMessage::List => {
                self.may(from, self.peers.rights(from).list, "list", None)?;
                Ok(vec![Outgoing { to: from.clone(), message: self.peers.producers() }])
            }
            ClientMessage::ListConsumers => {
                self.may(from, self.peers.rights(from).list, "list", None)?;
                Ok(vec![Outgoing { to: from.clone(), message: self.peers.consumers() }])
            }
            ClientMessage::Heartbeat { .. } => {
                // Those of peers that speak 1.2 are dealt with where messages are counted.
                Err(Refusal::HeartbeatNeedsV1_2(from.clone()))
            }
            ClientMessage::Unknown => Err(Refusal::UnknownMessage),
        }
    }

    fn may(
        &self,
        peer: &PeerId,
        right: bool,
        right_name: &'static str,
        about: Option<&PeerId>,
    ) -> Result<(), Refusal> {
        if right {
            Ok(())
        } else {
            Err(Refusal::Forbidden { peer: peer.clone(), right: right_name, about: about.cloned() })
        }
    }

    fn set_version(
        &mut self,
        from: &PeerId,
        version: ProtocolVersion,
        first: bool,
    ) -> Result<Vec<Outgoing>, Refusal> {
        if !first {
            return Err(Refusal::LateVersion(from.clone()));
        }
        self.peers.set_version(from, version);
        Ok(Vec::new())
    }

    fn check_status(&self, from: &PeerId, status: &PeerStatus) -> Result<(), Refusal> {
        let rights = self.peers.rights(from);
        self.may(from, rights.produce || !status.has(PeerRole::Producer), "produce", None)?;
        self.may(from, rights.consume || !status.has(PeerRole::Consumer), "consume", None)?;
        self.may(from, rights.list || !status.has(PeerRole::Listener), "list", None)?;
        let length = status.meta.as_ref().map_or(0, length);
        if length > self.limits.meta {
            return Err(Refusal::MetaTooLong { peer: from.clone(), length, limit: self.limits.meta });
        }
        Ok(())
    }

    fn set_status(&mut self, from: &PeerId, status: PeerStatus) -> Result<Vec<Outgoing>, Refusal> {
        self.check_status(from, &status)?;
        let Some(change) = self.peers.set_status(from, status)? else {
            return Ok(Vec::new());
        };
        let mut told = self.end_sessions(from, EndReason::RoleDropped, |session| {
            (change.stopped_producing && session.producer == *from)
                || (change.stopped_consuming && session.consumer == *from)
        });
        if let Some(status) = self.peers.status(from) {
            self.tell_listeners(status, &mut told);
        }
        Ok(told)
    }

    fn start_session(
        &mut self,
        from: &PeerId,
        with: &PeerId,
        offer: Option<String>,
    ) -> Result<Vec<Outgoing>, Refusal> {
        if !self.peers.is_within_reach(with) {
            return Err(Refusal::UnknownPeer(with.clone()));
        }
        if from == with {
            return Err(Refusal::SelfSession(from.clone()));
        }
        let (producer, consumer) = if self.peers.has(with, PeerRole::Producer) {
            (with.clone(), from.clone())
        } else if self.peers.has(with, PeerRole::Consumer) {
            (from.clone(), with.clone())
        } else {
            let (ours, theirs) = (self.peers.roles(from), self.peers.roles(with));
            return Err(Refusal::NoRoles(from.clone(), ours, with.clone(), theirs));
        };
        let rights = self.peers.rights(from);
        if producer == *from {
            self.may(from, rights.produce, "produce", Some(with))?;
        } else {
            self.may(from, rights.consume, "consume", Some(with))?;
        }
        if offer.is_some() && producer == *from {
            return Err(Refusal::ProducerOffers(producer, with.clone()));
        }
        let limit = self.limits.sessions_per_peer;
        if let Some(peer) = [from, with].into_iter().find(|peer| self.sessions.of(peer) >= limit) {
            return Err(Refusal::TooManySessions { peer: peer.clone(), with: with.clone(), limit });
        }
        let limit = self.limits.sessions_per_pair;
        if self.sessions.between(from, with) >= limit {
            return Err(Refusal::TooManyBetween(from.clone(), with.clone(), limit));
        }
        let session_id = (self.new_session_id)();
        // The consumer first: it must know the session before anything of the producer's reaches it.
        let started = ServerMessage::SessionStarted {
            peer_id: producer.clone(),
            session_id: session_id.clone(),
            later_offers: self.passes_later_offers(&producer, &consumer),
        };
        let start =
            ServerMessage::StartSession { peer_id: consumer.clone(), session_id: session_id.clone(), offer };
        let told = vec![tell(&consumer, started), tell(&producer, start)];
        self.sessions.insert(session_id, Session { producer, consumer });
        Ok(told)
    }

    fn end_session(
        &mut self,
        from: &PeerId,
        session_id: &SessionId,
        error: Option<String>,
        reason: Option<EndReason>,
    ) -> Result<Vec<Outgoing>, Refusal> {
        if error.is_some() && self.peers.version(from) < ProtocolVersion::V1_1 {
            return Err(Refusal::ErrorNeedsV1_1(from.clone()));
        }
        let Some(session) = self.sessions.get(session_id.as_str()) else {
            return self.unknown_session(from, session_id.as_str()).map(|()| Vec::new());
        };
        let Some(partner) = session.partner(from).cloned() else {
            return Err(Refusal::NotAMember(from.clone(), session_id.clone()));
        };
        self.sessions.remove(session_id);
        let reason = reason.or(error.is_none().then_some(EndReason::Ended));
        Ok(vec![self.session_over(&partner, session_id.clone(), error, reason)])
    }

    /// Ends those sessions of `peer` that `ends` picks; the other members are told.
    fn end_sessions(
        &mut self,
        peer: &PeerId,
        reason: EndReason,
        ends: impl Fn(&Session) -> bool,
    ) -> Vec<Outgoing> {
        let ended = self.sessions.remove_where(peer, ends);
        ended.into_iter().map(|(id, partner)| self.session_over(&partner, id, None, Some(reason))).collect()
    }

    /// The end of a session in the words of the version that `to` speaks.
    fn session_over(
        &self,
        to: &PeerId,
        session_id: SessionId,
        error: Option<String>,
        reason: Option<EndReason>,
    ) -> Outgoing {
        let message = match self.peers.version(to) {
            ProtocolVersion::V1_0 => ServerMessage::EndSession { session_id },
            _ => ServerMessage::EndSessionV1_1 { session_id, error, reason },
        };
        tell(to, message)
    }

    fn tell_listeners(&self, status: PeerStatus, told: &mut Vec<Outgoing>) {
        let message = Arc::new(ServerMessage::PeerStatusChanged(status));
        let listeners = self.peers.listeners();
        told.extend(listeners.map(|to| Outgoing { to: to.clone(), message: message.clone() }));
    }
}

fn tell(to: &PeerId, message: ServerMessage) -> Outgoing {
    Outgoing { to: to.clone(), message: Arc::new(message) }
}

/// How long a description of a peer is on the wire, in bytes.
fn length(meta: &Meta) -> usize {
    serde_json::to_string(meta).map_or(usize::MAX, |text| text.len())
}
