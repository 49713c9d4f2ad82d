//! Which sessions run, and between whom.

use crate::roll::Roll;
use protocol::{PeerId, SessionId};
use std::collections::HashMap;

/// The two members of a session, always two different peers.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) producer: PeerId,
    pub(crate) consumer: PeerId,
}

impl Session {
    /// The member that `peer` talks to; nothing where `peer` is not a member.
    pub(crate) fn partner(&self, peer: &PeerId) -> Option<&PeerId> {
        if *peer == self.producer {
            Some(&self.consumer)
        } else if *peer == self.consumer {
            Some(&self.producer)
        } else {
            None
        }
    }
}

/// All sessions, found by their identifier and by their members.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: HashMap<SessionId, Session>,
    by_peer: HashMap<PeerId, Roll<SessionId>>,
}

impl Sessions {
    pub(crate) fn insert(&mut self, id: SessionId, session: Session) {
        for member in [&session.producer, &session.consumer] {
            self.by_peer.entry(member.clone()).or_default().insert(id.clone());
        }
        self.by_id.insert(id, session);
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many sessions a peer has.
    pub(crate) fn of(&self, peer: &PeerId) -> usize {
        self.by_peer.get(peer).map_or(0, Roll::len)
    }

    /// How many sessions two peers have with each other.
    pub(crate) fn between(&self, a: &PeerId, b: &PeerId) -> usize {
        let sessions = self.by_peer.get(a).into_iter().flat_map(Roll::iter);
        sessions.filter(|id| self.by_id.get(*id).is_some_and(|session| session.partner(a) == Some(b))).count()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// Forgets a session; a peer without sessions leaves nothing behind.
    pub(crate) fn remove(&mut self, id: &SessionId) {
        let Some(session) = self.by_id.remove(id) else {
            return;
        };
        for member in [&session.producer, &session.consumer] {
            if let Some(sessions) = self.by_peer.get_mut(member) {
                sessions.remove(id);
                if sessions.is_empty() {
                    self.by_peer.remove(member);
                }
            }
        }
    }

    /// Removes the sessions of `peer` that `ends` picks; returns each with the other member, oldest first.
    pub(crate) fn remove_where(
        &mut self,
        peer: &PeerId,
        ends: impl Fn(&Session) -> bool,
    ) -> Vec<(SessionId, PeerId)> {
        let Some(ids) = self.by_peer.get(peer) else {
            return Vec::new();
        };
        let ended: Vec<_> = ids
            .iter()
            .filter_map(|id| {
                let session = self.by_id.get(id).filter(|session| ends(session))?;
                Some((id.clone(), session.partner(peer)?.clone()))
            })
            .collect();
        for (id, _) in &ended {
            self.remove(id);
        }
        ended
    }
}
