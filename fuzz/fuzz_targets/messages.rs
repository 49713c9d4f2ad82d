//! Any text is read as a message or refused; what is read is written so that it reads the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{ClientMessage, ServerMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check<M: Serialize + DeserializeOwned>(text: &str) {
    let Ok(message) = serde_json::from_str::<M>(text) else {
        return;
    };
    let written = serde_json::to_string(&message).expect("a message can be written");
    let again: M = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(
        serde_json::to_string(&again).expect("a message can be written"),
        written
    );
}

fuzz_target!(|text: &str| {
    check::<ClientMessage>(text);
    check::<ServerMessage>(text);
});
