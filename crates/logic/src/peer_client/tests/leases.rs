//! Peers that outlive their connection (protocol 1.2).

use super::*;
use protocol::Resume;

fn lease(resumed: bool, received: u64) -> ServerMessage {
    ServerMessage::Lease(protocol::Lease {
        peer_id: "me".into(),
        token: "secret".into(),
        lease_ms: 30_000,
        heartbeat_ms: 2000,
        silence_ms: 5000,
        resumed,
        received,
    })
}

fn choice(resume: Option<u64>) -> ClientMessage {
    ClientMessage::SetProtocolVersion {
        version: ProtocolVersion::V1_2,
        resume: resume.map(|received| Resume { token: "secret".into(), received }),
        heartbeat_ms: Some(10_000),
    }
}

fn offer_versions(client: &mut PeerClient) -> Vec<ClientMessage> {
    client.connected(None);
    assert_eq!(welcome(client, &ProtocolVersion::ALL), []);
    said(client)
}

/// Registered at a server of 1.2.
pub(super) fn registered(purpose: Purpose) -> PeerClient {
    let mut client = client(purpose);
    assert_eq!(offer_versions(&mut client), [choice(None)]);
    assert_eq!(client.handle(lease(false, 0)), [Action::Registered("me".into(), false)]);
    client
}

/// Connected again as the same peer, of which so many messages had arrived.
pub(super) fn back_in_time(client: &mut PeerClient, received: u64) {
    offer_versions(client);
    assert_eq!(client.handle(lease(true, received)), [Action::Registered("me".into(), true)]);
}

fn message(text: &str) -> ClientMessage {
    ClientMessage::Peer(PeerMessage { session_id: "s".into(), inner: candidate(text) })
}

#[test]
fn nothing_but_the_version_is_said_before_the_lease() {
    let mut client = registered(Purpose::Produce);
    assert_eq!(said(&mut client), [status(PeerRole::Producer, None)]);
    let rhythm = Rhythm { heartbeat: Duration::from_secs(2), silence: Duration::from_secs(5) };
    assert_eq!(client.rhythm(), rhythm);
}

#[test]
fn heartbeats_say_what_has_arrived_and_nothing_else_counts() {
    let mut client = registered(Purpose::Produce);
    said(&mut client);
    client.handle(requested("s"));
    client.hear("no json");
    client.handle(ServerMessage::Unknown);
    client.handle(ServerMessage::Heartbeat { received: 1 });
    assert_eq!(client.beat(), Beat::Message);
    assert_eq!(said(&mut client), [ClientMessage::Heartbeat { received: 3 }]);
}

#[test]
fn much_is_acknowledged_without_waiting_for_a_heartbeat() {
    let mut client = registered(Purpose::Produce);
    said(&mut client);
    (0..63).for_each(|_| drop(client.handle(ServerMessage::Unknown)));
    assert_eq!(said(&mut client), []);
    client.handle(ServerMessage::Unknown);
    assert_eq!(said(&mut client), [ClientMessage::Heartbeat { received: 64 }]);
    // A server that does not read is owed one heartbeat, not a thousand.
    (0..1000).for_each(|_| drop(client.handle(ServerMessage::Unknown)));
    assert_eq!(said(&mut client), [ClientMessage::Heartbeat { received: 1064 }]);
}

#[test]
fn a_server_of_1_1_is_pinged() {
    let mut client = client(Purpose::Produce);
    connect(&mut client);
    assert_eq!(client.beat(), Beat::Ping);
    assert_eq!(said(&mut client), []);
}

#[test]
fn back_in_time_what_did_not_arrive_is_said_again_in_order() {
    let mut client = registered(Purpose::Produce);
    client.handle(requested("s"));
    client.say(&"s".into(), candidate("1")).unwrap();
    client.say(&"s".into(), candidate("2")).unwrap();
    assert_eq!(said(&mut client).len(), 3);
    client.disconnected(false);
    client.say(&"s".into(), candidate("3")).unwrap();
    assert_eq!(offer_versions(&mut client), [choice(Some(1))]);
    assert_eq!(client.handle(lease(true, 2)), [Action::Registered("me".into(), true)]);
    assert_eq!(said(&mut client), [message("2"), message("3")]);
    client.handle(ServerMessage::Heartbeat { received: 4 });
    assert_eq!(client.problem(), None);
    // Sessions are what they were.
    client.end_session(&"s".into(), Some(EndReason::Vanished), None).unwrap();
    let reason = Some(EndReason::Vanished);
    let end = ClientMessage::EndSessionV1_1 { session_id: "s".into(), error: None, reason };
    assert_eq!(said(&mut client), [end]);
}

