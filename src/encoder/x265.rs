//! H.265 in software (x265).

use super::{Bitrate, Family, KeyUnit};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["x265enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[("tune", "zerolatency"), ("speed-preset", "ultrafast"), ("key-int-max", "2560")],
    key_unit: KeyUnit::Event,
    formats: None,
}];
