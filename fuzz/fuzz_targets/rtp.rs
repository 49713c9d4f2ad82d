//! A rewrite of any bytes touches nothing but the payload type and the header extensions, and can be undone; a splice
//! of any packets touches nothing but what counts, and goes on where the last one stopped.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use logic::rtp::picture::Format;
use logic::rtp::{Header, Rewrite, Span, Splice};

#[derive(Arbitrary, Debug)]
struct Input {
    payload_type: Option<u8>,
    extension: Option<(u8, u8)>,
    packet: Vec<u8>,
    splices: Splices,
}

#[derive(Arbitrary, Debug)]
struct Splices {
    format: u8,
    /// Packets, and whether each begins something that does not follow on the one before.
    packets: Vec<(bool, Vec<u8>)>,
}

/// Sequence number and timestamp of what is an RTP packet.
fn numbers(packet: &[u8]) -> (u16, u32) {
    (
        u16::from_be_bytes([packet[2], packet[3]]),
        u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]),
    )
}

fn splice(input: &Splices) {
    let format = [Format::Plain, Format::Vp8, Format::Vp9][usize::from(input.format % 3)];
    let (mut splice, mut sent) = (Splice::default(), None);
    for (begins, before) in &input.packets {
        let Some(span) = Span::read(format, before, before) else {
            assert_eq!(Header::read(before), None, "what can be read has numbers");
            continue;
        };
        let offsets = if *begins { splice.begin(&span) } else { splice.go_on(&span) };
        let mut after = before.clone();
        offsets.apply(&mut after);
        assert_eq!(after.len(), before.len());
        assert_eq!((&after[..2], &after[8..12]), (&before[..2], &before[8..12]));
        let changed = before[12..].iter().zip(&after[12..]).filter(|(before, after)| before != after).count();
        assert!(
            changed <= if format == Format::Plain { 0 } else { 3 },
            "a number of two bytes and one of one"
        );
        assert_eq!(offsets.timestamp(numbers(before).1), numbers(&after).1);
        if let Some((sequence, time)) = sent.filter(|_| *begins) {
            let (next, later) = numbers(&after);
            assert_eq!(next, u16::wrapping_add(sequence, 1));
            assert!(later.wrapping_sub(time).cast_signed() > 0, "time goes forward");
        }
        let (sequence, time) = numbers(&after);
        let latest = match sent {
            Some((_, latest)) if time.wrapping_sub(latest).cast_signed() < 0 => latest,
            _ => time,
        };
        sent = Some((sequence, latest));
    }
}

/// The identifiers of the elements of a one-byte header extension (RFC 8285 section 4.2), read apart from the
/// code under test.
fn identifiers(packet: &[u8]) -> Vec<u8> {
    let start = 12 + usize::from(packet[0] & 0x0f) * 4;
    let Some([0xbe, 0xde, high, low, rest @ ..]) = packet.get(start..) else {
        return Vec::new();
    };
    let Some(mut rest) = rest.get(..usize::from(u16::from_be_bytes([*high, *low])) * 4) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while let [head, tail @ ..] = rest {
        rest = match head >> 4 {
            0 => tail,
            15 => break,
            id => {
                found.push(id);
                tail.get(usize::from(head & 0x0f) + 1..).unwrap_or(&[])
            }
        };
    }
    found
}

fuzz_target!(|input: Input| {
    splice(&input.splices);
    let Input { payload_type, extension, packet: before, .. } = input;
    let mut after = before.clone();
    let rewrite = Rewrite { payload_type, extension };
    rewrite.apply(&mut after);
    assert_eq!(after.len(), before.len());
    if before.len() < 12 || before[0] >> 6 != 2 || rewrite.is_nothing() {
        assert_eq!(after, before, "what is no RTP packet stays as it is");
        return;
    }
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1] & 0x80, before[1] & 0x80, "the marker bit is not ours");
    assert_eq!(after[2..12], before[2..12], "sequence number, time and source are not ours");
    if before[0] & 0x10 == 0 {
        assert_eq!(after[12..], before[12..]);
    }
    let ids = identifiers(&before);
    let (from, to) = extension.unwrap_or((1, 1));
    let valid = |id| (1..15).contains(&id);
    if !valid(from) || !valid(to) {
        return;
    }
    let expected: Vec<_> = ids.iter().map(|id| if *id == from { to } else { *id }).collect();
    if before[0] & 0x10 != 0 {
        assert_eq!(identifiers(&after), expected);
    }
    // An element that had the new identifier already cannot be told from those that were given it.
    if from == to || !ids.contains(&to) {
        let undo =
            Rewrite { payload_type: payload_type.map(|_| before[1] & 0x7f), extension: Some((to, from)) };
        undo.apply(&mut after);
        assert_eq!(after, before);
    }
});
