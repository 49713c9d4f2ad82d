//! ICE over TCP (RFC 6544): peers that no UDP reaches connect to the port, and say with their first packet whose
//! they are. Each thread has those of its sessions, and the reading one those that have not yet said it.

use super::CAT;
use super::routes::{Key, Place, Routes};
use super::stream::Stream;
use logic::framing::Framing;
use logic::stun;
use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Tokens of listeners and of connections are from here on.
const LISTENERS: usize = 1 << 21;
const FIRST: usize = 1 << 22;
/// For how long a connection may say nothing, and how many such there may be; then the oldest has to go.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_SILENT: usize = 128;
/// Connections of one session; a peer that makes more is odd, but anyone may who has seen how it is asked for.
const MOST: usize = 8;
/// Connections that are accepted before others are heard.
const AT_ONCE: usize = 32;

/// Which connection: from where, to where.
type Path = (SocketAddr, SocketAddr);

/// A connection that has said whose it is.
pub(super) struct Arrival {
    pub(super) place: Place,
    path: Path,
    stream: Stream,
    early: Vec<Box<[u8]>>,
}

struct Connection {
    path: Path,
    /// Whose it is; nobody's yet where that is not known.
    key: Option<Key>,
    stream: Stream,
    /// Whether its session was told that more should wait.
    crowded: bool,
    /// Whether its session sent anything over it, which it does when a check proved to be its peer's.
    proven: bool,
    since: Instant,
}

impl Connection {
    fn new(path: Path, key: Option<Key>, stream: Stream) -> Self {
        Self { path, key, stream, crowded: false, proven: false, since: Instant::now() }
    }
}

/// A packet that came through a connection.
pub(super) struct Packet {
    pub(super) key: Key,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) bytes: Box<[u8]>,
}

/// What reading has brought.
#[derive(Default)]
pub(super) struct Came {
    pub(super) packets: Vec<Packet>,
    pub(super) arrivals: Vec<Arrival>,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// All connections of a thread.
#[derive(Default)]
pub(super) struct Connections {
    listeners: Vec<TcpListener>,
    connections: HashMap<Token, Connection>,
    paths: HashMap<Path, Token>,
    /// Those that may not have said anything, the oldest first, and until when they may.
    silent: VecDeque<(Instant, Token)>,
    /// Those that have something to be sent.
    full: Vec<Token>,
    /// Whose are gone that were told that more should wait.
    relieved: Vec<Key>,
    next: usize,
}

impl Connections {
    /// Has this thread take what connects.
    pub(super) fn listen(
        &mut self,
        registry: &Registry,
        listeners: Vec<std::net::TcpListener>,
    ) -> io::Result<()> {
        for listener in listeners {
            let mut listener = TcpListener::from_std(listener);
            registry.register(&mut listener, Token(LISTENERS + self.listeners.len()), Interest::READABLE)?;
            self.listeners.push(listener);
        }
        Ok(())
    }

    /// Whether a socket is one of these.
    pub(super) fn own(&self, token: Token) -> bool {
        token.0 >= LISTENERS && token.0 < 2 * FIRST
    }

    /// Reads some of what has come in through a socket, or takes who connects.
    pub(super) fn read(&mut self, token: Token, registry: &Registry, routes: &Routes) -> Came {
        if token.0 < FIRST {
            return Came { more: self.accept(token, registry), ..Came::default() };
        }
        let Some(connection) = self.connections.get_mut(&token) else { return Came::default() };
        let mut packets: Vec<Box<[u8]>> = Vec::new();
        let read = connection.stream.read(|packet| packets.push(packet.into()));
        let (source, destination) = connection.path;
        let mut came = Came::default();
        let Some(key) = connection.key else {
            let first = packets.first().map(|packet| asked(packet, routes));
            match (first, read) {
                (Some(Some(place)), Ok(_)) => {
                    came.arrivals.extend(self.hand_over(token, registry, place, packets))
                }
                (None, Ok(more)) => came.more = more,
                // Whoever says something else is nobody's peer.
                _ => self.drop_one(token),
            }
            return came;
        };
        let packet = |bytes| Packet { key, source, destination, bytes };
        came.packets.extend(packets.into_iter().map(packet));
        match read {
            Ok(more) => came.more = more,
            Err(err) => {
                gst::debug!(CAT, "a viewer's TCP connection from {source} is over: {err}");
                self.drop_one(token);
            }
        }
        came
    }

