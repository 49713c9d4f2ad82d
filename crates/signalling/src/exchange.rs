//! All rooms and all peers: who is told what becomes places in queues; who lost its connection keeps its place
//! for a while.
//!
//! Knows neither sockets nor a clock: the time is an argument, and identifiers come from a source that the
//! caller gives. Nobody ever waits for a queue: a peer whose queue is full is put out.

mod returning;

use crate::door::Visit;
use crate::ending::Ending;
use crate::envelope::Envelope;
use crate::grant::Grant;
use crate::hub::{Hub, Limits, Outgoing};
use crate::leases::Leases;
use crate::metrics::{self, Census, Metrics, server_type};
use crate::post::{Line, Post};
use async_tungstenite::tungstenite::Utf8Bytes;
use protocol::{ClientMessage, IceServer, PeerId, ServerMessage, SessionId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A peer is told how many of its messages have arrived after so many.
const ACKNOWLEDGE: u64 = 64;

/// How many peers are ended before others have a turn.
const EXPIRE: usize = 32;

/// What an exchange lets peers do, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    /// Bytes that may wait for one peer.
    pub(crate) queue_bytes: usize,
    /// How long the place of a peer is kept of which nothing is heard any more; a third of it where its connection
    /// was ended without a Close.
    pub(crate) lease: Duration,
    /// How often a peer says heartbeat that does not ask for anything else.
    pub(crate) heartbeat: Duration,
    /// The shortest interval that a peer may ask for.
    pub(crate) shortest_heartbeat: Duration,
}

/// The state of the whole server.
pub(crate) struct Exchange {
    terms: Terms,
    rooms: HashMap<Arc<str>, Hub>,
    posts: HashMap<PeerId, Arc<Post>>,
    leases: Leases,
    ice_servers: IceServers,
    metrics: Arc<Metrics>,
    new_id: fn() -> String,
    written: Written,
    open: bool,
}

/// What has been written lately: many are told the same, and lists are asked for again and again.
#[derive(Default)]
struct Written(VecDeque<(Arc<ServerMessage>, Utf8Bytes)>);

impl Written {
    /// How many messages are remembered.
    const MOST: usize = 4;

    fn text(&mut self, message: &Arc<ServerMessage>) -> Option<Utf8Bytes> {
        if let Some((_, text)) = self.0.iter().find(|(written, _)| Arc::ptr_eq(written, message)) {
            return Some(text.clone());
        }
        let text = write(message)?;
        // Only what others hold too can come again.
        if Arc::strong_count(message) > 1 {
            self.0.truncate(Self::MOST - 1);
            self.0.push_front((message.clone(), text.clone()));
        }
        Some(text)
    }
}

/// Which ICE servers a peer is told of; none where there is nothing to tell.
pub(crate) type IceServers = Box<dyn Fn(&PeerId) -> Vec<IceServer> + Send>;

impl Exchange {
    /// An empty exchange. `new_id` must give a new identifier at each call that nobody can guess.
    pub(crate) fn new(
        terms: Terms,
        ice_servers: IceServers,
        metrics: Arc<Metrics>,
        new_id: fn() -> String,
    ) -> Self {
        Self {
            terms,
            rooms: HashMap::new(),
            posts: HashMap::new(),
            leases: Leases::default(),
            ice_servers,
            metrics,
            new_id,
            written: Written::default(),
            open: true,
        }
    }

    /// A connection is there: gives it a peer and queues the welcome. Nothing where the server is shutting down.
    /// The peer counts at the door as `visit` for as long as it has its place.
    pub(crate) fn join(
        &mut self,
        grant: &Grant,
        line: &Arc<Line>,
        visit: Option<Visit>,
    ) -> Option<Arc<Post>> {
        if !self.open {
            return None;
        }
        let peer = PeerId::new((self.new_id)());
        let room = self.room(&grant.room);
        let post = Post::new(peer.clone(), room.clone(), line.clone(), visit, self.terms.queue_bytes);
        self.posts.insert(peer.clone(), post.clone());
        let outgoing = self.rooms.get_mut(&room).map(|hub| hub.connected(peer, grant.rights));
        for Outgoing { message, .. } in outgoing.unwrap_or_default() {
            self.control(&post, &message);
        }
        Some(post)
    }

