//! NVIDIA Jetson.

use super::{Bitrate, Family, KeyUnit, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["nvv4l2h264enc", "nvv4l2h265enc"],
        bitrate: Bitrate::bits("bitrate"),
        settings: &[
            ("preset-level", "UltraFastPreset"),
            ("maxperf-enable", "true"),
            ("insert-vui", "true"),
            ("idrinterval", "256"),
            ("insert-sps-pps", "true"),
            ("insert-aud", "true"),
            ("control-rate", "constant_bitrate"),
        ],
        key_unit: KeyUnit::Action("force-IDR"),
        ..PLAIN
    },
    Family {
        factories: &["nvv4l2vp8enc", "nvv4l2vp9enc"],
        bitrate: Bitrate::bits("bitrate"),
        settings: &[
            ("preset-level", "UltraFastPreset"),
            ("maxperf-enable", "true"),
            ("idrinterval", "256"),
            ("control-rate", "constant_bitrate"),
        ],
        key_unit: KeyUnit::Action("force-IDR"),
        ..PLAIN
    },
    Family {
        factories: &["nvv4l2av1enc"],
        bitrate: Bitrate::bits("bitrate"),
        settings: &[
            ("preset-level", "UltraFastPreset"),
            ("maxperf-enable", "true"),
            ("control-rate", "constant_bitrate"),
        ],
        key_unit: KeyUnit::Action("force-IDR"),
        ..PLAIN
    },
];
