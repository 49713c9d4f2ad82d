//! The model of a link, in sentences.

use super::Link;
use crate::schedule::Schedule;
use crate::shape::{Bursts, Queue, Shape};
use std::time::Duration;

const PACKET: usize = 1000;

fn milliseconds(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// 8 Mbit/s: a packet a millisecond, and no more than one at once.
fn shape() -> Shape {
    Shape { rate: Some(8_000_000), burst: PACKET, queue: Queue::Bytes(usize::MAX), ..Shape::default() }
}

/// Everything that comes out, with its time, however late somebody looks.
fn drain(link: &mut Link<u32>) -> Vec<(u32, Duration)> {
    let mut out = Vec::new();
    while let Some(at) = link.next() {
        while let Some(packet) = link.pop(at) {
            out.push((packet, at));
        }
    }
    out
}

fn whole(time: Duration) -> u128 {
    (time.as_micros() + 500) / 1000
}

#[test]
fn packets_leave_one_after_the_other_at_the_rate_of_the_link() {
    let mut link = Link::new(shape(), 1, Duration::ZERO);
    (0..5).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    let times: Vec<_> = drain(&mut link).into_iter().map(|(packet, at)| (packet, whole(at))).collect();
    assert_eq!(times, [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
}

#[test]
fn after_a_pause_a_burst_passes_at_once_and_no_more_than_it() {
    let mut link = Link::new(Shape { burst: 3 * PACKET, ..shape() }, 1, Duration::ZERO);
    (0..5).for_each(|packet| link.push(packet, PACKET, milliseconds(500)));
    let times: Vec<_> = drain(&mut link).into_iter().map(|(_, at)| whole(at)).collect();
    assert_eq!(times, [500, 500, 500, 501, 502]);
}

#[test]
fn a_packet_that_is_larger_than_the_bucket_passes_all_the_same_and_is_paid_for() {
    let mut link = Link::new(Shape { burst: 10, ..shape() }, 1, Duration::ZERO);
    (0..3).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    let times: Vec<_> = drain(&mut link).into_iter().map(|(_, at)| whole(at)).collect();
    assert_eq!(times, [0, 1, 2]);
}

#[test]
fn what_finds_no_room_in_the_queue_is_dropped_and_counted() {
    let queue = Queue::Time(milliseconds(2));
    let mut link = Link::new(Shape { queue, ..shape() }, 1, Duration::ZERO);
    // The first leaves at once, two wait.
    (0..5).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    let out: Vec<_> = drain(&mut link).into_iter().map(|(packet, _)| packet).collect();
    assert_eq!(out, [0, 1, 2]);
    let counters = link.counters();
    assert_eq!((counters.offered.packets, counters.passed.packets, counters.dropped.packets), (5, 3, 2));
    assert_eq!(counters.dropped.bytes, 2 * PACKET as u64);
}

#[test]
fn how_long_packets_wait_is_the_queue_and_not_the_way() {
    let mut link = Link::new(Shape { delay: milliseconds(100), ..shape() }, 1, Duration::ZERO);
    (0..11).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    let out = drain(&mut link);
    assert_eq!(out.last().map(|(_, at)| whole(*at)), Some(110));
    assert_eq!(link.counters().waited.quantile(1.0), Some(milliseconds(11)));
}

#[test]
fn jitter_delays_each_packet_differently_and_never_lets_one_overtake() {
    let shape = Shape { rate: None, jitter: milliseconds(50), delay: milliseconds(10), ..Shape::default() };
    let mut link = Link::new(shape, 7, Duration::ZERO);
    (0..100).for_each(|packet| link.push(packet, PACKET, milliseconds(u64::from(packet))));
    let out = drain(&mut link);
    assert!(out.iter().map(|(packet, _)| *packet).eq(0..100));
    let delays: Vec<_> = out.iter().map(|(packet, at)| *at - milliseconds(u64::from(*packet))).collect();
    assert!(delays.iter().all(|delay| (milliseconds(10)..milliseconds(60)).contains(delay)), "{delays:?}");
    assert!(delays.iter().max().unwrap().abs_diff(*delays.iter().min().unwrap()) > milliseconds(20));
}

#[test]
fn a_change_of_the_rate_holds_for_what_waits_already() {
    let mut link = Link::new(shape(), 1, Duration::ZERO);
    (0..4).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    link.reshape(Shape { rate: Some(800_000), ..shape() }, milliseconds(1));
    let times: Vec<_> = drain(&mut link).into_iter().map(|(_, at)| whole(at)).collect();
    assert_eq!(times, [0, 1, 11, 21]);
}

#[test]
fn a_schedule_changes_the_rate_at_its_times_however_seldom_somebody_looks() {
    let mut link = Link::new(shape(), 1, Duration::ZERO);
    link.follow(&"8M:10ms,800k:1s".parse::<Schedule>().unwrap(), Duration::ZERO);
    (0..1000).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    assert_eq!(link.pop(milliseconds(110)), Some(0));
    // One at the beginning, ten in 10 ms, ten in 100 ms.
    assert!((20..=21).contains(&link.counters().passed.packets), "{:?}", link.counters().passed);
    assert_eq!(link.shape().rate, Some(800_000));
}

#[test]
fn nothing_passes_a_link_that_carries_nothing_until_it_does_again() {
    let mut link = Link::new(shape(), 1, Duration::ZERO);
    link.follow(&"0:1s,8M:1s".parse::<Schedule>().unwrap(), Duration::ZERO);
    (0..3).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    // What was in the bucket goes.
    let times: Vec<_> = drain(&mut link).into_iter().map(|(_, at)| whole(at)).collect();
    assert_eq!(times, [0, 1001, 1002]);
}

#[test]
fn losses_are_as_many_as_was_said_and_the_same_for_the_same_seed() {
    let survivors = |seed| {
        let mut link = Link::new(Shape { loss: 0.05, ..Shape::default() }, seed, Duration::ZERO);
        (0..20_000).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
        let lost = link.counters().lost.packets;
        (drain(&mut link), lost)
    };
    let (out, lost) = survivors(3);
    assert!((900..1100).contains(&lost), "{lost}");
    assert_eq!(out.len() as u64, 20_000 - lost);
    assert_eq!(survivors(3).0, out);
    assert_ne!(survivors(4).0, out);
}

#[test]
fn bursts_lose_packets_in_a_row() {
    let bursts = Some(Bursts { begin: 0.01, end: 0.25 });
    let mut link = Link::new(Shape { bursts, ..Shape::default() }, 5, Duration::ZERO);
    (0..50_000).for_each(|packet| link.push(packet, PACKET, Duration::ZERO));
    let out: Vec<_> = drain(&mut link).into_iter().map(|(packet, _)| packet).collect();
    let gaps: Vec<_> = out.windows(2).map(|pair| pair[1] - pair[0] - 1).filter(|gap| *gap > 0).collect();
    let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
    assert!((3.5..4.5).contains(&mean), "{mean}");
    // One begins every hundred packets and lasts four.
    let share = link.counters().lost.packets as f64 / 50_000.0;
    assert!((0.03..0.05).contains(&share), "{share}");
}

#[test]
fn a_link_without_limits_lets_everything_pass_at_once() {
    let mut link = Link::new(Shape::default(), 1, Duration::ZERO);
    (0..1000).for_each(|packet| link.push(packet, PACKET, milliseconds(3)));
    assert!(drain(&mut link).iter().all(|(_, at)| *at == milliseconds(3)));
    assert_eq!(link.counters().passed.packets, 1000);
}
