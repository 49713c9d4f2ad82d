//! What a signalling client says when, on one connection after the other: after the welcome, when producers
//! come and go, in sessions, and after a connection was lost. What has to be said waits in one queue, in the
//! order of the calls.
//!
//! A connection is told of with [`PeerClient::connected`] and [`PeerClient::disconnected`]. In between, every
//! text frame goes to [`PeerClient::hear`], and what [`PeerClient::next_text`] gives is to be written.

mod asking;
mod hearing;
mod speaking;

use crate::backoff::Backoff;
use protocol::{
    ClientMessage, EndReason, IceServer, Meta, Outbox, PeerId, PeerMessageInner, PeerRole, PeerStatus,
    ProtocolVersion, SessionId,
};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Says what arrived after so many counted messages, so that the server need not keep them.
const ACKNOWLEDGE_EVERY: u64 = 64;
/// What a server that answers no heartbeats has beside two of them before it is taken for lost.
const GRACE: Duration = Duration::from_secs(10);
/// A server that wants heartbeats more often than this does not get them.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(50);

/// What the client is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Offers a stream.
    Produce,
    /// Watches who produces.
    Listen,
    /// Wants the stream of this producer.
    Consume(PeerId),
    /// Wants the stream of whoever produces first.
    ConsumeFirst,
    /// Waits for a producer to choose it.
    BeConsumer,
}

/// What follows from a message of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The server knows us by this identifier; whether as the peer that we were, sessions included.
    Registered(PeerId, bool),
    /// A peer wants a session; its offer, where it makes it.
    SessionRequested(SessionId, PeerId, Option<String>),
    /// The session that we asked for exists.
    SessionStarted(SessionId, PeerId),
    /// The other member of a session says something.
    Peer(SessionId, PeerMessageInner),
    /// A session is over: why, and what went wrong, if anything.
    SessionEnded(SessionId, Option<EndReason>, Option<String>),
    /// A producer is there, or describes itself anew; whether it came just now.
    ProducerAdded(PeerId, Option<Meta>, bool),
    /// A producer is gone.
    ProducerRemoved(PeerId, Option<Meta>),
    /// STUN and TURN servers to use from now on, instead of what was said before.
    IceServers(Vec<IceServer>),
    /// The server could not meet a request: worth a warning.
    Refused(String),
    /// A message of so many bytes that nobody understands.
    NotUnderstood(usize),
}

/// Why a connection cannot go on. The text of each names the cause and, where there is one, the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The queue is full.
    #[error(
        "the signalling server does not take what is sent to it: {0} bytes wait; running sessions go on without it, see to the server and to the network between"
    )]
    QueueFull(usize),
    /// What the server counts does not fit what was sent, or what of that is still kept.
    #[error("what the signalling server has received and what was sent to it do not fit together any more")]
    Miscounted,
    /// The server does not let this client do what it is for.
    #[error(
        "the signalling server refused: {0}; give property auth-token of the signaller a token with that right"
    )]
    Forbidden(String),
}

impl Problem {
    /// Whether connecting again is useless.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Forbidden(_))
    }
}

/// How the two sides notice that the other is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// How often the server is to hear of us: call [`PeerClient::beat`].
    pub heartbeat: Duration,
    /// A server of which nothing was heard for this long is lost.
    pub silence: Duration,
}

/// How to let the server hear of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// By a message: it is what [`PeerClient::next_text`] gives.
    Message,
    /// By a ping of the websocket: the server knows no other way.
    Ping,
}

/// A text to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text frame's content.
    pub text: String,
    queued: bool,
}

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Offline,
    AwaitingWelcome,
    AwaitingLease,
    Open,
}

#[derive(Debug)]
struct Lease {
    token: String,
    rhythm: Rhythm,
}

#[derive(Debug)]
struct Producer {
    /// Its place in the order in which the producers were heard of.
    order: u64,
    meta: Option<Meta>,
    /// Asked since the last pause, and refused.
    refused: bool,
}

/// The client's side of the signalling.
#[derive(Debug)]
pub struct PeerClient {
    purpose: Purpose,
    heartbeat: Duration,
    limit: usize,
    meta: Option<Meta>,
    phase: Phase,
    version: ProtocolVersion,
    lease: Option<Lease>,
    /// Counted messages of the server, under this lease.
    received: u64,
    /// How many of them it has not been told of.
    untold: u64,
    outbox: Outbox<String>,
    /// The choice of a version: neither counted nor kept.
    choice: Option<ClientMessage>,
    heartbeat_due: bool,
    problem: Option<Problem>,
    id: Option<PeerId>,
    announced: Option<PeerStatus>,
    /// The server refused the role in which a consumer would hear of its producer.
    unheard: bool,
    producers: HashMap<PeerId, Producer>,
    heard_of: u64,
    /// Whose stream is asked for.
    asked: Option<PeerId>,
    /// Whose stream was the last that was had.
    last: Option<PeerId>,
    /// The next session is wanted as soon as the last is over.
    wanting: bool,
    /// How long to wait before those who refused are asked again.
    pause: Option<Duration>,
    delays: Backoff,
    sessions: HashSet<SessionId>,
    /// Sessions that run on although the server no longer knows them.
    orphans: HashSet<SessionId>,
}

