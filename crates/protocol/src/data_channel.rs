//! What producers and consumers say to each other over data channels: requests and their answers on the channel
//! `control`, bare navigation events on the older channel `input`.

use crate::NavigationEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Width and height of a picture, in pixels. A viewer may be sent a smaller one than the producer has.
pub type VideoSize = [f64; 2];

/// A consumer's request on the channel `control`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ControlRequestMessage {
    /// Chosen by the consumer; the answer has the same.
    pub id: u64,
    /// The media section that it is about (`a=mid`); all of them where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// The size of the picture that positions are in; that of the producer's own picture where there is none.
    #[serde(default, rename = "videoSize", skip_serializing_if = "Option::is_none")]
    pub video_size: Option<VideoSize>,
    /// What is asked for.
    #[serde(deserialize_with = "plain_or_text")]
    pub request: ControlRequest,
}

/// What a consumer asks for.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ControlRequest {
    /// Something that the viewer did with mouse, keys or fingers.
    NavigationEvent {
        /// What it was.
        event: NavigationEvent,
    },
    /// An event of the application's own for the elements upstream of the producer.
    #[serde(rename_all = "camelCase")]
    CustomUpstreamEvent {
        /// Name of the event's structure.
        structure_name: String,
        /// Its fields: an object.
        structure: Value,
    },
}

/// What a producer says on the channel `control`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type")]
pub enum ControlMessage {
    /// The answer to a request.
    ControlResponseMessage {
        /// That of the request.
        id: u64,
        /// Why it was not met; `None` where it was.
        #[serde(default)]
        error: Option<String>,
    },
    /// Something about the media, such as time codes.
    InfoMessage {
        /// The media section that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mid: Option<String>,
        /// What there is to know.
        info: Value,
    },
    /// A type that this version does not know; such messages are passed over.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// What a consumer says on the channel `input`, which is never answered.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct InputMessage {
    /// The media section that it is about; all video where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// The size of the picture that positions are in; that of the producer's own picture where there is none.
    #[serde(default, rename = "videoSize", skip_serializing_if = "Option::is_none")]
    pub video_size: Option<VideoSize>,
    /// What the viewer did.
    #[serde(flatten)]
    pub event: NavigationEvent,
}

/// A request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest {
    /// The number under which its sender waits for an answer, where there is one.
    pub id: Option<u64>,
    /// What is wrong with it.
    pub cause: String,
}

impl ControlRequestMessage {
    /// Reads a message of the channel `control`.
    ///
    /// # Errors
    /// It is no request; the error has the number for the answer, if one can be given.
    pub fn parse(text: &str) -> Result<Self, BadRequest> {
        let bad = |id, err: serde_json::Error| BadRequest { id, cause: err.to_string() };
        let value: Value = serde_json::from_str(text).map_err(|err| bad(None, err))?;
        let id = value.get("id").and_then(Value::as_u64);
        Self::deserialize(value).map_err(|err| bad(id, err))
    }
}

/// The request itself, or a text that has it as JSON.
fn plain_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ControlRequest, D::Error> {
    let read = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text),
        plain => ControlRequest::deserialize(plain),
    };
    read.map_err(serde::de::Error::custom)
}
