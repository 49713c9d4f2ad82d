//! Intel's software encoders (SVT).

use super::{Bitrate, Changes, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["svtav1enc"],
        bitrate: Bitrate::kilobits("target-bitrate"),
        settings: &[
            ("preset", "12"),
            ("intra-period-length", "2560"),
            ("parameters-string", "rc=2:pred-struct=1"),
        ],
        formats: Some("I420"),
        // The element hands it to the library where it begins.
        changes: Changes::STANDING,
        ..PLAIN
    },
    Family {
        factories: &["svthevcenc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[
            ("speed", "11"),
            ("tune", "sq"),
            ("rc", "vbr"),
            ("pred-struct", "low-delay-P"),
            ("key-int-max", "255"),
        ],
        formats: Some("I420"),
        changes: Changes::STANDING,
        ..PLAIN
    },
];
