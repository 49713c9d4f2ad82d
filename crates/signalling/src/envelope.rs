//! What members of a session say to each other, read only as far as the server has to: for whom it is, and
//! whether it may be said. It is passed on as it came.

use protocol::DescriptionKind;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A message inside a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The session.
    pub session: &'a str,
    /// What kind of description it is, where it is one.
    pub description: Option<DescriptionKind>,
}

// Fields that are not known here would have to be looked at closer: there is valid JSON that cannot be read
// into numbers and text, and a receiver would have to bear it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "sessionId")]
    session: &'a str,
    #[serde(borrow)]
    sdp: Option<&'a RawValue>,
    #[serde(borrow)]
    ice: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description<'a> {
    #[serde(rename = "type")]
    kind: DescriptionKind,
    #[serde(borrow)]
    sdp: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate<'a> {
    #[serde(borrow)]
    candidate: &'a RawValue,
    /// Needed: older clients want a number.
    #[serde(rename = "sdpMLineIndex")]
    _index: u32,
    #[serde(rename = "sdpMid", default, borrow)]
    mid: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads a message that can be passed on as it is. Nothing for all others, valid or not.
    pub fn read(text: &'a str) -> Option<Self> {
        // How everyone writes it; spares all other messages the attempt.
        if !text.starts_with(r#"{"type":"peer","#) {
            return None;
        }
        let outside: Outside<'a> = serde_json::from_str(text).ok().filter(|o: &Outside| o.kind == "peer")?;
        let description = match (outside.sdp, outside.ice) {
            (Some(sdp), None) => {
                let description: Description<'_> = serde_json::from_str(sdp.get()).ok()?;
                is_string(description.sdp).then_some(Some(description.kind))?
            }
            (None, Some(ice)) => {
                let candidate: Candidate<'_> = serde_json::from_str(ice.get()).ok()?;
                let valid = is_string(candidate.candidate) && candidate.mid.is_none_or(is_string);
                valid.then_some(None)?
            }
            _ => return None,
        };
        Some(Self { session: outside.session, description })
    }
}

/// Whether a value is text for certain: escapes by number may stand for no character at all.
fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"') && !value.get().contains("\\u")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{ClientMessage, PeerMessageInner};
    use serde_json::json;

    /// What the whole message says, in the same terms.
    fn whole(text: &str) -> Option<(String, Option<DescriptionKind>)> {
        match serde_json::from_str(text).ok()? {
            ClientMessage::Peer(message) => Some((
                message.session_id.to_string(),
                match message.inner {
                    PeerMessageInner::Sdp(description) => Some(description.kind),
                    PeerMessageInner::Ice(_) => None,
                },
            )),
            _ => None,
        }
    }

    fn peer(rest: &str) -> String {
        format!(r#"{{"type":"peer",{rest}}}"#)
    }

    #[test]
    fn it_says_of_a_message_what_the_whole_message_says() {
        for rest in [
            r#""sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":0}"#,
            r#""sessionId":"s","ice":{"candidate":"","sdpMLineIndex":3,"sdpMid":"a"}"#,
            r#""sessionId":"s","sdp":{"type":"offer","sdp":"v=0\r\n"}"#,
            r#""sdp":{"sdp":"v=0","type":"answer"},"sessionId":"s""#,
        ] {
            let text = peer(rest);
            let envelope = Envelope::read(&text).unwrap();
            assert_eq!(whole(&text), Some((envelope.session.to_owned(), envelope.description)), "{text}");
        }
    }

    #[test]
    fn whatever_has_to_be_looked_at_closer_is_left_alone() {
        for text in [
            json!({"type": "list"}).to_string(),
            peer(r#""sessionId":"s""#),
            peer(r#""sessionId":7,"ice":{"candidate":"c","sdpMLineIndex":0}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"c"}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":null}"#),
            peer(r#""sessionId":"s","ice":{"candidate":5,"sdpMLineIndex":0}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":0,"sdpMid":9}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"\ud800","sdpMLineIndex":0}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":0,"more":1e999}"#),
            peer(r#""sessionId":"s","more":1e999,"ice":{"candidate":"c","sdpMLineIndex":0}"#),
            peer(r#""sessionId":"s","sdp":{"type":"offer","sdp":"","more":1}"#),
            peer(r#""sessionId":"s","sdp":{"type":"pranswer","sdp":"v=0"}"#),
            peer(r#""sessionId":"s","sdp":{"type":"offer","sdp":null}"#),
            peer(
                r#""sessionId":"s","sdp":{"type":"offer","sdp":"v=0"},"ice":{"candidate":"c","sdpMLineIndex":0}"#,
            ),
            peer(r#""sessionId":"s\u0041","sdp":{"type":"offer","sdp":"v=0"}"#),
            peer(r#""sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":0}"#) + "x",
            peer(r#""type":"list","sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":0}"#),
        ] {
            assert_eq!(Envelope::read(&text), None, "{text}");
        }
    }
}