    /// The name of a room, which exists from now on.
    fn room(&mut self, name: &str) -> Arc<str> {
        if let Some((name, _)) = self.rooms.get_key_value(name) {
            return name.clone();
        }
        let name: Arc<str> = name.into();
        let new_id = self.new_id;
        self.rooms.insert(name.clone(), Hub::new(self.terms.limits, move || SessionId::new(new_id())));
        name
    }

    /// A peer has said something over `line`. Returns the peer that the connection belongs to from now on,
    /// where that is another one.
    pub(crate) fn message(
        &mut self,
        post: &Arc<Post>,
        line: &Arc<Line>,
        message: ClientMessage,
    ) -> Option<Arc<Post>> {
        if !self.is_here(post, line) {
            return None;
        }
        match message {
            ClientMessage::Heartbeat { received } if post.keeps() => {
                self.heartbeat(post, received);
                None
            }
            ClientMessage::SetProtocolVersion { version, resume, heartbeat_ms } => {
                self.set_version(post, line, version, resume, heartbeat_ms)
            }
            message => {
                self.count(post);
                let outgoing = self.hub(post).map(|hub| hub.message(&post.peer, message));
                self.queue(outgoing.unwrap_or_default());
                None
            }
        }
    }

    /// A member of a session has said something to the other that is passed on as it is.
    pub(crate) fn pass_on(
        &mut self,
        post: &Arc<Post>,
        line: &Arc<Line>,
        envelope: &Envelope<'_>,
        text: &Utf8Bytes,
    ) {
        if !self.is_here(post, line) {
            return;
        }
        self.count(post);
        let Some(hub) = self.hub(post) else { return };
        match hub.pass_on(&post.peer, envelope.session, envelope.description) {
            // A copy: what was read is part of a larger buffer, which it would keep.
            Ok(Some(to)) => self.push(&to, Utf8Bytes::from(text.as_str())),
            Ok(None) => {}
            Err(outgoing) => self.queue(outgoing),
        }
    }

    /// Counts a text of a peer that is no message.
    pub(crate) fn count_text(&self, post: &Arc<Post>, line: &Arc<Line>) {
        if self.is_here(post, line) {
            self.count(post);
        }
    }

    /// A peer has said something that is no message.
    pub(crate) fn not_understood(&mut self, post: &Arc<Post>, line: &Arc<Line>, details: String) {
        if self.is_here(post, line) {
            let outgoing = self.hub(post).map(|hub| hub.not_understood(&post.peer, details));
            self.queue(outgoing.unwrap_or_default());
        }
    }

    /// A connection is over, or has to be. A lost one leaves its peer's place for a while, where it speaks 1.2.
    pub(crate) fn leave(&mut self, post: &Arc<Post>, line: &Arc<Line>, ending: Ending, now: Instant) {
        let here = self.is_here(post, line);
        let lost = ending.is_lost();
        let lease = match ending {
            // The peer's system has ended the connection, most likely because the peer is no more.
            Ending::Lost(_) => self.terms.lease / 3,
            _ => self.terms.lease,
        };
        line.end(ending);
        if !here {
            return;
        }
        // A message that is longer than what may wait is sent to who is here, but not kept for who may come back.
        let may_wait = post.bytes() <= self.terms.queue_bytes && !self.terms.lease.is_zero();
        if lost && post.keeps() && may_wait {
            post.detach();
            if let Some(hub) = self.hub(post) {
                hub.lost(&post.peer);
            }
            self.leases.lose(&post.peer, now + lease);
        } else {
            let outgoing = self.remove(&post.peer.clone());
            self.queue(outgoing);
        }
    }

