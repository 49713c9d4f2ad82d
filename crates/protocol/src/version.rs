//! Versions of the protocol.

use serde::{Deserialize, Serialize};

/// A version of the protocol that a client may ask for. Without asking, a client speaks 1.0.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ProtocolVersion {
    /// The first version: `endSession` carries no reason.
    #[default]
    #[serde(rename = "v1_0")]
    V1_0,
    /// Adds `setProtocolVersion` and `endSessionV1_1`, which carries the text of an error.
    #[serde(rename = "v1_1")]
    V1_1,
}
