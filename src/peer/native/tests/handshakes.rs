//! Sessions begin though packets are lost.

use super::{BOUNDS, World, shape};
use std::time::Duration;

/// Cuts plain messages of a handshake into two parts, and lets the second share a packet with what follows, as OpenSSL
/// does in small packets; each time elsewhere.
#[derive(Default)]
pub(super) struct Cutter {
    times: usize,
}

impl Cutter {
    pub(super) fn cut(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut rest = packet;
        while let [kind, 0xfe, _, 0, epoch, _, _, _, _, _, _, high, low, ..] = *rest {
            let (record, after) = rest.split_at(13 + usize::from(u16::from_be_bytes([high, low])));
            let body = record.get(25..).unwrap_or_default();
            if kind == 22 && epoch == 0 && body.len() > 8 {
                self.times += 1;
                let at = 1 + self.times * 7 % (body.len() - 1);
                all.last_mut().unwrap().extend(part(record, 0, &body[..at]));
                all.push(part(record, at, &body[at..]));
            } else {
                all.last_mut().unwrap().extend(record);
            }
            rest = after;
        }
        all.last_mut().unwrap().extend(rest);
        all
    }
}

fn part(record: &[u8], from: usize, body: &[u8]) -> Vec<u8> {
    let mut part = record[..11].to_vec();
    part.extend(u16::try_from(12 + body.len()).unwrap().to_be_bytes());
    part.extend(&record[13..19]);
    part.extend(&u32::try_from(from).unwrap().to_be_bytes()[1..]);
    part.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    part.extend(body);
    part
}

/// How long it takes until media flows, at worst and usually.
fn begin(loss: f64, round_trip: u64, cut: bool) -> (f64, f64) {
    let shape = shape(6_000_000, round_trip, loss, 8000.0);
    let took = |seed: u64| {
        let mut world = World::unconnected(BOUNDS, shape, seed * 1000 + 5);
        world.viewer.cutter = cut.then(Cutter::default);
        while world.viewer.heard.is_empty() {
            assert!(world.now < world.start + Duration::from_secs(20), "seed {seed}: no media flows");
            world.step();
        }
        (world.now - world.start).as_secs_f64()
    };
    let mut times: Vec<_> = (0..100).map(took).collect();
    times.sort_unstable_by(f64::total_cmp);
    (times[times.len() - 1], times[times.len() / 2])
}

fn all_begin(cut: bool) {
    for (loss, round_trip) in [(0.05, 50), (0.05, 240)] {
        let (worst, usual) = begin(loss, round_trip, cut);
        println!("{loss} lost, {round_trip} ms: {usual:.1} s, {worst:.1} s at worst");
        assert!(usual < 2.0, "it usually takes {usual} s");
    }
}

#[test]
fn sessions_begin_over_links_that_lose_packets() {
    all_begin(false);
}

#[test]
fn sessions_begin_with_peers_that_cut_their_messages_another_way_each_time() {
    all_begin(true);
}
