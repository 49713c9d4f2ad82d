//! Who is sent how much: rungs of a ladder, shared by viewers whose networks carry about the same.
//!
//! | module | what |
//! |---|---|
//! | [`ladder`] | the rungs: sizes and frame rates |
//! | [`allocator`] | each viewer's estimate to his rung, and each rung's bitrate from its viewers |
//! | `grouping` | which viewers share a rung, so that it is worth most to all |
//! | `plan` | what each rung sends, kept for as long as nothing is clearly better |
//! | `member` | one viewer: how far his estimate is believed, and his times of rest |
//! | [`quality`] | what a rung is worth at a bitrate |
//! | [`budget`] | what of a session's estimate is left for its video |

pub mod allocator;
pub mod budget;
mod grouping;
pub mod ladder;
mod member;
mod plan;
pub mod quality;

pub use allocator::{Action, Allocator, Viewer};
pub use budget::{Spending, budget};
pub use ladder::{Ladder, LadderError};
pub use quality::Picture;

/// Bits per second.
pub type BitsPerSecond = u32;

/// The bounds that the application set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Never below.
    pub min: BitsPerSecond,
    /// Never above.
    pub max: BitsPerSecond,
    /// Where nothing is known yet.
    pub start: BitsPerSecond,
}

/// The bitrate for an encoder whose viewers' networks carry `estimates`.
pub fn shared(bounds: Bounds, estimates: &mut [BitsPerSecond]) -> BitsPerSecond {
    estimates.sort_unstable();
    let middle = estimates.len().saturating_sub(1) / 2;
    let wanted = estimates.get(middle).copied().unwrap_or(bounds.start);
    wanted.min(bounds.max).max(bounds.min.min(bounds.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 1_000, max: 8_000_000, start: 2_000_000 };

    #[test]
    fn a_lone_viewer_is_followed_exactly() {
        assert_eq!(shared(BOUNDS, &mut [1_234_567]), 1_234_567);
        assert_eq!(shared(BOUNDS, &mut [10]), 1_000);
        assert_eq!(shared(BOUNDS, &mut [u32::MAX]), 8_000_000);
    }

    #[test]
    fn one_bad_network_among_three_lowers_nobody() {
        assert_eq!(shared(BOUNDS, &mut [4_000_000, 100_000, 3_000_000]), 3_000_000);
    }

    #[test]
    fn nobody_means_the_start_bitrate_and_crossed_bounds_do_not_panic() {
        assert_eq!(shared(BOUNDS, &mut []), 2_000_000);
        assert_eq!(shared(Bounds { min: 9, max: 3, start: 5 }, &mut []), 3);
    }
}
