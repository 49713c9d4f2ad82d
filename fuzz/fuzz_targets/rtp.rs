//! A rewrite of any bytes touches nothing but the payload type and the header extensions, and can be undone.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use logic::rtp::Rewrite;

#[derive(Arbitrary, Debug)]
struct Input {
    payload_type: Option<u8>,
    extension: Option<(u8, u8)>,
    packet: Vec<u8>,
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
    let Input { payload_type, extension, packet: before } = input;
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
