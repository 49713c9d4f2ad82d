//! What `webrtcsrc` does with the streams of its producer: the application's filters, requested pads, several sources in
//! one process, addresses.

use crate::support::direct::{Direct, Said};
use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer, producer, uri};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::{Receiver, channel};

/// What a handler of `request-encoded-filter` was asked.
type Asked = (Option<String>, String, Option<gst::Caps>);

/// Answers each question with what `make` gives.
fn filter(
    src: &gst::Element,
    make: impl Fn() -> Option<gst::Element> + Send + Sync + 'static,
) -> Receiver<Asked> {
    let (give, asked) = channel();
    src.connect("request-encoded-filter", false, move |values| {
        let _ = give.send((values[1].get().unwrap(), values[2].get().unwrap(), values[3].get().unwrap()));
        Some(make().to_value())
    });
    asked
}

#[test]
fn encoded_frames_pass_the_applications_filter_whatever_downstream_takes() {
    let pipeline = producer(VIDEO, "video-caps=video/x-vp8");
    for (caps, first) in
        [("video/x-raw", "video/x-raw"), ("video/x-vp8", "video/x-vp8"), ("ANY", "video/x-raw")]
    {
        let viewer = Viewer::new(&uri(&pipeline.element("ws")), "video", caps, "");
        let (give, passed) = channel();
        let asked = filter(&viewer.pipeline.element("src"), move || {
            let identity = gst::ElementFactory::make("identity").build().unwrap();
            let give = give.clone();
            identity.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
                let _ = give.send(pad.current_caps().unwrap());
                gst::PadProbeReturn::Ok
            });
            Some(identity)
        });
        viewer.pipeline.play();
        let sample = viewer.samples(3).pop().unwrap();
        assert_eq!(sample.caps().unwrap().structure(0).unwrap().name(), first, "{caps}");
        assert_eq!(passed.recv().unwrap().structure(0).unwrap().name(), "video/x-vp8", "{caps}");
        let (producer, pad, allowed) = asked.recv().unwrap();
        let id: Option<String> =
            pipeline.element("ws").property::<glib::Object>("signaller").property("client-id");
        assert_eq!((producer, pad.as_str()), (id, "video_0"), "{caps}");
        assert!(allowed.is_some(), "{caps}");
        viewer.pipeline.stop();
    }
}

#[test]
fn no_filter_is_no_error_and_one_that_does_not_fit_says_why() {
    let pipeline = producer(VIDEO, "");
    let uri = uri(&pipeline.element("ws"));
    let viewer = Viewer::new(&uri, "video", "video/x-raw", "");
    filter(&viewer.pipeline.element("src"), || None);
    viewer.pipeline.play();
    viewer.samples(3);
    type Make = fn() -> Option<gst::Element>;
    let used: Make = || {
        let bin = gst::Bin::new();
        let identity = gst::ElementFactory::make("identity").build().unwrap();
        bin.add(&identity).unwrap();
        // Nobody ever drops it.
        std::mem::forget(bin);
        Some(identity)
    };
    let cases: [(Make, &str); 3] = [
        (|| gst::ElementFactory::make("fakesink").build().ok(), "called sink and src"),
        (|| gst::ElementFactory::make("decodebin").build().ok(), "called sink and src"),
        (used, "already"),
    ];
    for (make, cause) in cases {
        let viewer = Viewer::new(&uri, "video", "video/x-raw", "");
        filter(&viewer.pipeline.element("src"), make);
        viewer.pipeline.play();
        let text = viewer.pipeline.error();
        assert!(text.contains("request-encoded-filter") && text.contains(cause), "{text}");
    }
}