    /// Ends peers whose lease is over, some at a time; when to look again, which may be at once.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        for _ in 0..EXPIRE {
            let (end, peer) = self.leases.first()?;
            if end > now {
                return Some(end);
            }
            let outgoing = self.remove(&peer);
            self.queue(outgoing);
        }
        self.leases.first().map(|(end, _)| end)
    }

    /// Disconnects everyone. Nobody is told that others leave: sessions between peers outlive the server.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.rooms.clear();
        self.leases = Leases::default();
        for (_, post) in self.posts.drain() {
            // Not detached: what is queued is still to be sent.
            post.end(Ending::Shutdown);
        }
    }

    /// Everyone who is told of ICE servers.
    pub(crate) fn told_of_ice_servers(&self) -> Vec<PeerId> {
        self.posts.values().filter(|post| post.keeps()).map(|post| post.peer.clone()).collect()
    }

    pub(crate) fn tell_ice_servers(&mut self, peer: &PeerId) {
        let ice_servers = (self.ice_servers)(peer);
        if !ice_servers.is_empty() {
            let message = Arc::new(ServerMessage::IceServers { ice_servers });
            self.queue(vec![Outgoing { to: peer.clone(), message }]);
        }
    }

    fn count(&self, post: &Post) {
        if post.count().is_multiple_of(ACKNOWLEDGE) && post.keeps() {
            post.owe_heartbeat();
        }
    }

    /// Whether a peer is here, and `line` its connection.
    fn is_here(&self, post: &Arc<Post>, line: &Arc<Line>) -> bool {
        self.posts.get(&post.peer).is_some_and(|own| Arc::ptr_eq(own, post)) && post.is_on(line)
    }

    fn hub(&mut self, post: &Post) -> Option<&mut Hub> {
        self.rooms.get_mut(&post.room)
    }

    fn queue(&mut self, outgoing: Vec<Outgoing>) {
        let mut outgoing = VecDeque::from(outgoing);
        while let Some(Outgoing { to, message }) = outgoing.pop_front() {
            let Some(post) = self.posts.get(&to) else { continue };
            let Some(text) = self.written.text(&message) else { continue };
            self.metrics.sent(server_type(&message), text.len());
            if post.push(text).is_err() {
                post.end(Ending::TooSlow);
                outgoing.extend(self.remove(&to));
            }
        }
    }

    fn push(&mut self, to: &PeerId, text: Utf8Bytes) {
        self.metrics.sent(metrics::PEER, text.len());
        if let Some(post) = self.posts.get(to)
            && post.push(text).is_err()
        {
            post.end(Ending::TooSlow);
            let outgoing = self.remove(to);
            self.queue(outgoing);
        }
    }

    /// Tells a peer something about its connection.
    fn control(&self, post: &Post, message: &ServerMessage) {
        if let Some(text) = write(message) {
            self.metrics.sent(server_type(message), text.len());
            post.push_control(text);
        }
    }

    /// Who is here and what they do.
    pub(crate) fn census(&self) -> Census {
        let rooms = Census { rooms: self.rooms.len(), ..Census::default() };
        self.rooms.values().map(Hub::census).fold(rooms, Census::and)
    }

    /// Removes a peer and returns what others are told about it.
    fn remove(&mut self, peer: &PeerId) -> Vec<Outgoing> {
        let Some(post) = self.posts.remove(peer) else {
            return Vec::new();
        };
        self.leases.forget(peer);
        let Some(hub) = self.rooms.get_mut(&post.room) else {
            return Vec::new();
        };
        let outgoing = hub.gone(peer);
        if hub.is_empty() {
            self.rooms.remove(&post.room);
        }
        outgoing
    }
}

/// A message as it stands on the wire. Every message can be written.
fn write(message: &ServerMessage) -> Option<Utf8Bytes> {
    serde_json::to_string(message).ok().map(Into::into)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
