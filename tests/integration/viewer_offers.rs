//! Sessions in which the viewer makes the offer, over a signaller inside the process.

use crate::support::direct::{Direct, Said};
use crate::support::{DEADLINE, Pipeline, VIDEO, picture};
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::{Receiver, channel};

/// A sink and a source joined by two signallers, and the source's pictures.
fn joined(transport: &str, start: impl FnOnce(&Direct, &Direct)) -> usize {
    let (producing, consuming) = Direct::pair();
    let producer = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
    producer.element("ws").set_property("signaller", &producing);
    crate::support::init();
    let src = gst::ElementFactory::make("webrtcsrc")
        .property("signaller", &consuming)
        .property("stun-server", None::<String>)
        .build()
        .unwrap();
    let consumer = Pipeline(gst::Pipeline::new());
    consumer.0.add(&src).unwrap();
    let (give, frames) = channel();
    let target = consumer.0.downgrade();
    src.connect_pad_added(move |_, pad| {
        let sink = gst::ElementFactory::make("fakesink")
            .property("signal-handoffs", true)
            .property("sync", false)
            .build();
        let (sink, give) = (sink.unwrap(), give.clone());
        sink.connect("handoff", false, move |_| {
            let _ = give.send(());
            None
        });
        target.upgrade().unwrap().add(&sink).unwrap();
        sink.sync_state_with_parent().unwrap();
        pad.link(&sink.static_pad("sink").unwrap()).unwrap();
    });
    consumer.play();
    producer.play();
    assert!(producer.0.state(gst::ClockTime::from_seconds(5)).0.is_ok());
    start(&producing, &consuming);
    (0..30).map(|_| frames.recv_timeout(DEADLINE).expect("no media came in time")).count()
}

fn the_producer_offers_and_media_flows_without_a_server(transport: &str) {
    joined(transport, |producing, consuming| {
        consuming.session_started("s", "producer");
        producing.session_requested("s", "viewer", None);
    });
}

fn the_viewer_offers_and_media_flows(transport: &str) {
    joined(transport, |producing, consuming| {
        // The source's offer reaches the sink as the request for the session.
        let sink = producing.clone();
        consuming.connect("send-session-description", false, move |values| {
            let offer = values[2].get::<WebRTCSessionDescription>().unwrap();
            if offer.type_() == WebRTCSDPType::Offer {
                sink.session_requested("s", "viewer", Some(&offer));
            }
            Some(true.to_value())
        });
        consuming.session_requested("s", "producer", None);
    });
}

/// What Chromium offers when it wants data channels and, after them, video in numbers of its own.
const APPLICATION_FIRST: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:asd88fgpdd777uzjYhagZg01\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 109 120\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:asd88fgpdd777uzjYhagZg01\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2\r\n\
    a=setup:actpass\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:109 VP8/90000\r\n\
    a=rtcp-fb:109 nack pli\r\na=rtpmap:120 rtx/90000\r\na=fmtp:120 apt=109\r\n";

/// A sink to which a viewer makes this offer as it asks for a session.
fn offered(transport: &str, offer: &str) -> (Pipeline, Direct, Receiver<Said>) {
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    let message = gst_sdp::SDPMessage::parse_buffer(offer.as_bytes()).unwrap();
    let offer = WebRTCSessionDescription::new(WebRTCSDPType::Offer, message);
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    direct.session_requested("s", "viewer", Some(&offer));
    (pipeline, direct, said)
}

fn answer(said: &Receiver<Said>) -> String {
    loop {
        match said.recv_timeout(DEADLINE).expect("no answer in time") {
            Said::Description(_, WebRTCSDPType::Answer, sdp) => break sdp,
            Said::Ended(_, why) => panic!("{why:?}"),
            _ => {}
        }
    }
}

#[test]
fn an_answer_names_no_extension_that_its_own_offer_does_not_have() {
    let extension = "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
    let first = format!("{APPLICATION_FIRST}{extension}");
    let (_pipeline, direct, said) = offered("transport=native", &first);
    assert!(answer(&said).contains(extension));
    for (version, offer) in [(3, APPLICATION_FIRST), (4, &first)] {
        let later = offer.replace("336 2 IN", &format!("336 {version} IN"));
        direct.describe("s", WebRTCSDPType::Offer, &later);
        let answer = answer(&said);
        assert_eq!(answer.contains("a=extmap:"), offer.contains(extension), "{answer}");
    }
}

fn an_application_line_before_the_video_is_answered_and_the_viewers_numbers_are_used(transport: &str) {
    let (_pipeline, _direct, said) = offered(transport, APPLICATION_FIRST);
    let answer = answer(&said);
    let lines: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert!(lines[0].starts_with("m=application") && lines[1].starts_with("m=video"), "{answer}");
    assert!(answer.contains("a=rtpmap:109 VP8/90000") && answer.contains("a=sendonly"), "{answer}");
}

fn numbered_pictures_survive_where_the_viewer_offers_numbers_of_its_own(transport: &str) {
    let producer = Pipeline::parse(&format!(
        "{} ! webrtcsink name=ws stun-server=\"\" {transport} video-caps=video/x-vp9",
        picture::source()
    ));
    let (producing, consuming) = Direct::pair();
    producer.element("ws").set_property("signaller", &producing);
    let src = gst::ElementFactory::make("webrtcsrc")
        .property("signaller", &consuming)
        .property("stun-server", None::<String>)
        .property("video-codecs", gst::Array::new(["VP8", "H264", "VP9"]))
        .build()
        .unwrap();
    let consumer = Pipeline(gst::Pipeline::new());
    consumer.0.add(&src).unwrap();
    let (give, numbers) = channel();
    let target = consumer.0.downgrade();
    src.connect_pad_added(move |_, pad| {
        let give = give.clone();
        let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
            let _ = give.send(picture::number(&sink.pull_sample().map_err(|_| gst::FlowError::Eos)?));
            Ok(gst::FlowSuccess::Ok)
        });
        let caps: gst::Caps = "video/x-raw,format=I420".parse().unwrap();
        let sink = gst_app::AppSink::builder().caps(&caps).sync(false).callbacks(callbacks.build()).build();
        target.upgrade().unwrap().add(&sink).unwrap();
        sink.sync_state_with_parent().unwrap();
        pad.link(&sink.static_pad("sink").unwrap()).unwrap();
    });
    producer.play();
    consumer.play();
    let _feeder = picture::Feeder::start(&producer);
    let (caps_known, known) = channel();
    producer.element("ws").static_pad("video_0").unwrap().connect_notify(Some("caps"), move |_, _| {
        let _ = caps_known.send(());
    });
    if producer.element("ws").static_pad("video_0").unwrap().current_caps().is_none() {
        known.recv_timeout(DEADLINE).unwrap();
    }
    let sink = producing.clone();
    consuming.connect("send-session-description", false, move |values| {
        let offer = values[2].get::<WebRTCSessionDescription>().unwrap();
        sink.session_requested("s", "viewer", Some(&offer));
        Some(true.to_value())
    });
    consuming.session_requested("s", "producer", None);
    let numbers: Vec<u16> =
        (0..40).map(|_| numbers.recv_timeout(DEADLINE).expect("no media came in time")).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

crate::support::under_both_transports!(
    the_producer_offers_and_media_flows_without_a_server,
    the_viewer_offers_and_media_flows,
    an_application_line_before_the_video_is_answered_and_the_viewers_numbers_are_used,
    numbered_pictures_survive_where_the_viewer_offers_numbers_of_its_own,
);
