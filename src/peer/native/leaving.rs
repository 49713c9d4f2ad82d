//! How long the packets of one stream take from their payloader to the network, the pacer included: seen at the last of
//! each batch.

use super::outlet::Packets;
use crate::gauge::Gauge;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// Batches that may be on their way; what is said about more would be late.
const ON_THE_WAY: usize = 64;

/// Batches that str0m has been given.
#[derive(Default)]
pub(super) struct Leaving(VecDeque<(u16, Instant, Arc<Gauge>)>);

impl Leaving {
    /// str0m has all of a batch, whose last packet has this number.
    pub(super) fn given(&mut self, packets: &Packets, number: u64) {
        if self.0.len() == ON_THE_WAY {
            self.0.pop_front();
        }
        let number = u16::try_from(number & 0xffff).unwrap_or_default();
        self.0.push_back((number, packets.batch.made(), packets.delay.clone()));
    }

    /// A packet with this number goes to the network.
    pub(super) fn left(&mut self, number: u16) {
        // Nearly always it is the first, or comes before it.
        let Some((first, ..)) = self.0.front() else { return };
        if (1..0x8000).contains(&first.wrapping_sub(number)) {
            return;
        }
        let Some(at) = self.0.iter().position(|(last, ..)| *last == number) else { return };
        for (last, made, delay) in self.0.drain(..=at) {
            if last == number {
                delay.add(made.elapsed());
            }
        }
    }
}

/// The source and the number of a packet of media, protected or not (RFC 3550 section 5.1, RFC 5761 section 4).
pub(super) fn source(packet: &[u8]) -> Option<(u32, u16)> {
    let &[first, second, high, low, _, _, _, _, s0, s1, s2, s3, ..] = packet else { return None };
    let is_media = first >> 6 == 2 && !(64..96).contains(&(second & 0x7f));
    is_media.then(|| (u32::from_be_bytes([s0, s1, s2, s3]), u16::from_be_bytes([high, low])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packets_of_media_have_a_number() {
        let media = [0x80, 0x80 | 96, 1, 2, 0, 0, 0, 0, 0, 0, 0, 7, 9];
        assert_eq!(source(&media), Some((7, 0x102)));
        let report = [0x80, 200, 0, 6, 0, 0, 0, 7, 0, 0, 0, 0];
        assert_eq!(source(&report), None);
        let check = [0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0];
        assert_eq!(source(&check), None);
        assert_eq!(source(&media[..11]), None);
    }
}
