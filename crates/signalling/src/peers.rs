//! Who is connected, with which roles, and in which order the roles were taken.
//!
//! Knows nothing of sessions: what a change of roles means for them is decided in `hub`.

use crate::grant::Rights;
use crate::refusal::Refusal;
use crate::roll::Roll;
use protocol::{Peer, PeerId, PeerRole, PeerStatus, ProtocolVersion, ServerMessage};
use std::collections::HashMap;
use std::sync::Arc;

/// What the server remembers of one connected peer.
#[derive(Debug, Default)]
struct State {
    status: PeerStatus,
    version: ProtocolVersion,
    rights: Rights,
    /// Whether the peer has said anything yet: the version may only be chosen before.
    spoken: bool,
    /// Where the peer has no connection but may come back: whether anyone was not told of it meanwhile.
    lost: Option<bool>,
}

/// What a new status changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) stopped_producing: bool,
    pub(crate) stopped_consuming: bool,
}

/// All connected peers.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    states: HashMap<PeerId, State>,
    producers: Roll<PeerId>,
    consumers: Roll<PeerId>,
    listeners: Roll<PeerId>,
    /// The lists as they were last asked for, until they change.
    producer_list: Option<Arc<ServerMessage>>,
    consumer_list: Option<Arc<ServerMessage>>,
}

impl Peers {
    /// Adds a peer without roles; false where the identifier is taken.
    pub(crate) fn add(&mut self, peer: PeerId, rights: Rights) -> bool {
        if self.states.contains_key(&peer) {
            return false;
        }
        self.states.insert(peer, State { rights, ..State::default() });
        true
    }

    /// Forgets `newcomer`, who has no role, and gives `peer` its rights; false, and nothing changes, where one of
    /// them is not here or has roles that these rights do not cover.
    pub(crate) fn merge(&mut self, newcomer: &PeerId, peer: &PeerId) -> bool {
        let Some(rights) = self.states.get(newcomer).map(|state| state.rights) else {
            return false;
        };
        let Some(state) = self.states.get_mut(peer).filter(|state| rights.cover(&state.status)) else {
            return false;
        };
        state.rights = rights;
        self.states.remove(newcomer);
        true
    }

    /// A peer has no connection, but may come back: it is in no list, and nobody can start a session with it.
    pub(crate) fn lose(&mut self, peer: &PeerId) {
        if let Some(state) = self.states.get_mut(peer) {
            state.lost = Some(false);
            (self.producer_list, self.consumer_list) = (None, None);
        }
    }

    /// A peer has a connection again; whether it has a role and anyone was not told of it meanwhile.
    pub(crate) fn find(&mut self, peer: &PeerId) -> bool {
        let Some(state) = self.states.get_mut(peer) else { return false };
        (self.producer_list, self.consumer_list) = (None, None);
        state.lost.take() == Some(true) && !state.status.roles.is_empty()
    }

    /// Whether a peer is here and has a connection. Where it has none, somebody has asked for it.
    pub(crate) fn is_within_reach(&mut self, peer: &PeerId) -> bool {
        let Some(state) = self.states.get_mut(peer) else { return false };
        if let Some(missed) = &mut state.lost {
            *missed = true;
        }
        state.lost.is_none()
    }

    /// Forgets a peer and returns its last status.
    pub(crate) fn remove(&mut self, peer: &PeerId) -> Option<PeerStatus> {
        let state = self.states.remove(peer)?;
        let listed = [&mut self.producers, &mut self.consumers].map(|roll| roll.remove(peer));
        if listed.contains(&true) {
            (self.producer_list, self.consumer_list) = (None, None);
        }
        self.listeners.remove(peer);
        Some(state.status)
    }

