//! The element registry: one line = element name, rank, type (whose class names base and signaller).

use crate::signaller::{Signallable, Signaller};
use crate::{sink, source};
use gst::glib;
use gst::prelude::*;

/// Registers every element, and what plain systems lack of plugin `rsrtp`.
pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    supply_rtp_elements();
    // Other languages look these up by name, maybe before they make an element.
    Signallable::ensure_type();
    Signaller::ensure_type();
    gst::Element::register(Some(plugin), "webrtcsink", gst::Rank::NONE, sink::WebRTCSink::static_type())?;
    gst::Element::register(Some(plugin), "webrtcsrc", gst::Rank::PRIMARY, source::WebRTCSrc::static_type())?;
    Ok(())
}

/// Congestion control and AV1 over RTP come from plugin `rsrtp`, which Debian does not ship. Where the system
/// lacks it, the copy in this library steps in; its other elements get rank none, so that nothing that the
/// system does otherwise changes.
fn supply_rtp_elements() {
    const WANTED: [&str; 3] = ["rtpgccbwe", "rtpav1pay", "rtpav1depay"];
    let registry = gst::Registry::get();
    if WANTED.iter().all(|name| registry.lookup_feature(name).is_some()) {
        return;
    }
    if let Err(err) = gstrsrtp::plugin_register_static() {
        gst::warning!(gst::CAT_RUST, "congestion control and AV1 are not available: {err}");
        return;
    }
    for feature in registry.features_by_plugin("rsrtp") {
        if !WANTED.contains(&feature.name().as_str()) {
            feature.set_rank(gst::Rank::NONE);
        }
    }
}
