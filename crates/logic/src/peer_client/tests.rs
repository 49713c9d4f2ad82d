//! Connections replayed: registration, producers, sessions. Refused requests are in [`asking`], what outlives a
//! connection is in [`leases`].

use super::*;
use protocol::{ErrorCode, Peer, PeerMessage, ServerMessage};

mod asking;
mod leases;

const LIMIT: usize = 10_000;

fn client(purpose: Purpose) -> PeerClient {
    let delays = Backoff::new(Duration::from_millis(250), Duration::from_secs(4), 1);
    PeerClient::new(purpose, Duration::from_secs(10), LIMIT, delays)
}

/// Everything that the client says now.
fn said(client: &mut PeerClient) -> Vec<ClientMessage> {
    let mut all = Vec::new();
    while let Some(text) = client.next_text() {
        client.written(&text);
        all.push(serde_json::from_str(&text.text).unwrap());
    }
    all
}

fn welcome(client: &mut PeerClient, versions: &[ProtocolVersion]) -> Vec<Action> {
    client.handle(ServerMessage::Welcome { peer_id: "me".into(), versions: versions.into() })
}

/// Connected to a server of 1.1; what the client said.
fn connect(client: &mut PeerClient) -> Vec<ClientMessage> {
    client.connected(None);
    welcome(client, &[]);
    said(client)
}

fn version(version: ProtocolVersion) -> ClientMessage {
    ClientMessage::SetProtocolVersion { version, resume: None, heartbeat_ms: None }
}

fn status(role: PeerRole, meta: Option<Meta>) -> ClientMessage {
    ClientMessage::SetPeerStatus(PeerStatus { roles: vec![role], meta, peer_id: None })
}

fn start(producer: &str) -> ClientMessage {
    ClientMessage::StartSession { peer_id: producer.into(), offer: None }
}

fn error(code: Option<ErrorCode>, peer: Option<&str>, session: Option<&str>) -> ServerMessage {
    let (peer_id, session_id) = (peer.map(PeerId::new), session.map(SessionId::new));
    ServerMessage::Error { details: "no".into(), code, peer_id, session_id }
}

fn producing(id: &str, meta: Option<Meta>) -> ServerMessage {
    let roles = vec![PeerRole::Producer];
    ServerMessage::PeerStatusChanged(PeerStatus { roles, meta, peer_id: Some(id.into()) })
}

fn list(ids: &[&str]) -> ServerMessage {
    ServerMessage::List { producers: ids.iter().map(|id| Peer { id: (*id).into(), meta: None }).collect() }
}

fn requested(session: &str) -> ServerMessage {
    ServerMessage::StartSession { peer_id: "viewer".into(), session_id: session.into(), offer: None }
}

fn started(session: &str) -> ServerMessage {
    ServerMessage::SessionStarted {
        peer_id: "producer".into(),
        session_id: session.into(),
        later_offers: false,
    }
}

fn candidate(text: &str) -> PeerMessageInner {
    let candidate = text.into();
    PeerMessageInner::Ice(protocol::IceCandidate { candidate, sdp_m_line_index: Some(0), sdp_mid: None })
}

#[test]
fn nothing_is_said_before_the_welcome_and_older_servers_are_asked_for_1_1() {
    let mut client = client(Purpose::Produce);
    assert_eq!(said(&mut client), []);
    client.connected(Some("camera".into()));
    assert_eq!(said(&mut client), []);
    assert_eq!(welcome(&mut client, &[]), [Action::Registered("me".into(), false)]);
    let status = status(PeerRole::Producer, Some("camera".into()));
    assert_eq!(said(&mut client), [version(ProtocolVersion::V1_1), status]);
}

#[test]
fn a_server_that_names_versions_is_asked_for_the_highest_that_both_know() {
    for (versions, chosen) in [
        (vec![ProtocolVersion::V1_0, ProtocolVersion::V1_1], Some(ProtocolVersion::V1_1)),
        (vec![ProtocolVersion::V1_0], None),
    ] {
        let mut client = client(Purpose::Produce);
        client.connected(None);
        welcome(&mut client, &versions);
        let expected = chosen.map(version).into_iter().chain([status(PeerRole::Producer, None)]);
        assert_eq!(said(&mut client), expected.collect::<Vec<_>>());
    }
}

#[test]
fn the_first_producer_is_the_first_of_the_list() {
    let mut client = client(Purpose::ConsumeFirst);
    assert!(connect(&mut client).contains(&ClientMessage::List));
    client.handle(list(&["b", "a"]));
    assert_eq!(said(&mut client), [start("b")]);
}

#[test]
fn a_first_producer_that_has_just_gone_is_replaced_by_the_next() {
    let mut client = client(Purpose::ConsumeFirst);
    connect(&mut client);
    client.handle(list(&["a", "b"]));
    let gone = client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None));
    assert_eq!(gone, [Action::ProducerRemoved("a".into(), None)]);
    assert_eq!(said(&mut client), [start("a"), start("b")]);
}

#[test]
fn a_producer_that_comes_later_is_found() {
    let mut first = client(Purpose::ConsumeFirst);
    connect(&mut first);
    assert_eq!(first.handle(list(&[])), []);
    first.handle(producing("late", None));
    assert_eq!(said(&mut first), [start("late")]);
    for code in [None, Some(ErrorCode::UnknownPeer)] {
        let mut named = client(Purpose::Consume("late".into()));
        assert!(connect(&mut named).contains(&start("late")));
        let refused = named.handle(error(code, code.map(|_| "late"), None));
        assert_eq!(refused.is_empty(), code.is_some(), "a server that says why is waited for in silence");
        named.handle(producing("late", None));
        assert_eq!(said(&mut named), [start("late")]);
    }
}

