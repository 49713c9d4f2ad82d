//! Whose an incoming packet is: by the address that it comes from, or by whom a connectivity check asks.

use super::reflexive::Question;
use logic::stun::{self, TransactionId};
use std::collections::HashMap;
use std::net::SocketAddr;

/// Identifies a session in this process.
pub(super) type Key = u64;

/// Where a session is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the thread.
    pub(super) thread: usize,
    pub(super) key: Key,
}

/// What is known of every session of an engine.
#[derive(Default)]
pub(super) struct Routes {
    fragments: HashMap<String, Place>,
    addresses: HashMap<SocketAddr, Place>,
    questions: HashMap<TransactionId, Question>,
}

impl Routes {
    /// A session is asked for under this user name fragment.
    pub(super) fn expect(&mut self, fragment: String, place: Place) {
        self.fragments.insert(fragment, place);
    }

    /// A session has answered somebody at this address, or asked something of him.
    pub(super) fn found(&mut self, address: SocketAddr, place: Place) {
        self.addresses.insert(address, place);
    }

    /// A session is not asked for under this user name fragment any more.
    pub(super) fn unexpect(&mut self, fragment: &str, key: Key) {
        if self.fragments.get(fragment).is_some_and(|place| place.key == key) {
            self.fragments.remove(fragment);
        }
    }

    /// A session may have nobody at this address any more.
    pub(super) fn left(&mut self, address: SocketAddr, key: Key) {
        if self.addresses.get(&address).is_some_and(|place| place.key == key) {
            self.addresses.remove(&address);
        }
    }

    /// A session is over.
    pub(super) fn forget(&mut self, key: Key) {
        self.fragments.retain(|_, place| place.key != key);
        self.addresses.retain(|_, place| place.key != key);
    }

    /// A STUN server was asked something.
    pub(super) fn ask(&mut self, question: Question) {
        self.questions.retain(|_, other| !other.tell.is_closed());
        self.questions.insert(question.transaction, question);
    }

    /// Which question a packet answers, and how: only who was asked may.
    pub(super) fn answer(&self, source: SocketAddr, packet: &[u8]) -> Option<(TransactionId, SocketAddr)> {
        if self.questions.is_empty() {
            return None;
        }
        let message = stun::Message::read(packet)?;
        let question = self.questions.get(&message.transaction)?;
        let seen = message.mapped_address().filter(|_| question.server == source)?;
        Some((message.transaction, seen))
    }

    /// Passes an answer on.
    pub(super) fn answered(&mut self, transaction: TransactionId, seen: SocketAddr) {
        if let Some(question) = self.questions.remove(&transaction) {
            let _ = question.tell.send(seen);
        }
    }

    /// Whose a packet is; nobody's where no session can know it.
    pub(super) fn whose(&self, source: SocketAddr, packet: &[u8]) -> Option<Place> {
        // A check names whom it asks; anyone may send one from anywhere, so the address proves nothing.
        if let Some(message) = stun::Message::read(packet)
            && let Some(asked) = message.asked()
        {
            return self.fragments.get(asked).copied();
        }
        self.addresses.get(&source).copied()
    }
}