/// A source with requested pads, each linked to a sink that takes these caps, and what comes at each.
fn requested(pads: &[(&str, &str)]) -> (Pipeline, Vec<Receiver<Option<gst::Caps>>>) {
    let pipeline = Pipeline::parse_bin("webrtcsrc name=src stun-server=\"\"");
    let src = pipeline.element("src");
    let frames = pads.iter().map(|(name, caps)| {
        let (give, frames) = channel();
        let filter = gst::ElementFactory::make("capsfilter");
        let filter = filter.property("caps", caps.parse::<gst::Caps>().unwrap()).build().unwrap();
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
        let sink = sink.build().unwrap();
        pipeline.0.add_many([&filter, &sink]).unwrap();
        filter.link(&sink).unwrap();
        let types = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        filter.static_pad("src").unwrap().add_probe(types, move |pad, info| {
            match info.event().map(|event| event.type_()) {
                None => drop(give.send(pad.current_caps())),
                Some(gst::EventType::Eos) => drop(give.send(None)),
                Some(_) => {}
            }
            gst::PadProbeReturn::Ok
        });
        let pad = src.request_pad_simple(name).unwrap();
        pad.link(&filter.static_pad("sink").unwrap()).unwrap();
        frames
    });
    let frames = frames.collect();
    (pipeline, frames)
}

fn next(frames: &Receiver<Option<gst::Caps>>) -> Option<String> {
    let caps = frames.recv_timeout(DEADLINE).expect("nothing came to a requested pad in time");
    caps.map(|caps| caps.structure(0).unwrap().name().to_string())
}

#[test]
fn requested_pads_get_the_producers_streams_by_kind_and_those_left_over_end() {
    let (producing, consuming) = Direct::pair();
    let producer =
        Pipeline::parse(&format!("{} ! webrtcsink name=ws stun-server=\"\" {VIDEO} ! ws.", support::AUDIO));
    producer.element("ws").set_property("signaller", &producing);
    let pads =
        [("req_video_%u", "video/x-raw"), ("req_audio_%u", "audio/x-opus"), ("req_video_%u", "video/x-raw")];
    let (viewer, frames) = requested(&pads);
    let src = viewer.element("src");
    src.set_property("signaller", &consuming);
    let names: Vec<_> = src.src_pads().iter().map(|pad| pad.name().to_string()).collect();
    assert_eq!(names, ["req_video_0", "req_audio_0", "req_video_1"]);
    producer.play();
    viewer.play();
    support::has_caps(&producer.element("ws"));
    support::has_caps_on(&producer.element("ws"), "audio_0");
    let removed = crate::session_ends::removed(&viewer);
    for session in ["one", "two"] {
        consuming.session_started(session, "producer");
        producing.session_requested(session, "viewer", None);
        assert_eq!(next(&frames[0]).as_deref(), Some("video/x-raw"), "{session}");
        assert_eq!(next(&frames[1]).as_deref(), Some("audio/x-opus"), "{session}");
        // The pads are the application's: they end with the session, and serve the next.
        consuming.session_ended(session, None);
        producing.session_ended(session, None);
        for frames in &frames[..2] {
            while next(frames).is_some() {}
        }
        assert_eq!(removed.recv_timeout(DEADLINE).unwrap().0, session);
        assert_eq!(src.num_src_pads(), 3);
    }
    assert_eq!(frames[2].try_iter().collect::<Vec<_>>(), [None], "a pad without a stream got no EOS");
    let pad = src.static_pad("req_video_1").unwrap();
    src.release_request_pad(&pad);
    assert_eq!(src.num_src_pads(), 2);
}

/// The offer that a source makes by itself, whose requested pads lead to sinks of these caps.
fn offer(requested: &[&str]) -> String {
    let (direct, said) = Direct::new();
    let pads: Vec<_> = requested.iter().map(|caps| ("req_video_%u", *caps)).collect();
    let (pipeline, _frames) = self::requested(&pads);
    pipeline.element("src").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    direct.session_requested("s", "producer", None);
    loop {
        match said.recv_timeout(DEADLINE).expect("no offer in time") {
            Said::Description(_, WebRTCSDPType::Offer, sdp) => return sdp,
            Said::Ended(_, why) => panic!("{why:?}"),
            _ => {}
        }
    }
}

