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
        factories: &["nvav1enc", "nvcudaav1enc", "nvd3d11av1enc", "nvautogpuav1enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "-1"), ("rc-mode", "cbr"), ("zerolatency", "true")],
        formats: Some("NV12"),
        ..PLAIN
    },
    // One for each way to a card; those of Windows begin with d3d11.
    Family {
        factories: &[
            "nvcudah264enc",
            "nvcudah265enc",
            "nvd3d11h264enc",
            "nvd3d11h265enc",
            "nvautogpuh264enc",
            "nvautogpuh265enc",
        ],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[
            ("gop-size", "2560"),
            ("rc-mode", "cbr"),
            ("rate-control", "cbr"),
            ("preset", "p4"),
            ("tune", "ultra-low-latency"),
            ("b-frames", "0"),
            ("zero-reorder-delay", "true"),
            ("repeat-sequence-header", "true"),
        ],
        formats: Some("NV12"),
        ..PLAIN
    },
];
