//! Every row against every encoder that is installed; those of other systems are at least well-formed.

use super::row::Row;
use super::{FAMILIES, Family, KeyUnit};
use crate::codec::caps;
use crate::gobject::value_of;
use gst::prelude::*;

fn rows() -> impl Iterator<Item = &'static Family> {
    FAMILIES.iter().flat_map(|rows| rows.iter())
}

fn is_name(name: &str) -> bool {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    !name.is_empty() && name.chars().all(known)
}

#[test]
fn every_row_is_well_formed() {
    gst::init().unwrap();
    for row in rows() {
        assert!(!row.factories.is_empty() && row.factories.iter().all(|name| is_name(name)), "{row:?}");
        assert!(row.bitrate.is_none_or(|rate| is_name(rate.property) && [1, 1000].contains(&rate.unit)));
        assert!(row.settings.iter().all(|(name, value)| is_name(name) && !value.is_empty()), "{row:?}");
        let mut names: Vec<_> = row.settings.iter().map(|(name, _)| name).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{row:?}");
        if let Some(formats) = row.formats {
            let fixed = caps(&format!("video/x-raw, format=(string){formats}"));
            assert!(!fixed.is_empty(), "{formats}");
        }
        if let KeyUnit::Action(signal) = row.key_unit {
            assert!(is_name(signal));
        }
    }
}

#[test]
fn installed_encoders_have_what_their_rows_set() {
    gst::init().unwrap();
    for row in rows() {
        for encoder in row.factories.iter().filter_map(|name| gst::ElementFactory::make(name).build().ok()) {
            let name = encoder.factory().unwrap().name();
            for (setting, value) in row.settings {
                let spec = encoder.find_property(setting);
                let spec = spec.unwrap_or_else(|| panic!("{name} has no property {setting}"));
                assert!(value_of(&spec, value).is_some(), "{name} does not take {setting}={value}");
            }
        }
    }
}

/// Frames go through an encoder: some, then at another bitrate, then until a key unit that was asked for.
fn walk(name: &str, row: &Row) {
    let pipeline = gst::Pipeline::new();
    let make = |name: &str| gst::ElementFactory::make(name).build().unwrap();
    let [source, filter, encoder] = ["videotestsrc", "capsfilter", name].map(make);
    source.set_property("num-buffers", 200);
    let formats = row.formats().unwrap_or("I420");
    let raw = format!("video/x-raw, format=(string){formats}, width=320, height=240, framerate=30/1");
    filter.set_property("caps", caps(&raw));
    row.set_up(&encoder);
    assert!(row.set_bitrate(&encoder, 500_000), "{name} has no bitrate");
    let sink = gst_app::AppSink::builder().sync(false).max_buffers(1).build();
    pipeline.add_many([&source, &filter, &encoder, sink.upcast_ref()]).unwrap();
    gst::Element::link_many([&source, &filter, &encoder, sink.upcast_ref()]).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let is_key_unit = || {
        let sample = sink.try_pull_sample(gst::ClockTime::from_seconds(30));
        let sample = sample.unwrap_or_else(|| panic!("{name} made no frame"));
        !sample.buffer().unwrap().flags().contains(gst::BufferFlags::DELTA_UNIT)
    };
    assert!(is_key_unit(), "{name} does not begin with a key unit");
    for _ in 0..5 {
        is_key_unit();
    }
    if !row.stands_for_changes() {
        assert!(row.set_bitrate(&encoder, 300_000) && row.holds(&encoder, 300_000), "{name}");
    }
    if !row.ask_key_unit(&encoder) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        encoder.static_pad("src").unwrap().send_event(event);
    }
    // That of GStreamer 1.22 makes none; its row has it make some on its own.
    let limit = if name == "av1enc" { 62 } else { 20 };
    let came = (0..limit).any(|_| is_key_unit());
    pipeline.set_state(gst::State::Null).unwrap();
    assert!(came, "{name} makes no key unit when it is asked for one");
}

#[test]
fn installed_video_encoders_encode_follow_a_bitrate_and_make_key_units() {
    gst::init().unwrap();
    let mut walked = Vec::new();
    for row in rows().filter(|row| row.bitrate.is_some()) {
        for name in row.factories {
            let Ok(encoder) = gst::ElementFactory::make(name).build() else { continue };
            // Its device is not there.
            let starts = encoder.set_state(gst::State::Ready).is_ok();
            encoder.set_state(gst::State::Null).unwrap();
            if starts {
                walk(name, &Row::from(row));
                walked.push(*name);
            }
        }
    }
    assert!(walked.contains(&"vp8enc") && walked.contains(&"x264enc"), "{walked:?}");
}
