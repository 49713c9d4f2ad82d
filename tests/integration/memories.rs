//! Pictures that lie on a graphics card: those that an encoder takes there stay there, others are brought out, and each
//! kind is scaled. The elements of cards are stand-ins that negotiate as those do.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::encoders::TableFile;
use crate::support::light::Habit;
use crate::support::memories::{self, CONTEXT, ENCODER, MEMORIES};
use crate::support::{Pipeline, has_caps};
use gst::prelude::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;

/// Half of each side.
const SCALED: (u16, u16) = (320, 240);

/// Calls what leaves the element pictures in this memory; those that stand for the elements of cards do not mind.
fn put_on(element: &gst::Element, memory: &str) {
    let features = gst::CapsFeatures::new([memory]);
    let pad = element.static_pad("src").unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let caps = info.event().and_then(|event| match event.view() {
            gst::EventView::Caps(caps) => Some(caps.caps_owned()),
            _ => None,
        });
        if let Some(mut caps) = caps {
            caps.make_mut().set_features(0, Some(features.clone()));
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&caps)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// What the encoder of a viewer is fed, where pictures come with these caps features, and the names of the elements before it.
fn fed(memory: &str, table: &str) -> (gst::Caps, Vec<String>) {
    crate::support::init();
    memories::register();
    let table = TableFile::new(table);
    let source = "videotestsrc is-live=true ! video/x-raw,format=NV12,width=640,height=480,framerate=30/1 ! identity name=card";
    let pipeline = Pipeline::parse(&format!(
        "{source} ! webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 rungs=1/4 encoder-table={}",
        table.0.display()
    ));
    put_on(&pipeline.element("card"), memory);
    let (direct, said) = Direct::new();
    let crowd = Crowd::at(&pipeline, direct, said);
    let (give, take) = channel();
    let give = Mutex::new(give);
    pipeline.element("ws").connect("encoder-setup", false, move |values| {
        let _ = give.lock().unwrap().send(values[3].get::<gst::Element>().unwrap());
        Some(false.to_value())
    });
    pipeline.play();
    has_caps(&pipeline.element("ws"));
    crowd.invite("a", Some(Habit::Says(3_000_000)));
    crowd.wait("scaled pictures", |all| {
        let came = all.get("a")?.joined.as_ref()?.came.lock().unwrap();
        came.iter().find_map(|packet| packet.size).filter(|size| *size == SCALED)
    });
    // Those before it did not start.
    let encoder = take.try_iter().last().unwrap();
    let asked = pipeline.0.bus().unwrap().iter().any(|message| match message.view() {
        gst::MessageView::NeedContext(context) => context.context_type() == CONTEXT,
        _ => false,
    });
    assert!(asked, "the application was not asked for the card's context");
    let bin = encoder.parent().unwrap().downcast::<gst::Bin>().unwrap();
    let names = bin.iterate_sorted().into_iter().flatten();
    let names = names.filter_map(|element| Some(element.factory()?.name().to_string())).collect();
    (encoder.static_pad("sink").unwrap().current_caps().unwrap(), names)
}

#[test]
fn pictures_that_an_encoder_takes_on_the_card_are_scaled_there_and_not_brought_out() {
    for memory in MEMORIES {
        let (caps, elements) = fed(memory, &format!("[{ENCODER}]\nrank = 999\n"));
        assert!(caps.features(0).unwrap().contains(memory), "{memory}: {caps}");
        assert!(
            !elements.iter().any(|name| name == "videoscale" || name.contains("download")),
            "{elements:?}"
        );
    }
}

#[test]
fn pictures_are_brought_out_for_an_encoder_that_takes_them_nowhere_else() {
    for memory in MEMORIES {
        let (caps, elements) = fed(memory, "");
        assert!(!caps.features(0).unwrap().contains(memory), "{memory}: {caps}");
        assert!(elements.iter().any(|name| name == "videoscale"), "{elements:?}");
    }
}

#[test]
fn a_row_may_keep_an_encoder_from_what_its_pad_offers() {
    let table = format!("[{ENCODER}]\nrank = 999\nmemories = [\"memory:VAMemory\"]\n");
    let (caps, _) = fed("memory:VAMemory", &table);
    assert!(caps.features(0).unwrap().contains("memory:VAMemory"), "{caps}");
    let (caps, _) = fed("memory:NVMM", &table);
    assert!(!caps.features(0).unwrap().contains("memory:NVMM"), "{caps}");
}
