//! A producer's clock runs at another speed than ours: an hour of its packets through the jitter buffer as `webrtcsrc`
//! sets it up, and what presentation times make of it. Arrival times are those of the buffers, so it takes seconds.

use crate::support::{VIDEO, Viewer, init, producer, uri};
use gst::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Packets of 100 ms.
const PACKETS: u32 = 3600 * 10;

/// Between the arrival of a packet and its presentation time at worst, early and late.
#[derive(Debug, Default, Clone, Copy)]
struct Worst {
    early: gst::ClockTime,
    late: gst::ClockTime,
}

fn packet(number: u32, arrival: gst::ClockTime) -> gst::Buffer {
    let [n1, n0] = (number as u16).to_be_bytes();
    let mut bytes = vec![0x80, 96, n1, n0];
    bytes.extend(number.wrapping_mul(4800).to_be_bytes());
    bytes.extend([0, 0, 0, 1, 42]);
    let mut buffer = gst::Buffer::from_slice(bytes);
    let times = buffer.get_mut().unwrap();
    times.set_pts(arrival);
    times.set_dts(arrival);
    buffer
}

/// Feeds an hour of packets of a sender whose clock is off by so many parts in a million. The network delays each by up
/// to 8 ms.
fn hour(off: f64, mode: Option<&str>) -> Worst {
    let buffer = gst::ElementFactory::make("rtpjitterbuffer").property("latency", 50u32);
    let buffer = buffer.property("faststart-min-packets", 1u32).build().unwrap();
    if let Some(mode) = mode {
        buffer.set_property_from_str("mode", mode);
    }
    let caps = "application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96";
    let feeder = gst::Pad::builder(gst::PadDirection::Src).name("feeder").build();
    let worst = Arc::new(Mutex::new((Worst::default(), 0u32)));
    let (give, taken) = std::sync::mpsc::sync_channel(64);
    let seen = worst.clone();
    let taker = gst::Pad::builder(gst::PadDirection::Sink)
        .name("taker")
        .chain_function(move |_, _, buffer| {
            let (worst, number) = &mut *seen.lock().unwrap();
            let (time, arrival) = (buffer.pts().unwrap(), arrival(*number, off));
            *number += 1;
            worst.early = worst.early.max(arrival.saturating_sub(time));
            worst.late = worst.late.max(time.saturating_sub(arrival));
            let _ = give.send(());
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    feeder.link(&buffer.static_pad("sink").unwrap()).unwrap();
    buffer.static_pad("src").unwrap().link(&taker).unwrap();
    taker.set_active(true).unwrap();
    feeder.set_active(true).unwrap();
    let clock = gst::SystemClock::obtain();
    buffer.set_clock(Some(&clock)).unwrap();
    buffer.set_base_time(clock.time());
    buffer.set_state(gst::State::Playing).unwrap();
    feeder.push_event(gst::event::StreamStart::new("hour"));
    feeder.push_event(gst::event::Caps::new(&caps.parse().unwrap()));
    feeder.push_event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()));
    for number in 0..PACKETS {
        feeder.push(packet(number, arrival(number, off))).unwrap();
        // In step, so that the buffer never takes them for a burst.
        taken.recv_timeout(Duration::from_secs(10)).expect("a packet did not come out");
    }
    feeder.set_active(false).unwrap();
    buffer.set_state(gst::State::Null).unwrap();
    worst.lock().unwrap().0
}

/// When a packet comes, by our clock.
fn arrival(number: u32, off: f64) -> gst::ClockTime {
    let made = f64::from(number) * 100e6 / (1.0 + off / 1e6);
    // A pattern without a trend.
    let way = u64::from(number.wrapping_mul(2_654_435_761) >> 16) * 8_000_000 / 65_536;
    gst::ClockTime::from_nseconds(1_000_000_000 + made as u64 + way)
}

#[test]
fn an_hour_with_a_clock_that_is_too_fast_or_too_slow_delays_nothing_more_and_more() {
    init();
    for off in [-500.0, 500.0] {
        let worst = hour(off, None);
        // Jitter of 8 ms, and what the estimate of the skew lags behind.
        let bound = gst::ClockTime::from_mseconds(20);
        assert!(worst.early < bound && worst.late < bound, "{off} ppm: {worst:?}");
    }
    // Without an estimate the buffer begins anew each time that it is a second off: the test sees what it looks for.
    let worst = hour(500.0, Some("none"));
    assert!(worst.early.max(worst.late) > gst::ClockTime::from_mseconds(500), "{worst:?}");
}

#[test]
fn the_buffers_of_a_source_follow_the_producers_clock_and_the_applications_wishes() {
    let pipeline = producer(VIDEO, "");
    let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", "video/x-raw", "");
    let modes = Arc::new(Mutex::new(Vec::new()));
    let found = modes.clone();
    viewer.pipeline.0.connect_deep_element_added(move |_, _, element| {
        if element.factory().is_some_and(|factory| factory.name() == "rtpjitterbuffer") {
            found.lock().unwrap().push(element.clone());
        }
    });
    viewer.pipeline.play();
    viewer.samples(5);
    let buffers = modes.lock().unwrap().clone();
    let modes: Vec<_> = buffers.iter().map(mode).collect();
    assert!(!modes.is_empty() && modes.iter().all(|mode| mode == "slave"), "{modes:?}");
    // Their length is the application's to change, at any time.
    for (name, length) in
        [("jitter-buffer-min", 400u32), ("jitter-buffer-min", 30), ("jitter-buffer-max", 30)]
    {
        viewer.pipeline.element("src").set_property(name, length);
        let follows = (0..300).any(|_| {
            viewer.sample();
            buffers.iter().any(|buffer| buffer.property::<u32>("latency") == length)
        });
        assert!(follows, "no buffer followed {name}={length}");
    }
}

fn mode(buffer: &gst::Element) -> String {
    let value = buffer.property_value("mode");
    gst::glib::EnumValue::from_value(&value).unwrap().1.nick().to_owned()
}
