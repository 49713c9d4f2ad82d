//! Which pictures a decoder could show, and when: whole ones, each after the one before or from a key unit on.

use super::vp8;
use super::vp8_header::{self, Header};
use crate::job::Picture;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Packets that wait for others; more are those of a stream that has long gone on.
const WAITING: usize = 4000;

#[derive(Debug)]
struct Part {
    header: Option<Header>,
    last: bool,
    bytes: usize,
}

/// Puts packets together.
#[derive(Debug, Default)]
pub struct Pictures {
    parts: BTreeMap<u64, Part>,
    /// Where key units begin among them.
    keys: BTreeSet<u64>,
    /// The number of the packet with which the next picture begins.
    next: Option<u64>,
    size: (u16, u16),
    first: Option<Instant>,
    shown: Vec<(Instant, Picture)>,
}

impl Pictures {
    /// A packet has come.
    pub fn add(&mut self, number: u64, last: bool, payload: &[u8], at: Instant) {
        if self.next.is_some_and(|next| number < next) {
            return;
        }
        let header = vp8::picture(payload).and_then(vp8_header::read);
        if header.as_ref().is_some_and(|header| header.size.is_some()) {
            self.keys.insert(number);
        }
        let bytes = payload.len();
        self.parts.insert(number, Part { header, last, bytes });
        while let Some((from, to)) = self.showable() {
            self.show(from, to, at);
        }
        if self.parts.len() > WAITING {
            self.parts.pop_first();
        }
    }

    /// When the first one could be shown.
    pub fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Those since the last time, by another clock.
    pub fn take(&mut self, clock: impl Fn(Instant) -> f64) -> Vec<Picture> {
        let shown = std::mem::take(&mut self.shown);
        let timed = shown.into_iter().map(|(at, picture)| Picture {
            at: clock(at),
            ..picture
        });
        timed.collect()
    }

    /// First and last packet of the next picture.
    fn showable(&self) -> Option<(u64, u64)> {
        let mut begins = self.next.iter().chain(&self.keys);
        begins.find_map(|from| Some((*from, self.end(*from)?)))
    }

    /// The last packet of a picture, where all of it is there.
    fn end(&self, from: u64) -> Option<u64> {
        let in_order = (from..).zip(self.parts.range(from..));
        let mut whole = in_order.take_while(|(expected, (number, _))| expected == *number);
        whole.find(|(_, (_, part))| part.last).map(|(number, _)| number)
    }

    fn show(&mut self, from: u64, to: u64, at: Instant) {
        let later = self.parts.split_off(&(to + 1));
        let whole = std::mem::replace(&mut self.parts, later);
        self.keys = self.keys.split_off(&(to + 1));
        self.next = Some(to + 1);
        let parts = || whole.range(from..=to).map(|(_, part)| part);
        let Some(header) = parts().find_map(|part| part.header.as_ref()) else {
            return;
        };
        self.size = header.size.unwrap_or(self.size);
        self.first.get_or_insert(at);
        let picture = Picture {
            at: 0.0,
            bytes: u32::try_from(parts().map(|part| part.bytes).sum::<usize>()).unwrap_or(u32::MAX),
            size: self.size,
            key: header.size.is_some(),
            quantiser: header.quantiser,
        };
        self.shown.push((at, picture));
    }
}

#[cfg(test)]
mod tests {
    use super::Pictures;
    use std::time::Instant;

    /// Descriptor and the first bytes of pictures that libvpx made.
    const KEY: [u8; 17] = [
        0x10, 0x10, 0x98, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 0x39, 0x0d, 0x00, 0x04, 0x1c, 0x24,
    ];
    const OTHER: [u8; 12] = [
        0x10, 0x31, 0x7d, 0x00, 0xe3, 0x6b, 0x98, 0x10, 0x4f, 0xaf, 0x10, 0x4f,
    ];
    const REST: [u8; 4] = [0; 4];

    fn shown(packets: &[(u64, bool, &[u8])]) -> Vec<bool> {
        let mut pictures = Pictures::default();
        for (number, last, payload) in packets {
            pictures.add(*number, *last, payload, Instant::now());
        }
        pictures.take(|_| 0.0).iter().map(|picture| picture.key).collect()
    }

    #[test]
    fn nothing_is_shown_before_a_whole_key_unit() {
        assert!(shown(&[(1, true, &OTHER), (2, false, &KEY)]).is_empty());
        assert_eq!(
            shown(&[(1, true, &OTHER), (2, false, &KEY), (3, true, &REST)]),
            [true]
        );
    }

    #[test]
    fn what_follows_a_missing_packet_waits_for_it() {
        let before: [(u64, bool, &[u8]); 3] = [(1, true, &KEY), (2, false, &OTHER), (4, true, &OTHER)];
        assert_eq!(shown(&before), [true]);
        let all = [before.as_slice(), &[(3, true, &REST)]].concat();
        assert_eq!(shown(&all), [true, false, false]);
    }

    #[test]
    fn a_key_unit_needs_nothing_of_what_is_missing_before_it() {
        let packets: [(u64, bool, &[u8]); 4] = [
            (1, true, &KEY),
            (3, true, &OTHER),
            (4, true, &KEY),
            (5, true, &OTHER),
        ];
        assert_eq!(shown(&packets), [true, true, false]);
    }
}
