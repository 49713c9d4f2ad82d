//! Channels of applications, the same through both transports.

use crate::support::channel::{Said, Talk, arriving, opened_first, sessions};
use crate::support::tone::Tone;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::WebRTCDataChannelState;

/// A producer that is registered, its element not yet visited.
fn producer(settings: &str) -> (Pipeline, gst::Element) {
    let producer = support::producer(VIDEO, settings);
    let sink = producer.element("ws");
    (producer, sink)
}

fn viewer(sink: &gst::Element, settings: &str) -> (Viewer, gst::Element) {
    let viewer = Viewer::new(&support::uri(sink), "video", "video/x-raw", settings);
    let src = viewer.pipeline.element("src");
    (viewer, src)
}

fn text(text: &str) -> Said {
    Said::Text(text.into())
}

fn a_channel_opened_before_the_offer_carries_text_and_data_both_ways(transport: &str) {
    let (_producer, sink) = producer(transport);
    let opened = opened_first(&sink, "chat", "");
    let (viewer, src) = viewer(&sink, "");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let here = opened.recv_timeout(DEADLINE).unwrap();
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    assert_eq!(here.next(), Said::Open);
    assert_eq!(there.channel.property::<String>("label"), "chat");
    for channel in [&here.channel, &there.channel] {
        assert_eq!(channel.property::<WebRTCDataChannelState>("ready-state"), WebRTCDataChannelState::Open);
        assert!(channel.property::<bool>("ordered"));
    }
    assert_eq!(here.channel.property::<i32>("id"), there.channel.property::<i32>("id"));
    here.send_string("Grüße");
    there.until(&text("Grüße"));
    there.send_string("welcome");
    here.until(&text("welcome"));
    // webrtcbin, which the viewer has in any case, takes no more at once.
    let longest = if transport.contains("native") { 262_144 } else { 65_535 };
    for (from, to, longest) in [(&here, &there, 65_535), (&there, &here, longest)] {
        for size in [1, 1200, 65_535, longest] {
            let data: Vec<u8> = (0..size).map(|at| (at * 7 % 251) as u8).collect();
            assert!(from.send_data(&data), "{size}");
            to.until(&Said::Data(data));
        }
        assert!(!from.send_data(&vec![0; longest + 1]), "longer than the peer takes");
    }
    for talk in [&here, &there] {
        assert!(!talk.send_data(&[]), "not every transport carries it");
    }
    there.close();
    here.until(&Said::Closed);
    there.until(&Said::Closed);
    assert!(!here.send_data(b"late"));
    viewer.samples(5);
}

fn a_channel_opened_in_a_running_session_asks_for_an_offer_and_works(transport: &str) {
    let (_producer, sink) = producer(transport);
    let sessions = sessions(&sink);
    let (viewer, src) = viewer(&sink, "");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let session = sessions.recv_timeout(DEADLINE).unwrap();
    viewer.samples(10);
    let first = Talk::open(&sink, &session, "first", "o,ordered=false,max-retransmits=2,protocol=raw");
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    assert!(!there.channel.property::<bool>("ordered"));
    assert_eq!(there.channel.property::<i32>("max-retransmits"), 2);
    assert_eq!(there.channel.property::<String>("protocol"), "raw");
    first.until(&Said::Open);
    first.send_string("one");
    there.until(&text("one"));
    // The place is there now: no further offer.
    let second = Talk::open(&sink, &session, "second", "");
    second.until(&Said::Open);
    let there = arriving.recv_timeout(DEADLINE).unwrap();
    there.send_string("two");
    second.until(&text("two"));
    viewer.samples(10);
}

fn a_viewers_channel_reaches_a_producer_that_listens_for_it(transport: &str) {
    let (_producer, sink) = producer(transport);
    let arriving = arriving(&sink);
    let (viewer, src) = viewer(&sink, "");
    let opened = opened_first(&src, "mine", "");
    viewer.pipeline.play();
    let here = opened.recv_timeout(DEADLINE).unwrap();
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    here.until(&Said::Open);
    here.send_string("hello");
    there.until(&text("hello"));
    there.send_string("hello yourself");
    here.until(&text("hello yourself"));
    assert_eq!(there.channel.property::<String>("label"), "mine");
    viewer.samples(5);
}

fn a_viewers_channel_that_the_producer_has_no_place_for_says_so_and_the_media_goes_on(transport: &str) {
    let (_producer, sink) = producer(transport);
    let (viewer, src) = viewer(&sink, "");
    let early = opened_first(&src, "early", "");
    viewer.pipeline.play();
    viewer.samples(10);
    for talk in [early.recv_timeout(DEADLINE).unwrap(), Talk::open(&src, "", "late", "")] {
        assert!(matches!(talk.next(), Said::Error(text) if text.contains("has to offer")));
        assert_eq!(talk.next(), Said::Closed);
    }
    viewer.samples(30);
}

