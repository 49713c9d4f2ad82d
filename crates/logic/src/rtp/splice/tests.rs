//! Viewers that go from rung to rung and skip, in the same random ways every time.

use super::*;

/// Numbers that look random (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) % sides
    }

    fn bits16(&mut self) -> u16 {
        u16::try_from(self.below(1 << 16)).unwrap()
    }
}

/// What the packets of a stream look like.
#[derive(Debug, Clone, Copy)]
struct Style {
    format: Format,
    /// Bits of the picture numbers: 0, 7 or 15.
    width: u32,
    /// Whether there are two temporal layers, which take turns.
    layers: bool,
}

const STYLES: [Style; 9] = {
    const fn style(format: Format, width: u32, layers: bool) -> Style {
        Style { format, width, layers }
    }
    [
        style(Format::Plain, 0, false),
        style(Format::Vp8, 0, false),
        style(Format::Vp8, 7, false),
        style(Format::Vp8, 15, false),
        style(Format::Vp8, 15, true),
        style(Format::Vp9, 0, true),
        style(Format::Vp9, 7, true),
        style(Format::Vp9, 15, false),
        style(Format::Vp9, 15, true),
    ]
};

impl Style {
    /// The descriptor, written apart from the code under test.
    fn descriptor(self, picture: u16, base_layer: u8, layer: u8) -> Vec<u8> {
        let mut bytes = match self.format {
            Format::Plain => return vec![0x65],
            Format::Vp8 => {
                let extension = if self.width > 0 { 0x80 } else { 0 } | if self.layers { 0x60 } else { 0 };
                if extension == 0 { return vec![0x10] } else { vec![0x90, extension] }
            }
            Format::Vp9 => {
                vec![0x0c | if self.width > 0 { 0x80 } else { 0 } | if self.layers { 0x20 } else { 0 }]
            }
        };
        match self.width {
            7 => bytes.push((picture & 0x7f).try_into().unwrap()),
            15 => bytes.extend((picture | 0x8000).to_be_bytes()),
            _ => {}
        }
        if self.layers && self.format == Format::Vp8 {
            bytes.extend([base_layer, layer << 6]);
        } else if self.layers {
            bytes.extend([layer << 5, base_layer]);
        }
        bytes
    }

    /// Picture number and TL0PICIDX of a payload.
    fn counters(self, payload: &[u8]) -> (u16, u8) {
        let start = if self.format == Format::Vp8 { 2 } else { 1 };
        let (picture, next) = match self.width {
            7 => (u16::from(payload[start]), start + 1),
            15 => (u16::from_be_bytes([payload[start], payload[start + 1]]) & 0x7fff, start + 2),
            _ => (0, start),
        };
        let at = if self.format == Format::Vp8 { next } else { next + 1 };
        (picture, if self.layers { payload[at] } else { 0 })
    }
}

/// An encoder and payloader of one rung.
struct Encoder {
    style: Style,
    /// How many frames it is behind the camera.
    lag: u32,
    clock: u32,
    sequence: u16,
    picture: u16,
    base_layer: u8,
    frames: u32,
}

struct Frame {
    key_unit: bool,
    base: bool,
    timestamp: u32,
    packets: Vec<Vec<u8>>,
}

impl Frame {
    fn span(&self, style: Style) -> Span {
        Span::read(style.format, &self.packets[0], self.packets.last().unwrap()).unwrap()
    }
}

impl Encoder {
    fn new(style: Style, clock: u32, dice: &mut Dice) -> Self {
        let lag = u32::try_from(dice.below(5)).unwrap();
        let (sequence, picture) = (dice.bits16(), dice.bits16() & 0x7fff);
        let base_layer = dice.bits16().to_be_bytes()[0];
        Self { style, lag, clock, sequence, picture, base_layer, frames: 0 }
    }