    fn accept(&mut self, token: Token, registry: &Registry) -> bool {
        for _ in 0..AT_ONCE {
            let Some(listener) = self.listeners.get(token.0 - LISTENERS) else { return false };
            let (stream, source) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return false,
                // One that was gone before it was taken, or no room for more: the next one says so again.
                Err(err) => {
                    gst::debug!(CAT, "taking a TCP connection failed: {err}");
                    return err.kind() == io::ErrorKind::ConnectionAborted;
                }
            };
            let Ok(destination) = stream.local_addr() else { continue };
            while self.connections.values().filter(|other| other.key.is_none()).count() >= MOST_SILENT
                && let Some((_, oldest)) = self.silent.pop_front()
            {
                self.drop_silent(oldest);
            }
            let path = (source, destination);
            let connection = Connection::new(path, None, Stream::new(stream, Framing::Prefixed));
            if let Some(token) = self.add(connection, registry) {
                self.silent.push_back((Instant::now() + PATIENCE, token));
            }
        }
        true
    }

    fn add(&mut self, mut connection: Connection, registry: &Registry) -> Option<Token> {
        let mut token = Token(FIRST);
        while self.connections.contains_key(&token) || token.0 == FIRST {
            self.next = (self.next + 1) % FIRST;
            token = Token(FIRST + self.next);
        }
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(connection.stream.io(), token, both).ok()?;
        self.paths.insert(connection.path, token);
        self.connections.insert(token, connection);
        Some(token)
    }

    fn hand_over(
        &mut self,
        token: Token,
        registry: &Registry,
        place: Place,
        early: Vec<Box<[u8]>>,
    ) -> Option<Arrival> {
        let mut connection = self.connections.remove(&token)?;
        self.paths.remove(&connection.path);
        registry.deregister(connection.stream.io()).ok()?;
        Some(Arrival { place, path: connection.path, stream: connection.stream, early })
    }

    /// Takes a connection of one of this thread's sessions; what it has already said, and the socket that may
    /// have more.
    pub(super) fn take_in(&mut self, arrival: Arrival, registry: &Registry) -> (Vec<Packet>, Option<Token>) {
        let Arrival { place: Place { key, .. }, path, stream, early } = arrival;
        let its = || self.connections.iter().filter(|(_, other)| other.key == Some(key));
        if its().count() >= MOST {
            let unproven = its().filter(|(_, other)| !other.proven);
            let oldest = unproven.min_by_key(|(_, other)| other.since).map(|(token, _)| *token);
            let Some(oldest) = oldest else { return (Vec::new(), None) };
            self.drop_one(oldest);
        }
        gst::debug!(CAT, "a viewer has connected over TCP from {}", path.0);
        let token = self.add(Connection::new(path, Some(key), stream), registry);
        let packet = |bytes| Packet { key, source: path.0, destination: path.1, bytes };
        (early.into_iter().map(packet).collect(), token)
    }

