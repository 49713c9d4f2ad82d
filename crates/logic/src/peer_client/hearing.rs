//! What a client makes of what the server says.

use super::{
    ACKNOWLEDGE_EVERY, Action, Lease, PeerClient, Phase, Problem, Producer, Purpose, Rhythm,
    SHORTEST_HEARTBEAT,
};
use protocol::{
    ClientMessage, ErrorCode, Meta, Peer, PeerId, PeerRole, PeerStatus, ProtocolVersion, Resume,
    ServerMessage, SessionId,
};
use std::collections::HashSet;
use std::time::Duration;

impl PeerClient {
    /// Takes in a text frame of the server and returns what follows.
    pub fn hear(&mut self, text: &str) -> Vec<Action> {
        let Ok(message) = serde_json::from_str(text) else {
            self.count();
            return vec![Action::NotUnderstood(text.len())];
        };
        self.handle(message)
    }

    /// Takes in a message of the server and returns what follows.
    pub fn handle(&mut self, message: ServerMessage) -> Vec<Action> {
        if !matches!(message, ServerMessage::Lease(_) | ServerMessage::Heartbeat { .. }) {
            self.count();
        }
        match message {
            ServerMessage::Welcome { peer_id, versions } => self.welcomed(peer_id, &versions),
            ServerMessage::Lease(lease) => self.leased(lease),
            ServerMessage::Heartbeat { received } => {
                if self.phase == Phase::Open && !self.outbox.arrived(received) {
                    self.give_up(Problem::Miscounted);
                }
                Vec::new()
            }
            ServerMessage::PeerStatusChanged(status) => self.status_changed(status),
            ServerMessage::List { producers } => self.listed(producers),
            ServerMessage::StartSession { peer_id, session_id, offer } => {
                self.sessions.insert(session_id.clone());
                vec![Action::SessionRequested(session_id, peer_id, offer)]
            }
            ServerMessage::SessionStarted { peer_id, session_id, .. } => {
                self.sessions.insert(session_id.clone());
                self.granted(peer_id.clone());
                vec![Action::SessionStarted(session_id, peer_id)]
            }
            ServerMessage::Peer(message) => vec![Action::Peer(message.session_id, message.inner)],
            ServerMessage::EndSession { session_id } => {
                self.ended(&session_id);
                vec![Action::SessionEnded(session_id, None, None)]
            }
            ServerMessage::EndSessionV1_1 { session_id, error, reason } => {
                self.ended(&session_id);
                vec![Action::SessionEnded(session_id, reason, error)]
            }
            ServerMessage::Error { details, code, peer_id, session_id } => {
                self.refused(details, code, peer_id, session_id.is_some())
            }
            ServerMessage::IceServers { ice_servers } => vec![Action::IceServers(ice_servers)],
            ServerMessage::ListConsumers { .. } | ServerMessage::Unknown => Vec::new(),
        }
    }

    /// A counted message has arrived.
    fn count(&mut self) {
        if self.phase != Phase::Open || self.version < ProtocolVersion::V1_2 {
            return;
        }
        self.received += 1;
        self.untold += 1;
        if self.untold >= ACKNOWLEDGE_EVERY {
            self.acknowledge();
        }
    }

    fn welcomed(&mut self, id: PeerId, versions: &[ProtocolVersion]) -> Vec<Action> {
        if self.phase != Phase::AwaitingWelcome {
            return Vec::new();
        }
        self.version = ProtocolVersion::choose(versions);
        if self.version >= ProtocolVersion::V1_2 {
            self.phase = Phase::AwaitingLease;
            let resume = self.lease.as_ref().map(|lease| lease.token.clone());
            let resume = resume.map(|token| Resume { token, received: self.received });
            let heartbeat_ms = u64::try_from(self.heartbeat.as_millis()).ok();
            let version = self.version;
            self.choice = Some(ClientMessage::SetProtocolVersion { version, resume, heartbeat_ms });
            return Vec::new();
        }
        if self.version > ProtocolVersion::V1_0 {
            let version = self.version;
            let (resume, heartbeat_ms) = (None, None);
            self.choice = Some(ClientMessage::SetProtocolVersion { version, resume, heartbeat_ms });
        }
        self.lease = None;
        self.register(id)
    }

