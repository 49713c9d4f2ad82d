//! The phases of a session, from the request for it to its end, and when it reached them.

use std::fmt;

/// A step on a session's way. Their order is that in which they are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Somebody asked for the session.
    Requested,
    /// The first offer was sent, or came.
    Offered,
    /// The first answer came, or was sent.
    Answered,
    /// ICE found a path to the peer.
    IceConnected,
    /// The DTLS handshake is done: media may go.
    DtlsConnected,
    /// The first frame was handed to the transport, or the first sound where there are no pictures.
    FirstFrame,
    /// The session is over.
    Ended,
}

impl Phase {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every phase, in order.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Offered,
        Self::Answered,
        Self::IceConnected,
        Self::DtlsConnected,
        Self::FirstFrame,
        Self::Ended,
    ];

    /// Its name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Offered => "offered",
            Self::Answered => "answered",
            Self::IceConnected => "ice-connected",
            Self::DtlsConnected => "dtls-connected",
            Self::FirstFrame => "first-frame",
            Self::Ended => "ended",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::IceConnected => "ICE connected",
            Self::DtlsConnected => "DTLS connected",
            Self::FirstFrame => "first frame",
            other => other.name(),
        }
    }
}

/// When a session reached its phases, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reached([Option<u64>; Phase::COUNT]);

impl Reached {
    /// Those of a session that reached each phase when `at` says so.
    pub fn of(at: impl FnMut(Phase) -> Option<u64>) -> Self {
        Self(Phase::ALL.map(at))
    }

    /// When a phase was reached, where it was.
    pub fn at(&self, phase: Phase) -> Option<u64> {
        self.0.get(phase as usize).copied().flatten()
    }

    /// How long after the request a phase was reached, in milliseconds.
    pub fn after(&self, phase: Phase) -> Option<u64> {
        Some(self.at(phase)?.saturating_sub(self.at(Phase::Requested)?))
    }
}

/// One line for people: what was reached, how long after the request.
impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for phase in Phase::ALL.into_iter().skip(1) {
            if let Some(after) = self.after(phase) {
                write!(f, "{before}{} after {}", phase.words(), Milliseconds(after))?;
                before = ", ";
            }
        }
        Ok(())
    }
}

struct Milliseconds(u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            short @ 0..10_000 => write!(f, "{short} ms"),
            long => write!(f, "{}.{} s", long / 1000, long % 1000 / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_was_reached_in_order_and_nothing_else() {
        let reached = Reached::of(|phase| match phase {
            Phase::Requested => Some(1_000_000),
            Phase::Offered => Some(1_000_012),
            Phase::FirstFrame => Some(1_000_081),
            Phase::Ended => Some(1_012_345),
            _ => None,
        });
        let line = "offered after 12 ms, first frame after 81 ms, ended after 12.3 s";
        assert_eq!(reached.to_string(), line);
        assert_eq!(reached.after(Phase::FirstFrame), Some(81));
        assert_eq!(reached.after(Phase::Answered), None);
    }

    #[test]
    fn every_phase_is_in_its_own_place() {
        for (place, phase) in Phase::ALL.into_iter().enumerate() {
            let reached = Reached::of(|other| (other == phase).then_some(7));
            assert_eq!(phase as usize, place);
            for other in Phase::ALL {
                assert_eq!(reached.at(other), (other == phase).then_some(7));
            }
        }
    }
}
