//! Connections replayed.

use super::*;
use protocol::Peer;

fn welcome(client: &mut PeerClient) -> Vec<Action> {
    client.handle(ServerMessage::Welcome { peer_id: "me".into(), versions: Vec::new() })
}

fn error(details: &str) -> ServerMessage {
    ServerMessage::Error { details: details.into(), code: None, peer_id: None, session_id: None }
}

fn start(producer: &str) -> Action {
    Action::Send(ClientMessage::StartSession { peer_id: producer.into(), offer: None })
}

fn producing(id: &str) -> ServerMessage {
    let roles = vec![PeerRole::Producer];
    ServerMessage::PeerStatusChanged(PeerStatus { roles, meta: None, peer_id: Some(id.into()) })
}

fn list(ids: &[&str]) -> ServerMessage {
    ServerMessage::List { producers: ids.iter().map(|id| Peer { id: (*id).into(), meta: None }).collect() }
}

#[test]
fn a_producer_registers_with_its_meta() {
    let mut client = PeerClient::new(Purpose::Produce, Some("camera".into()));
    let status = PeerStatus { roles: vec![PeerRole::Producer], meta: Some("camera".into()), peer_id: None };
    let expected = [Action::Welcomed("me".into()), Action::Send(ClientMessage::SetPeerStatus(status))];
    assert_eq!(welcome(&mut client), expected);
}

#[test]
fn the_first_producer_is_the_first_of_the_list() {
    let mut client = PeerClient::new(Purpose::ConsumeFirst, None);
    welcome(&mut client);
    let actions = client.handle(list(&["a", "b"]));
    assert_eq!(actions.iter().filter(|a| matches!(a, Action::Send(_))).collect::<Vec<_>>(), [&start("a")]);
}

#[test]
fn a_producer_that_comes_later_is_found() {
    let mut client = PeerClient::new(Purpose::ConsumeFirst, None);
    welcome(&mut client);
    assert_eq!(client.handle(list(&[])), []);
    assert!(client.handle(producing("late")).contains(&start("late")));
    let mut client = PeerClient::new(Purpose::Consume("late".into()), None);
    assert!(welcome(&mut client).contains(&start("late")));
    client.handle(error("Peer with ID 'late' not found"));
    assert!(client.handle(producing("late")).contains(&start("late")));
}

#[test]
fn our_own_status_is_nobody_elses() {
    let mut client = PeerClient::new(Purpose::ConsumeFirst, None);
    welcome(&mut client);
    assert_eq!(client.handle(producing("me")), []);
}

#[test]
fn a_session_ends_once() {
    let mut client = PeerClient::new(Purpose::Produce, None);
    welcome(&mut client);
    client.handle(ServerMessage::StartSession { peer_id: "p".into(), session_id: "s".into(), offer: None });
    let end = ClientMessage::EndSession { session_id: "s".into() };
    assert_eq!(client.end_session(&"s".into(), None), Some(end));
    assert_eq!(client.end_session(&"s".into(), None), None);
}

#[test]
fn messages_of_newer_servers_and_refusals_change_nothing() {
    let mut client = PeerClient::new(Purpose::Produce, None);
    assert_eq!(client.handle(ServerMessage::Unknown), []);
    let refused = client.handle(error("no"));
    assert_eq!(refused, [Action::Refused("no".into())]);
}
