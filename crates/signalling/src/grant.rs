//! What a connection may do: decided at the HTTP upgrade, obeyed by the hub.

use protocol::{PeerRole, PeerStatus};
use tokio::time::Instant;

/// What a peer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Be a producer, and start sessions as one.
    pub produce: bool,
    /// Be a passive consumer, and start sessions as a consumer.
    pub consume: bool,
    /// Hear who is there: be a listener, and ask for lists.
    pub list: bool,
}

impl Rights {
    /// Everything.
    pub const ALL: Self = Self { produce: true, consume: true, list: true };
    /// Nothing.
    pub const NONE: Self = Self { produce: false, consume: false, list: false };

    /// Whether a peer with these rights may have such a status.
    pub(crate) fn cover(self, status: &PeerStatus) -> bool {
        (self.produce || !status.has(PeerRole::Producer))
            && (self.consume || !status.has(PeerRole::Consumer))
            && (self.list || !status.has(PeerRole::Listener))
    }

    /// The rights of these names: `produce`, `consume`, `list`.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownRight> {
        let mut rights = Self::NONE;
        for name in names {
            match name {
                "produce" => rights.produce = true,
                "consume" => rights.consume = true,
                "list" => rights.list = true,
                other => return Err(UnknownRight(other.to_owned())),
            }
        }
        Ok(rights)
    }
}

/// A right that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("there is no right {0:?}; there are \"produce\", \"consume\" and \"list\"")]
pub struct UnknownRight(String);

impl Default for Rights {
    fn default() -> Self {
        Self::ALL
    }
}

/// What a connection is let in with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// The room: peers of different rooms do not know of each other.
    pub room: String,
    /// What the peer may do.
    pub rights: Rights,
    /// When the connection has to end; nothing where it may stay.
    pub expires: Option<Instant>,
}
