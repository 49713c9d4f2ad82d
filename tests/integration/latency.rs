//! What delay is traded for, and where it goes.

use crate::support::Viewer;
use crate::watching::watched;
use gst::prelude::*;
use str0m::rtp::Extension;

/// What packets say of the viewer's jitter buffer, in seconds.
fn told(settings: &str) -> Option<(f64, f64)> {
    let (_pipeline, mut viewer) =
        watched(settings, |config| config.set_extension(9, Extension::PlayoutDelay));
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    let values = viewer.packet().header.ext_vals;
    Some((values.play_delay_min?.as_seconds(), values.play_delay_max?.as_seconds()))
}

#[test]
fn a_profile_tells_viewers_how_long_to_hold_pictures_back() {
    assert_eq!(told("latency-profile=live"), Some((0.0, 0.1)));
    assert_eq!(told("latency-profile=smooth"), Some((0.2, 1.0)));
    assert_eq!(told("latency-profile=smooth playout-delay-min=50 playout-delay-max=60"), Some((0.05, 0.06)));
    assert_eq!(told(""), None);
}

#[test]
fn a_profile_sets_the_bounds_of_the_jitter_buffers_unless_the_application_does() {
    let viewer = Viewer::new("ws://127.0.0.1:1", "video", "video/x-raw", "latency-profile=live");
    let source = viewer.pipeline.element("src");
    let bounds = || ["jitter-buffer-min", "jitter-buffer-max"].map(|name| source.property::<u32>(name));
    assert_eq!(bounds(), [20, 150]);
    source.set_property("jitter-buffer-max", 90u32);
    source.set_property_from_str("latency-profile", "smooth");
    assert_eq!(bounds(), [90, 90]);
    source.set_property("jitter-buffer-min", 10u32);
    assert_eq!(bounds(), [10, 90]);
}
