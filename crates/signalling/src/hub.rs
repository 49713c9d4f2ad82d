//! The rules of the server: who is told what, and in which order.
//!
//! Pure: no sockets, no clock, no randomness. Session identifiers come from a source that the caller gives.
//! Queues, slow peers and closing belong to `board` and `connection`.

use crate::peers::Peers;
use crate::sessions::{Session, Sessions};
use protocol::{
    ClientMessage, DescriptionKind, PeerId, PeerMessage, PeerMessageInner, PeerRole, PeerStatus,
    ProtocolVersion, ServerMessage, SessionId,
};

/// One message that the server has to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Who is told.
    pub to: PeerId,
    /// What is said.
    pub message: ServerMessage,
}

/// Why a message was not acted upon, in the words that its sender is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Peer '{0}' hasn't been welcomed")]
    NotWelcomed(PeerId),
    #[error("Cannot register peer {0} as both producer and passive consumer")]
    ProducerAndConsumer(PeerId),
    #[error("Protocol version selection for peer '{0}' must be first message")]
    LateVersion(PeerId),
    #[error("Peer with ID '{0}' not found")]
    UnknownPeer(PeerId),
    #[error("Peer {0} cannot start a session with itself")]
    SelfSession(PeerId),
    #[error("Only the consumer of a session may start it with an offer, and peer {0} is its producer")]
    ProducerOffers(PeerId),
    #[error("Missing a producer or a consumer: id {0} roles {1:?}, id {2} roles {3:?}")]
    NoRoles(PeerId, Vec<PeerRole>, PeerId, Vec<PeerRole>),
    #[error("cannot forward offer from \"{from}\" to \"{to}\" as \"{from}\" is not the producer")]
    ConsumerOffers { from: PeerId, to: PeerId },
    #[error("Peer {0} is not part of {1}")]
    NotAMember(PeerId, SessionId),
    #[error("Invalid end session message with error from peer '{0}', minimum protocol version is 1.1")]
    ErrorNeedsV1_1(PeerId),
    #[error("unknown message type")]
    UnknownMessage,
}

/// The state of the server: peers, their roles and their sessions.
pub struct Hub {
    peers: Peers,
    sessions: Sessions,
    new_session_id: Box<dyn FnMut() -> SessionId + Send>,
}

impl Hub {
    /// An empty hub. `new_session_id` must give a new identifier at each call.
    pub fn new(new_session_id: impl FnMut() -> SessionId + Send + 'static) -> Self {
        Self {
            peers: Peers::default(),
            sessions: Sessions::default(),
            new_session_id: Box::new(new_session_id),
        }
    }

    /// A peer has connected under an identifier that nobody else has. Nothing happens where it is taken.
    pub fn connected(&mut self, peer: PeerId) -> Vec<Outgoing> {
        if !self.peers.add(peer.clone()) {
            return Vec::new();
        }
        vec![tell(&peer, ServerMessage::Welcome { peer_id: peer.clone(), versions: Vec::new() })]
    }

    /// A peer has said something. A message that is refused changes nothing, and its sender is told why.
    pub fn message(&mut self, from: &PeerId, message: ClientMessage) -> Vec<Outgoing> {
        self.answer(from, message).unwrap_or_else(|refusal| vec![error(from, refusal.to_string())])
    }

    /// A peer has said something that is no message at all; `details` says what is wrong with it.
    pub fn not_understood(&self, from: &PeerId, details: String) -> Vec<Outgoing> {
        vec![error(from, details)]
    }

    /// A peer's connection is over: its sessions end, and listeners hear of it.
    pub fn gone(&mut self, peer: &PeerId) -> Vec<Outgoing> {
        let Some(status) = self.peers.remove(peer) else {
            return Vec::new();
        };
        let mut told = self.end_sessions(peer, |_| true);
        let farewell = PeerStatus { roles: Vec::new(), meta: status.meta, peer_id: Some(peer.clone()) };
        self.tell_listeners(farewell, &mut told);
        told
    }

