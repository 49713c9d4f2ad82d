//! H.264 in software (Cisco).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["openh264enc"],
    bitrate: Bitrate::bits("bitrate"),
    settings: &[
        ("gop-size", "2560"),
        ("rate-control", "bitrate"),
        ("complexity", "low"),
        ("background-detection", "false"),
        ("scene-change-detection", "false"),
    ],
    ..PLAIN
}];
