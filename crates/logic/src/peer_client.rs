//! What a signalling client says when: after the welcome, when producers come and go, in sessions.

use protocol::{
    ClientMessage, Meta, PeerId, PeerMessageInner, PeerRole, PeerStatus, ProtocolVersion, ServerMessage,
    SessionId,
};
use std::collections::HashSet;

/// What the client is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Offers a stream.
    Produce,
    /// Watches who produces.
    Listen,
    /// Wants the stream of this producer.
    Consume(PeerId),
    /// Wants the stream of whoever produces first.
    ConsumeFirst,
    /// Waits for a producer to choose it.
    BeConsumer,
}

/// What follows from a message of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Say this to the server.
    Send(ClientMessage),
    /// The server gave us this identifier.
    Welcomed(PeerId),
    /// A peer wants a session; its offer, where it makes it.
    SessionRequested(SessionId, PeerId, Option<String>),
    /// The session that we asked for exists.
    SessionStarted(SessionId, PeerId),
    /// The other member of a session says something.
    Peer(SessionId, PeerMessageInner),
    /// A session is over; what went wrong, if anything.
    SessionEnded(SessionId, Option<String>),
    /// A producer is there; whether it came just now.
    ProducerAdded(PeerId, Option<Meta>, bool),
    /// A producer is gone.
    ProducerRemoved(PeerId, Option<Meta>),
    /// The server could not meet a request: worth a warning.
    Refused(String),
}

/// The state of one connection to the server.
#[derive(Debug)]
pub struct PeerClient {
    purpose: Purpose,
    meta: Option<Meta>,
    id: Option<PeerId>,
    producers: HashSet<PeerId>,
    asked: bool,
    sessions: HashSet<SessionId>,
}

impl PeerClient {
    /// A connection that has just opened.
    pub fn new(purpose: Purpose, meta: Option<Meta>) -> Self {
        Self { purpose, meta, id: None, producers: HashSet::new(), asked: false, sessions: HashSet::new() }
    }

    /// What to say first, before the server's welcome.
    pub fn opening() -> ClientMessage {
        ClientMessage::SetProtocolVersion { version: ProtocolVersion::V1_1, resume: None, heartbeat_ms: None }
    }

    /// Takes in a message of the server and returns what follows.
    pub fn handle(&mut self, message: ServerMessage) -> Vec<Action> {
        match message {
            ServerMessage::Welcome { peer_id, .. } => self.welcomed(peer_id),
            ServerMessage::PeerStatusChanged(status) => self.status_changed(status),
            ServerMessage::List { producers } => {
                let found = producers.into_iter().map(|peer| (peer.id, peer.meta));
                found.flat_map(|(id, meta)| self.producer(id, meta, false)).collect()
            }
            ServerMessage::StartSession { peer_id, session_id, offer } => {
                self.sessions.insert(session_id.clone());
                vec![Action::SessionRequested(session_id, peer_id, offer)]
            }
            ServerMessage::SessionStarted { peer_id, session_id } => {
                self.sessions.insert(session_id.clone());
                vec![Action::SessionStarted(session_id, peer_id)]
            }
            ServerMessage::Peer(message) => vec![Action::Peer(message.session_id, message.inner)],
            ServerMessage::EndSession { session_id } => self.ended(session_id, None),
            ServerMessage::EndSessionV1_1 { session_id, error, .. } => self.ended(session_id, error),
            ServerMessage::Error { details, .. } => self.refused(details),
            ServerMessage::ListConsumers { .. }
            | ServerMessage::Lease(_)
            | ServerMessage::Heartbeat { .. }
            | ServerMessage::IceServers { .. }
            | ServerMessage::Unknown => Vec::new(),
        }
    }

    /// How to end a session that this side no longer wants; nothing where it is over already.
    pub fn end_session(&mut self, session: &SessionId, error: Option<String>) -> Option<ClientMessage> {
        self.sessions.remove(session).then(|| {
            let session_id = session.clone();
            match error {
                // A server of 1.0 drops the longer form without a word, so an ordinary end uses the shorter.
                None => ClientMessage::EndSession { session_id },
                error => ClientMessage::EndSessionV1_1 { session_id, error, reason: None },
            }
        })
    }

    /// The sessions that are not over.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.sessions.iter()
    }

    fn welcomed(&mut self, id: PeerId) -> Vec<Action> {
        self.id = Some(id.clone());
        let roles = match self.purpose {
            Purpose::Produce => vec![PeerRole::Producer],
            // A producer that is wanted but not there yet announces itself to listeners only.
            Purpose::Listen | Purpose::ConsumeFirst | Purpose::Consume(_) => vec![PeerRole::Listener],
            Purpose::BeConsumer => vec![PeerRole::Consumer],
        };
        let status = PeerStatus { roles, meta: self.meta.clone(), peer_id: None };
        let mut actions = vec![Action::Welcomed(id), Action::Send(ClientMessage::SetPeerStatus(status))];
        match &self.purpose {
            Purpose::Consume(producer) => {
                self.asked = true;
                actions.push(Action::Send(ClientMessage::StartSession {
                    peer_id: producer.clone(),
                    offer: None,
                }));
            }
            Purpose::Listen | Purpose::ConsumeFirst => actions.push(Action::Send(ClientMessage::List)),
            Purpose::Produce | Purpose::BeConsumer => {}
        }
        actions
    }

    fn status_changed(&mut self, status: PeerStatus) -> Vec<Action> {
        let producing = status.has(PeerRole::Producer);
        let Some(id) = status.peer_id.filter(|id| Some(id) != self.id.as_ref()) else {
            return Vec::new();
        };
        if producing {
            return self.producer(id, status.meta, true);
        }
        if self.producers.remove(&id) { vec![Action::ProducerRemoved(id, status.meta)] } else { Vec::new() }
    }

    fn producer(&mut self, id: PeerId, meta: Option<Meta>, new_connection: bool) -> Vec<Action> {
        if !self.producers.insert(id.clone()) {
            return Vec::new();
        }
        let wanted = match &self.purpose {
            Purpose::ConsumeFirst => true,
            Purpose::Consume(wanted) => *wanted == id,
            _ => false,
        };
        let mut actions = vec![Action::ProducerAdded(id.clone(), meta, new_connection)];
        if wanted && !self.asked && self.sessions.is_empty() {
            self.asked = true;
            actions.push(Action::Send(ClientMessage::StartSession { peer_id: id, offer: None }));
        }
        actions
    }

    fn ended(&mut self, session: SessionId, error: Option<String>) -> Vec<Action> {
        self.sessions.remove(&session);
        if self.sessions.is_empty() {
            self.asked = false;
        }
        vec![Action::SessionEnded(session, error)]
    }

    fn refused(&mut self, details: String) -> Vec<Action> {
        if self.sessions.is_empty() {
            self.asked = false;
        }
        vec![Action::Refused(details)]
    }
}

#[cfg(test)]
mod tests;