    fn answer(&mut self, from: &PeerId, message: ClientMessage) -> Result<Vec<Outgoing>, Refusal> {
        if message == ClientMessage::Unknown {
            return Err(Refusal::UnknownMessage);
        }
        let first = self.peers.speaks(from)?;
        match message {
            ClientMessage::SetProtocolVersion { version, .. } => {
                if !first {
                    return Err(Refusal::LateVersion(from.clone()));
                }
                self.peers.set_version(from, version);
                Ok(Vec::new())
            }
            ClientMessage::SetPeerStatus(status) => self.set_status(from, status),
            ClientMessage::StartSession { peer_id, offer } => self.start_session(from, &peer_id, offer),
            ClientMessage::EndSession { session_id } => self.end_session(from, &session_id, None),
            ClientMessage::EndSessionV1_1 { session_id, error, .. } => {
                self.end_session(from, &session_id, error)
            }
            ClientMessage::Peer(message) => self.forward(from, message),
            ClientMessage::List => {
                Ok(vec![tell(from, ServerMessage::List { producers: self.peers.producers() })])
            }
            ClientMessage::ListConsumers => {
                Ok(vec![tell(from, ServerMessage::ListConsumers { consumers: self.peers.consumers() })])
            }
            ClientMessage::Heartbeat { .. } | ClientMessage::Unknown => Err(Refusal::UnknownMessage),
        }
    }

    fn set_status(&mut self, from: &PeerId, status: PeerStatus) -> Result<Vec<Outgoing>, Refusal> {
        let Some(change) = self.peers.set_status(from, status)? else {
            return Ok(Vec::new());
        };
        let mut told = self.end_sessions(from, |session| {
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
        if !self.peers.contains(with) {
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
        if offer.is_some() && producer == *from {
            return Err(Refusal::ProducerOffers(producer));
        }
        let session_id = (self.new_session_id)();
        // The consumer first: it must know the session before anything of the producer's reaches it.
        let started =
            ServerMessage::SessionStarted { peer_id: producer.clone(), session_id: session_id.clone() };
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
    ) -> Result<Vec<Outgoing>, Refusal> {
        if error.is_some() && self.peers.version(from) < ProtocolVersion::V1_1 {
            return Err(Refusal::ErrorNeedsV1_1(from.clone()));
        }
        // Both members may end a session at the same time: the second one is not at fault.
        let Some(session) = self.sessions.get(session_id) else {
            return Ok(Vec::new());
        };
        let Some(partner) = session.partner(from).cloned() else {
            return Err(Refusal::NotAMember(from.clone(), session_id.clone()));
        };
        self.sessions.remove(session_id);
        Ok(vec![self.session_over(&partner, session_id.clone(), error)])
    }

    fn forward(&self, from: &PeerId, message: PeerMessage) -> Result<Vec<Outgoing>, Refusal> {
        // A candidate may be under way while the session ends: its sender is not at fault.
        let Some(session) = self.sessions.get(&message.session_id) else {
            return Ok(Vec::new());
        };
        let Some(partner) = session.partner(from) else {
            return Err(Refusal::NotAMember(from.clone(), message.session_id));
        };
        if let PeerMessageInner::Sdp(description) = &message.inner
            && description.kind == DescriptionKind::Offer
            && *from == session.consumer
        {
            return Err(Refusal::ConsumerOffers { from: from.clone(), to: partner.clone() });
        }
        Ok(vec![tell(partner, ServerMessage::Peer(message))])
    }

    /// Ends those sessions of `peer` that `ends` picks; the other members are told.
    fn end_sessions(&mut self, peer: &PeerId, ends: impl Fn(&Session) -> bool) -> Vec<Outgoing> {
        let ended = self.sessions.remove_where(peer, ends);
        ended.into_iter().map(|(id, partner)| self.session_over(&partner, id, None)).collect()
    }

    /// The end of a session in the words of the version that `to` speaks.
    fn session_over(&self, to: &PeerId, session_id: SessionId, error: Option<String>) -> Outgoing {
        let message = match self.peers.version(to) {
            ProtocolVersion::V1_0 => ServerMessage::EndSession { session_id },
            _ => ServerMessage::EndSessionV1_1 { session_id, error, reason: None },
        };
        tell(to, message)
    }

    fn tell_listeners(&self, status: PeerStatus, told: &mut Vec<Outgoing>) {
        let listeners = self.peers.listeners();
        told.extend(listeners.map(|to| tell(to, ServerMessage::PeerStatusChanged(status.clone()))));
    }
}

fn tell(to: &PeerId, message: ServerMessage) -> Outgoing {
    Outgoing { to: to.clone(), message }
}

fn error(to: &PeerId, details: String) -> Outgoing {
    tell(to, ServerMessage::Error { details, code: None, peer_id: None, session_id: None })
}
