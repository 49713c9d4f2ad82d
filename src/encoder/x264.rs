//! H.264 in software (x264).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["x264enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("tune", "zerolatency"),
        ("speed-preset", "ultrafast"),
        ("threads", "4"),
        ("key-int-max", "2560"),
        ("b-adapt", "false"),
        ("vbv-buf-capacity", "120"),
    ],
    ..PLAIN
}];
