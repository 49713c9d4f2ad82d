//! Media sections of the native transport's offers that are left, refused and used again.

use crate::native::{NATIVE, alone, offer};
use crate::support::DEADLINE;
use crate::support::direct::{Direct, Said};
use crate::support::tone::Tone;
use gst_webrtc::WebRTCSDPType;
use std::sync::mpsc::Receiver;

/// A viewer that takes H.264 only answers; of sections that `refuses` names it wants nothing.
fn answer(offer: &str, refuses: &str) -> String {
    let vp8 = offer.lines().filter(|line| line.contains(" VP8/90000"));
    let vp8: Vec<_> = vp8.map(|line| line["a=rtpmap:".len()..].split(' ').next().unwrap()).collect();
    let of_vp8 = |line: &str| {
        let attributes = ["rtpmap", "fmtp", "rtcp-fb"];
        let names = |pt: &&str| attributes.iter().any(|name| line.starts_with(&format!("a={name}:{pt} ")));
        vp8.iter().any(|pt| names(pt) || line.ends_with(&format!("apt={pt}")))
    };
    let mut sections: Vec<String> = Vec::new();
    for line in offer.lines().filter(|line| !of_vp8(line)) {
        if sections.is_empty() || line.starts_with("m=") {
            sections.push(String::new());
        }
        let ours = ["a=ssrc", "a=msid:", "a=candidate:", "a=end-of-candidates"];
        let line = match line {
            line if ours.iter().any(|start| line.starts_with(start)) => continue,
            line if line.starts_with("o=") => "o=- 77 1 IN IP4 0.0.0.0".to_owned(),
            line if line.starts_with("m=") => {
                let words = line.split(' ').enumerate().filter(|(at, word)| *at < 3 || !vp8.contains(word));
                words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
            }
            line => line
                .replace("a=setup:actpass", "a=setup:active")
                .replace("a=ice-ufrag:", "a=ice-ufrag:v")
                .replace("a=sendonly", "a=recvonly"),
        };
        sections.last_mut().unwrap().push_str(&format!("{line}\r\n"));
    }
    for section in &mut sections {
        if section.starts_with(&format!("m={refuses} ")) {
            let mid = section.lines().find(|line| line.starts_with("a=mid:")).unwrap();
            *section =
                format!("m={refuses} 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n{mid}\r\n");
        }
    }
    sections.concat()
}

/// Answers the sink's offers until it makes one with this many streams.
fn offered(direct: &Direct, said: &Receiver<Said>, streams: usize, refuses: &str) -> String {
    loop {
        match said.recv_timeout(DEADLINE).expect("no such offer in time") {
            Said::Description(_, WebRTCSDPType::Offer, sdp) => {
                direct.describe("s", WebRTCSDPType::Answer, &answer(&sdp, refuses));
                if sdp.matches("a=sendonly").count() == streams {
                    return sdp;
                }
            }
            Said::Ended(_, why) => panic!("{why:?}"),
            _ => {}
        }
    }
}

fn settings() -> String {
    format!("{NATIVE} video-caps=\"video/x-vp8;video/x-h264\"")
}

#[test]
fn a_place_that_is_used_again_is_offered_in_all_formats() {
    let (pipeline, direct, said) = alone(&settings());
    let first = offer(&direct, &said, "s");
    direct.describe("s", WebRTCSDPType::Answer, &answer(&first, "nothing"));
    let pictures = Tone::pictures(&pipeline);
    let second = offered(&direct, &said, 2, "nothing");
    pictures.remove(&pipeline);
    offered(&direct, &said, 1, "nothing");
    let _pictures = Tone::pictures(&pipeline);
    let again = offered(&direct, &said, 2, "nothing");
    let count = |sdp: &str, what: &str| sdp.matches(what).count();
    assert_eq!((count(&second, "m=video"), count(&again, "m=video")), (2, 2), "{again}");
    assert_eq!((count(&second, "VP8/90000"), count(&again, "VP8/90000")), (2, 2), "{again}");
}

#[test]
fn a_section_that_was_refused_is_offered_again_as_it_was() {
    let (pipeline, direct, said) = alone(&settings());
    let first = offer(&direct, &said, "s");
    direct.describe("s", WebRTCSDPType::Answer, &answer(&first, "nothing"));
    let _tone = Tone::add(&pipeline);
    let second = offered(&direct, &said, 2, "audio");
    let _pictures = Tone::pictures(&pipeline);
    let third = offered(&direct, &said, 3, "audio");
    let section = |sdp: &str| {
        let line = sdp.lines().find(|line| line.starts_with("m=audio")).unwrap().to_owned();
        (line, sdp.matches("OPUS/48000/2").count())
    };
    assert_eq!(section(&third), section(&second), "{third}");
    assert!(section(&second).0.split_whitespace().count() > 3, "{second}");
}
