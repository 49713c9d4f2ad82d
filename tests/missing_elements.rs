//! A system that lacks elements hears which, and which package holds them. In a binary of its own: what is
//! taken out of the registry here is missing for everything in the process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use gst::prelude::*;

/// What becomes of a sink with VP8 only while these elements are not installed.
fn without<T>(missing: &[&str], settings: &str, watch: impl FnOnce(&gst::Element) -> T) -> T {
    let registry = gst::Registry::get();
    let features: Vec<_> = missing.iter().map(|name| registry.lookup_feature(name).unwrap()).collect();
    features.iter().for_each(|feature| registry.remove_feature(feature));
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc is-live=true ! webrtcsink stun-server=\"\" video-caps=video/x-vp8 {settings} \
         run-signalling-server=true signalling-server-host=127.0.0.1 signalling-server-port=0",
    ));
    let pipeline = pipeline.unwrap();
    let _ = pipeline.set_state(gst::State::Playing);
    let seen = watch(&pipeline);
    pipeline.set_state(gst::State::Null).unwrap();
    for feature in features {
        registry.add_feature(&feature).unwrap();
    }
    seen
}

fn error_without(missing: &[&str], settings: &str) -> String {
    without(missing, settings, |pipeline| {
        let bus = pipeline.bus().unwrap();
        let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(10), &[gst::MessageType::Error]);
        let Some(gst::MessageView::Error(err)) = message.as_ref().map(|message| message.view()) else {
            panic!("no error without {missing:?}");
        };
        err.error().to_string()
    })
}

#[test]
fn each_missing_element_is_named_with_its_debian_package() {
    gst::init().unwrap();
    gstrswebrtc::plugin_register_static().unwrap();
    let without_ice = error_without(&["nicesink"], "transport=webrtcbin");
    assert!(without_ice.contains("nicesink") && without_ice.contains("gstreamer1.0-nice"), "{without_ice}");
    // Only what goes through webrtcbin needs it.
    let plays = without(&["nicesink"], "", |pipeline| pipeline.state(gst::ClockTime::from_seconds(10)).0);
    assert!(plays.is_ok());
    let without_encoder = error_without(&["vp8enc"], "");
    assert!(
        without_encoder.contains("VP8") && without_encoder.contains("gstreamer1.0-plugins-good"),
        "{without_encoder}"
    );
    let without_payloader = error_without(&["rtpvp8pay"], "");
    assert!(
        without_payloader.contains("rtpvp8pay") && without_payloader.contains("gstreamer1.0-plugins-good"),
        "{without_payloader}"
    );
}
