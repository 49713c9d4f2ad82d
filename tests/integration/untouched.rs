//! Streams that come, go and become others touch nothing but themselves: no packet of another is lost, and its section
//! of the offers stays what it was.

use crate::support::direct::{Direct, Said};
use crate::support::light::here;
use crate::support::tone::Tone;
use crate::support::watcher::Watcher;
use crate::support::{DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;

/// Raw and encoded pictures by turns, which sessions cannot be sent in the same codecs.
const CHANGING: &str = "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=15/1 ! by.sink_0 \
    videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=15/1 \
    ! vp8enc deadline=1 keyframe-max-dist=15 ! by.sink_1 \
    input-selector name=by sync-streams=false ! ws.video_%u";

/// The sections of an offer, without what is found out while time passes.
fn sections(offer: &str) -> Vec<String> {
    let lines = offer.lines().filter(|line| !line.contains("candidate"));
    let mut sections: Vec<String> = Vec::new();
    for line in lines {
        if line.starts_with("m=") || sections.is_empty() {
            sections.push(String::new());
        }
        sections.last_mut().unwrap().push_str(&format!("{line}\n"));
    }
    sections
}

/// The section of a source. What is sent again a webrtcbin gives another source in each offer.
fn section(offer: &str, source: u32) -> Vec<String> {
    let own = format!("a=ssrc:{source} ");
    let found = sections(offer).into_iter().find(|section| section.contains(&own));
    let found = found.unwrap_or_else(|| panic!("no {source} in {offer}"));
    let lines = found.lines().filter(|line| !line.starts_with("a=ssrc") || line.starts_with(&own));
    lines.map(str::to_owned).collect()
}

fn sent(offer: &str) -> usize {
    offer.matches("a=sendonly").count()
}

/// Whether a stream is offered in VP8 alone.
fn has_vp8_alone(offer: &str) -> bool {
    sections(offer)
        .iter()
        .any(|section| section.contains("a=sendonly") && section.contains("VP8") && !section.contains("H264"))
}

fn what_comes_goes_and_changes_touches_no_other_stream(transport: &str) {
    let settings = format!("{transport} rungs=1 transcode=false video-caps=\"video/x-vp8;video/x-h264\"");
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\" {settings} {CHANGING}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    let mut viewer = Watcher::at(here(), (direct, said), |config| config);
    let first = viewer.answer_until(|offer| sent(offer) == 2, |answer| answer);
    let source = |section: &String| {
        let line = section.lines().find_map(|line| line.strip_prefix("a=ssrc:"));
        line.and_then(|line| line.split(' ').next()?.parse::<u32>().ok())
    };
    let sources: Vec<u32> = sections(&first).iter().filter_map(source).collect();
    for source in &sources {
        viewer.packet_that(|packet| *packet.header.ssrc == *source);
    }
    // A webrtcbin offers again only what was taken.
    let mut before = String::new();
    for _ in 0..2 {
        let tone = Tone::add(&pipeline);
        viewer.answer_until(|offer| sent(offer) == 3, |answer| answer);
        viewer.packet_that(|packet| !sources.contains(&*packet.header.ssrc));
        tone.remove(&pipeline);
        before = viewer.answer_until(|offer| sent(offer) == 2, |answer| answer);
    }
    let by = pipeline.element("by");
    by.set_property("active-pad", by.static_pad("sink_1"));
    let changed = viewer.answer_until(has_vp8_alone, |answer| answer);
    assert_eq!(sent(&changed), 2, "{changed}");
    // A webrtcbin goes on naming the source of a section in which nothing is sent.
    let sending: Vec<_> =
        sections(&changed).into_iter().filter(|section| section.contains("a=sendonly")).collect();
    let is_sent = |source: u32| sending.iter().any(|section| section.contains(&format!("a=ssrc:{source} ")));
    viewer.packet_that(|packet| !sources.contains(&packet.header.ssrc) && is_sent(*packet.header.ssrc));
    let stays: Vec<_> = sources.iter().filter(|source| is_sent(**source)).collect();
    let [stays] = stays[..] else { panic!("{sources:?} in {changed}") };
    viewer.packets(60);
    assert_eq!(section(&changed, *stays), section(&before, *stays));
    assert_eq!(viewer.missing(*stays), 0);
}

crate::support::under_both_transports!(what_comes_goes_and_changes_touches_no_other_stream);