    /// The frame that comes out when the camera takes that one.
    fn frame(&mut self, taken: u32, dice: &mut Dice) -> Frame {
        let key_unit = dice.below(8) == 0;
        if key_unit {
            self.frames = 0;
        }
        let layer = u8::from(self.style.layers && self.frames % 2 == 1);
        self.frames += 1;
        self.picture = (self.picture + 1) & 0x7fff;
        self.base_layer = self.base_layer.wrapping_add(1 - layer);
        let timestamp = self.clock.wrapping_add(taken.wrapping_sub(self.lag).wrapping_mul(3000));
        let count = 1 + dice.below(4);
        let packets = (0..count).map(|n| {
            self.sequence = self.sequence.wrapping_add(1);
            let mut packet = vec![0x90, if n + 1 == count { 0xe0 } else { 0x60 }];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend(timestamp.to_be_bytes());
            packet.extend([0, 0, 0, 7, 0xbe, 0xde, 0, 1, 0x11, 0xab, 0xcd, 0]);
            packet.extend(self.style.descriptor(self.picture, self.base_layer, layer));
            packet.extend((0..8).map(|_| dice.bits16().to_be_bytes()[0]));
            packet
        });
        Frame { key_unit, base: layer == 0, timestamp, packets: packets.collect() }
    }
}

/// A viewer who checks what he gets.
struct Viewer {
    style: Style,
    /// Sequence and timestamp, picture and base layer of the last packet.
    last: Option<(u16, u32, u16, u8)>,
}

impl Viewer {
    fn see(&mut self, frame: &Frame, offsets: Offsets) {
        let mut new_frame = true;
        for before in &frame.packets {
            let mut after = before.clone();
            offsets.apply(&mut after);
            assert_eq!(after == *before, offsets.is_nothing());
            let (picture, base_layer) = self.style.counters(&after[20..]);
            let sequence = u16::from_be_bytes([after[2], after[3]]);
            let timestamp = u32::from_be_bytes([after[4], after[5], after[6], after[7]]);
            if let Some((s, t, p, b)) = self.last {
                assert_eq!(sequence, s.wrapping_add(1), "no gap and nothing twice");
                let passed = timestamp.wrapping_sub(t).cast_signed();
                assert_eq!(passed > 0, new_frame, "time goes forward, {passed}");
                if new_frame {
                    let least =
                        if later(frame.timestamp, t) > 0 { frame.timestamp } else { t.wrapping_add(1) };
                    assert_eq!(timestamp, least, "no more than needed");
                    let modulus = 1 << self.style.width;
                    assert_eq!(picture, (p + 1) % modulus, "pictures are counted");
                    let next = b.wrapping_add(u8::from(frame.base && self.style.layers));
                    assert_eq!(base_layer, next, "and those of the lowest layer");
                } else {
                    assert_eq!((timestamp, picture, base_layer), (t, p, b));
                }
            }
            self.last = Some((sequence, timestamp, picture, base_layer));
            new_frame = false;
            self.all_else_is_the_same(before, after, offsets);
        }
    }

    fn all_else_is_the_same(&self, before: &[u8], mut after: Vec<u8>, offsets: Offsets) {
        // What a transport that writes its own headers makes of the same packet.
        let mut payload = before[20..].to_vec();
        offsets.apply_to_payload(&mut payload);
        assert_eq!(payload, after[20..]);
        assert_eq!(payload == before[20..], !offsets.changes_payload());
        let mut same = |range: std::ops::Range<usize>| after[range.clone()].copy_from_slice(&before[range]);
        same(2..8);
        let descriptor = self.style.descriptor(0, 0, 0).len();
        same(20..20 + descriptor);
        assert_eq!(after, before);
    }
}

fn watch(style: Style, seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    // Near the end, so that it wraps.
    let clock = u32::MAX - 3000 * 100;
    let mut rungs: Vec<_> = (0..3).map(|_| Encoder::new(style, clock, &mut dice)).collect();
    let (mut splice, mut viewer) = (Splice::default(), Viewer { style, last: None });
    let (mut current, mut wanted, mut waits) = (0, 0, true);
    let (mut switches, mut skips) = (0, 0);
    for taken in 10..800 {
        if dice.below(12) == 0 {
            wanted = usize::try_from(dice.below(3)).unwrap();
        }
        for (index, rung) in rungs.iter_mut().enumerate() {
            let frame = rung.frame(taken, &mut dice);
            let comes = index == wanted && frame.key_unit;
            if index != current && !comes || waits && !frame.key_unit {
                continue;
            }
            let begins = waits || index != current;
            switches += usize::from(index != current);
            (current, waits) = (index, false);
            let span = frame.span(style);
            let mut next = splice;
            let offsets = if begins { next.begin(&span) } else { next.go_on(&span) };
            if dice.below(20) == 0 {
                // The transport did not take it.
                (waits, skips) = (true, skips + 1);
                continue;
            }
            splice = next;
            viewer.see(&frame, offsets);
        }
    }
    (switches, skips)
}

