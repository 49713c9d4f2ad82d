//! H.265 in software (x265).

use super::{Bitrate, Changes, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["x265enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("tune", "zerolatency"),
        ("speed-preset", "ultrafast"),
        ("key-int-max", "2560"),
        // Half of the largest key units, at the same rate.
        ("option-string", "ipratio=0.6"),
    ],
    changes: Changes::RESTART,
    ..PLAIN
}];