impl PeerClient {
    /// A client that is not connected yet, wants to exchange heartbeats in this interval, keeps so many
    /// bytes for a server that does not take them, and leaves these delays between requests that are refused.
    pub fn new(purpose: Purpose, heartbeat: Duration, limit: usize, delays: Backoff) -> Self {
        Self {
            purpose,
            heartbeat,
            limit,
            meta: None,
            phase: Phase::Offline,
            version: ProtocolVersion::V1_0,
            lease: None,
            received: 0,
            untold: 0,
            outbox: Outbox::new(limit),
            choice: None,
            heartbeat_due: false,
            problem: None,
            id: None,
            announced: None,
            unheard: false,
            producers: HashMap::new(),
            heard_of: 0,
            asked: None,
            last: None,
            wanting: false,
            pause: None,
            delays,
            sessions: HashSet::new(),
            orphans: HashSet::new(),
        }
    }

    /// A connection is open; this is what the client says of itself.
    pub fn connected(&mut self, meta: Option<Meta>) {
        self.meta = meta;
        self.phase = Phase::AwaitingWelcome;
        self.choice = None;
        self.heartbeat_due = false;
        self.problem = None;
    }

    /// The connection is over. Where the server keeps its peers for a while, what is said from now on waits,
    /// unless the connection ended in a way that makes it useless to come back as the same peer.
    pub fn disconnected(&mut self, for_good: bool) {
        self.phase = Phase::Offline;
        self.choice = None;
        self.heartbeat_due = false;
        if for_good {
            self.lease = None;
        }
        if self.lease.is_none() {
            self.forget();
        }
    }

    /// Why the connection has to be given up, once there is a reason.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Whether the server knows us and listens to us.
    pub fn is_registered(&self) -> bool {
        self.phase == Phase::Open
    }

    /// How the two sides notice that the other is gone.
    pub fn rhythm(&self) -> Rhythm {
        match &self.lease {
            Some(lease) if self.phase == Phase::Open => lease.rhythm,
            _ => Rhythm { heartbeat: self.heartbeat, silence: self.heartbeat * 2 + GRACE },
        }
    }

    /// It is time to let the server hear of us.
    pub fn beat(&mut self) -> Beat {
        if self.version < ProtocolVersion::V1_2 || self.phase != Phase::Open {
            return Beat::Ping;
        }
        self.acknowledge();
        Beat::Message
    }

    /// The next text to write; call [`PeerClient::written`] when that is done.
    pub fn next_text(&mut self) -> Option<Text> {
        let heartbeat = |client: &mut Self| {
            let due = std::mem::take(&mut client.heartbeat_due);
            due.then_some(ClientMessage::Heartbeat { received: client.received })
        };
        if let Some(message) = self.choice.take().or_else(|| heartbeat(self))
            && let Ok(text) = serde_json::to_string(&message)
        {
            return Some(Text { text, queued: false });
        }
        let queued = self.outbox.front().filter(|_| self.phase == Phase::Open);
        queued.map(|text| Text { text: text.clone(), queued: true })
    }

    /// A text has been written.
    pub fn written(&mut self, text: &Text) {
        if text.queued {
            self.outbox.sent();
            if self.lease.is_none() {
                self.outbox.forget_sent();
            }
        }
    }

    /// Changes what the client says of itself.
    pub fn set_meta(&mut self, meta: Option<Meta>) {
        self.meta = meta;
        if self.phase == Phase::Open {
            self.announce();
        }
    }

    fn push(&mut self, message: &ClientMessage) -> Result<(), Problem> {
        // Every message of ours has a form in JSON.
        let Ok(text) = serde_json::to_string(message) else { return Ok(()) };
        let bytes = text.len();
        self.outbox.push(text, bytes).map_err(|_full| {
            let problem = Problem::QueueFull(self.outbox.bytes());
            self.give_up(problem.clone());
            problem
        })
    }

    /// Something that is said on our own behalf: a full queue is a problem of the connection.
    fn request(&mut self, message: &ClientMessage) {
        let _ = self.push(message);
    }

    fn acknowledge(&mut self) {
        self.untold = 0;
        self.heartbeat_due = true;
    }

    /// The connection has to end, and what the server knows of us is of no use any more.
    fn give_up(&mut self, problem: Problem) {
        self.lease = None;
        self.forget();
        if self.phase != Phase::Offline {
            self.problem = Some(problem);
        }
    }

    /// The server will not know our sessions any more: they run on without it.
    fn forget(&mut self) {
        self.outbox = Outbox::new(self.limit);
        self.received = 0;
        self.untold = 0;
        self.announced = None;
        self.orphans.extend(self.sessions.drain());
        self.asked = None;
        self.pause = None;
        self.producers.values_mut().for_each(|producer| producer.refused = false);
    }

    /// Says who we are, where the server does not know.
    fn announce(&mut self) {
        let roles = match self.purpose {
            Purpose::Produce => vec![PeerRole::Producer],
            // A producer that is wanted but not there yet announces itself to listeners only.
            Purpose::Listen | Purpose::ConsumeFirst | Purpose::Consume(_) => vec![PeerRole::Listener],
            Purpose::BeConsumer => vec![PeerRole::Consumer],
        };
        let status = PeerStatus { roles, meta: self.meta.clone(), peer_id: None };
        if self.announced.as_ref() != Some(&status) {
            self.announced = Some(status.clone());
            self.unheard = false;
            self.request(&ClientMessage::SetPeerStatus(status));
        }
    }
}

#[cfg(test)]
mod tests;
