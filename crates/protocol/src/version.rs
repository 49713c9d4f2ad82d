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
    /// Adds leases that outlive a connection, heartbeats, codes of errors and of ends, and ICE servers.
    #[serde(rename = "v1_2")]
    V1_2,
    /// A version that is not known here.
    #[serde(other)]
    Unknown,
}

impl ProtocolVersion {
    /// The versions that are known here, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V1_2];

    /// The version to choose at a server that says that it speaks `offered`. One that says nothing may still
    /// know 1.1; if it does not, it ignores the choice.
    pub fn choose(offered: &[Self]) -> Self {
        offered.iter().copied().filter(|version| Self::ALL.contains(version)).max().unwrap_or(Self::V1_1)
    }
}
