//! Intel Quick Sync.

use super::{Bitrate, Changes, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["qsvh264enc", "qsvh265enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[
            ("gop-size", "2560"),
            ("low-latency", "true"),
            ("disable-hrd-conformance", "true"),
            ("rate-control", "cbr"),
            ("b-frames", "0"),
        ],
        ..PLAIN
    },
    Family {
        factories: &["qsvvp9enc", "qsvav1enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "2560"), ("low-latency", "true"), ("rate-control", "cbr")],
        ..PLAIN
    },
    // The older plugin for the same cards.
    Family {
        factories: &["msdkh264enc", "msdkh265enc", "msdkvp9enc", "msdkav1enc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[
            ("gop-size", "2560"),
            ("low-delay-brc", "on"),
            ("rate-control", "cbr"),
            ("b-frames", "0"),
            ("async-depth", "1"),
        ],
        changes: Changes::RESTART,
        ..PLAIN
    },
];
