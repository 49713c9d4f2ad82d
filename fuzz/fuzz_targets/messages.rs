//! Any text is read as a message or refused; what is read is written so that it reads the same again; and what
//! the server passes on without taking it apart is a message that says what the server thinks it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{ClientMessage, PeerMessageInner, ServerMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use signalling::Envelope;

fn check<M: Serialize + DeserializeOwned>(text: &str) {
    let Ok(message) = serde_json::from_str::<M>(text) else {
        return;
    };
    let written = serde_json::to_string(&message).expect("a message can be written");
    let again: M = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("a message can be written"), written);
}

fn check_envelope(text: &str) {
    let Some(envelope) = Envelope::read(text) else {
        return;
    };
    let message = serde_json::from_str::<ClientMessage>(text);
    let Ok(ClientMessage::Peer(message)) = message else {
        panic!("passed on, but no message: {message:?}");
    };
    assert_eq!(message.session_id.as_str(), envelope.session);
    let kind = match message.inner {
        PeerMessageInner::Sdp(description) => Some(description.kind),
        PeerMessageInner::Ice(_) => None,
    };
    assert_eq!(kind, envelope.description);
}

fuzz_target!(|text: &str| {
    check::<ClientMessage>(text);
    check::<ServerMessage>(text);
    check_envelope(text);
});
