//! Whatever Windows has an encoder for (Media Foundation).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["mfh264enc", "mfh265enc", "mfvp9enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("low-latency", "true"),
        ("rc-mode", "cbr"),
        ("bframes", "0"),
        ("gop-size", "2560"),
        ("quality-vs-speed", "100"),
    ],
    formats: Some("NV12"),
    ..PLAIN
}];
