//! The offer/answer exchange of one session (RFC 3264, RFC 8829), for both roles.
//!
//! Feed it what happened, perform what it returns, in order. It sends a description before the candidates
//! that belong to it, holds candidates that arrive before their description, merges requests for a new
//! offer while one is under way, has ICE begin anew while the peer cannot be reached, and names the reason when a
//! session cannot go on.

mod end_reason;
mod restarts;

pub use end_reason::EndReason;
use restarts::Restarts;

use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::time::Duration;

/// A peer from which nothing came for this long, not even reports, is gone (RFC 7675 section 5.1).
const CONSENT: Duration = Duration::from_secs(30);
/// Candidates held for a description that never came are bounded by this.
const MOST_HELD: usize = 512;

/// Who makes the first offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// This side.
    Offer,
    /// The peer, and it is at hand.
    Answer(String),
    /// The peer, and it will come.
    Await,
}

/// State of the transport (RFC 8829 section 4.1 and W3C `RTCPeerConnectionState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Being set up.
    Connecting,
    /// Media can flow.
    Connected,
    /// Interrupted; may come back by itself.
    Disconnected,
    /// Given up.
    Failed,
    /// Closed by the peer.
    Closed,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session begins.
    Start(Opening),
    /// The description that was asked for is made.
    Created(SessionDescription),
    /// The remote description is in force.
    RemoteSet,
    /// The peer sent a description.
    Remote(SessionDescription),
    /// This side found a candidate.
    LocalCandidate(IceCandidate),
    /// The peer sent a candidate.
    RemoteCandidate(IceCandidate),
    /// Streams came or went: a new offer is due.
    MediaChanged,
    /// A stream became another, which fits what was agreed on.
    StreamChanged,
    /// The transport changed state.
    Transport(Transport),
    /// Something in this session failed.
    Failed(EndReason),
    /// The time for the transport to come up has passed.
    DeadlinePassed,
    /// Time has passed since the transport came up.
    Pulse {
        /// How long the session has been.
        at: Duration,
        /// For how long nothing has come from the peer.
        silence: Duration,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The next description is to have new credentials for ICE.
    RestartIce,
    /// Make an offer; report it as [`Event::Created`].
    CreateOffer,
    /// Make an answer; report it as [`Event::Created`].
    CreateAnswer,
    /// Put a description of ours in force.
    SetLocal(SessionDescription),
    /// Put the peer's description in force; report [`Event::RemoteSet`].
    SetRemote(SessionDescription),
    /// Send a description to the peer.
    SendDescription(SessionDescription),
    /// Send a candidate to the peer.
    SendCandidate(IceCandidate),
    /// Hand the peer's candidate to the transport.
    AddCandidate(IceCandidate),
    /// The transport is up for the first time: media may flow.
    StartMedia,
    /// Send what was agreed on from streams as they are now.
    ServeAgain,
    /// The session is over.
    End(EndReason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    AwaitingOffer,
    CreatingOffer,
    AwaitingAnswer,
    SettingAnswer,
    SettingOffer,
    CreatingAnswer,
    Stable,
    Ended,
}

/// The machine.
#[derive(Debug)]
pub struct Negotiation {
    state: State,
    local_described: bool,
    remote_described: bool,
    connected: bool,
    media_changed: bool,
    restarts: Restarts,
    early_local: Vec<IceCandidate>,
    early_remote: Vec<IceCandidate>,
    early_offer: Option<SessionDescription>,
}

impl Default for Negotiation {
    fn default() -> Self {
        Self::new()
    }
}

impl Negotiation {
    /// A session that has not begun.
    pub fn new() -> Self {
        Self {
            state: State::New,
            local_described: false,
            remote_described: false,
            connected: false,
            media_changed: false,
            restarts: Restarts::default(),
            early_local: Vec::new(),
            early_remote: Vec::new(),
            early_offer: None,
        }
    }

    /// The same where `possible` says whether the transport can have ICE begin anew.
    pub fn with_restarts(mut self, possible: bool) -> Self {
        self.restarts.make_possible(possible);
        self
    }

    /// Whether the session is over.
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether the transport has been up.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Takes in what happened and returns what to do, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        if self.state == State::Ended {
            return Vec::new();
        }
        match event {
            Event::Start(opening) => self.start(opening),
            Event::Created(description) => self.created(description),
            Event::RemoteSet => self.remote_set(),
            Event::Remote(description) => self.remote(description),
            Event::LocalCandidate(candidate) => self.local_candidate(candidate),
            Event::RemoteCandidate(candidate) => self.remote_candidate(candidate),
            Event::MediaChanged => self.change_media(),
            Event::StreamChanged => vec![Action::ServeAgain],
            Event::Transport(transport) => self.transport(transport),
            Event::Failed(reason) => self.end(reason),
            Event::Pulse { silence, .. } if self.connected && silence >= CONSENT => {
                self.end(EndReason::Vanished)
            }
            Event::Pulse { at, silence } => self.pulse(at, silence),
            Event::DeadlinePassed if self.connected => Vec::new(),
            Event::DeadlinePassed => self.end(EndReason::TimedOut(self.awaited())),
        }
    }

    fn awaited(&self) -> &'static str {
        match self.state {
            State::AwaitingOffer => "the peer's offer",
            State::AwaitingAnswer => "the peer's answer",
            State::Stable => "the connection to the peer",
            _ => "a description to be made",
        }
    }

    fn end(&mut self, reason: EndReason) -> Vec<Action> {
        self.state = State::Ended;
        self.early_local.clear();
        self.early_remote.clear();
        vec![Action::End(reason)]
    }

    fn start(&mut self, opening: Opening) -> Vec<Action> {
        if self.state != State::New {
            return Vec::new();
        }
        match opening {
            Opening::Offer => {
                self.state = State::CreatingOffer;
                vec![Action::CreateOffer]
            }
            Opening::Await => {
                self.state = State::AwaitingOffer;
                Vec::new()
            }
            Opening::Answer(sdp) => self.take_offer(SessionDescription { kind: DescriptionKind::Offer, sdp }),
        }
    }

    fn take_offer(&mut self, offer: SessionDescription) -> Vec<Action> {
        self.state = State::SettingOffer;
        vec![Action::SetRemote(offer)]
    }

    fn created(&mut self, description: SessionDescription) -> Vec<Action> {
        let next = match (self.state, description.kind) {
            (State::CreatingOffer, DescriptionKind::Offer) => State::AwaitingAnswer,
            (State::CreatingAnswer, DescriptionKind::Answer) => State::Stable,
            _ => return Vec::new(),
        };
        self.state = next;
        self.local_described = true;
        let mut actions = vec![Action::SetLocal(description.clone()), Action::SendDescription(description)];
        actions.extend(self.early_local.drain(..).map(Action::SendCandidate));
        if next == State::Stable {
            actions.extend(self.stable());
        }
        actions
    }

    fn remote(&mut self, description: SessionDescription) -> Vec<Action> {
        match (self.state, description.kind) {
            (State::AwaitingAnswer, DescriptionKind::Answer) => {
                // Who answers has taken back an offer of his own that crossed ours (RFC 8829 section 4.1.8.2).
                if self.early_offer.take().is_some() {
                    self.early_remote.clear();
                }
                self.state = State::SettingAnswer;
                vec![Action::SetRemote(description)]
            }
            (_, DescriptionKind::Answer) => self.end(EndReason::Unexpected("an answer")),
            (State::AwaitingOffer | State::Stable | State::New, DescriptionKind::Offer) => {
                self.take_offer(description)
            }
            // One exchange at a time: the offer waits, a later one takes its place.
            (_, DescriptionKind::Offer) => {
                self.early_offer = Some(description);
                Vec::new()
            }
        }
    }

    fn remote_set(&mut self) -> Vec<Action> {
        let mut actions: Vec<_> = match self.state {
            State::SettingAnswer | State::SettingOffer => {
                self.remote_described = true;
                let held = if self.early_offer.is_some() { 0 } else { self.early_remote.len() };
                self.early_remote.drain(..held).map(Action::AddCandidate).collect()
            }
            _ => return Vec::new(),
        };
        if self.state == State::SettingOffer {
            self.state = State::CreatingAnswer;
            actions.push(Action::CreateAnswer);
        } else {
            self.state = State::Stable;
            actions.extend(self.stable());
        }
        actions
    }

    /// What waited for the exchange to be over.
    fn stable(&mut self) -> Vec<Action> {
        if let Some(offer) = self.early_offer.take() {
            return self.take_offer(offer);
        }
        if std::mem::take(&mut self.media_changed) {
            self.state = State::CreatingOffer;
            return vec![Action::CreateOffer];
        }
        Vec::new()
    }

    fn change_media(&mut self) -> Vec<Action> {
        match self.state {
            State::Stable => {
                self.state = State::CreatingOffer;
                vec![Action::CreateOffer]
            }
            _ => {
                self.media_changed = true;
                Vec::new()
            }
        }
    }

    fn local_candidate(&mut self, candidate: IceCandidate) -> Vec<Action> {
        if self.local_described {
            return vec![Action::SendCandidate(candidate)];
        }
        self.early_local.push(candidate);
        Vec::new()
    }

    fn remote_candidate(&mut self, candidate: IceCandidate) -> Vec<Action> {
        // Candidates follow their description: those that come after one that is not yet in force are its own.
        let setting = matches!(self.state, State::SettingAnswer | State::SettingOffer);
        if self.remote_described && !setting && self.early_offer.is_none() {
            return vec![Action::AddCandidate(candidate)];
        }
        if self.early_remote.len() >= MOST_HELD {
            return self.end(EndReason::Unexpected("hundreds of candidates without a description"));
        }
        self.early_remote.push(candidate);
        Vec::new()
    }

    /// An exchange that is under way comes first: whoever is not reached does not answer either.
    fn pulse(&mut self, at: Duration, silence: Duration) -> Vec<Action> {
        if !self.connected || self.state != State::Stable || !self.restarts.is_due(at, silence) {
            return Vec::new();
        }
        self.state = State::CreatingOffer;
        vec![Action::RestartIce, Action::CreateOffer]
    }

    fn transport(&mut self, transport: Transport) -> Vec<Action> {
        match transport {
            Transport::Connected => self.restarts.interrupted(false),
            Transport::Disconnected => self.restarts.interrupted(true),
            _ => {}
        }
        match transport {
            Transport::Connected if !self.connected => {
                self.connected = true;
                vec![Action::StartMedia]
            }
            Transport::Failed => self.end(EndReason::TransportFailed),
            Transport::Closed => self.end(EndReason::Closed),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
