//! Data channels of the native transport with a viewer who says and sees what no element does.

use crate::support::channel::{Talk, opened_first};
use crate::support::direct::{Direct, Said};
use crate::support::watcher::Watcher;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use crate::watching::watched;
use gst::prelude::*;
use gst_webrtc::WebRTCDataChannelState;

/// A viewer that watches, and the sink.
fn watching() -> (Pipeline, gst::Element, Watcher) {
    let (pipeline, mut viewer) = watched("", |config| config);
    let sink = pipeline.element("ws");
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    viewer.packets(10);
    (pipeline, sink, viewer)
}

fn has_channels(offer: &str) -> bool {
    offer.contains("m=application")
}

fn becomes(viewer: &mut Watcher, talk: &Talk, state: WebRTCDataChannelState) {
    viewer.go_on_until(|_| {
        (talk.channel.property::<WebRTCDataChannelState>("ready-state") == state).then_some(())
    });
}

#[test]
fn a_viewer_that_takes_messages_of_a_gigabyte_is_sent_none_that_would_never_go() {
    let (_pipeline, sink, mut viewer) = watching();
    let talk = Talk::open(&sink, "s", "chat", "");
    viewer.answer_until(has_channels, |answer| {
        let lines = answer.lines().map(|line| match line.starts_with("a=max-message-size:") {
            true => "a=max-message-size:1073741823\r\n".to_owned(),
            false => format!("{line}\r\n"),
        });
        lines.collect()
    });
    becomes(&mut viewer, &talk, WebRTCDataChannelState::Open);
    assert!(!talk.send_data(&vec![7; 600 << 10]));
    assert!(talk.send_data(&vec![7; 256 << 10]));
    viewer.go_on_until(|_| (talk.channel.property::<u64>("buffered-amount") == 0).then_some(()));
}

#[test]
fn a_channel_that_is_closed_before_it_opened_ends() {
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" transport=native"));
    let sink = pipeline.element("ws");
    let (direct, said) = Direct::new();
    sink.set_property("signaller", &direct);
    let opened = opened_first(&sink, "other", "");
    let (tell, told) = std::sync::mpsc::channel();
    // Nothing has been agreed on by then, so no thread knows the session.
    sink.connect("session-added", false, move |values| {
        let (sink, session) = (values[0].get::<gst::Element>().unwrap(), values[1].get::<String>().unwrap());
        let gone = Talk::open(&sink, &session, "gone", "");
        gone.close();
        tell.send(gone).unwrap();
        None
    });
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    let mut viewer = Watcher::new((direct, said), |config| config);
    let offer = viewer.offered();
    viewer.answer(&offer, |answer| answer);
    let (gone, other) = (told.recv_timeout(DEADLINE).unwrap(), opened.recv_timeout(DEADLINE).unwrap());
    becomes(&mut viewer, &other, WebRTCDataChannelState::Open);
    becomes(&mut viewer, &gone, WebRTCDataChannelState::Closed);
}
