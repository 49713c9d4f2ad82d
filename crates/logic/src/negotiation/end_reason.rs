//! Why a session ended, with a name for programs, a text for people, and the word that the peer is told.

use super::CONSENT;
use std::fmt;

/// Why a session ended. The text of each is fit for the peer, the application and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// The peer or the signalling server ended it: why, and what went wrong, where it said so.
    Peer {
        /// Why, for programs.
        reason: Option<protocol::EndReason>,
        /// What went wrong, for people.
        text: Option<String>,
    },
    /// The peer closed the transport.
    Closed,
    /// This element is stopping.
    Stopping,
    /// The transport could not be set up or broke.
    TransportFailed,
    /// Nothing but TURN servers may be used, and none gives an address: why not.
    NoRelay(String),
    /// The transport was not up in time; what was still awaited.
    TimedOut(&'static str),
    /// The peer's description cannot be served.
    Description(String),
    /// An error in this session's pipeline.
    Pipeline(String),
    /// An element of this session's pipeline posted an error.
    ElementError {
        /// Its text, for people.
        text: String,
        /// Its text for debugging.
        debug: Option<String>,
    },
    /// A message that does not fit the state of the exchange.
    Unexpected(&'static str),
    /// The viewer took no media for too long.
    Stalled,
    /// Nothing came from the peer for as long as its consent lasts.
    Vanished,
}

impl EndReason {
    /// Whether the end is an error rather than an ordinary end.
    pub fn is_error(&self) -> bool {
        match self {
            Self::Peer { reason, text } => text.is_some() || reason.is_some_and(is_failure),
            Self::Closed | Self::Stopping => false,
            _ => true,
        }
    }

    /// A stable name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Peer { .. } | Self::Closed => "peer",
            Self::Stopping => "stopping",
            Self::TransportFailed | Self::NoRelay(_) => "transport-failed",
            Self::TimedOut(_) => "timed-out",
            Self::Description(_) => "description",
            Self::Pipeline(_) | Self::ElementError { .. } => "pipeline",
            Self::Unexpected(_) => "unexpected",
            Self::Stalled => "stalled",
            Self::Vanished => "vanished",
        }
    }

    /// What the peer is told.
    pub fn told(&self) -> protocol::EndReason {
        match self {
            Self::Peer { .. } | Self::Closed => protocol::EndReason::Ended,
            Self::Stopping => protocol::EndReason::Stopping,
            Self::TransportFailed | Self::NoRelay(_) => protocol::EndReason::TransportFailed,
            Self::TimedOut(_) => protocol::EndReason::TimedOut,
            Self::Description(_) => protocol::EndReason::Description,
            Self::Pipeline(_) | Self::ElementError { .. } => protocol::EndReason::Pipeline,
            Self::Unexpected(_) => protocol::EndReason::Unexpected,
            Self::Stalled => protocol::EndReason::Stalled,
            Self::Vanished => protocol::EndReason::Vanished,
        }
    }

    /// What the peer said, where it was the peer that ended the session.
    pub fn peer_reason(&self) -> Option<protocol::EndReason> {
        match self {
            Self::Peer { reason, .. } => *reason,
            _ => None,
        }
    }

    /// More for debugging, where there is more.
    pub fn debug(&self) -> Option<&str> {
        match self {
            Self::ElementError { debug, .. } => debug.as_deref(),
            _ => None,
        }
    }
}

/// Whether a peer that ends a session for this reason had it fail.
fn is_failure(reason: protocol::EndReason) -> bool {
    use protocol::EndReason::{
        Description, Pipeline, Stalled, TimedOut, TransportFailed, Unexpected, Vanished,
    };
    matches!(reason, TransportFailed | TimedOut | Description | Pipeline | Unexpected | Stalled | Vanished)
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { text: Some(text), .. } => write!(f, "ended by the peer: {text}"),
            Self::Peer { reason: Some(reason), .. } => write!(f, "ended by the peer ({reason})"),
            Self::Peer { .. } => f.write_str("ended by the peer"),
            Self::Closed => f.write_str("the peer closed the connection"),
            Self::Stopping => f.write_str("the element is stopping"),
            Self::TransportFailed => f.write_str("the connection to the peer failed or was lost"),
            Self::NoRelay(why) => write!(f, "only relays may be used, and none gives an address: {why}"),
            Self::TimedOut(what) => write!(f, "timed out while waiting for {what}"),
            Self::Description(text) => write!(f, "failed to {text}"),
            Self::Pipeline(text) | Self::ElementError { text, .. } => {
                write!(f, "error in the session's pipeline: {text}")
            }
            Self::Unexpected(what) => write!(f, "the peer sent {what}, which does not fit the exchange"),
            Self::Stalled => f.write_str("the connection took no media for too long"),
            Self::Vanished => write!(f, "nothing came from the peer for {} seconds", CONSENT.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_an_error_where_the_peer_says_that_it_failed() {
        let peer = |reason, text: Option<&str>| EndReason::Peer { reason, text: text.map(str::to_owned) };
        assert!(!peer(None, None).is_error());
        assert!(!peer(Some(protocol::EndReason::PeerGone), None).is_error());
        assert!(!peer(Some(protocol::EndReason::Refused), None).is_error());
        let failed = peer(Some(protocol::EndReason::Stalled), None);
        assert!(failed.is_error() && failed.to_string().contains("stalled"), "{failed}");
        assert!(peer(None, Some("no common codec")).is_error());
    }

    #[test]
    fn what_failed_here_is_told_by_its_own_name() {
        for reason in [EndReason::TransportFailed, EndReason::TimedOut("x"), EndReason::Vanished] {
            let told: String = reason.told().as_str().to_lowercase();
            assert_eq!(reason.name().replace('-', ""), told);
            assert_eq!(reason.peer_reason(), None);
        }
    }
}
