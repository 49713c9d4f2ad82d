//! The allocations on TURN servers of a thread's sessions: by the socket that they have, and by the address that
//! they stand for.

use super::CAT;
use super::relay::{Over, Relay, Request};
use super::routes::Key;
use mio::{Registry, Token};
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Tokens of relays are from here on.
const FIRST: usize = 1 << 20;
/// A packet is no larger (bytes).
const LARGEST: usize = 1 << 16;

/// A packet from a peer that came through a relay.
pub(super) struct Relayed {
    pub(super) key: Key,
    pub(super) source: SocketAddr,
    /// The relay's address.
    pub(super) destination: SocketAddr,
    pub(super) bytes: Box<[u8]>,
}

/// All of a thread.
#[derive(Default)]
pub(super) struct Relays {
    relays: HashMap<Token, Relay>,
    addresses: HashMap<SocketAddr, Token>,
    deadlines: BTreeSet<(Instant, Token)>,
    /// Whose are lost.
    relieved: Vec<Key>,
    next: usize,
    buffer: Vec<u8>,
}

impl Relays {
    /// Whether a socket is a relay's.
    pub(super) fn own(&self, token: Token) -> bool {
        self.relays.contains_key(&token)
    }

    /// Asks a server for an address.
    pub(super) fn open(&mut self, key: Key, request: Request, registry: &Registry, now: Instant) {
        let mut token = Token(FIRST);
        while self.relays.contains_key(&token) || token.0 == FIRST {
            self.next = (self.next + 1) % FIRST;
            token = Token(FIRST + self.next);
        }
        let Request { server, from, tell } = request;
        match Relay::new(key, (&server, from), (registry, token), now) {
            Ok(mut relay) => {
                relay.tell = Some(tell);
                self.relays.insert(token, relay);
                self.buffer.resize(LARGEST, 0);
                self.with(token, |relay, _| relay.pass(now));
            }
            Err(err) => {
                let fault = format!("no way to TURN server {}: {err}", server.address);
                gst::warning!(CAT, "{fault}; going on without it");
                let _ = tell.send(Err(fault));
            }
        }
    }

    /// Lets a relay act; nothing is left of it when it is over.
    fn with<T>(
        &mut self,
        token: Token,
        act: impl FnOnce(&mut Relay, &mut [u8]) -> Result<T, Over>,
    ) -> Option<T> {
        let relay = self.relays.get_mut(&token)?;
        let before = relay.deadline;
        let buffer = &mut self.buffer;
        let acted = catch_unwind(AssertUnwindSafe(|| act(relay, buffer)));
        if let Some(address) = relay.relayed() {
            self.addresses.insert(address, token);
        }
        if before != relay.deadline {
            before.map(|at| self.deadlines.remove(&(at, token)));
            relay.deadline.map(|at| self.deadlines.insert((at, token)));
        }
        match acted {
            Ok(Ok(result)) => Some(result),
            _ => {
                let lost = self.remove(token)?;
                // What waited for it may go on over another path.
                self.relieved.push(lost.key);
                None
            }
        }
    }

    fn remove(&mut self, token: Token) -> Option<Relay> {
        let relay = self.relays.remove(&token)?;
        relay.deadline.map(|at| self.deadlines.remove(&(at, token)));
        self.addresses.retain(|_, other| *other != token);
        Some(relay)
    }

    /// Sends a packet where `from` is a relay's address; then, whether more should wait.
    pub(super) fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Option<bool> {
        if self.addresses.is_empty() {
            return None;
        }
        let token = self.addresses.get(&from).copied()?;
        let sent = self.with(token, |relay, _| {
            relay.send(to, bytes, Instant::now())?;
            Ok(relay.is_crowded())
        });
        Some(sent.unwrap_or(false))
    }

    /// Reads some of what has come in through a socket; whether there may be more.
    pub(super) fn read(&mut self, token: Token, came: &mut Vec<Relayed>) -> bool {
        let Some(relay) = self.relays.get(&token) else { return false };
        let (key, address) = (relay.key, relay.relayed());
        let handle = |source, bytes: &[u8]| {
            if let Some(destination) = address {
                came.push(Relayed { key, source, destination, bytes: bytes.into() });
            }
        };
        self.with(token, |relay, buffer| relay.read(buffer, Instant::now(), handle)).unwrap_or(false)
    }

    /// There is room to write; whose relay has room for more, if one has.
    pub(super) fn resume(&mut self, token: Token) -> Option<Key> {
        let key = self.with(token, |relay, _| {
            relay.resume()?;
            Ok(Some(relay.key).filter(|_| !relay.is_crowded()))
        });
        key.flatten()
    }

    /// Whose were lost since this was asked last: nothing waits for them any more.
    pub(super) fn relieved(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.relieved)
    }

    /// When one of them wants to be heard next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Has them do what is due.
    pub(super) fn be_punctual(&mut self, now: Instant) {
        while let Some((_, token)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.with(token, |relay, _| relay.pass(now));
            // One that asks for the same time again is heard in the next round.
            if self.deadlines.first().is_some_and(|first| first.1 == token) {
                return;
            }
        }
    }

    /// A session is over: its addresses are given back.
    pub(super) fn close(&mut self, key: Key, registry: &Registry) {
        if self.relays.is_empty() {
            return;
        }
        let its = self.relays.iter().filter(|(_, relay)| relay.key == key);
        let tokens: Vec<_> = its.map(|(token, _)| *token).collect();
        for mut relay in tokens.into_iter().filter_map(|token| self.remove(token)) {
            relay.close(Instant::now());
            relay.deregister(registry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use logic::ice_servers::Relay as Server;
    use mio::{Events, Poll};
    use std::time::Duration;

    #[test]
    fn a_session_goes_on_when_the_relay_is_lost_that_it_waited_for() {
        let mut poll = Poll::new().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server { address, tcp: true, user: "user".into(), password: "secret".into() };
        let (tell, _told) = tokio::sync::oneshot::channel();
        let mut relays = Relays::default();
        relays.open(7, Request { server, from: None, tell }, poll.registry(), Instant::now());
        assert!(relays.relieved().is_empty() && relays.relays.len() == 1);
        drop(listener.accept().unwrap());
        let (mut events, end) = (Events::with_capacity(8), Instant::now() + Duration::from_secs(10));
        while !relays.relays.is_empty() {
            assert!(Instant::now() < end, "it is still there");
            poll.poll(&mut events, Some(Duration::from_secs(1))).unwrap();
            for event in &events {
                relays.read(event.token(), &mut Vec::new());
            }
        }
        assert_eq!(relays.relieved(), [7]);
    }
}
