//! What a change of the bitrate costs an encoder, and so how much it has to change.

use std::time::Duration;

/// How an encoder takes a change while it runs, and when one is worth it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Changes {
    /// Percent by which it rises at least.
    up: u32,
    /// Percent by which it falls at least.
    down: u32,
    /// Time between two rises; what the network does not carry any more is followed at once.
    apart: Duration,
    /// Whether it takes one only while it stands.
    stands: bool,
}

impl Changes {
    /// The encoder goes on as if nothing had happened.
    pub(super) const CHEAP: Self = Self { up: 2, down: 2, apart: Duration::ZERO, stands: false };
    /// The encoder starts itself anew, with a key unit.
    pub(super) const RESTART: Self = Self { up: 25, down: 12, apart: Duration::from_secs(5), stands: false };
    /// The encoder has to be stopped for it and started again, which makes a key unit as well.
    pub(super) const STANDING: Self = Self { stands: true, ..Self::RESTART };

    /// Whether the encoder is to be stopped for a change.
    pub(super) fn stands(self) -> bool {
        self.stands
    }

    pub(super) fn are_worth(self, old: u32, new: u32, since: Duration) -> bool {
        let percent = u64::from(old.abs_diff(new)) * 100;
        let enough = |least: u32| percent > u64::from(old) * u64::from(least);
        if new > old { since >= self.apart && enough(self.up) } else { enough(self.down) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_that_start_anew_at_every_change_are_changed_seldom_and_others_at_once() {
        let (cheap, dear) = (Changes::CHEAP, Changes::RESTART);
        let (soon, later) = (Duration::from_secs(1), Duration::from_secs(6));
        assert!(cheap.are_worth(1_000_000, 1_030_000, Duration::ZERO));
        assert!(!cheap.are_worth(1_000_000, 990_000, later));
        assert!(!dear.are_worth(1_000_000, 1_200_000, later));
        assert!(!dear.are_worth(1_000_000, 1_300_000, soon));
        assert!(dear.are_worth(1_000_000, 1_300_000, later));
        // A network that carries less does not wait.
        assert!(dear.are_worth(1_000_000, 850_000, Duration::ZERO));
        assert!(!dear.are_worth(1_000_000, 900_000, later));
        assert!(cheap.are_worth(4_000_000_000, 4_290_000_000, Duration::ZERO));
    }
}
