//! Encoders of single platforms: i.MX and Qualcomm.

use super::{Bitrate, Family, KeyUnit};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["vpuenc_h264", "vpuenc_hevc"],
        bitrate: Bitrate::kilobits("bitrate"),
        settings: &[("gop-size", "2560")],
        key_unit: KeyUnit::Event,
        formats: None,
    },
    Family {
        factories: &["qtic2venc"],
        bitrate: Bitrate::bits("target-bitrate"),
        settings: &[("idr-interval", "4294967295"), ("control-rate", "constant")],
        key_unit: KeyUnit::Event,
        formats: Some("NV12"),
    },
];
