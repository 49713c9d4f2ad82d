//! Whose an incoming packet is: by the address that it comes from, or by whom a connectivity check asks.

use super::CAT;
use super::reflexive::Question;
use logic::stun::{self, TransactionId};
use std::collections::{HashMap, HashSet};
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

/// Sessions that may have somebody at the same address, as those of a server that takes many streams through one
/// port. Each takes only what is its own, but is asked whether it is.
const SHARING: usize = 64;

/// What is known of every session of an engine.
#[derive(Default)]
pub(super) struct Routes {
    /// Those that are not over.
    sessions: HashSet<Key>,
    fragments: HashMap<String, Place>,
    addresses: HashMap<SocketAddr, Vec<Place>>,
    questions: HashMap<TransactionId, Question>,
}

impl Routes {
    /// A session is asked for under this user name fragment.
    pub(super) fn expect(&mut self, fragment: String, place: Place) {
        self.sessions.insert(place.key);
        self.fragments.insert(fragment, place);
    }

    /// A session has answered somebody at this address, or asked something of him. That proves nothing: peers name
    /// addresses as they like, another peer's too, from whom nothing is taken by that.
    pub(super) fn found(&mut self, address: SocketAddr, place: Place) {
        // Its thread may say so after its task has said that it is over.
        if !self.sessions.contains(&place.key) {
            return;
        }
        let places = self.addresses.entry(address).or_default();
        if places.contains(&place) {
            return;
        }
        if places.len() < SHARING {
            places.push(place);
        } else {
            gst::warning!(
                CAT,
                "{SHARING} sessions talk to {address}: another hears nothing from there; have its peer use \
                 further ports"
            );
        }
    }

    /// A session is not asked for under this user name fragment any more.
    pub(super) fn unexpect(&mut self, fragment: &str, key: Key) {
        if self.fragments.get(fragment).is_some_and(|place| place.key == key) {
            self.fragments.remove(fragment);
        }
    }

    /// A session may have nobody at this address any more.
    pub(super) fn left(&mut self, address: SocketAddr, key: Key) {
        if let Some(places) = self.addresses.get_mut(&address) {
            places.retain(|place| place.key != key);
            if places.is_empty() {
                self.addresses.remove(&address);
            }
        }
    }

    /// A session is over.
    pub(super) fn forget(&mut self, key: Key) {
        self.sessions.remove(&key);
        self.fragments.retain(|_, place| place.key != key);
        self.addresses.retain(|_, places| {
            places.retain(|place| place.key != key);
            !places.is_empty()
        });
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

    /// Who is asked for under this user name fragment.
    pub(super) fn who_has(&self, fragment: &str) -> Option<Place> {
        self.fragments.get(fragment).copied()
    }

    /// Whose a packet may be; nobody's where no session can know it.
    pub(super) fn whose(&self, source: SocketAddr, packet: &[u8]) -> &[Place] {
        // A check names whom it asks; anyone may send one from anywhere, so the address proves nothing.
        if let Some(message) = stun::Message::read(packet)
            && let Some(asked) = message.asked()
        {
            return self.fragments.get(asked).map_or(&[], std::slice::from_ref);
        }
        self.addresses.get(&source).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_another_session_names_too_stays_known_as_the_first_ones() {
        let mut routes = Routes::default();
        let (address, media) = ("192.0.2.1:9".parse().unwrap(), [0x80; 20]);
        let place = |key| Place { thread: 0, key };
        (1..200).for_each(|key| routes.expect(key.to_string(), place(key)));
        (1..200).for_each(|key| routes.found(address, place(key)));
        assert_eq!(routes.whose(address, &media)[0], place(1));
        assert_eq!(routes.whose(address, &media).len(), SHARING);
        routes.forget(1);
        routes.left(address, 3);
        assert_eq!(routes.whose(address, &media)[..2], [place(2), place(4)]);
        (1..200).for_each(|key| routes.forget(key));
        assert!(routes.whose(address, &media).is_empty() && routes.addresses.is_empty());
    }

    #[test]
    fn a_session_that_is_over_leaves_no_address_behind() {
        let mut routes = Routes::default();
        let (address, place) = ("192.0.2.1:9".parse().unwrap(), Place { thread: 1, key: 1 });
        routes.expect("fragment".into(), place);
        routes.unexpect("fragment", 1);
        routes.found(address, place);
        assert_eq!(routes.whose(address, &[0x80; 20]), [place]);
        routes.forget(1);
        routes.found(address, place);
        assert!(routes.addresses.is_empty(), "its place stays for ever");
    }
}
