//! Descriptions made by hand, each with the one thing that real ones do rarely.

use super::{Answer, BOTH, LINES, Offer, Receive, Row, check, made};

const VP8: &str = "video 9 96, rtpmap:96 VP8/90000, recvonly";
const H264: &[&str] = &["video H264"];

const PASSED_OVER: &[Row] = &[
    (
        "data first",
        "application 9 webrtc-datachannel, mid:d | video 9 96, rtpmap:96 VP8/90000, recvonly",
        BOTH,
        Offer,
        Ok(&["1: stream 0 in VP8 96"]),
    ),
    ("data alone", "application 9 webrtc-datachannel, mid:d", BOTH, Offer, Err("wants none of the streams")),
    (
        "a rejected line, whose stream goes to the next",
        "video 0 96, rtpmap:96 VP8/90000, recvonly | video 9 97, rtpmap:97 VP8/90000, recvonly",
        BOTH,
        Offer,
        Ok(&["1: stream 0 in VP8 97"]),
    ),
    (
        "port 0 for the bundle",
        "video 0 96, bundle-only, rtpmap:96 VP8/90000, recvonly",
        BOTH,
        Offer,
        Ok(&["0: stream 0 in VP8 96"]),
    ),
    ("inactive", "video 9 96, rtpmap:96 VP8/90000, inactive", BOTH, Offer, Err("wants none")),
    (
        "inactive, for receivers too",
        "video 9 96, rtpmap:96 VP8/90000, inactive",
        BOTH,
        Receive,
        Err("wants none"),
    ),
    (
        "no direction is both directions",
        "video 9 96, rtpmap:96 VP8/90000",
        BOTH,
        Offer,
        Ok(&["0: stream 0 in VP8 96"]),
    ),
    (
        "an answer that rejects one line",
        "video 0 96, rtpmap:96 VP8/90000 | audio 9 101, rtpmap:101 OPUS/48000/2, recvonly",
        BOTH,
        Answer(LINES),
        Ok(&["1: stream 1 in OPUS 101"]),
    ),
    ("an answer that rejects all", "video 0 96 | audio 0 101", BOTH, Answer(LINES), Err("wants none")),
    (
        "an answer with data beside media",
        "application 9 webrtc-datachannel | video 9 96, rtpmap:96 VP8/90000, recvonly",
        BOTH,
        Answer(&[None, Some(0)]),
        Ok(&["1: stream 0 in VP8 96"]),
    ),
    (
        "an answer of another kind than the stream",
        "audio 9 96, rtpmap:96 VP8/90000, recvonly",
        BOTH,
        Answer(LINES),
        Err("the peer knows VP8, this side VP8, H264, VP9, H265, AV1"),
    ),
    ("an answer for a stream that is gone", VP8, BOTH, Answer(&[Some(7)]), Err("wants none")),
    ("kinds that nobody has heard of", "text 9 98, rtpmap:98 t140/1000", BOTH, Offer, Err("wants none")),
    ("no lines at all", "", BOTH, Offer, Err("it has no media section")),
];

#[test]
fn lines_that_are_refused_or_about_something_else_are_passed_over() {
    check(PASSED_OVER, made);
}

#[test]
fn lines_and_streams_are_matched_in_their_order() {
    let two = "video 9 96, rtpmap:96 VP8/90000, recvonly | video 9 98, rtpmap:98 VP8/90000, recvonly";
    let two_sent = "video 9 96, rtpmap:96 VP8/90000, sendonly | video 9 98, rtpmap:98 VP8/90000, sendonly";
    let rows: &[Row] = &[
        ("two lines and one stream", two, BOTH, Offer, Ok(&["0: stream 0 in VP8 96"])),
        (
            "two lines and two streams",
            two,
            &["video VP8", "audio OPUS", "video VP8"],
            Offer,
            Ok(&["0: stream 0 in VP8 96", "1: stream 2 in VP8 98"]),
        ),
        ("one line and two streams", VP8, &["video VP8", "video VP8"], Offer, Ok(&["0: stream 0 in VP8 96"])),
        (
            "a line without a common codec leaves its stream to the next",
            "video 9 96, rtpmap:96 H264/90000, recvonly | video 9 98, rtpmap:98 VP8/90000, recvonly",
            &["video VP8"],
            Offer,
            Ok(&["1: stream 0 in VP8 98"]),
        ),
        (
            "more lines than were offered",
            two,
            &["video VP8"],
            Answer(&[Some(0)]),
            Ok(&["0: stream 0 in VP8 96"]),
        ),
        ("fewer lines than were offered", VP8, BOTH, Answer(LINES), Ok(&["0: stream 0 in VP8 96"])),
        (
            "two lines are received",
            two_sent,
            &["video VP8"],
            Receive,
            Ok(&["0: video VP8 96", "1: video VP8 98"]),
        ),
        ("no streams", VP8, &[], Offer, Err("wants none")),
    ];
    check(rows, made);
}

