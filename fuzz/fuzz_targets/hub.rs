//! Any sequence of events leaves the hub in order: only connected peers are told anything, words in a session
//! reach its other member only, and nothing is left of peers and sessions that are gone.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use protocol::{
    ClientMessage, DescriptionKind, EndReason, IceCandidate, PeerId, PeerMessage, PeerMessageInner, PeerRole,
    PeerStatus, ProtocolVersion, ServerMessage, SessionDescription, SessionId,
};
use signalling::{Hub, Limits, Outgoing, Rights};
use std::collections::{HashMap, HashSet};

/// One of few peers, so that they meet.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Peer(u8);

impl Peer {
    fn id(self) -> PeerId {
        PeerId::new(format!("p{}", self.0 % 5))
    }
}

/// One of the sessions that were started first.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Session(u8);

impl Session {
    fn id(self) -> SessionId {
        SessionId::new(format!("s{}", self.0 % 32))
    }
}

#[derive(Arbitrary, Debug)]
enum Said {
    Version(u8),
    Status { producer: bool, consumer: bool, listener: bool, meta: Option<u8> },
    Start { with: Peer, offer: bool },
    End(Session),
    EndV1_1(Session, bool),
    Ice(Session),
    Sdp(Session, bool),
    List,
    ListConsumers,
    Unknown,
}

