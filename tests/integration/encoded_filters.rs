//! An application's own element between encoder and payloader: signal `request-encoded-filter`.

use crate::support::crowd::Crowd;
use crate::support::direct::Direct;
use crate::support::light::Habit;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::glib;
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// What no encoder here makes.
const MADE_UP: (u16, u16) = (123, 45);
const GOOD: Habit = Habit::Says(3_000_000);

/// What a handler was called with: viewer, pad, caps.
type Calls = Arc<Mutex<Vec<(Option<String>, String, gst::Caps)>>>;

/// A sink with a handler that returns elements, and its viewers.
struct Stage {
    crowd: Crowd,
    calls: Calls,
    pipeline: Pipeline,
}

impl Stage {
    fn set(source: &str, settings: &str, make: impl Fn() -> glib::Value + Send + Sync + 'static) -> Self {
        let sink = "webrtcsink name=ws stun-server=\"\" max-bitrate=600000 start-bitrate=500000";
        let pipeline = Pipeline::parse(&format!("{source} ! {sink} {settings}"));
        let (direct, said) = Direct::new();
        let crowd = Crowd::at(&pipeline, direct, said);
        let calls = Calls::default();
        let called = calls.clone();
        pipeline.element("ws").connect("request-encoded-filter", false, move |values| {
            let call = (values[1].get().unwrap(), values[2].get().unwrap(), values[3].get().unwrap());
            called.lock().unwrap().push(call);
            Some(make())
        });
        pipeline.play();
        crate::support::has_caps(&pipeline.element("ws"));
        Self { crowd, calls, pipeline }
    }

    /// Waits until a viewer sees pictures of a size.
    fn sees(&self, session: &str, size: (u16, u16)) {
        self.crowd.ask(session);
        self.crowd.until(session, "pictures of that size", |guest| {
            let Some(joined) = &guest.joined else { return false };
            joined.came.lock().unwrap().iter().any(|packet| packet.size == Some(size))
        });
    }

    fn calls(&self) -> Vec<(Option<String>, String, gst::Caps)> {
        self.calls.lock().unwrap().clone()
    }
}

/// The same key frame of VP8, of a size that it is not (RFC 6386 section 9.1).
fn made_up(buffer: &mut gst::Buffer) {
    if buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) {
        return;
    }
    let mut map = buffer.make_mut().map_writable().unwrap();
    map[6..8].copy_from_slice(&MADE_UP.0.to_le_bytes());
    map[8..10].copy_from_slice(&MADE_UP.1.to_le_bytes());
}

/// An element that changes frames where they are.
fn changing() -> gst::Element {
    let element = gst::ElementFactory::make("identity").build().unwrap();
    element.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, |_, info| {
        if let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data {
            made_up(buffer);
        }
        gst::PadProbeReturn::Ok
    });
    element
}

/// A bin that takes frames out and puts others in.
fn roundabout() -> gst::Element {
    let caps = gst::Caps::builder("video/x-vp8").build();
    let out = gst_app::AppSink::builder().caps(&caps).sync(false).build();
    let back = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
    let to = back.clone();
    let pass = move |out: &gst_app::AppSink| {
        let mut buffer = out.pull_sample().map_err(|_| gst::FlowError::Eos)?.buffer_owned().unwrap();
        made_up(&mut buffer);
        to.push_buffer(buffer)
    };
    out.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(pass).build());
    let bin = gst::Bin::new();
    bin.add_many([out.upcast_ref::<gst::Element>(), back.upcast_ref()]).unwrap();
    let ghost = |pad: gst::Pad, name| gst::GhostPad::builder_with_target(&pad).unwrap().name(name).build();
    bin.add_pad(&ghost(out.static_pad("sink").unwrap(), "sink")).unwrap();
    bin.add_pad(&ghost(back.static_pad("src").unwrap(), "src")).unwrap();
    bin.upcast()
}

