//! Opus (libopus).

use super::{Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["opusenc"],
    settings: &[("perfect-timestamp", "true"), ("audio-type", "generic"), ("frame-size", "20")],
    ..PLAIN
}];