#[test]
fn meta_that_changed_meanwhile_is_announced_after_coming_back() {
    let mut client = registered(Purpose::Produce);
    said(&mut client);
    client.disconnected(false);
    client.connected(Some("new".into()));
    welcome(&mut client, &ProtocolVersion::ALL);
    client.handle(lease(true, 1));
    assert_eq!(said(&mut client), [choice(Some(0)), status(PeerRole::Producer, Some("new".into()))]);
}

#[test]
fn too_late_the_client_starts_anew_and_running_sessions_go_on_without_the_server() {
    let mut client = registered(Purpose::Produce);
    client.handle(requested("s"));
    said(&mut client);
    client.disconnected(false);
    client.say(&"s".into(), candidate("1")).unwrap();
    offer_versions(&mut client);
    assert_eq!(client.handle(lease(false, 0)), [Action::Registered("me".into(), false)]);
    client.say(&"s".into(), candidate("2")).unwrap();
    client.end_session(&"s".into(), None, None).unwrap();
    assert_eq!(said(&mut client), [status(PeerRole::Producer, None)]);
    client.handle(requested("t"));
    client.beat();
    assert_eq!(said(&mut client), [ClientMessage::Heartbeat { received: 1 }], "it counts anew");
}

#[test]
fn an_older_server_in_the_place_of_a_newer_one_is_spoken_to_as_such() {
    let mut client = registered(Purpose::Produce);
    client.handle(requested("s"));
    said(&mut client);
    client.disconnected(false);
    assert_eq!(connect(&mut client), [version(ProtocolVersion::V1_1), status(PeerRole::Producer, None)]);
    client.end_session(&"s".into(), None, None).unwrap();
    assert_eq!(said(&mut client), []);
    client.disconnected(false);
    assert_eq!(offer_versions(&mut client), [choice(None)], "the old lease is no use");
}

#[test]
fn a_server_that_counts_what_was_never_sent_is_left() {
    let mut client = registered(Purpose::Produce);
    said(&mut client);
    client.handle(ServerMessage::Heartbeat { received: 7 });
    assert_eq!(client.problem(), Some(&Problem::Miscounted));
    let mut client = registered(Purpose::Produce);
    said(&mut client);
    client.disconnected(false);
    offer_versions(&mut client);
    assert_eq!(client.handle(lease(true, 7)), []);
    assert_eq!(client.problem(), Some(&Problem::Miscounted));
    client.disconnected(false);
    assert_eq!(offer_versions(&mut client), [choice(None)]);
}

#[test]
fn an_end_for_good_leaves_nothing_to_come_back_to() {
    let mut client = registered(Purpose::Produce);
    client.handle(requested("s"));
    client.disconnected(true);
    assert_eq!(offer_versions(&mut client), [choice(None)]);
}

#[test]
fn what_waits_while_there_is_no_server_is_bounded_and_then_given_up_as_a_whole() {
    let mut client = registered(Purpose::Produce);
    client.handle(requested("s"));
    said(&mut client);
    client.disconnected(false);
    let long = "x".repeat(LIMIT / 4);
    let full = (0..10).find_map(|_| client.say(&"s".into(), candidate(&long)).err());
    assert!(matches!(full, Some(Problem::QueueFull(_))));
    // Neither a gap nor half of it: the server is told nothing more of the session.
    assert_eq!(offer_versions(&mut client), [choice(None)]);
    assert_eq!(client.problem(), None);
    client.handle(lease(false, 0));
    assert_eq!(said(&mut client), [status(PeerRole::Producer, None)]);
}

#[test]
fn a_consumer_that_is_back_in_time_does_not_ask_a_second_time() {
    let mut client = registered(Purpose::ConsumeFirst);
    client.handle(list(&["a"]));
    client.handle(started("s"));
    said(&mut client);
    client.disconnected(false);
    offer_versions(&mut client);
    client.handle(lease(true, 3));
    assert_eq!(said(&mut client), []);
}
