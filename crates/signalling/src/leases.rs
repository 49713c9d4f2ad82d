//! Who may come back, by which token, and until when.

use protocol::PeerId;
use std::collections::{BTreeSet, HashMap};
use tokio::time::Instant;

/// What lets a peer come back.
#[derive(Debug)]
struct Granted {
    token: String,
    /// The one that the peer came back with.
    shown: Option<String>,
    /// Until when it may, where its connection is lost.
    until: Option<Instant>,
}

/// The leases of all peers that speak 1.2.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    granted: HashMap<PeerId, Granted>,
    tokens: HashMap<String, PeerId>,
    /// Peers without a connection, by the end of their lease.
    lost: BTreeSet<(Instant, PeerId)>,
}

impl Leases {
    /// A peer is there, and may come back with this token, or with the one that it has just shown, where it has:
    /// it may never hear of the new one.
    pub(crate) fn grant(&mut self, peer: &PeerId, token: String, shown: Option<String>) {
        self.forget(peer);
        for token in shown.iter().chain([&token]) {
            self.tokens.insert(token.clone(), peer.clone());
        }
        self.granted.insert(peer.clone(), Granted { token, shown, until: None });
    }

    /// Who shows this token.
    pub(crate) fn holder(&self, token: &str) -> Option<&PeerId> {
        self.tokens.get(token)
    }

    /// A peer has lost its connection, and may come back until then.
    pub(crate) fn lose(&mut self, peer: &PeerId, until: Instant) {
        if let Some(granted) = self.granted.get_mut(peer) {
            granted.until = Some(until);
            self.lost.insert((until, peer.clone()));
        }
    }

    /// A peer is over, or gets another lease.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        if let Some(granted) = self.granted.remove(peer) {
            self.tokens.remove(&granted.token);
            if let Some(shown) = &granted.shown {
                self.tokens.remove(shown);
            }
            if let Some(until) = granted.until {
                self.lost.remove(&(until, peer.clone()));
            }
        }
    }

    /// The peer whose lease ends first, of those that are lost.
    pub(crate) fn first(&self) -> Option<(Instant, PeerId)> {
        self.lost.first().cloned()
    }
}