#[test]
fn any_series_of_switches_and_skips_is_one_stream_to_the_viewer() {
    for style in STYLES {
        let seen: Vec<_> = (1..12).map(|seed| watch(style, seed)).collect();
        let (switches, skips) = seen.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert!(switches > 100 && skips > 100, "{style:?}: {switches} switches, {skips} skips");
    }
}

#[test]
fn a_viewer_who_never_switched_is_sent_packets_as_they_are() {
    let mut dice = Dice(3);
    for style in STYLES {
        let mut rung = Encoder::new(style, 7, &mut dice);
        let mut splice = Splice::default();
        assert!(splice.begin(&rung.frame(9, &mut dice).span(style)).is_nothing());
        for taken in 10..100 {
            // Some frames are shown before others that come first: that is the stream's own.
            let span = rung.frame(taken ^ 1, &mut dice).span(style);
            assert!(splice.go_on(&span).is_nothing());
        }
    }
}

#[test]
fn the_parts_of_a_frame_keep_its_time() {
    let mut dice = Dice(5);
    let style = STYLES[3];
    let (mut one, mut other) = (Encoder::new(style, 0, &mut dice), Encoder::new(style, 0, &mut dice));
    (one.lag, other.lag) = (0, 0);
    let mut splice = Splice::default();
    splice.begin(&one.frame(10, &mut dice).span(style));
    let frame = loop {
        let frame = other.frame(10, &mut dice);
        if frame.packets.len() > 1 {
            break frame;
        }
    };
    let part = |packet| Span::read(style.format, packet, packet).unwrap();
    let first = splice.begin(&part(&frame.packets[0]));
    assert_eq!(first.timestamp(30_000), 30_001, "the same picture was shown already");
    for packet in &frame.packets[1..] {
        assert_eq!(splice.go_on(&part(packet)), first);
    }
    let next = splice.go_on(&other.frame(11, &mut dice).span(style));
    assert_eq!(next.timestamp(33_000), 33_000, "the next one has its own time again");
}

#[test]
fn a_rung_of_another_clock_goes_on_where_the_last_one_stopped() {
    let mut dice = Dice(5);
    let style = STYLES[0];
    let (mut one, mut other) = (Encoder::new(style, 0, &mut dice), Encoder::new(style, 0, &mut dice));
    (one.lag, other.lag) = (0, 0);
    let mut splice = Splice::default();
    splice.begin(&one.frame(1000, &mut dice).span(style));
    let begun = splice.begin(&other.frame(10, &mut dice).span(style));
    assert_eq!(begun.timestamp(30_000), 3_000_001);
    let next = splice.go_on(&other.frame(11, &mut dice).span(style));
    assert_eq!(next.timestamp(33_000), 3_003_001, "and keeps its pace");
}

#[test]
fn what_is_no_rtp_packet_has_no_numbers_and_stays_as_it_is() {
    let mut offsets = Offsets { sequence: 1, timestamp: 2, picture: 3, base_layer: 4, format: Format::Vp8 };
    for bytes in [&[][..], &[0x80; 11], &[0x40; 40], &[0x9f; 20]] {
        assert_eq!(Span::read(Format::Vp8, bytes, bytes), None);
        let mut after = bytes.to_vec();
        offsets.apply(&mut after);
        assert_eq!(after, bytes);
    }
    offsets.format = Format::Plain;
    let mut payload = vec![0x90, 0x80, 1];
    offsets.apply_to_payload(&mut payload);
    assert_eq!(payload, [0x90, 0x80, 1]);
}
