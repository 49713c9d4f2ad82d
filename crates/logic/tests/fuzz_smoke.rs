//! A few thousand mutations of real descriptions and of RTP packets, the same ones in every run. The targets in
//! `fuzz` look for longer and where coverage leads them.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap")]

use gst_plugin_webrtc_logic as logic;
use logic::codec::{ALL, MediaKind};
use logic::rtp::picture::Format;
use logic::rtp::{Header, Rewrite, Span, Splice};
use logic::sdp::media::Description;
use logic::sdp::plan::{Stream, read_answer, read_offer, read_offer_to_receive};
use std::fs;
use std::path::Path;

/// Numbers that look random (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Less than `sides`, and 0 of 0.
    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap_or_default() % sides.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn real_descriptions() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptions");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "sdp"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Changes some bytes, or puts other bytes in the place of some.
fn edit_bytes(text: &mut Vec<u8>, dice: &mut Dice) {
    const WORDS: [&[u8]; 16] = [
        b"", b"0", b"96", b"127", b"128", b"256", b"65536", b"-1", b" ", b"/", b";", b"=", b":", b"\r\n",
        b"\0", b"\xff",
    ];
    let at = dice.below(text.len());
    let end = (at + dice.below(4)).min(text.len());
    let word = dice.pick(&WORDS);
    text.splice(at..end, word.iter().copied());
}

/// Doubles, drops, swaps or borrows lines.
fn edit_lines(text: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let theirs: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
    let (at, to) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(5) {
        _ if lines.is_empty() => {}
        0 => lines.insert(to, lines[at]),
        1 => drop(lines.remove(at)),
        2 => lines.swap(at, to),
        3 => lines.truncate(at),
        _ => lines.insert(at, dice.pick(&theirs)),
    }
    lines.concat()
}

/// What holds for every text; returns whether it was read.
fn check_description(text: &str, streams: &[Stream]) -> bool {
    let Ok(description) = Description::parse(text) else {
        return false;
    };
    for media in &description.media {
        assert!(media.formats.len() <= 128);
        assert!(media.mid.as_deref().is_none_or(|mid| description.index_of_mid(mid).is_some()));
    }
    let answer = read_answer(&description, streams, &[Some(0), Some(1), None, Some(2), Some(9)]);
    for sending in read_offer(&description, streams, &[]).into_iter().chain(answer).flatten() {
        let media = &description.media[sending.m_line];
        assert!(media.receives && !media.rejected && media.formats.contains(&sending.format));
        assert!(streams[sending.stream].codecs.contains(&sending.codec));
    }
    for receiving in read_offer_to_receive(&description, ALL).unwrap_or_default() {
        assert!(!receiving.formats.is_empty() && description.media[receiving.m_line].sends);
    }
    true
}

#[test]
fn no_mutation_of_a_real_description_is_a_panic_or_a_plan_beyond_it() {
    let of = |kind| Stream {
        kind,
        codecs: ALL.iter().copied().filter(|codec| codec.kind == kind).collect(),
        is_encoded: false,
        profile: None,
    };
    let streams = [MediaKind::Video, MediaKind::Audio, MediaKind::Video].map(of);
    let real = real_descriptions();
    let real: Vec<&[u8]> = real.iter().map(Vec::as_slice).collect();
    let mut dice = Dice(0x5eed);
    let mut read = 0;
    for _ in 0..15_000 {
        let mut text = dice.pick(&real).to_vec();
        for _ in 0..=dice.below(6) {
            if dice.below(2) == 0 {
                edit_bytes(&mut text, &mut dice);
            } else {
                let other = dice.pick(&real);
                text = edit_lines(&text, other, &mut dice);
            }
        }
        read += usize::from(check_description(&String::from_utf8_lossy(&text), &streams));
    }
    assert!((2_000..15_000).contains(&read), "{read} were read: too few or too many to tell anything");
}

