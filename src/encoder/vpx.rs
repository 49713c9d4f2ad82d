//! VP8 and VP9 in software (libvpx).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &["vp8enc", "vp9enc"],
    bitrate: Bitrate::bits("target-bitrate"),
    settings: &[
        ("deadline", "1"),
        ("cpu-used", "-16"),
        ("keyframe-max-dist", "2000"),
        ("keyframe-mode", "disabled"),
        ("end-usage", "cbr"),
        ("buffer-initial-size", "100"),
        ("buffer-optimal-size", "120"),
        ("buffer-size", "150"),
        ("max-intra-bitrate", "250"),
        ("error-resilient", "default"),
        ("lag-in-frames", "0"),
    ],
    threads: Some("threads"),
    ..PLAIN
}];
