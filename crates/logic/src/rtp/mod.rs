//! Reading RTP packets, and rewriting them for one viewer of many; on byte slices.
//!
//! | module | what |
//! |---|---|
//! | [`header`] | reading a header |
//! | [`extensions`] | reading its extensions |
//! | [`rewrite`] | numbers that a viewer's own offer chose: payload type, header extension |
//! | [`splice`] | numbers that count, across a switch from one rung to another or a gap |
//! | [`picture`], [`vp8`], [`vp9`] | the counters in the payload descriptors of codecs that have them |
//! | [`playout`] | the header extension that bounds how long pictures wait |

pub mod extensions;
pub mod header;
pub mod picture;
pub mod playout;
pub mod rewrite;
pub mod splice;
pub mod vp8;
pub mod vp9;

pub use header::Header;
pub use playout::{PLAYOUT_DELAY, PlayoutDelay};
pub use rewrite::Rewrite;
pub use splice::{Offsets, Span, Splice};
