//! Opus (libopus).

use super::{Family, KeyUnit};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["opusenc"],
    bitrate: None,
    settings: &[("perfect-timestamp", "true"), ("audio-type", "generic"), ("frame-size", "20")],
    key_unit: KeyUnit::Event,
    formats: None,
}];