/// An RTP packet, more often than not with a header extension of one-byte elements, sometimes cut short.
fn packet(dice: &mut Dice) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..80).map(|_| dice.next().to_le_bytes()[3]).collect();
    if dice.below(8) != 0 {
        bytes[0] = 0x90 | (bytes[0] & 3);
        let at = 12 + usize::from(bytes[0] & 3) * 4;
        let words = u8::try_from(dice.below(16)).unwrap_or_default();
        bytes[at..at + 4].copy_from_slice(&[0xbe, 0xde, 0, words]);
    }
    let length = if dice.below(4) == 0 { dice.below(80) } else { 80 };
    bytes.truncate(length);
    bytes
}

#[test]
fn a_rewritten_packet_keeps_all_but_its_numbers_and_is_restored_by_the_inverse() {
    let mut dice = Dice(0xface);
    let (mut changed, mut restored) = (0, 0);
    for _ in 0..50_000 {
        let before = packet(&mut dice);
        let (from, to) = (1 + dice.next().to_le_bytes()[2] % 14, 1 + dice.next().to_le_bytes()[2] % 14);
        let mut after = before.clone();
        Rewrite { payload_type: Some(120), extension: Some((from, to)) }.apply(&mut after);
        assert_eq!(after.len(), before.len());
        let [first, second, ..] = before[..] else { continue };
        assert_eq!((after[0], after[1] & 0x80), (first, second & 0x80));
        assert_eq!(after.get(2..12), before.get(2..12));
        changed += usize::from(after != before);
        // Where elements had the new number before, two numbers become one and the way back is lost.
        let mut other = before.clone();
        Rewrite { payload_type: None, extension: Some((to, 14 - (to % 14))) }.apply(&mut other);
        if to != 14 - (to % 14) && other == before {
            Rewrite { payload_type: Some(second), extension: Some((to, from)) }.apply(&mut after);
            assert_eq!(after, before);
            restored += 1;
        }
    }
    assert!(changed > 10_000 && restored > 10_000, "{changed} changed, {restored} restored");
}

#[test]
fn a_splice_of_any_packets_keeps_all_but_what_counts_and_goes_on_where_the_last_one_stopped() {
    let numbers = |packet: &[u8]| {
        let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        (u16::from_be_bytes([packet[2], packet[3]]), timestamp)
    };
    let mut dice = Dice(0xacce55);
    let (mut begun, mut counted) = (0, 0);
    for round in 0..1_000 {
        let format = [Format::Plain, Format::Vp8, Format::Vp9][round % 3];
        let (mut splice, mut sent) = (Splice::default(), None);
        for _ in 0..50 {
            let (before, begins) = (packet(&mut dice), dice.below(3) == 0);
            let Some(span) = Span::read(format, &before, &before) else {
                assert_eq!(Header::read(&before), None, "what can be read has numbers");
                continue;
            };
            let offsets = if begins { splice.begin(&span) } else { splice.go_on(&span) };
            let mut after = before.clone();
            offsets.apply(&mut after);
            assert_eq!(
                (after.len(), &after[..2], &after[8..12]),
                (before.len(), &before[..2], &before[8..12])
            );
            let changed =
                before.iter().zip(&after).skip(12).filter(|(before, after)| before != after).count();
            assert!(changed <= if format == Format::Plain { 0 } else { 3 });
            counted += usize::from(changed > 0);
            let (sequence, time) = numbers(&after);
            assert_eq!(offsets.timestamp(numbers(&before).1), time);
            let mut latest = time;
            if let Some((last, before)) = sent {
                let passed = u32::wrapping_sub(time, before).cast_signed();
                if begins {
                    assert!(passed > 0 && sequence == u16::wrapping_add(last, 1));
                    begun += 1;
                } else if passed < 0 {
                    latest = before;
                }
            }
            sent = Some((sequence, latest));
        }
    }
    assert!(begun > 2_000 && counted > 1_000, "{begun} began, {counted} had numbers changed");
}
