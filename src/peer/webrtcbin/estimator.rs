//! The estimator of what the network carries, where webrtcbin sends.

use crate::errors::make;
use crate::peer::Estimator;
use gst::prelude::*;

/// Puts the estimator into the sending path; the transport asks for it at once or never.
pub(super) fn watch(bin: &gst::Element, estimator: Estimator) {
    bin.connect("request-aux-sender", false, move |_| {
        let bwe = match make("rtpgccbwe") {
            Ok(bwe) => bwe,
            Err(err) => {
                gst::warning!(gst::CAT_RUST, "no congestion control: {err}");
                return Some(None::<gst::Element>.to_value());
            }
        };
        bwe.set_property("min-bitrate", estimator.bounds.min);
        bwe.set_property("max-bitrate", estimator.bounds.max);
        bwe.set_property("estimated-bitrate", estimator.bounds.start);
        let changed = estimator.changed.clone();
        bwe.connect_notify(Some("estimated-bitrate"), move |bwe, _| {
            changed(bwe.property("estimated-bitrate"))
        });
        // Seen with 1.22 only: with a version that drops its reference this would be one too few.
        let leaks = gst::version() < (1, 24, 0, 0);
        Some(if leaks { crate::gobject::given_away(&bwe) } else { bwe.to_value() })
    });
}