    /// How many producers, consumers and listeners there are.
    pub(crate) fn with_roles(&self) -> [usize; 3] {
        [&self.producers, &self.consumers, &self.listeners].map(Roll::len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Whether the peer has said nothing yet.
    pub(crate) fn is_new(&self, peer: &PeerId) -> bool {
        self.states.get(peer).is_some_and(|state| !state.spoken)
    }

    /// What the peer may do; nothing where it is not connected.
    pub(crate) fn rights(&self, peer: &PeerId) -> Rights {
        self.states.get(peer).map_or(Rights::NONE, |state| state.rights)
    }

    pub(crate) fn has(&self, peer: &PeerId, role: PeerRole) -> bool {
        self.states.get(peer).is_some_and(|state| state.status.has(role))
    }

    pub(crate) fn roles(&self, peer: &PeerId) -> Vec<PeerRole> {
        self.states.get(peer).map(|state| state.status.roles.clone()).unwrap_or_default()
    }

    /// The version that the peer speaks; 1.0 until it says otherwise.
    pub(crate) fn version(&self, peer: &PeerId) -> ProtocolVersion {
        self.states.get(peer).map(|state| state.version).unwrap_or_default()
    }

    /// Notes that the peer said something; true where it was the first time. Fails for a peer that is not
    /// connected.
    pub(crate) fn speaks(&mut self, peer: &PeerId) -> Result<bool, Refusal> {
        let state = self.states.get_mut(peer).ok_or_else(|| Refusal::NotWelcomed(peer.clone()))?;
        Ok(!std::mem::replace(&mut state.spoken, true))
    }

    pub(crate) fn set_version(&mut self, peer: &PeerId, version: ProtocolVersion) {
        if let Some(state) = self.states.get_mut(peer) {
            state.version = version;
        }
    }

    /// Takes over a status; nothing where it says what was known already.
    pub(crate) fn set_status(
        &mut self,
        peer: &PeerId,
        status: PeerStatus,
    ) -> Result<Option<Change>, Refusal> {
        if status.has(PeerRole::Producer) && status.has(PeerRole::Consumer) {
            return Err(Refusal::ProducerAndConsumer(peer.clone()));
        }
        let state = self.states.get_mut(peer).ok_or_else(|| Refusal::NotWelcomed(peer.clone()))?;
        let status =
            PeerStatus { roles: known(status.roles), meta: status.meta, peer_id: Some(peer.clone()) };
        if same(&status, &state.status) {
            return Ok(None);
        }
        let old = std::mem::replace(&mut state.status, status);
        (self.producer_list, self.consumer_list) = (None, None);
        let new = &state.status;
        for (role, roll) in [
            (PeerRole::Producer, &mut self.producers),
            (PeerRole::Consumer, &mut self.consumers),
            (PeerRole::Listener, &mut self.listeners),
        ] {
            if new.has(role) {
                roll.insert(peer.clone());
            } else {
                roll.remove(peer);
            }
        }
        let lost = |role| old.has(role) && !new.has(role);
        Ok(Some(Change {
            stopped_producing: lost(PeerRole::Producer),
            stopped_consuming: lost(PeerRole::Consumer),
        }))
    }

    /// The status as listeners are told it.
    pub(crate) fn status(&self, peer: &PeerId) -> Option<PeerStatus> {
        self.states.get(peer).map(|state| state.status.clone())
    }

    pub(crate) fn listeners(&self) -> impl Iterator<Item = &PeerId> {
        self.listeners.iter()
    }

    /// The producers that have a connection, in the order in which they became producers.
    pub(crate) fn producers(&mut self) -> Arc<ServerMessage> {
        let list = self.producer_list.take().unwrap_or_else(|| {
            let producers = entries(&self.producers, &mut self.states);
            Arc::new(ServerMessage::List { producers })
        });
        self.producer_list.insert(list).clone()
    }

    /// The passive consumers that have a connection, in the order in which they became consumers.
    pub(crate) fn consumers(&mut self) -> Arc<ServerMessage> {
        let list = self.consumer_list.take().unwrap_or_else(|| {
            let consumers = entries(&self.consumers, &mut self.states);
            Arc::new(ServerMessage::ListConsumers { consumers })
        });
        self.consumer_list.insert(list).clone()
    }
}

/// A list as it is told. Who is left out is missed.
fn entries(roll: &Roll<PeerId>, states: &mut HashMap<PeerId, State>) -> Vec<Peer> {
    let mut entries = Vec::new();
    for id in roll.iter() {
        let Some(state) = states.get_mut(id) else { continue };
        match &mut state.lost {
            Some(missed) => *missed = true,
            None => entries.push(Peer { id: id.clone(), meta: state.status.meta.clone() }),
        }
    }
    entries
}

/// The roles that this version knows, each once, in the sender's order.
fn known(roles: Vec<PeerRole>) -> Vec<PeerRole> {
    let mut known = Vec::new();
    for role in roles {
        if role != PeerRole::Unknown && !known.contains(&role) {
            known.push(role);
        }
    }
    known
}

/// Whether two statuses with clean roles say the same; the order of roles says nothing.
fn same(a: &PeerStatus, b: &PeerStatus) -> bool {
    a.meta == b.meta && a.roles.len() == b.roles.len() && a.roles.iter().all(|role| b.has(*role))
}