fn source() -> gst::Element {
    support::init();
    gst::ElementFactory::make("webrtcsrc").property("stun-server", None::<String>).build().unwrap()
}

#[test]
fn a_source_that_offers_wants_one_picture_and_one_sound_or_what_its_pads_take() {
    let lines = |sdp: &str| sdp.lines().filter(|line| line.starts_with("m=")).count();
    let sdp = offer(&[]);
    assert_eq!(lines(&sdp), 2, "{sdp}");
    for codec in ["VP8", "H264", "VP9", "H265", "AV1", "OPUS"] {
        assert!(sdp.contains(&format!(" {codec}/")), "{codec}: {sdp}");
    }
    for profile in ["42e0", "4200", "4d00", "640c", "6400"] {
        assert!(sdp.contains(&format!("profile-level-id={profile}")), "{profile}: {sdp}");
    }
    let sdp = offer(&["video/x-h264", "video/x-raw"]);
    assert_eq!(lines(&sdp), 2, "{sdp}");
    let sections: Vec<_> = sdp.split("m=video").skip(1).collect();
    assert!(sections[0].contains("H264/90000") && !sections[0].contains("VP8/90000"), "{sdp}");
    assert!(sections[1].contains("H264/90000") && sections[1].contains("VP8/90000"), "{sdp}");
}

#[test]
fn a_name_of_no_codec_is_a_warning_that_names_those_there_are() {
    let pipeline = Pipeline::parse_bin("webrtcsrc name=src");
    let src = pipeline.element("src");
    src.set_property("video-codecs", gst::Array::new(["vp9", "VPX", "RAW", "VP9"]));
    let text = pipeline.warning();
    assert!(text.contains("video-codecs") && text.contains("VPX") && text.contains("AV1"), "{text}");
    let set: Vec<String> =
        src.property::<gst::Array>("video-codecs").iter().map(|name| name.get().unwrap()).collect();
    assert_eq!(set, ["VP9", "RAW"]);
    src.set_property("audio-codecs", gst::Array::new(["L24", "L16", "L8", "OPUS"]));
    assert_eq!(src.property::<gst::Array>("audio-codecs").len(), 4);
}

#[test]
fn addresses_are_read_back_in_the_signallers_form_without_what_the_element_knows() {
    support::init();
    for (set, read, peer) in [
        ("gstwebrtc://h:1/a?peer-id=x", "ws://h:1/a?peer-id=x", Some("x")),
        ("gstwebrtcs://h:1/?peer-id=x", "wss://h:1/?peer-id=x", Some("x")),
        ("gstwebrtc://h:1/?connect-to-first-producer=true", "ws://h:1/?connect-to-first-producer=true", None),
        (
            "gstwebrtc://h:1/?peer-id=x&connect-to-first-producer=true",
            "ws://h:1/?connect-to-first-producer=true",
            Some("x"),
        ),
        ("gstwebrtc://h:1/?token=t", "ws://h:1/?token=t", None),
    ] {
        let src = gst::ElementFactory::make("webrtcsrc").build().unwrap();
        let handler = src.dynamic_cast_ref::<gst::URIHandler>().unwrap();
        handler.set_uri(set).unwrap();
        assert_eq!(handler.uri().as_deref(), Some(read), "{set}");
        let signaller = src.property::<glib::Object>("signaller");
        assert_eq!(signaller.property::<Option<String>>("producer-peer-id").as_deref(), peer, "{set}");
    }
    let src = gst::ElementFactory::make("webrtcsrc").build().unwrap();
    let handler = src.dynamic_cast_ref::<gst::URIHandler>().unwrap();
    for bad in ["gstwebrtc:/", "http://h", "gstwebrtcs"] {
        assert!(handler.set_uri(bad).is_err(), "{bad}");
    }
}