#[test]
fn our_own_status_is_nobody_elses() {
    let mut client = client(Purpose::ConsumeFirst);
    connect(&mut client);
    assert_eq!(client.handle(producing("me", None)), []);
}

#[test]
fn a_producer_that_describes_itself_anew_is_told_of_again_and_not_asked_again() {
    let mut client = client(Purpose::ConsumeFirst);
    connect(&mut client);
    client.handle(producing("a", Some(1.into())));
    assert_eq!(said(&mut client), [start("a")]);
    assert_eq!(client.handle(producing("a", Some(1.into()))), []);
    let again = client.handle(producing("a", Some(2.into())));
    assert_eq!(again, [Action::ProducerAdded("a".into(), Some(2.into()), false)]);
    assert_eq!(said(&mut client), []);
}

#[test]
fn a_change_of_meta_is_announced_once() {
    let mut client = client(Purpose::Produce);
    client.set_meta(Some("too early".into()));
    connect(&mut client);
    client.set_meta(Some("new".into()));
    client.set_meta(Some("new".into()));
    assert_eq!(said(&mut client), [status(PeerRole::Producer, Some("new".into()))]);
}

#[test]
fn a_session_ends_once_and_an_older_server_hears_an_ordinary_end_in_the_older_form() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    client.handle(requested("s"));
    client.handle(requested("t"));
    for _ in 0..2 {
        client.end_session(&"s".into(), Some(EndReason::Ended), None).unwrap();
        client.end_session(&"t".into(), Some(EndReason::Stalled), Some("stalled".into())).unwrap();
    }
    let wrong = Some("stalled".to_owned());
    let expected = [
        ClientMessage::EndSession { session_id: "s".into() },
        ClientMessage::EndSessionV1_1 { session_id: "t".into(), error: wrong, reason: None },
    ];
    assert_eq!(said(&mut client), expected);
}

#[test]
fn what_is_said_keeps_its_order_and_stops_with_its_session() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    client.handle(requested("s"));
    client.say(&"s".into(), candidate("1")).unwrap();
    client.say(&"other".into(), candidate("2")).unwrap();
    client.say(&"s".into(), candidate("3")).unwrap();
    client.end_session(&"s".into(), None, None).unwrap();
    client.say(&"s".into(), candidate("4")).unwrap();
    let message =
        |text: &str| ClientMessage::Peer(PeerMessage { session_id: "s".into(), inner: candidate(text) });
    let end = ClientMessage::EndSession { session_id: "s".into() };
    assert_eq!(said(&mut client), [message("1"), message("3"), end]);
}

#[test]
fn messages_of_newer_servers_and_refusals_change_nothing() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    assert_eq!(client.handle(ServerMessage::Unknown), []);
    assert_eq!(client.hear("no json"), [Action::NotUnderstood(7)]);
    assert_eq!(client.handle(error(None, None, None)), [Action::Refused("no".into())]);
    let unknown = error(Some(ErrorCode::UnknownSession), None, Some("s"));
    assert_eq!(client.handle(unknown), [], "it ended a moment ago");
    let in_session = error(Some(ErrorCode::Forbidden), None, Some("s"));
    assert_eq!(client.handle(in_session), [Action::Refused("no".into())]);
    assert_eq!(client.problem(), None);
}

#[test]
fn a_client_that_may_not_do_what_it_is_for_gives_up() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    client.handle(error(Some(ErrorCode::Forbidden), None, None));
    let problem = client.problem().unwrap();
    assert!(problem.is_final() && problem.to_string().contains("auth-token"), "{problem}");
}

#[test]
fn a_full_queue_ends_the_connection_and_not_the_sessions() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    client.handle(requested("s"));
    let long = "x".repeat(LIMIT / 4);
    let full = (0..10).find_map(|_| client.say(&"s".into(), candidate(&long)).err()).unwrap();
    assert_eq!(client.problem(), Some(&full));
    assert!(!full.is_final() && matches!(full, Problem::QueueFull(bytes) if bytes <= LIMIT));
    client.disconnected(false);
    // The session runs on; what it says has nobody to go to.
    client.say(&"s".into(), candidate(&long)).unwrap();
    assert_eq!(connect(&mut client), [version(ProtocolVersion::V1_1), status(PeerRole::Producer, None)]);
    assert_eq!(client.problem(), None);
}

#[test]
fn a_consumer_whose_session_runs_on_without_the_server_asks_again_when_it_ends() {
    for purpose in [Purpose::ConsumeFirst, Purpose::Consume("a".into())] {
        let mut client = client(purpose);
        connect(&mut client);
        client.handle(list(&["a"]));
        client.handle(started("s"));
        said(&mut client);
        client.disconnected(false);
        let again = connect(&mut client);
        client.handle(list(&["a", "b"]));
        assert!(!again.contains(&start("a")) && said(&mut client).is_empty(), "a second session");
        client.end_session(&"s".into(), None, None).unwrap();
        assert_eq!(said(&mut client), [start("a")]);
    }
}

#[test]
fn producers_that_went_while_we_were_away_are_gone() {
    let mut client = client(Purpose::Listen);
    connect(&mut client);
    client.handle(list(&["a", "b"]));
    client.disconnected(false);
    connect(&mut client);
    let actions = client.handle(list(&["b", "c"]));
    let (gone, new) = (Action::ProducerRemoved("a".into(), None), ("c".into(), None, false));
    assert_eq!(actions, [gone, Action::ProducerAdded(new.0, new.1, new.2)]);
}
