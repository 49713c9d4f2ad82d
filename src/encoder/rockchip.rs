//! Rockchip boards (MPP).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["mpph264enc", "mpph265enc", "mppvp8enc"],
    bitrate: Bitrate::bits("bps"),
    settings: &[("rc-mode", "cbr"), ("gop", "2560"), ("header-mode", "each-idr")],
    formats: Some("{ NV12, I420 }"),
    ..PLAIN
}];