#[test]
fn playbin3_plays_an_address() {
    let server = Server::start("127.0.0.1:0");
    let address = server.address;
    let producer = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri=ws://{address}"
    ));
    producer.play();
    support::registered(&producer.element("ws"));
    let signaller = producer.element("ws").property::<glib::Object>("signaller");
    let id: String = signaller.property::<Option<String>>("client-id").unwrap();
    let player = Pipeline::parse(&format!("playbin3 name=p uri=\"gstwebrtc://{address}?peer-id={id}\""));
    let play = player.0.clone().upcast::<gst::Element>();
    let (give, frames) = channel();
    let sink = gst_app::AppSink::builder().sync(false).build();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let _ = give.send(sink.pull_sample().map_err(|_| gst::FlowError::Eos)?);
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    play.set_property("video-sink", &sink);
    play.set_property("audio-sink", gst::ElementFactory::make("fakesink").build().unwrap());
    play.connect("source-setup", false, |values| {
        values[1].get::<gst::Element>().unwrap().set_property("stun-server", None::<String>);
        None
    });
    player.play();
    for _ in 0..5 {
        let sample = frames.recv_timeout(DEADLINE).expect("playbin3 showed nothing in time");
        assert_eq!(sample.caps().unwrap().structure(0).unwrap().get("width"), Ok(320));
    }
}

#[test]
fn five_sources_of_two_producers_have_streams_of_their_own_and_some_start_again_while_others_go_on() {
    let producers = [producer(VIDEO, ""), producer(VIDEO, "")];
    let addresses = producers.each_ref().map(|producer| uri(&producer.element("ws")));
    let viewers: Vec<_> =
        (0..5).map(|number| Viewer::play(&addresses[number % 2], "video", "video/x-raw")).collect();
    let id = |viewer: &Viewer| {
        viewer.sample();
        viewer.pipeline.element("src").static_pad("video_0").unwrap().stream_id().unwrap().to_string()
    };
    let ids: std::collections::HashSet<_> = viewers.iter().map(id).collect();
    assert_eq!(ids.len(), viewers.len());
    for _ in 0..2 {
        for viewer in &viewers[..2] {
            viewer.pipeline.stop();
            let _ = viewer.come().count();
            viewer.pipeline.play();
        }
        viewers[2].samples(3);
        viewers.iter().for_each(|viewer| drop(viewer.samples(2)));
    }
}

#[test]
fn a_source_behind_another_signaller_has_no_address_and_takes_no_first_producer_and_does_not_panic() {
    let src = source();
    let (direct, _said) = Direct::new();
    src.set_property("signaller", &direct);
    src.set_property("connect-to-first-producer", true);
    assert!(!src.property::<bool>("connect-to-first-producer"));
    let handler = src.dynamic_cast_ref::<gst::URIHandler>().unwrap();
    assert_eq!(handler.uri(), None);
    assert!(handler.set_uri("gstwebrtc://127.0.0.1:1").is_err());
}

#[test]
fn the_offer_of_a_source_is_no_panic_where_the_peer_answers_nonsense() {
    let (direct, said) = Direct::new();
    let src = source();
    src.set_property("signaller", &direct);
    let pipeline = Pipeline(gst::Pipeline::new());
    pipeline.0.add(&src).unwrap();
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    for (number, kind) in
        [WebRTCSDPType::Pranswer, WebRTCSDPType::Rollback, WebRTCSDPType::Answer].into_iter().enumerate()
    {
        let session = format!("s{number}");
        direct.session_requested(&session, "producer", None);
        while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Description(..)) {}
        let nonsense = "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 0 X 1\r\n";
        let sdp = gst_sdp::SDPMessage::parse_buffer(nonsense.as_bytes()).unwrap();
        direct.session_description(&session, &WebRTCSessionDescription::new(kind, sdp));
        while !matches!(said.recv_timeout(DEADLINE).expect("the session goes on"), Said::Ended(..)) {}
    }
}
