//! Lost pictures are mended: by error correction where packets that are sent again come too late, and only where
//! any are lost.

use crate::support::across::{Across, PATIENT};
use crate::support::udp::Weather;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const NOISE: &str =
    "videotestsrc is-live=true pattern=snow ! video/x-raw,width=160,height=120,framerate=30/1";

/// Counts the packets of error correction that a sink sends.
fn count_corrections(across: &Across) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let session = across.session();
    let encoders = session.iterate_all_by_element_factory_name("rtpulpfecenc");
    for encoder in encoders.into_iter().map(Result::unwrap) {
        let (its, counted) = (encoder.property::<u32>("pt"), count.clone());
        encoder.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let map = info.buffer().unwrap().map_readable().unwrap();
            counted.fetch_add(usize::from(u32::from(map[1] & 0x7f) == its), Ordering::SeqCst);
            gst::PadProbeReturn::Ok
        });
    }
    count
}

/// How many pictures of lost packets a viewer had restored.
fn restored(across: &Across) -> u32 {
    let all = across.viewer.pipeline.0.iterate_all_by_element_factory_name("rtpulpfecdec");
    all.into_iter().map(|decoder| decoder.unwrap().property::<u32>("recovered")).sum()
}

/// What the sink's statistics say of error correction, in percent.
fn told(across: &Across) -> u32 {
    let stats = across.producer.element("ws").property::<gst::Structure>("stats");
    let session = stats.get::<gst::Structure>("s").unwrap();
    let consumer = session.get::<gst::Structure>("consumer-stats").unwrap();
    let encoders = consumer.get::<gst::Array>("video-encoders").unwrap();
    encoders[0].get::<gst::Structure>().unwrap().get("fec-percentage").unwrap()
}

/// A viewer that does not wait for packets which are sent again, on a long way that loses some.
fn impatient(settings: &str) -> Across {
    let settings = format!("transport=webrtcbin congestion-control=disabled max-bitrate=1000000 {settings}");
    Across::at(NOISE, &settings, "jitter-buffer-min=50 jitter-buffer-max=100", &Weather::of(300, 14), |sdp| {
        sdp
    })
}

#[test]
fn on_a_long_lossy_way_error_correction_restores_what_cannot_be_sent_again_in_time() {
    let across = impatient("");
    across.viewer.sample();
    let counted = count_corrections(&across);
    let settled = (0..60).any(|_| {
        across.viewer.count_for(Duration::from_millis(250));
        told(&across) > 0
    });
    assert!(settled, "no error correction, though one of 14 packets is lost");
    across.viewer.count_for(Duration::from_secs(3));
    let count = || (across.network.weather.lost.load(Ordering::SeqCst), restored(&across));
    let before = count();
    let seen = across.viewer.count_for(Duration::from_secs(5));
    let after = count();
    // Packets of error correction are lost, too.
    let (lost, mended) = (after.0 - before.0, (after.1 - before.1) as usize);
    assert!(mended * 2 > lost, "of {lost} lost packets {mended} were restored");
    assert!(counted.load(Ordering::SeqCst) > 0);
    drop(across);
    let without = impatient("do-fec=false");
    without.viewer.count_for(Duration::from_secs(3));
    let without = without.viewer.count_for(Duration::from_secs(5));
    assert!(seen >= 30 && seen > 2 * without, "{seen} pictures, and {without} without error correction");
}

#[test]
fn a_viewer_that_knows_no_error_correction_is_served_without() {
    let across = Across::of(NOISE, "transport=webrtcbin", |sdp| {
        assert!(sdp.contains(" red/90000") && sdp.contains(" ulpfec/90000"), "{sdp}");
        let left = sdp.lines().filter(|line| !line.contains(" red/90000") && !line.contains(" ulpfec/90000"));
        left.map(|line| format!("{line}\r\n")).collect()
    });
    across.viewer.samples(60);
}

#[test]
fn lost_packets_are_sent_again_through_webrtcbin() {
    let across = Across::at(NOISE, "transport=webrtcbin", PATIENT, &Weather::of(40, 10), |sdp| sdp);
    across.viewer.samples(150);
    let weather = &across.network.weather;
    let (lost, repeated) = (weather.lost.load(Ordering::SeqCst), weather.repeated.load(Ordering::SeqCst));
    assert!(lost >= 10 && repeated * 2 >= lost, "of {lost} lost packets {repeated} were sent again");
}

#[test]
fn on_a_clean_way_no_error_correction_is_sent() {
    let across = Across::of(NOISE, "transport=webrtcbin", |sdp| sdp);
    across.viewer.samples(30);
    let counted = count_corrections(&across);
    across.viewer.samples(240);
    let wrappers = across.session().iterate_all_by_element_factory_name("rtpredenc");
    let wrapped: u32 = wrappers.into_iter().map(|wrapper| wrapper.unwrap().property::<u32>("sent")).sum();
    assert_eq!((counted.load(Ordering::SeqCst), wrapped, told(&across)), (0, 0, 0));
}

/// How many packets a viewer on a lossy way was sent again, and how many it asked for.
fn sent_again(settings: &str) -> (u64, u64) {
    let settings = format!("transport=native congestion-control=disabled max-bitrate=300000 {settings}");
    let across = Across::at(NOISE, &settings, PATIENT, &Weather::of(20, 14), |sdp| sdp);
    across.viewer.count_for(Duration::from_millis(2500));
    let mut all = across.viewer.pipeline.0.iterate_recurse().into_iter().flatten();
    let is_buffer =
        |element: &gst::Element| element.factory().is_some_and(|made| made.name() == "rtpjitterbuffer");
    let stats = all.find(is_buffer).unwrap().property::<gst::Structure>("stats");
    let count = |name: &str| stats.get::<u64>(name).unwrap();
    (count("rtx-success-count"), count("rtx-count"))
}

#[test]
fn the_application_bounds_what_the_native_transport_sends_again() {
    let (sent, asked) = sent_again("");
    assert!(sent >= 3, "{sent} of {asked}");
    let (sent, asked) = sent_again("rtx-percentage=0");
    assert!(asked >= 3 && sent == 0, "{sent} of {asked}");
}
