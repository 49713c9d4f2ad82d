//! Encoders of boards through Video4Linux. All is set by the names of the kernel's controls, which drivers take while
//! they run.

use super::{Bitrate, Family, PLAIN};

const BITRATE: Option<Bitrate> = Bitrate::control("extra-controls", "video_bitrate");

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["v4l2h264enc", "v4l2h265enc"],
        bitrate: BITRATE,
        settings: &[(
            "extra-controls",
            "c,video_gop_size=2560,repeat_sequence_header=1,video_bitrate_mode=1",
        )],
        ..PLAIN
    },
    Family {
        factories: &["v4l2vp8enc", "v4l2vp9enc", "v4l2slvp8enc"],
        bitrate: BITRATE,
        settings: &[("extra-controls", "c,video_gop_size=2560,video_bitrate_mode=1")],
        ..PLAIN
    },
];
