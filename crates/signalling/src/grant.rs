//! What a connection may do: decided at the HTTP upgrade, obeyed by the hub.

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
}

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
