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
//! | [`mitigation`] | what is given up of an encoder's pictures when its bitrate is low |
//! | [`mod@budget`] | what of a session's estimate is left for its video |

pub mod allocator;
pub mod budget;
mod grouping;
pub mod ladder;
mod member;
pub mod mitigation;
mod plan;
pub mod quality;

pub use allocator::{Action, Allocator, Viewer};
pub use budget::{Spending, budget, defined};
pub use ladder::{Ladder, LadderError};
pub use mitigation::{Limits, Mitigation, Modes};
pub use quality::{Picture, comfortable};

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

impl Bounds {
    /// A bitrate within them.
    pub fn hold(&self, bits_per_second: BitsPerSecond) -> BitsPerSecond {
        bits_per_second.clamp(self.min.min(self.max), self.max)
    }
}
