//! Descriptions of real peers and variants of them, and the plan that follows from each.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap")]

use gst_plugin_webrtc_logic as logic;
use logic::codec::{self, Codec, MediaKind};
use logic::sdp::media::{Description, Section};
use logic::sdp::plan::{self, Stream};
use std::fs;
use std::path::Path;

const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// What is done with the description.
enum Role {
    /// It is an offer and we answer by sending.
    Offer,
    /// It answers our offer, in which m-line n carried stream `[n]`.
    Answer(&'static [Option<usize>]),
    /// It is an offer and we answer by receiving, in the codecs of all streams.
    Receive,
}
use Role::{Answer, Offer, Receive};

/// A line of a table: what holds, of which description, for which streams, what is done, what follows.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Role,
    Result<&'static [&'static str], &'static str>,
);

/// What an application offers that has stated no preference.
const BOTH: &[&str] = &["video VP8 H264 VP9 H265 AV1", "audio OPUS"];
const LINES: &[Option<usize>] = &[Some(0), Some(1)];

/// A file of `descriptions`, by its name without the ending.
fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/descriptions/{name}.sdp"));
    fs::read_to_string(path).unwrap()
}

/// A description of media sections, ` | ` between them: `kind port formats`, then attributes, `, ` between them.
fn made(sections: &str) -> String {
    let mut sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n".to_owned();
    for section in sections.split(" | ").filter(|section| !section.is_empty()) {
        let mut lines = section.split(", ");
        let (kind, rest) = lines.next().unwrap().split_once(' ').unwrap();
        let (port, formats) = rest.split_once(' ').unwrap();
        let transport = if kind == "application" { "UDP/DTLS/SCTP" } else { "UDP/TLS/RTP/SAVPF" };
        sdp.push_str(&format!("m={kind} {port} {transport} {formats}\r\nc=IN IP4 0.0.0.0\r\n"));
        lines.for_each(|line| sdp.push_str(&format!("a={line}\r\n")));
    }
    sdp
}

fn stream(text: &str) -> Stream {
    let (kind, names) = text.split_once(' ').unwrap();
    let kind = if kind == "audio" { MediaKind::Audio } else { MediaKind::Video };
    Stream {
        kind,
        codecs: names.split(' ').map(|name| codec::by_name(name).unwrap()).collect(),
        is_encoded: false,
        profile: None,
    }
}

/// The plan as one line of text for each m-line, or why there is none.
fn planned(sdp: &str, streams: &[&str], role: &Role) -> Result<Vec<String>, String> {
    let description = Description::parse(sdp).map_err(|err| err.to_string())?;
    let streams: Vec<_> = streams.iter().map(|text| stream(text)).collect();
    let sending = match role {
        Offer => plan::read_offer(&description, &streams, &[]),
        Answer(lines) => plan::read_answer(&description, &streams, lines),
        Receive => {
            let wanted: Vec<&Codec> = streams.iter().flat_map(|stream| stream.codecs.clone()).collect();
            let plan = plan::read_offer_to_receive(&description, &wanted).map_err(|err| err.to_string())?;
            let formats = |formats: &[(logic::sdp::media::Format, &Codec)]| {
                formats
                    .iter()
                    .map(|(f, codec)| format!(" {} {}", codec.name, f.payload_type))
                    .collect::<String>()
            };
            return Ok(plan
                .iter()
                .map(|r| format!("{}: {}{}", r.m_line, r.kind, formats(&r.formats)))
                .collect());
        }
    };
    let lines = sending.map_err(|err| err.to_string())?.into_iter().map(|sending| {
        let id = |name: &str, uri: &str| {
            let found = sending.extensions.iter().find(|(_, known)| known == uri);
            found.map(|(id, _)| format!(" {name} {id}")).unwrap_or_default()
        };
        let (codec, number) = (sending.codec.name, sending.format.payload_type);
        let extensions = id("cc", TRANSPORT_CC) + &id("level", AUDIO_LEVEL);
        format!("{}: stream {} in {codec} {number}{extensions}", sending.m_line, sending.stream)
    });
    Ok(lines.collect())
}

fn check(rows: &[Row], read: fn(&str) -> String) {
    for (sentence, description, streams, role, expected) in rows {
        let plan = planned(&read(description), streams, role);
        match (&plan, expected) {
            (Ok(plan), Ok(expected)) => assert_eq!(plan, expected, "{sentence}"),
            (Err(err), Err(expected)) => assert!(err.contains(expected), "{sentence}: {err}"),
            _ => assert_eq!(plan.is_ok(), expected.is_ok(), "{sentence}: {plan:?}"),
        }
    }
}

