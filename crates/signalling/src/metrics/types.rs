//! The values of labels: the types of messages, and reasons of ends.

use super::Label;
use crate::ending::Ending;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use protocol::{ClientMessage, ServerMessage};

/// The type of what is no message, and of messages of newer protocols.
pub(crate) const UNKNOWN: &str = "unknown";
/// The type of what members of a session say to each other.
pub(crate) const PEER: &str = "peer";
/// The type of what says that a side is there, and how much has arrived.
pub(crate) const HEARTBEAT: &str = "heartbeat";
/// The type of what the consumer of every new session is told.
pub(super) const SESSION_STARTED: &str = "sessionStarted";

/// Every type of message that a client sends.
pub(super) const CLIENT: [&str; 10] = [
    "setProtocolVersion",
    HEARTBEAT,
    "setPeerStatus",
    "startSession",
    "endSession",
    "endSessionV1_1",
    PEER,
    "list",
    "listConsumers",
    UNKNOWN,
];

/// Every type of message that the server sends.
pub(super) const SERVER: [&str; 14] = [
    "welcome",
    "lease",
    HEARTBEAT,
    "iceServers",
    "peerStatusChanged",
    "startSession",
    SESSION_STARTED,
    "endSession",
    "endSessionV1_1",
    PEER,
    "list",
    "listConsumers",
    "error",
    UNKNOWN,
];

/// The type of a message of a client.
pub(crate) fn client_type(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::SetProtocolVersion { .. } => "setProtocolVersion",
        ClientMessage::Heartbeat { .. } => HEARTBEAT,
        ClientMessage::SetPeerStatus(_) => "setPeerStatus",
        ClientMessage::StartSession { .. } => "startSession",
        ClientMessage::EndSession { .. } => "endSession",
        ClientMessage::EndSessionV1_1 { .. } => "endSessionV1_1",
        ClientMessage::Peer(_) => PEER,
        ClientMessage::List => "list",
        ClientMessage::ListConsumers => "listConsumers",
        ClientMessage::Unknown => UNKNOWN,
    }
}

/// The type of a message of the server.
pub(crate) fn server_type(message: &ServerMessage) -> &'static str {
    match message {
        ServerMessage::Welcome { .. } => "welcome",
        ServerMessage::Lease(_) => "lease",
        ServerMessage::Heartbeat { .. } => HEARTBEAT,
        ServerMessage::IceServers { .. } => "iceServers",
        ServerMessage::PeerStatusChanged(_) => "peerStatusChanged",
        ServerMessage::StartSession { .. } => "startSession",
        ServerMessage::SessionStarted { .. } => SESSION_STARTED,
        ServerMessage::EndSession { .. } => "endSession",
        ServerMessage::EndSessionV1_1 { .. } => "endSessionV1_1",
        ServerMessage::Peer(_) => PEER,
        ServerMessage::List { .. } => "list",
        ServerMessage::ListConsumers { .. } => "listConsumers",
        ServerMessage::Error { .. } => "error",
        ServerMessage::Unknown => UNKNOWN,
    }
}

pub(super) fn ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::ClosedByPeer => "closed-by-peer",
        Ending::Shutdown => "shutdown",
        Ending::TakenOver => "taken-over",
        Ending::Expired => "expired",
        Ending::TooSlow => "too-slow",
        Ending::Silent => "silent",
        Ending::TooLong { .. } => "too-long",
        Ending::NotText => "not-text",
        Ending::Violation(_) => "violation",
        Ending::Lost(_) => "lost",
    }
}

/// A counter for each type, found without a lock.
#[derive(Debug)]
pub(super) struct ByType {
    family: Family<Label, Counter>,
    counters: Vec<(&'static str, Counter)>,
}

impl ByType {
    pub(super) fn new(types: &[&'static str]) -> Self {
        let family = Family::<Label, Counter>::default();
        let counter = |name| (name, family.get_or_create_owned(&[("type", name)]));
        let counters = types.iter().copied().map(counter).collect();
        Self { family, counters }
    }

    pub(super) fn family(&self) -> Family<Label, Counter> {
        self.family.clone()
    }

    pub(super) fn count(&self, name: &'static str) {
        if let Some((_, counter)) = self.counters.iter().find(|(known, _)| *known == name) {
            counter.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::path::Path;

    /// Every golden message of one side.
    fn golden(side: &str) -> Vec<Value> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/golden").join(side);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
    }

    #[test]
    fn every_message_is_counted_under_its_type() {
        for value in golden("client") {
            let name = client_type(&serde_json::from_value(value.clone()).unwrap());
            assert_eq!(value["type"], name);
            assert!(CLIENT.contains(&name), "{name}");
        }
        for value in golden("server") {
            let name = server_type(&serde_json::from_value(value.clone()).unwrap());
            assert_eq!(value["type"], name);
            assert!(SERVER.contains(&name), "{name}");
        }
    }
}
