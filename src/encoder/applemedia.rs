//! Apple's (VideoToolbox).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["vtenc_h264", "vtenc_h264_hw", "vtenc_h265", "vtenc_h265_hw"],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[
        ("realtime", "true"),
        ("allow-frame-reordering", "false"),
        ("max-keyframe-interval", "2560"),
        ("rate-control", "cbr"),
    ],
    formats: Some("{ NV12, I420 }"),
    ..PLAIN
}];
