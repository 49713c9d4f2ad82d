//! What clients of the benchmarks say: docs/signalling.md has the protocol.
//!
//! Messages inside sessions are made ready beforehand, with a place for a number that is found again without parsing:
//! the work of the load must not hide the server's.

use clap::ValueEnum;
use serde_json::{Value, json};

/// Digits of a number inside a message.
const DIGITS: usize = 19;
/// The place of the number, as no payload holds it otherwise.
const PLACE: &str = "7777777777777777777";

/// What is said inside sessions.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Payload {
    /// An ICE candidate, as a browser writes it
    Candidate,
    /// A description of 3 kB
    Sdp,
}

/// Messages of one member of a session, alike but for a number.
pub struct Numbered {
    text: String,
    place: usize,
}

impl Numbered {
    /// Messages in `session`; an offer, where descriptions are sent, else an answer.
    pub fn new(payload: Payload, session: &str, offer: bool) -> Self {
        let mut message = json!({ "type": "peer", "sessionId": session });
        match payload {
            Payload::Candidate => message["ice"] = candidate(),
            Payload::Sdp => {
                let kind = if offer { "offer" } else { "answer" };
                message["sdp"] = json!({ "type": kind, "sdp": description() });
            }
        }
        let text = message.to_string();
        let place = text.find(PLACE).unwrap_or(0);
        Self { text, place }
    }

    /// The message with this number.
    pub fn with(&self, number: u64) -> String {
        let (before, after) = (&self.text[..self.place], &self.text[self.place + DIGITS..]);
        format!("{before}{number:0DIGITS$}{after}")
    }
}

/// The number in a message, whoever wrote the JSON anew; nothing where it is none inside a session.
pub fn number(text: &str) -> Option<u64> {
    const MARKS: [&str; 2] = ["\"candidate:", "o=- "];
    let start = MARKS
        .iter()
        .find_map(|mark| Some(text.find(mark)? + mark.len()))?;
    text.get(start..start + DIGITS)?.parse().ok()
}

fn candidate() -> Value {
    let text = format!(
        "candidate:{PLACE} 1 udp 2122260223 192.168.178.31 54321 typ host generation 0 ufrag Xk3v network-id 1"
    );
    json!({ "candidate": text, "sdpMLineIndex": 0, "sdpMid": "0" })
}

/// As long as a browser's description of one picture and one sound.
fn description() -> String {
    let mut sdp = format!("v=0\r\no=- {PLACE} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n");
    for payload_type in 96.. {
        if sdp.len() >= 3000 {
            break;
        }
        sdp += &format!(
            "a=rtpmap:{payload_type} H264/90000\r\na=rtcp-fb:{payload_type} nack pli\r\n\
             a=fmtp:{payload_type} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
        );
    }
    sdp
}

/// A producer's status.
pub fn producer() -> String {
    json!({ "type": "setPeerStatus", "roles": ["producer"], "meta": { "name": "camera at the front door" } })
        .to_string()
}

/// Asks for a session.
pub fn start_session(with: &str) -> String {
    json!({ "type": "startSession", "peerId": with }).to_string()
}

/// A message without fields.
pub fn bare(kind: &str) -> String {
    json!({ "type": kind }).to_string()
}

/// A message's type and the text of one of its fields.
pub fn read(text: &str, field: &str) -> (String, String) {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let of = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    (of("type"), of(field))
}

#[cfg(test)]
mod tests {
    use super::{Numbered, Payload, number, read};

    #[test]
    fn a_number_is_found_again_in_every_payload() {
        for payload in [Payload::Candidate, Payload::Sdp] {
            let messages = Numbered::new(payload, "a-session", true);
            let text = messages.with(123_456_789);
            assert_eq!(number(&text), Some(123_456_789));
            assert_eq!(
                read(&text, "sessionId"),
                ("peer".to_owned(), "a-session".to_owned())
            );
        }
    }

    #[test]
    fn a_description_has_3_kilobytes_and_a_candidate_a_quarter_of_one() {
        let length = |payload| {
            Numbered::new(payload, "7d1c2e54-1f0b-4c39-8a55-0e9d6b3f4a21", true)
                .with(1)
                .len()
        };
        assert!((3000..3500).contains(&length(Payload::Sdp)));
        assert!((200..300).contains(&length(Payload::Candidate)));
    }

    #[test]
    fn other_messages_have_no_number() {
        assert_eq!(number(r#"{"type":"endSession","sessionId":"1"}"#), None);
    }
}