const VIEWERS: &[Row] = &[
    (
        "Chromium is sent the first codec of each stream",
        "chromium-offer-recvonly",
        BOTH,
        Offer,
        Ok(&["0: stream 0 in VP8 96 cc 4", "1: stream 1 in OPUS 111 cc 4 level 14"]),
    ),
    (
        "of Chromium's eight kinds of H.264 the first that may be fragmented is taken",
        "chromium-offer-recvonly",
        &["video H264 VP8"],
        Offer,
        Ok(&["0: stream 0 in H264 102 cc 4"]),
    ),
    (
        "of Chromium's four profiles of VP9 profile 0 is taken, and pads may come in any order",
        "chromium-offer-recvonly",
        &["audio OPUS", "video VP9"],
        Offer,
        Ok(&["0: stream 1 in VP9 98 cc 4", "1: stream 0 in OPUS 111 cc 4 level 14"]),
    ),
    (
        "of Chromium's two profiles of AV1 the main profile is taken",
        "chromium-offer-recvonly",
        &["video AV1"],
        Offer,
        Ok(&["0: stream 0 in AV1 45 cc 4"]),
    ),
    (
        "Chromium without H.265 hears what it knows and what this side knows",
        "chromium-offer-recvonly",
        &["video H265"],
        Offer,
        Err("this side H265"),
    ),
    (
        "Chromium's data channel may be first",
        "chromium-offer-sendrecv-data-first",
        BOTH,
        Offer,
        Ok(&["1: stream 1 in OPUS 111 cc 3 level 1", "2: stream 0 in VP8 96 cc 3"]),
    ),
    ("who only sends is sent nothing", "chromium-offer-sendonly", BOTH, Offer, Err("wants none")),
    (
        "Firefox's second line has port 0 for the bundle, not to refuse",
        "firefox-offer-recvonly",
        BOTH,
        Offer,
        Ok(&["0: stream 0 in VP8 120 cc 7", "1: stream 1 in OPUS 109 cc 7 level 1"]),
    ),
    (
        "Firefox without its H.264 plugin has none in common",
        "firefox-offer-recvonly",
        &["video H264"],
        Offer,
        Err("the peer knows VP8, rtx, VP9, rtx, AV1, rtx, ulpfec, red, rtx, this side H264"),
    ),
    (
        "Firefox's data channel may be first, and both others bundled",
        "firefox-offer-sendrecv-data-first",
        BOTH,
        Offer,
        Ok(&["1: stream 1 in OPUS 109 cc 7 level 1", "2: stream 0 in VP8 120 cc 7"]),
    ),
    (
        "Safari puts H.264 first, and the application's order counts",
        "safari-16-offer-recvonly",
        BOTH,
        Offer,
        Ok(&["0: stream 0 in VP8 104 cc 4", "1: stream 1 in OPUS 111 cc 4 level 14"]),
    ),
    (
        "Safari's constrained high profile takes constrained baseline",
        "safari-16-offer-recvonly",
        &["video H264"],
        Offer,
        Ok(&["0: stream 0 in H264 96 cc 4"]),
    ),
    (
        "Safari's H.265 has no parameters",
        "safari-18-offer-sendrecv",
        &["video H265"],
        Offer,
        Ok(&["1: stream 0 in H265 104 cc 3"]),
    ),
    (
        "Safari's data channel may be last",
        "safari-18-offer-sendrecv",
        BOTH,
        Offer,
        Ok(&["0: stream 1 in OPUS 111 cc 3 level 1", "1: stream 0 in VP8 106 cc 3"]),
    ),
];

#[test]
fn viewers_that_make_the_offer_get_what_the_application_prefers() {
    check(VIEWERS, file);
}

#[test]
fn answers_decide_what_an_offered_stream_is_sent_as() {
    let both: &[&str] = &["0: stream 0 in VP8 96 cc 1", "1: stream 1 in OPUS 101 cc 1"];
    let rows: &[Row] = &[
        ("Chromium takes both", "chromium-answer", BOTH, Answer(LINES), Ok(both)),
        ("Firefox takes both", "firefox-answer", BOTH, Answer(LINES), Ok(both)),
        (
            "webrtcsrc takes both, without extensions",
            "gstreamer-answer",
            BOTH,
            Answer(LINES),
            Ok(&["0: stream 0 in VP8 96", "1: stream 1 in OPUS 101"]),
        ),
        (
            "a line that Chromium stopped is inactive",
            "chromium-answer-audio-stopped",
            BOTH,
            Answer(LINES),
            Ok(&["0: stream 0 in VP8 96 cc 1"]),
        ),
        (
            "a line that Chromium stopped was the only one",
            "chromium-answer-audio-stopped",
            BOTH,
            Answer(&[None, Some(1)]),
            Err("wants none"),
        ),
        (
            "the first of Chromium's formats that this side still makes is sent",
            "chromium-answer",
            &["video AV1 VP9", "audio OPUS"],
            Answer(LINES),
            Ok(&["0: stream 0 in VP9 98 cc 1", "1: stream 1 in OPUS 101 cc 1"]),
        ),
        (
            "streams need not be in the order of the lines",
            "gstreamer-answer",
            &["audio OPUS", "video VP8"],
            Answer(&[Some(1), Some(0)]),
            Ok(&["0: stream 1 in VP8 96", "1: stream 0 in OPUS 101"]),
        ),
        (
            "lines beyond those that were offered are not served",
            "firefox-answer",
            BOTH,
            Answer(&[Some(0)]),
            Ok(&["0: stream 0 in VP8 96 cc 1"]),
        ),
        (
            "an answer that sends wants nothing",
            "gstreamer-answer-sendonly",
            BOTH,
            Answer(LINES),
            Err("wants none"),
        ),
    ];
    check(rows, file);
}