    /// Sends a packet; whether more should wait. What has no connection is lost.
    pub(super) fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let Some(token) = self.paths.get(&(to, from)) else { return false };
        let Some(connection) = self.connections.get_mut(token) else { return false };
        connection.stream.send(bytes);
        connection.proven = true;
        if !self.full.contains(token) {
            self.full.push(*token);
        }
        connection.crowded |= connection.stream.is_crowded();
        connection.crowded
    }

    /// Hands on what is to be sent; whose connections have room again, or are gone.
    pub(super) fn flush(&mut self) -> Vec<Key> {
        let full = std::mem::take(&mut self.full);
        let mut relieved: Vec<_> = full.into_iter().filter_map(|token| self.resume(token)).collect();
        relieved.append(&mut self.relieved);
        relieved
    }

    /// There is room to write; whose connection had none for more, and has now.
    pub(super) fn resume(&mut self, token: Token) -> Option<Key> {
        let connection = self.connections.get_mut(&token)?;
        if connection.stream.flush().is_err() {
            self.drop_one(token);
            return None;
        }
        let relieved = connection.crowded && !connection.stream.is_crowded();
        connection.crowded &= !relieved;
        connection.key.filter(|_| relieved)
    }

    fn drop_one(&mut self, token: Token) {
        let Some(connection) = self.connections.remove(&token) else { return };
        if self.paths.get(&connection.path) == Some(&token) {
            self.paths.remove(&connection.path);
        }
        // Nothing waits for it any more: media may go on over another.
        self.relieved.extend(connection.key.filter(|_| connection.crowded));
    }

    fn drop_silent(&mut self, token: Token) {
        if self.connections.get(&token).is_some_and(|connection| connection.key.is_none()) {
            self.drop_one(token);
        }
    }

    /// When one has been silent for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.silent.front().map(|(until, _)| *until)
    }

    /// Has those go that have been silent for too long.
    pub(super) fn be_punctual(&mut self, now: Instant) {
        while let Some((_, token)) = self.silent.front().copied().filter(|(until, _)| *until <= now) {
            self.silent.pop_front();
            self.drop_silent(token);
        }
    }

    /// A session is over.
    pub(super) fn close(&mut self, key: Key) {
        let its = self.connections.iter().filter(|(_, connection)| connection.key == Some(key));
        let tokens: Vec<_> = its.map(|(token, _)| *token).collect();
        tokens.into_iter().for_each(|token| {
            // Goodbyes too.
            self.resume(token);
            self.drop_one(token);
        });
    }
}

/// Which session a connection's first packet asks for.
fn asked(packet: &[u8], routes: &Routes) -> Option<Place> {
    stun::Message::read(packet)?.asked().and_then(|fragment| routes.who_has(fragment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};

    const KEY: Key = 7;

    /// A connection of one session's, and its other end.
    fn connected(poll: &Poll, connections: &mut Connections) -> (std::net::TcpStream, Path) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let viewer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (io, source) = listener.accept().unwrap();
        io.set_nonblocking(true).unwrap();
        let path = (source, io.local_addr().unwrap());
        let stream = Stream::new(mio::net::TcpStream::from_std(io), Framing::Prefixed);
        let place = Place { thread: 0, key: KEY };
        connections.take_in(Arrival { place, path, stream, early: Vec::new() }, poll.registry());
        (viewer, path)
    }

    #[test]
    fn a_session_goes_on_when_the_connection_breaks_that_it_waited_for() {
        let mut poll = Poll::new().unwrap();
        let mut connections = Connections::default();
        let (viewer, (source, own)) = connected(&poll, &mut connections);
        while !connections.send(own, source, &[0x80; 1200]) {
            assert!(connections.flush().is_empty());
        }
        drop(viewer);
        let (mut events, end) = (Events::with_capacity(8), Instant::now() + Duration::from_secs(10));
        let mut relieved = Vec::new();
        while !connections.connections.is_empty() {
            assert!(Instant::now() < end, "it is still there");
            poll.poll(&mut events, Some(Duration::from_secs(1))).unwrap();
            for event in &events {
                relieved.extend(connections.resume(event.token()));
                connections.read(event.token(), poll.registry(), &Routes::default());
            }
            relieved.extend(connections.flush());
        }
        assert_eq!(relieved, [KEY]);
    }

    #[test]
    fn of_too_many_connections_the_oldest_that_has_proven_nothing_makes_room() {
        let poll = Poll::new().unwrap();
        let mut connections = Connections::default();
        let (_first, proven) = connected(&poll, &mut connections);
        connections.send(proven.1, proven.0, b"an answer");
        let strangers: Vec<_> = (1..MOST).map(|_| connected(&poll, &mut connections)).collect();
        let (_viewer, path) = connected(&poll, &mut connections);
        assert!(connections.paths.contains_key(&path), "strangers keep the viewer out");
        assert!(connections.paths.contains_key(&proven) && connections.connections.len() == MOST);
        assert!(!connections.paths.contains_key(&strangers[0].1));
        // Where all have proven whose they are, that is enough.
        for (source, own) in connections.paths.keys().copied().collect::<Vec<_>>() {
            connections.send(own, source, b"an answer");
        }
        let (_further, path) = connected(&poll, &mut connections);
        assert!(!connections.paths.contains_key(&path));
    }
}