impl Said {
    fn message(self) -> ClientMessage {
        let speak =
            |session: Session, inner| ClientMessage::Peer(PeerMessage { session_id: session.id(), inner });
        match self {
            Self::Version(new) => ClientMessage::SetProtocolVersion {
                version: match new % 4 {
                    0 => ProtocolVersion::V1_0,
                    1 => ProtocolVersion::V1_1,
                    2 => ProtocolVersion::V1_2,
                    _ => ProtocolVersion::Unknown,
                },
                resume: None,
                heartbeat_ms: None,
            },
            Self::Status { producer, consumer, listener, meta } => {
                let roles = [
                    (producer, PeerRole::Producer),
                    (consumer, PeerRole::Consumer),
                    (listener, PeerRole::Listener),
                ];
                ClientMessage::SetPeerStatus(PeerStatus {
                    roles: roles.into_iter().filter_map(|(has, role)| has.then_some(role)).collect(),
                    meta: meta.map(Into::into),
                    peer_id: None,
                })
            }
            Self::Start { with, offer } => {
                ClientMessage::StartSession { peer_id: with.id(), offer: offer.then(|| "v=0".to_owned()) }
            }
            Self::End(session) => ClientMessage::EndSession { session_id: session.id() },
            Self::EndV1_1(session, error) => ClientMessage::EndSessionV1_1 {
                session_id: session.id(),
                error: error.then(|| "error".to_owned()),
                reason: error.then_some(EndReason::Pipeline),
            },
            Self::Ice(session) => speak(
                session,
                PeerMessageInner::Ice(IceCandidate {
                    candidate: String::new(),
                    sdp_m_line_index: Some(0),
                    sdp_mid: None,
                }),
            ),
            Self::Sdp(session, offer) => speak(
                session,
                PeerMessageInner::Sdp(SessionDescription {
                    kind: if offer { DescriptionKind::Offer } else { DescriptionKind::Answer },
                    sdp: String::new(),
                }),
            ),
            Self::List => ClientMessage::List,
            Self::ListConsumers => ClientMessage::ListConsumers,
            Self::Unknown => ClientMessage::Unknown,
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Event {
    Connected(Peer, u8),
    Gone(Peer),
    Lost(Peer),
    /// The connection of the first turns out to be that of the second.
    Resumed(Peer, Peer),
    Message(Peer, Said),
    /// A word in a session that is passed on as it is.
    PassOn(Peer, Session, bool),
}

/// What has to be true of the hub, as seen from outside.
#[derive(Default)]
struct Witness {
    connected: HashSet<PeerId>,
    sessions: HashMap<SessionId, [PeerId; 2]>,
}

impl Witness {
    fn check(&mut self, actor: &PeerId, told: &[Outgoing]) {
        for Outgoing { to, message } in told {
            assert!(self.connected.contains(to) || to == actor, "{to} is told {message:?} but is not there");
            match &**message {
                ServerMessage::SessionStarted { peer_id, session_id, .. } => {
                    assert_ne!(to, peer_id);
                    let members = [to.clone(), peer_id.clone()];
                    assert!(self.sessions.insert(session_id.clone(), members).is_none());
                }
                ServerMessage::StartSession { peer_id, session_id, .. } => {
                    assert_eq!(self.sessions[session_id], [peer_id.clone(), to.clone()]);
                }
                ServerMessage::EndSession { session_id }
                | ServerMessage::EndSessionV1_1 { session_id, .. } => {
                    let members = self.sessions.remove(session_id).expect("a session ends once");
                    assert!(to != actor && members.contains(to) && members.contains(actor));
                }
                ServerMessage::Peer(message) => {
                    let members = &self.sessions[&message.session_id];
                    assert!(to != actor && members.contains(to) && members.contains(actor));
                }
                ServerMessage::List { producers: peers }
                | ServerMessage::ListConsumers { consumers: peers } => {
                    let ids: HashSet<_> = peers.iter().map(|peer| &peer.id).collect();
                    assert_eq!(ids.len(), peers.len());
                    assert!(ids.into_iter().all(|id| self.connected.contains(id)));
                }
                _ => {}
            }
        }
    }
}

fuzz_target!(|events: Vec<Event>| {
    let mut count = 0;
    let mut hub = Hub::new(Limits::default(), move || {
        count += 1;
        SessionId::new(format!("s{}", count - 1))
    });
    let mut witness = Witness::default();
    for event in events {
        match event {
            Event::Connected(peer, rights) => {
                let rights =
                    Rights { produce: rights & 1 == 0, consume: rights & 2 == 0, list: rights & 4 == 0 };
                let new = witness.connected.insert(peer.id());
                let told = hub.connected(peer.id(), rights);
                assert_eq!(told.len(), usize::from(new));
                witness.check(&peer.id(), &told);
            }
            Event::Gone(peer) => {
                let told = hub.gone(&peer.id());
                assert!(witness.connected.remove(&peer.id()) || told.is_empty());
                assert!(told.iter().all(|outgoing| outgoing.to != peer.id()));
                witness.check(&peer.id(), &told);
                assert!(witness.sessions.values().all(|members| !members.contains(&peer.id())));
            }
            Event::Lost(peer) => hub.lost(&peer.id()),
            Event::Resumed(newcomer, peer) => {
                // Only one who has said nothing yet is ever asked for.
                if !hub.is_new(&newcomer.id()) {
                    continue;
                }
                if let Some(told) = hub.resumed(&newcomer.id(), &peer.id()) {
                    assert!(witness.connected.remove(&newcomer.id()));
                    assert!(witness.connected.contains(&peer.id()));
                    witness.check(&peer.id(), &told);
                }
            }
            Event::PassOn(peer, session, offer) => {
                let kind = offer.then_some(DescriptionKind::Offer);
                match hub.pass_on(&peer.id(), session.id().as_str(), kind) {
                    Ok(Some(to)) => {
                        let members = &witness.sessions[&session.id()];
                        assert!(to != peer.id() && members.contains(&to) && members.contains(&peer.id()));
                    }
                    Ok(None) => {}
                    Err(told) => witness.check(&peer.id(), &told),
                }
            }
            Event::Message(peer, said) => {
                let told = hub.message(&peer.id(), said.message());
                witness.check(&peer.id(), &told);
            }
        }
        assert_eq!(hub.sessions(), witness.sessions.len());
        assert_eq!(hub.is_empty(), witness.connected.is_empty());
    }
});
