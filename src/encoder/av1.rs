//! AV1 in software (libaom, rav1e).

use super::{Bitrate, Changes, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[
    Family {
        factories: &["av1enc"],
        bitrate: Bitrate::kilobits("target-bitrate"),
        settings: &[
            ("end-usage", "cbr"),
            // The element of GStreamer 1.22 makes no key units on request: a viewer waits up to two seconds.
            ("keyframe-max-dist", "60"),
            ("usage-profile", "realtime"),
            ("cpu-used", "10"),
            ("lag-in-frames", "0"),
            // As with libvpx; the element's own are some seconds, and so are its bursts.
            ("buf-initial-sz", "100"),
            ("buf-optimal-sz", "120"),
            ("buf-sz", "150"),
            // The element's own bounds, 0 and 0, make libaom abort the process.
            ("min-quantizer", "2"),
            ("max-quantizer", "56"),
            ("threads", "2"),
        ],
        ..PLAIN
    },
    Family {
        factories: &["rav1enc"],
        bitrate: Bitrate::bits("bitrate"),
        settings: &[("low-latency", "true"), ("max-key-frame-interval", "715827882"), ("speed-preset", "10")],
        // The element hands it to the library where it begins.
        changes: Changes::STANDING,
        ..PLAIN
    },
];
