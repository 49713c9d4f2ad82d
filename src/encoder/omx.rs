//! OpenMAX. Its bitrate is set while it is in READY, or while it runs; boards differ in what they make of it.

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["omxh264enc", "omxh265enc"],
    bitrate: Bitrate::bits("target-bitrate"),
    settings: &[
        ("control-rate", "constant"),
        ("b-frames", "0"),
        ("gop-mode", "low-delay-p"),
        ("inline-header", "true"),
    ],
    formats: Some("{ NV12, I420 }"),
    ..PLAIN
}];
