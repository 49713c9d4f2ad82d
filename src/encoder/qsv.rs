//! Intel Quick Sync.

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["qsvh264enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("gop-size", "2560"),
        ("low-latency", "true"),
        ("disable-hrd-conformance", "true"),
        ("rate-control", "cbr"),
    ],
    ..PLAIN
}];
