//! NVIDIA desktop cards.

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["nvh264enc", "nvh265enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "2560"), ("rc-mode", "cbr-ld-hq"), ("zerolatency", "true")],
        formats: Some("{ NV12, YV12, I420 }"),
        ..PLAIN
    },
    Family {
        factories: &["nvav1enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "-1"), ("rc-mode", "cbr"), ("zerolatency", "true")],
        ..PLAIN
    },
];
