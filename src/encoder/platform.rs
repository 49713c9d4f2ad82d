//! Encoders of single platforms: i.MX and Qualcomm.

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["vpuenc_h264", "vpuenc_hevc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "2560")],
        ..PLAIN
    },
    Family {
        factories: &["qtic2venc"],
        bitrate: Bitrate::bits("target-bitrate"),
        settings: &[("idr-interval", "4294967295"), ("control-rate", "constant")],
        formats: Some("NV12"),
        ..PLAIN
    },
];