fn both_sides_can_agree_on_a_channel_by_themselves(transport: &str) {
    let (_producer, sink) = producer(transport);
    let options = "o,negotiated=true,id=9";
    let opened = opened_first(&sink, "agreed", options);
    let (viewer, src) = viewer(&sink, "");
    let others = opened_first(&src, "agreed", options);
    viewer.pipeline.play();
    let (here, there) = (opened.recv_timeout(DEADLINE).unwrap(), others.recv_timeout(DEADLINE).unwrap());
    here.until(&Said::Open);
    there.until(&Said::Open);
    here.send_string("first");
    there.until(&text("first"));
    there.send_string("second");
    here.until(&text("second"));
    assert_eq!(here.channel.property::<i32>("id"), 9);
    assert_eq!(there.channel.property::<i32>("id"), 9);
}

fn a_flood_is_refused_at_the_bound_and_goes_on_when_little_waits(transport: &str) {
    let (_producer, sink) = producer(transport);
    let opened = opened_first(&sink, "flood", "");
    let (viewer, src) = viewer(&sink, "");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let here = opened.recv_timeout(DEADLINE).unwrap();
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    here.until(&Said::Open);
    here.channel.set_property("buffered-amount-low-threshold", 100_000u64);
    let message = |number: u32| [&number.to_be_bytes()[..], &[7; 65_000]].concat();
    let taken = (0..).take_while(|number| here.send_data(&message(*number))).count();
    assert!((60..=2000).contains(&taken), "{taken} messages were taken");
    assert!(here.channel.property::<u64>("buffered-amount") <= 4 * 1024 * 1024);
    // It may have been low in between.
    while here.channel.property::<u64>("buffered-amount") > 100_000 {
        here.until(&Said::Low);
    }
    assert!(here.send_data(b"more"));
    for number in 0..u32::try_from(taken).unwrap() {
        there.until(&Said::Data(message(number)));
    }
    there.until(&Said::Data(b"more".to_vec()));
    viewer.samples(5);
}

fn everything_stops_in_time_with_messages_on_their_way(transport: &str) {
    let (producer, sink) = producer(transport);
    let opened = opened_first(&sink, "flood", "");
    let (viewer, src) = viewer(&sink, "");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let here = opened.recv_timeout(DEADLINE).unwrap();
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    here.until(&Said::Open);
    for talk in [&here, &there] {
        while talk.send_data(&[1; 65_000]) {}
    }
    let took = producer.stop();
    assert!(took.as_millis() < 1000, "{took:?}");
    here.until(&Said::Closed);
    assert_eq!(
        here.channel.property::<WebRTCDataChannelState>("ready-state"),
        WebRTCDataChannelState::Closed
    );
    let took = viewer.pipeline.stop();
    assert!(took.as_millis() < 1000, "{took:?}");
    there.until(&Said::Closed);
    assert!(!here.send_data(b"late") && !there.send_data(b"late"));
}

fn a_stream_that_comes_after_the_channels_gets_a_section_behind_theirs(transport: &str) {
    let (producer, sink) = producer(transport);
    let opened = opened_first(&sink, "chat", "");
    let viewer = Viewer::new(&support::uri(&sink), "audio", "audio/x-raw", "");
    let src = viewer.pipeline.element("src");
    let arriving = arriving(&src);
    viewer.pipeline.play();
    let here = opened.recv_timeout(DEADLINE).unwrap();
    let there = arriving.recv_timeout(DEADLINE).expect("the channel never arrived");
    here.until(&Said::Open);
    let _tone = Tone::add(&producer);
    viewer.samples(20);
    here.send_string("still here");
    there.until(&text("still here"));
    there.send_string("so am I");
    here.until(&text("so am I"));
}

fn what_makes_no_sense_is_refused(transport: &str) {
    let (_producer, sink) = producer(transport);
    let sessions = sessions(&sink);
    let (viewer, _) = viewer(&sink, "");
    viewer.pipeline.play();
    let session = sessions.recv_timeout(DEADLINE).unwrap();
    let open = |session: &str, label: &str, options: &str| {
        let options: gst::Structure = options.parse().unwrap();
        sink.emit_by_name::<Option<glib::Object>>("open-data-channel", &[&session, &label, &options])
    };
    assert!(open("nobody", "a", "o").is_none());
    assert!(open(&session, "a", "o,max-retransmits=1,max-packet-lifetime=1").is_none());
    assert!(open(&session, "a", "o,negotiated=true").is_none());
    assert!(open(&session, &"a".repeat(5000), "o").is_none());
    assert!(open(&session, "a", "o").is_some());
    viewer.samples(5);
}

crate::support::under_both_transports!(
    a_channel_opened_before_the_offer_carries_text_and_data_both_ways,
    a_channel_opened_in_a_running_session_asks_for_an_offer_and_works,
    a_viewers_channel_reaches_a_producer_that_listens_for_it,
    a_viewers_channel_that_the_producer_has_no_place_for_says_so_and_the_media_goes_on,
    both_sides_can_agree_on_a_channel_by_themselves,
    a_flood_is_refused_at_the_bound_and_goes_on_when_little_waits,
    everything_stops_in_time_with_messages_on_their_way,
    a_stream_that_comes_after_the_channels_gets_a_section_behind_theirs,
    what_makes_no_sense_is_refused,
);
