//! Conversions that applications of this crate use: metadata between `gst::Structure` and JSON.

pub use crate::signaller::meta::{json_to_structure, serialize_value, structure_to_json};
