//! Sessions: what two peers say to each other through the server.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Names one session between two peers; assigned by the server.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Takes any text as an identifier.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(id.as_ref().into())
    }

    /// The identifier as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identifier is found by its text.
impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SessionId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// Which half of an offer/answer exchange a description is (RFC 8829 section 4.1.8).
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// A proposal.
    Offer,
    /// The reply to a proposal.
    Answer,
}

impl fmt::Display for DescriptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
        })
    }
}

/// A session description (RFC 8866) and its place in the exchange.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The text of the description.
    pub sdp: String,
}

/// An ICE candidate (RFC 8839 section 5.1). An empty `candidate` says that no more will come.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct IceCandidate {
    /// The candidate attribute's text, `candidate:` included.
    pub candidate: String,
    /// Index of the media section it belongs to. Left out or null by some browsers, but required by 1.0
    /// clients, which therefore read 0.
    #[serde(rename = "sdpMLineIndex", default, serialize_with = "index_or_zero")]
    pub sdp_m_line_index: Option<u32>,
    /// Media identification of the section it belongs to, where the sender gave one.
    #[serde(rename = "sdpMid", default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
}

/// What a member of a session says to the other.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum PeerMessageInner {
    /// A candidate, as soon as it is found (trickle ICE, RFC 8838).
    Ice(IceCandidate),
    /// A description.
    Sdp(SessionDescription),
}

/// A message inside a session, forwarded by the server to the other member.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PeerMessage {
    /// The session it belongs to.
    pub session_id: SessionId,
    /// What is said.
    #[serde(flatten)]
    pub inner: PeerMessageInner,
}

/// Writes a missing index as the first section's: clients of 1.0 refuse a candidate without a number.
fn index_or_zero<S: serde::Serializer>(index: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(index.unwrap_or(0))
}