#[test]
fn whose_order_of_codecs_counts_depends_on_who_offered() {
    let three = "video 9 96 97 98, rtpmap:98 VP9/90000, rtpmap:97 H264/90000, rtpmap:96 VP8/90000, sendrecv";
    let rows: &[Row] = &[
        ("an offer: ours", three, &["video VP9 VP8"], Offer, Ok(&["0: stream 0 in VP9 98"])),
        ("an answer: theirs", three, &["video VP9 VP8"], Answer(LINES), Ok(&["0: stream 0 in VP8 96"])),
        ("to receive: theirs", three, &["video VP9 VP8"], Receive, Ok(&["0: video VP8 96 VP9 98"])),
        (
            "capitals are all the same",
            "video 9 96, rtpmap:96 vP8/90000, recvonly | audio 9 97, rtpmap:97 Opus/48000/2, recvonly",
            BOTH,
            Offer,
            Ok(&["0: stream 0 in VP8 96", "1: stream 1 in OPUS 97"]),
        ),
        (
            "another clock is another codec",
            "video 9 96, rtpmap:96 VP8/48000, recvonly",
            BOTH,
            Offer,
            Err("agree on a codec"),
        ),
        (
            "a payload type listed twice counts once",
            "video 9 96 96, rtpmap:96 VP8/90000, sendonly",
            BOTH,
            Receive,
            Ok(&["0: video VP8 96"]),
        ),
        (
            "static payload types need an rtpmap too",
            "audio 9 0 8 10, recvonly",
            &["audio L16 OPUS"],
            Offer,
            Err("the peer knows none, this side L16, OPUS"),
        ),
        (
            "uncompressed sound has any clock",
            "audio 9 11, rtpmap:11 L16/44100/2, recvonly",
            &["audio OPUS L16"],
            Offer,
            Ok(&["0: stream 0 in L16 11"]),
        ),
        (
            "more than two channels are another codec",
            "audio 9 111 112, rtpmap:111 opus/48000/2, rtpmap:112 multiopus/48000/6, recvonly",
            &["audio MULTIOPUS OPUS"],
            Offer,
            Ok(&["0: stream 0 in MULTIOPUS 112"]),
        ),
    ];
    check(rows, made);
}

const PARAMETERS: &[Row] = &[
    (
        "H.264 in single packets only",
        "video 9 102, rtpmap:102 H264/90000, fmtp:102 packetization-mode=0;profile-level-id=42e01f, recvonly",
        H264,
        Offer,
        Err("the peer knows H264 (profile-level-id 42e01f), this side H264"),
    ),
    (
        "a codec further down when H.264 is in single packets only",
        "video 9 102 96, rtpmap:102 H264/90000, fmtp:102 packetization-mode=0, rtpmap:96 VP8/90000, recvonly",
        &["video H264 VP8"],
        Offer,
        Ok(&["0: stream 0 in VP8 96"]),
    ),
    (
        "a profile that nobody knows",
        "video 9 102, rtpmap:102 H264/90000, fmtp:102 packetization-mode=1;profile-level-id=abcdef, recvonly",
        H264,
        Offer,
        Err("profile-level-id abcdef"),
    ),
    (
        "a profile that nobody knows, before one that all know",
        "video 9 102 103, rtpmap:102 H264/90000, fmtp:102 packetization-mode=1;profile-level-id=abcdef, \
             rtpmap:103 H264/90000, fmtp:103 packetization-mode=1; PROFILE-LEVEL-ID=42E01F, recvonly",
        H264,
        Offer,
        Ok(&["0: stream 0 in H264 103"]),
    ),
    (
        "H.264 without parameters",
        "video 9 102, rtpmap:102 H264/90000, recvonly",
        H264,
        Offer,
        Ok(&["0: stream 0 in H264 102"]),
    ),
    (
        "VP9 in ten bits only",
        "video 9 100, rtpmap:100 VP9/90000, fmtp:100 profile-id=2, recvonly",
        &["video VP9"],
        Offer,
        Err("agree on a codec"),
    ),
    (
        "H.265 in ten bits only",
        "video 9 49, rtpmap:49 H265/90000, fmtp:49 level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST, recvonly",
        &["video H265"],
        Offer,
        Err("agree on a codec"),
    ),
    (
        "AV1 in the high profile only",
        "video 9 47, rtpmap:47 AV1/90000, fmtp:47 level-idx=5;profile=1;tier=0, recvonly",
        &["video AV1"],
        Offer,
        Err("agree on a codec"),
    ),
];

#[test]
fn format_parameters_decide_what_can_be_served() {
    check(PARAMETERS, made);
}

#[test]
fn extensions_keep_the_numbers_that_the_peer_gave_them() {
    const OPUS: &str = "audio 9 111, rtpmap:111 opus/48000/2, recvonly, ";
    for (sentence, extension, expected) in [
        ("level", "extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", " level 1"),
        ("with voice activity", "extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on", " level 1"),
        ("without", "extmap:12 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=off", " level 12"),
        ("with a direction", "extmap:3/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level", " level 3"),
        ("two bytes", "extmap:200 urn:ietf:params:rtp-hdrext:ssrc-audio-level", " level 200"),
        ("too large", "extmap:4096 urn:ietf:params:rtp-hdrext:ssrc-audio-level", ""),
        ("no number", "extmap:x urn:ietf:params:rtp-hdrext:ssrc-audio-level", ""),
        ("no name", "extmap:1", ""),
        ("mixed forms allowed is no extension", "extmap-allow-mixed", ""),
    ] {
        let plan = super::planned(&made(&format!("{OPUS}{extension}")), BOTH, &Offer);
        assert_eq!(plan, Ok(vec![format!("0: stream 1 in OPUS 111{expected}")]), "{sentence}");
    }
}

#[test]
fn the_first_of_equal_tags_is_found() {
    let sdp = made("video 9 96, mid:a | video 9 96, mid:b | audio 9 97, mid:a | audio 9 97");
    let description = super::Description::parse(&sdp).unwrap();
    assert_eq!(["a", "b", "A", ""].map(|mid| description.index_of_mid(mid)), [Some(0), Some(1), None, None]);
}
