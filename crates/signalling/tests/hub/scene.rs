//! A hub with peers, and the words of the scenarios.

use gst_plugin_webrtc_signalling::{Hub, Limits, Outgoing, Rights};
use protocol::{ClientMessage, PeerId, ServerMessage, SessionId};
use serde_json::{Value, json};

/// A hub whose sessions are called `s1`, `s2` and so on.
pub(crate) struct Scene(Hub);

impl Scene {
    /// An empty hub.
    pub(crate) fn new() -> Self {
        Self::limited(Limits::default())
    }

    /// An empty hub with other limits.
    pub(crate) fn limited(limits: Limits) -> Self {
        let mut count = 0;
        Self(Hub::new(limits, move || {
            count += 1;
            SessionId::new(format!("s{count}"))
        }))
    }

    /// A hub to which `peers` have connected.
    pub(crate) fn with(peers: &[&str]) -> Self {
        let mut scene = Self::new();
        for peer in peers {
            scene.connect(peer);
        }
        scene
    }

    /// Connects a peer.
    pub(crate) fn connect(&mut self, peer: &str) -> Vec<(String, Value)> {
        self.connect_with(peer, Rights::ALL)
    }

    /// Connects a peer that has some rights only.
    pub(crate) fn connect_with(&mut self, peer: &str, rights: Rights) -> Vec<(String, Value)> {
        told(self.0.connected(peer.into(), rights))
    }

    /// Disconnects a peer.
    pub(crate) fn disconnect(&mut self, peer: &str) -> Vec<(String, Value)> {
        told(self.0.gone(&peer.into()))
    }

    /// The code, the peer and the session of the error with which a message is refused.
    pub(crate) fn refusal(&mut self, peer: &str, message: Value) -> Value {
        let message: ClientMessage = serde_json::from_value(message).unwrap();
        let told = self.0.message(&peer.into(), message);
        assert_eq!(told.len(), 1, "not refused: {told:?}");
        let Outgoing { to, message } = &told[0];
        assert_eq!(name(to), peer);
        let mut error = json!(**message);
        assert_eq!(error["type"], "error");
        let parts = error.as_object_mut().unwrap();
        parts.retain(|key, _| key != "type" && key != "details");
        error
    }

    /// A peer sends a message; who is told what, in order. Codes of errors are left out.
    pub(crate) fn say(&mut self, peer: &str, message: Value) -> Vec<(String, Value)> {
        let message: ClientMessage = serde_json::from_value(message).unwrap();
        told(self.0.message(&peer.into(), message))
    }

    /// A peer chooses protocol 1.1.
    pub(crate) fn speak_v1_1(&mut self, peer: &str) {
        assert_eq!(self.say(peer, json!({"type": "setProtocolVersion", "version": "v1_1"})), []);
    }

    /// A peer chooses protocol 1.2.
    pub(crate) fn speak_v1_2(&mut self, peer: &str) {
        assert_eq!(self.say(peer, json!({"type": "setProtocolVersion", "version": "v1_2"})), []);
    }

    /// A peer takes roles.
    pub(crate) fn roles(&mut self, peer: &str, roles: &[&str]) -> Vec<(String, Value)> {
        self.say(peer, json!({"type": "setPeerStatus", "roles": roles}))
    }

    /// A peer asks for a session with another.
    pub(crate) fn start(&mut self, peer: &str, with: &str) -> Vec<(String, Value)> {
        self.say(peer, json!({"type": "startSession", "peerId": with}))
    }

    /// A scene in which `consumer` has session `s1` with `producer`.
    pub(crate) fn in_session() -> Self {
        let mut scene = Self::with(&["producer", "consumer", "stranger"]);
        scene.roles("producer", &["producer"]);
        assert_eq!(scene.start("consumer", "producer").len(), 2);
        scene
    }

    /// Whether session `s1` is still there for its producer.
    pub(crate) fn session_runs(&mut self) -> bool {
        !self.say("producer", candidate("s1")).is_empty()
    }
}

fn told(outgoing: Vec<Outgoing>) -> Vec<(String, Value)> {
    outgoing.into_iter().map(|Outgoing { to, message }| (name(&to), json_of(&message))).collect()
}

fn name(peer: &PeerId) -> String {
    peer.as_str().to_owned()
}

fn json_of(message: &ServerMessage) -> Value {
    let mut json = serde_json::to_value(message).unwrap();
    if json["type"] == "error" {
        let fields = json.as_object_mut().unwrap();
        fields.retain(|key, _| key == "type" || key == "details");
    }
    json
}

/// What one peer is told.
pub(crate) fn to(peer: &str, message: Value) -> (String, Value) {
    (peer.to_owned(), message)
}

/// An error that a peer is told.
pub(crate) fn error(peer: &str, details: &str) -> (String, Value) {
    to(peer, json!({"type": "error", "details": details}))
}

/// A status that a listener is told.
pub(crate) fn status(listener: &str, peer: &str, roles: &[&str], meta: Value) -> (String, Value) {
    to(listener, json!({"type": "peerStatusChanged", "peerId": peer, "roles": roles, "meta": meta}))
}

/// An ordinary end of a session, as a 1.0 peer is told it.
pub(crate) fn end(peer: &str, session: &str) -> (String, Value) {
    to(peer, json!({"type": "endSession", "sessionId": session}))
}

/// A candidate inside a session.
pub(crate) fn candidate(session: &str) -> Value {
    let ice = json!({"candidate": "candidate:1", "sdpMLineIndex": 0});
    json!({"type": "peer", "sessionId": session, "ice": ice})
}

/// A description inside a session.
pub(crate) fn description(session: &str, kind: &str) -> Value {
    json!({"type": "peer", "sessionId": session, "sdp": {"type": kind, "sdp": "v=0\r\n"}})
}
