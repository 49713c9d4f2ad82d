//! Intel and AMD through VA-API (plugin vaapi).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["vaapih264enc", "vaapih265enc", "vaapivp8enc", "vaapivp9enc"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[("keyframe-period", "2560"), ("rate-control", "cbr")],
    ..PLAIN
}];
