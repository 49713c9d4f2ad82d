//! AMD cards on Windows (AMF).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["amfh264enc", "amfh265enc", "amfav1enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("usage", "ultra-low-latency"),
        ("rate-control", "cbr"),
        ("preset", "speed"),
        ("gop-size", "2560"),
        ("b-frames", "0"),
    ],
    formats: Some("NV12"),
    ..PLAIN
}];
