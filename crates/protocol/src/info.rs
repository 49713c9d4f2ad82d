//! What a producer tells about its media on the channel `control`, inside of
//! [`InfoMessage`](crate::ControlMessage::InfoMessage).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// What there is to know; readers pass over what they do not know.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct Info {
    /// Metadata of a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<FrameMeta>,
    /// An event of the application's own, for elements downstream of the consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<CustomEvent>,
    /// Which rung of the ladder the consumer is sent from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<RungInfo>,
    /// The RTP timestamp of the frame that it is about.
    #[serde(default, rename = "rtpTimestamp", skip_serializing_if = "Option::is_none")]
    pub rtp_timestamp: Option<u32>,
}

/// Metadata of a frame.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum FrameMeta {
    /// Its time code (SMPTE 12M).
    TimeCode(TimeCode),
    /// A type that this version does not know.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// A time code, as GstVideoTimeCode has it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct TimeCode {
    /// Hours.
    pub hours: u32,
    /// Minutes.
    pub minutes: u32,
    /// Seconds.
    pub seconds: u32,
    /// Frames.
    pub frames: u32,
    /// Fields, 0 for progressive video.
    pub field_count: u32,
    /// Numerator and denominator of the frame rate.
    pub fps: (u32, u32),
    /// `none`, `drop-frame`, `interlaced` or `drop-frame+interlaced`.
    pub flags: String,
    /// When it was zero last, in ISO 8601.
    pub latest_daily_jam: Option<String>,
}

/// A rung: one of the sizes in which a stream is encoded.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct RungInfo {
    /// Its place, from the best on, which is 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// Of its pictures.
    pub width: u32,
    /// Of its pictures.
    pub height: u32,
}

/// An event of the application's own.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CustomEvent {
    /// Name of the event's structure.
    pub structure_name: String,
    /// Its fields: an object.
    pub structure: Value,
}

impl Info {
    /// Its text, to be written once for all consumers.
    ///
    /// # Errors
    /// None that can be.
    pub fn write(&self) -> serde_json::Result<Box<RawValue>> {
        serde_json::value::to_raw_value(self)
    }
}

/// The message that tells one consumer, about a media section (`a=mid`) or about all.
///
/// # Errors
/// None that can be.
pub fn info_message(mid: Option<&str>, info: &RawValue) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct InfoMessage<'a> {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        mid: Option<&'a str>,
        info: &'a RawValue,
    }
    serde_json::to_string(&InfoMessage { r#type: "InfoMessage", mid, info })
}