#[test]
fn producers_that_make_the_offer_are_received_in_every_codec_that_is_wanted() {
    let rows: &[Row] = &[
        (
            "Chromium keeps its order, and H.264 that is not fragmented is no hindrance",
            "chromium-offer-sendonly",
            &["video VP8 H264", "audio OPUS"],
            Receive,
            Ok(&[
                "0: video VP8 96 H264 102 H264 104 H264 108 H264 114 H264 116 H264 39",
                "1: audio OPUS 111",
            ]),
        ),
        ("who only receives sends nothing", "chromium-offer-recvonly", BOTH, Receive, Err("wants none")),
        (
            "Firefox keeps its order",
            "firefox-offer-sendonly",
            BOTH,
            Receive,
            Ok(&["0: video VP8 120 VP9 121 AV1 99", "1: audio OPUS 109"]),
        ),
        (
            "Safari is received in H.265 when that is all that is wanted, without its sound",
            "safari-18-offer-sendrecv",
            &["video H265"],
            Receive,
            Ok(&["1: video H265 104"]),
        ),
        (
            "webrtcsink is received in all that it can make",
            "gstreamer-offer",
            BOTH,
            Receive,
            Ok(&["0: video VP8 96 H264 97 VP9 98 H265 99 AV1 100", "1: audio OPUS 101"]),
        ),
        (
            "an answer to an offer to receive names one codec",
            "gstreamer-answer-sendonly",
            &["video H264 VP8"],
            Receive,
            Ok(&["0: video VP8 96"]),
        ),
        (
            "no codec in common is an error that names both sides",
            "gstreamer-answer-sendonly",
            &["video H264"],
            Receive,
            Err("the peer knows VP8, rtx, this side H264"),
        ),
    ];
    check(rows, file);
}

#[test]
fn every_real_description_is_read_and_its_lines_are_found_by_their_tags() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptions");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let descriptions = files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "sdp"));
    let mut count = 0;
    for path in descriptions {
        count += 1;
        let description = Description::parse(&fs::read_to_string(path).unwrap()).unwrap();
        assert!(description.media.len() >= 2, "{path:?}");
        for (index, media) in description.media.iter().enumerate() {
            assert_eq!(description.index_of_mid(media.mid.as_deref().unwrap()), Some(index), "{path:?}");
            assert!(!media.rejected, "{path:?}");
            assert_eq!(media.formats.is_empty(), media.section == Section::Data, "{path:?}");
        }
        assert_eq!(description.index_of_mid("no such tag"), None);
    }
    assert_eq!(count, 14, "descriptions were added or lost: give them rows");
}

mod variants;

#[test]
fn what_is_encoded_already_is_sent_as_it_is_wherever_the_answer_takes_it() {
    let of = |formats: &str| Description::parse(&made(&format!("video 9 96 97, recvonly{formats}"))).unwrap();
    let chosen = |formats: &str, is_encoded: bool| {
        let streams = [Stream { is_encoded, ..stream("video H264 VP8") }];
        plan::read_answer(&of(formats), &streams, &[Some(0)]).unwrap()[0].codec.name
    };
    let h264 = ", rtpmap:97 H264/90000, fmtp:97 packetization-mode=1;profile-level-id=42e01f";
    let both = format!(", rtpmap:96 VP8/90000{h264}");
    assert_eq!(chosen(&both, false), "VP8");
    assert_eq!(chosen(&both, true), "H264");
    assert_eq!(chosen(", rtpmap:96 VP8/90000", true), "VP8");
}

#[test]
fn what_is_encoded_already_is_sent_in_the_viewers_format_for_its_profile() {
    let offer = Description::parse(&file("chromium-offer-recvonly")).unwrap();
    let chosen = |codecs: &str, profile: &str| {
        let streams = [Stream { is_encoded: true, profile: Some(profile.to_owned()), ..stream(codecs) }];
        plan::read_offer(&offer, &streams, &[]).unwrap()[0].format.payload_type
    };
    let chosen_h264 = |profile| chosen("video H264", profile);
    assert_eq!([chosen_h264("baseline"), chosen_h264("constrained-baseline")], [102, 102]);
    assert_eq!(chosen_h264("main"), 116);
    // What it names no format for goes in the first: decoders know more than they tell.
    assert_eq!(chosen_h264("high"), 102);
    assert_eq!(["0", "2", "1"].map(|profile| chosen("video VP9", profile)), [98, 100, 35]);
}