    fn leased(&mut self, lease: protocol::Lease) -> Vec<Action> {
        if self.phase != Phase::AwaitingLease {
            return Vec::new();
        }
        let resumed = lease.resumed && self.lease.is_some();
        let heartbeat = Duration::from_millis(lease.heartbeat_ms).max(SHORTEST_HEARTBEAT);
        let silence = Duration::from_millis(lease.silence_ms).max(heartbeat);
        self.lease = Some(Lease { token: lease.token, rhythm: Rhythm { heartbeat, silence } });
        if !resumed {
            return self.register(lease.peer_id);
        }
        if !self.outbox.resume(lease.received) {
            self.give_up(Problem::Miscounted);
            return Vec::new();
        }
        self.phase = Phase::Open;
        self.untold = 0;
        self.id = Some(lease.peer_id.clone());
        // What the client says of itself may have changed meanwhile.
        self.announce();
        vec![Action::Registered(lease.peer_id, true)]
    }

    /// The server meets us for the first time.
    fn register(&mut self, id: PeerId) -> Vec<Action> {
        self.forget();
        self.phase = Phase::Open;
        self.id = Some(id.clone());
        self.announce();
        let mut actions = vec![Action::Registered(id, false)];
        match &self.purpose {
            Purpose::Consume(producer) => {
                let producer = producer.clone();
                actions.extend(self.remove_all_but(&HashSet::new()));
                self.ask(producer);
            }
            Purpose::Listen | Purpose::ConsumeFirst => self.request(&ClientMessage::List),
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
        let known = self.producers.remove(&id);
        known.map(|known| Action::ProducerRemoved(id, status.meta.or(known.meta))).into_iter().collect()
    }

    fn listed(&mut self, producers: Vec<Peer>) -> Vec<Action> {
        // Those of an earlier connection may be gone.
        let ids: HashSet<PeerId> = producers.iter().map(|peer| peer.id.clone()).collect();
        let mut actions = self.remove_all_but(&ids);
        for peer in producers {
            actions.extend(self.producer(peer.id, peer.meta, false));
        }
        // Those that were known before the connection was lost may be wanted as well.
        self.ask_again();
        actions
    }

    fn remove_all_but(&mut self, ids: &HashSet<PeerId>) -> Vec<Action> {
        let gone = self.producers.extract_if(|id, _| !ids.contains(id));
        gone.map(|(id, producer)| Action::ProducerRemoved(id, producer.meta)).collect()
    }

    fn producer(&mut self, id: PeerId, meta: Option<Meta>, new_connection: bool) -> Vec<Action> {
        if let Some(known) = self.producers.get_mut(&id) {
            let changed = known.meta != meta;
            known.meta.clone_from(&meta);
            if std::mem::take(&mut known.refused) {
                self.ask(id.clone());
            }
            let news = Action::ProducerAdded(id, meta, false);
            return if changed { vec![news] } else { Vec::new() };
        }
        self.heard_of += 1;
        self.producers
            .insert(id.clone(), Producer { order: self.heard_of, meta: meta.clone(), refused: false });
        let wanted = match &self.purpose {
            Purpose::ConsumeFirst => true,
            Purpose::Consume(wanted) => *wanted == id,
            _ => false,
        };
        if wanted {
            self.ask(id.clone());
        }
        vec![Action::ProducerAdded(id, meta, new_connection)]
    }

    fn ended(&mut self, session: &SessionId) {
        if self.orphans.remove(session) {
            self.ask_again();
        }
        self.sessions.remove(session);
        self.freed();
    }

    fn refused(
        &mut self,
        details: String,
        code: Option<ErrorCode>,
        peer: Option<PeerId>,
        in_session: bool,
    ) -> Vec<Action> {
        match code {
            // It ended a moment ago, and we are about to hear of it.
            Some(ErrorCode::UnknownSession) => Vec::new(),
            Some(ErrorCode::Forbidden) if !in_session => self.forbidden(details, peer.as_ref()),
            Some(ErrorCode::MetaTooLong | ErrorCode::RoleConflict) => self.status_refused(details),
            _ => match self.asked.take_if(|asked| !in_session && concerns(asked, code, peer.as_ref())) {
                Some(producer) => self.start_refused(producer, details, code),
                None => vec![Action::Refused(details)],
            },
        }
    }
}

/// Whether an error outside of sessions is about the request for the stream of `producer`.
fn concerns(producer: &PeerId, code: Option<ErrorCode>, peer: Option<&PeerId>) -> bool {
    match code {
        // Servers before 1.2 do not say what they mean.
        None => true,
        // The peer that has too many may be ourselves.
        Some(ErrorCode::TooManySessions | ErrorCode::NoRoles | ErrorCode::SelfSession) => true,
        Some(_) => peer == Some(producer),
    }
}
