//! Encoders of boards through Video4Linux.

use super::{Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["v4l2h264enc", "v4l2h265enc", "v4l2vp8enc"],
    settings: &[("extra-controls", "c,video_gop_size=2560,repeat_sequence_header=1")],
    ..PLAIN
}];
