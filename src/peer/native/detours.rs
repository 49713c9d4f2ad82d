//! A thread's sockets other than the port's own: those to TURN servers, and the TCP connections of viewers.

use super::connections::{Arrival, Came, Packet};
use super::handle::Command;
use super::relay::Request;
use super::relays::Relayed;
use super::routes::Key;
use super::session::Session;
use super::socket::Datagram;
use super::worker::Worker;
use mio::Token;
use std::time::Instant;
use str0m::net::Protocol;

impl Worker {
    /// An address on a TURN server is wanted.
    pub(super) fn open_relay(&mut self, key: Key, request: Request) {
        if self.serves(key) {
            self.sockets.relays.open(key, request, self.poll.registry(), Instant::now());
        }
    }

    /// Reads some of what has come in through one of them; false where the socket is none.
    pub(super) fn read_elsewhere(&mut self, token: Token) -> bool {
        if self.sockets.relays.own(token) {
            self.read_relay(token);
        } else if self.sockets.connections.own(token) {
            self.read_connection(token);
        } else {
            return false;
        }
        true
    }

    fn read_relay(&mut self, token: Token) {
        let mut came = Vec::new();
        if self.sockets.relays.read(token, &mut came) {
            self.readable.push(token);
        }
        for Relayed { key, source, destination, bytes } in came {
            self.take(key, &Datagram { protocol: Protocol::Udp, source, destination, bytes: &bytes });
        }
    }

    fn read_connection(&mut self, token: Token) {
        let Came { packets, arrivals, more } =
            self.sockets.connections.read(token, self.poll.registry(), &self.routes);
        if more {
            self.readable.push(token);
        }
        self.take_all(packets);
        for arrival in arrivals {
            let thread = arrival.place.thread;
            if thread == self.handle.index() {
                self.arrived(arrival);
            } else if let Some(other) = self.handle.sibling(thread) {
                // Where it is not taken it is closed, and the peer tries again.
                other.mention(Command::Arrived(Box::new(arrival)));
            }
        }
    }

    /// A viewer has connected.
    pub(super) fn arrived(&mut self, arrival: Arrival) {
        if self.serves(arrival.place.key) {
            let (packets, token) = self.sockets.connections.take_in(arrival, self.poll.registry());
            // What came before this thread had it is no news to the system.
            self.readable.extend(token);
            self.take_all(packets);
        }
    }

    fn take_all(&mut self, packets: Vec<Packet>) {
        for Packet { key, source, destination, bytes } in packets {
            self.take(key, &Datagram { protocol: Protocol::Tcp, source, destination, bytes: &bytes });
        }
    }

    /// There is room to write.
    pub(super) fn resume_elsewhere(&mut self, token: Token) {
        let relieved = self.sockets.relays.resume(token).or_else(|| self.sockets.connections.resume(token));
        if let Some(key) = relieved {
            self.with(key, Session::relieve);
        }
    }

    /// Sends what is to be sent; whether somebody was told that there is room again, or nothing to wait for.
    pub(super) fn flush_elsewhere(&mut self) -> bool {
        let mut relieved = self.sockets.connections.flush();
        relieved.append(&mut self.sockets.relays.relieved());
        let told = !relieved.is_empty();
        relieved.into_iter().for_each(|key| self.with(key, Session::relieve));
        told
    }
}
