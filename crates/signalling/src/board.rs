//! The one owner of the hub: turns what the hub says into places in the peers' queues.
//!
//! Deciding and queueing happen under one short lock, so that every peer sees one common order. Nobody ever
//! waits for a queue: a peer whose queue is full is put out.

use crate::ending::Ending;
use crate::hub::{Hub, Outgoing};
use protocol::{ClientMessage, PeerId, ServerMessage, SessionId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The server's end of a peer's queue.
struct Post {
    queue: mpsc::Sender<ServerMessage>,
    ending: oneshot::Sender<Ending>,
}

/// What a connection hears from the board.
pub(crate) struct Mailbox {
    /// What the peer is to be told.
    pub(crate) inbox: Inbox,
    /// Resolves when the connection has to end.
    pub(crate) ending: oneshot::Receiver<Ending>,
}

/// The connection's end of its queue. A message stays at the front until it is popped, so that sending one
/// may be given up and taken up again.
pub(crate) struct Inbox {
    messages: mpsc::Receiver<ServerMessage>,
    front: Option<ServerMessage>,
}

impl Inbox {
    /// Waits for a message to be at the front; false when there will be none.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.front.is_none() {
            self.front = self.messages.recv().await;
        }
        self.front.is_some()
    }

    /// The oldest message that is queued by now.
    pub(crate) fn front(&mut self) -> Option<&ServerMessage> {
        if self.front.is_none() {
            self.front = self.messages.try_recv().ok();
        }
        self.front.as_ref()
    }

    /// Takes the front message out.
    pub(crate) fn pop(&mut self) {
        self.front = None;
    }
}

struct State {
    hub: Hub,
    posts: HashMap<PeerId, Post>,
    open: bool,
}

/// The hub and the queues of all connected peers.
pub(crate) struct Board(Mutex<State>);

/// A peer's place on the board; given up when dropped.
pub(crate) struct Membership {
    board: Arc<Board>,
    peer: PeerId,
}

impl Board {
    pub(crate) fn new() -> Self {
        let hub = Hub::new(|| SessionId::new(Uuid::new_v4().to_string()));
        Self(Mutex::new(State { hub, posts: HashMap::new(), open: true }))
    }

    /// Adds a peer under a new identifier and queues its welcome. Nothing where the server is shutting down.
    pub(crate) fn join(self: &Arc<Self>, queue_length: usize) -> Option<(Membership, Mailbox)> {
        let peer = PeerId::new(Uuid::new_v4().to_string());
        let (queue, messages) = mpsc::channel(queue_length.max(1));
        let (ending, ended) = oneshot::channel();
        let mut state = self.lock();
        if !state.open {
            return None;
        }
        state.posts.insert(peer.clone(), Post { queue, ending });
        let outgoing = state.hub.connected(peer.clone());
        state.queue(outgoing);
        drop(state);
        let inbox = Inbox { messages, front: None };
        Some((Membership { board: self.clone(), peer }, Mailbox { inbox, ending: ended }))
    }

    /// Disconnects everyone. Nobody is told that others leave: sessions between peers outlive the server.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = false;
        for (_, post) in state.posts.drain() {
            // An error says that the connection has ended already.
            let _ = post.ending.send(Ending::Shutdown);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    /// The peer's identifier.
    pub(crate) fn peer(&self) -> &PeerId {
        &self.peer
    }

    /// The peer has said something. Ignored once the peer has left.
    pub(crate) fn message(&self, message: ClientMessage) {
        self.with(|hub, peer| hub.message(peer, message));
    }

    /// The peer has said something that is no message.
    pub(crate) fn not_understood(&self, details: String) {
        self.with(|hub, peer| hub.not_understood(peer, details));
    }

    /// Takes the peer off the board, so that nobody sends to it any more, and has its connection ended.
    pub(crate) fn leave(&self, ending: Ending) {
        let mut state = self.board.lock();
        let outgoing = state.remove(&self.peer, ending);
        state.queue(outgoing);
    }

    fn with(&self, act: impl FnOnce(&mut Hub, &PeerId) -> Vec<Outgoing>) {
        let mut state = self.board.lock();
        if state.posts.contains_key(&self.peer) {
            let outgoing = act(&mut state.hub, &self.peer);
            state.queue(outgoing);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.leave(Ending::ClosedByPeer);
    }
}

impl State {
    fn queue(&mut self, outgoing: Vec<Outgoing>) {
        let mut outgoing = VecDeque::from(outgoing);
        while let Some(Outgoing { to, message }) = outgoing.pop_front() {
            let Some(post) = self.posts.get(&to) else { continue };
            if let Err(mpsc::error::TrySendError::Full(_)) = post.queue.try_send(message) {
                outgoing.extend(self.remove(&to, Ending::TooSlow));
            }
        }
    }

    /// Removes a peer and returns what others are told about it.
    fn remove(&mut self, peer: &PeerId, ending: Ending) -> Vec<Outgoing> {
        let Some(post) = self.posts.remove(peer) else {
            return Vec::new();
        };
        // An error says that the connection has ended already.
        let _ = post.ending.send(ending);
        self.hub.gone(peer)
    }
}