fn frames_of_all_viewers_pass_the_element_that_a_handler_returns(transport: &str) {
    let stage = Stage::set(VIDEO, &format!("{transport} video-caps=video/x-vp8"), || changing().to_value());
    stage.crowd.invite("a", Some(GOOD));
    stage.crowd.invite("b", Some(GOOD));
    for session in ["a", "b"] {
        stage.crowd.until(session, "media", |guest| guest.packets > 10);
        stage.sees(session, MADE_UP);
    }
    let calls = stage.calls();
    let [(viewer, pad, caps)] = &calls[..] else { panic!("one encoder, one call: {calls:?}") };
    assert_eq!((viewer, pad.as_str()), (&None, "video_0"), "an element for all is no viewer's");
    assert_eq!(caps.structure(0).unwrap().name(), "video/x-vp8");
}

#[test]
fn a_bin_that_makes_frames_of_its_own_is_asked_for_anew_for_each_private_encoder() {
    let settings = "video-caps=video/x-vp8 encoder-sharing=private";
    let stage = Stage::set(VIDEO, settings, || roundabout().to_value());
    for session in ["a", "b"] {
        stage.crowd.invite(session, Some(GOOD));
        stage.crowd.until(session, "media", |guest| guest.packets > 10);
        stage.sees(session, MADE_UP);
    }
    let calls = stage.calls();
    assert!(calls.len() >= 2 && calls.iter().all(|call| call.0.as_deref() == Some("viewer")), "{calls:?}");
}

#[test]
fn input_that_is_already_encoded_passes_the_element_too() {
    let source = format!("{VIDEO} ! vp8enc deadline=1 keyframe-max-dist=10 ! video/x-vp8");
    let stage = Stage::set(&source, "video-caps=video/x-vp8", || changing().to_value());
    stage.crowd.invite("v", Some(GOOD));
    stage.crowd.until("v", "media", |guest| guest.packets > 10);
    stage.sees("v", MADE_UP);
}

#[test]
fn an_element_that_cannot_be_used_ends_the_session_and_says_why() {
    crate::support::init();
    let taken = gst::Bin::new();
    let inside = gst::ElementFactory::make("identity").build().unwrap();
    taken.add(&inside).unwrap();
    let factories = [("fakesink", "static pads"), ("audioconvert", "caps"), ("", "in a pipeline already")];
    for (factory, cause) in factories {
        let inside = inside.clone();
        let make = move || match factory {
            "" => inside.to_value(),
            factory => gst::ElementFactory::make(factory).build().unwrap().to_value(),
        };
        let stage = Stage::set(VIDEO, "video-caps=video/x-vp8", make);
        stage.crowd.invite("v", Some(GOOD));
        let text = stage.crowd.end("v", DEADLINE).unwrap();
        assert!(text.contains("request-encoded-filter") && text.contains(cause), "{text}");
    }
}

#[test]
fn an_element_from_a_handler_in_c_lives_as_long_as_its_encoder() {
    let (gone, is_gone) = std::sync::mpsc::channel();
    let stage = Stage::set(VIDEO, "video-caps=video/x-vp8", move || {
        let element = changing();
        let gone = gone.clone();
        element.add_weak_ref_notify(move || gone.send(()).unwrap_or_default());
        floating(&element)
    });
    stage.crowd.invite("v", Some(GOOD));
    stage.crowd.until("v", "media", |guest| guest.packets > 10);
    stage.sees("v", MADE_UP);
    assert!(is_gone.try_recv().is_err());
    stage.pipeline.stop();
    is_gone.recv_timeout(DEADLINE).expect("the element is still there");
}

/// What a handler in C returns that makes an element and keeps nothing of it.
#[expect(unsafe_code, reason = "the bindings have no floating references")]
fn floating(element: &gst::Element) -> glib::Value {
    use glib::translate::ToGlibPtr;
    let value = element.to_value();
    let object: *mut gst::ffi::GstElement = element.to_glib_none().0;
    // SAFETY: the pointer is valid, and the value holds the reference that becomes the floating one.
    unsafe { glib::gobject_ffi::g_object_force_floating(object.cast()) };
    value
}

crate::support::under_both_transports!(frames_of_all_viewers_pass_the_element_that_a_handler_returns);
