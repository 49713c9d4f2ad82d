//! The estimator of what the network carries, where webrtcbin sends.

use crate::errors::make;
use crate::peer::Estimator;
use gst::glib;
use gst::prelude::*;
use logic::bitrate::Bounds;
use std::sync::{Arc, Mutex, PoisonError};

/// An estimator that the transport has or will ask for.
pub(super) struct Watched {
    estimator: Estimator,
    /// Those that hold now.
    bounds: Mutex<Bounds>,
    element: glib::WeakRef<gst::Element>,
}

impl Watched {
    pub(super) fn new(estimator: Estimator) -> Arc<Self> {
        Arc::new(Self { bounds: Mutex::new(estimator.bounds), estimator, element: glib::WeakRef::new() })
    }

    /// Puts the estimator into the sending path; the transport asks for it at once or never.
    pub(super) fn watch(self: &Arc<Self>, bin: &gst::Element) {
        let watched = self.clone();
        bin.connect("request-aux-sender", false, move |_| {
            let bwe = match make("rtpgccbwe") {
                Ok(bwe) => bwe,
                Err(err) => {
                    gst::warning!(gst::CAT_RUST, "no congestion control: {err}");
                    return Some(None::<gst::Element>.to_value());
                }
            };
            watched.element.set(Some(&bwe));
            let bounds = watched.bounds();
            bwe.set_property("min-bitrate", bounds.min);
            bwe.set_property("max-bitrate", bounds.max);
            bwe.set_property("estimated-bitrate", bounds.start);
            let changed = watched.estimator.changed.clone();
            bwe.connect_notify(Some("estimated-bitrate"), move |bwe, _| {
                changed(bwe.property("estimated-bitrate"))
            });
            // Seen with 1.22 only: with a version that drops its reference this would be one too few.
            let leaks = gst::version() < (1, 24, 0, 0);
            Some(if leaks { crate::gobject::given_away(&bwe) } else { bwe.to_value() })
        });
    }

    fn bounds(&self) -> Bounds {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&self, bounds: Bounds) {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = bounds;
        if let Some(bwe) = self.element.upgrade() {
            bwe.set_property("min-bitrate", bounds.min);
            bwe.set_property("max-bitrate", bounds.max);
        }
    }
}
