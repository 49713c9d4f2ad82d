//! Capture times on the wire, between two of them, and across clocks.

use super::*;

const TIME: Duration = Duration::new(3_971_792_775, 250_000_000);

fn plain() -> Vec<u8> {
    vec![0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn what_is_written_reads_back_with_other_extensions_and_without() {
    let mut alone = plain();
    assert!(write(&mut alone, 7, TIME));
    assert_eq!(alone.len(), 12 + 4 + 12);
    assert_eq!(read(&alone, 7), Some(TIME));
    assert_eq!(read(&alone, 6), None);
    let mut beside = plain();
    beside[0] |= 0x10;
    beside.extend([0xbe, 0xde, 0, 1, 0x11, 0xab, 0xcd, 0]);
    let before = beside.clone();
    assert!(write(&mut beside, 7, TIME));
    assert_eq!(read(&beside, 7), Some(TIME));
    assert_eq!(extensions::value(&beside, 1), extensions::value(&before, 1));
    assert_eq!(crate::rtp::Header::read(&beside).unwrap().payload, beside.len()..beside.len());
}

#[test]
fn a_time_to_the_nanosecond_survives_the_way() {
    for nanoseconds in [0, 1, 333_333_333, 999_999_999] {
        let time = Duration::new(3_971_792_775, nanoseconds);
        assert!(from_ntp(to_ntp(time)).abs_diff(time) <= Duration::from_nanos(1));
    }
    assert_eq!(since_1900(Duration::ZERO), Duration::from_secs(2_208_988_800));
}

#[test]
fn what_was_captured_elsewhere_is_told_by_the_senders_clock() {
    let with = |offset: i64| {
        let mut packet = plain();
        packet[0] |= 0x10;
        packet.extend([0x10, 0, 0, 5, 7, 16]);
        packet.extend(to_ntp(TIME).to_be_bytes());
        packet.extend(offset.to_be_bytes());
        packet.extend([0, 0]);
        read(&packet, 7)
    };
    assert_eq!(with(0), Some(TIME));
    assert_eq!(with(2 << 32), Some(TIME - Duration::from_secs(2)));
    assert_eq!(with(-(2 << 32)), Some(TIME + Duration::from_secs(2)));
}

#[test]
fn what_is_no_complete_packet_tells_nothing_and_stays_as_it_is() {
    let mut whole = plain();
    write(&mut whole, 7, TIME);
    for length in 0..whole.len() {
        let mut cut = whole[..length].to_vec();
        assert_eq!(read(&cut, 7), None);
        assert!(!write(&mut cut, 7, TIME));
        assert_eq!(cut, whole[..length]);
    }
    let mut long = plain();
    long[0] |= 0x10;
    long.extend([0x10, 0, 0, 0]);
    assert!(!write(&mut long, 7, TIME));
    for seed in 0..5000u32 {
        let mut noise: Vec<u8> =
            (0..40u32).map(|n| (seed.wrapping_mul(2_654_435_761).rotate_left(n) >> 3) as u8).collect();
        noise[0] = 0x80 | noise[0] & 0x3f;
        read(&noise, 7);
        SenderClock::default().hear(&noise, TIME);
        write(&mut noise, 7, TIME);
    }
}

#[test]
fn frames_that_say_nothing_are_placed_by_their_timestamps_also_where_those_wrap() {
    let mut captured = Captured::default();
    assert_eq!(captured.of(5, None, 90_000), None);
    let before = 0u32.wrapping_sub(4500);
    assert_eq!(captured.of(before, Some(TIME), 90_000), Some(TIME));
    assert_eq!(captured.of(4500, None, 90_000), Some(TIME + ms(100)));
    assert_eq!(captured.of(before.wrapping_sub(9000), None, 90_000), Some(TIME - ms(100)));
    assert_eq!(captured.of(0, Some(TIME), 90_000), Some(TIME));
}

fn report(sent: Duration) -> Vec<u8> {
    let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, 1];
    report.extend(to_ntp(sent).to_be_bytes());
    report.extend([0; 12]);
    report
}

#[test]
fn ages_hold_whatever_the_clocks_show() {
    let mut clock = SenderClock::default();
    assert_eq!(clock.age(TIME, TIME), None);
    // The sender's clock is an hour ahead; the way takes 20 ms, and one report is held up.
    let hour = Duration::from_secs(3600);
    for (at, held) in [(0, 0), (1000, 35), (2000, 3)] {
        let mut compound = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
        compound.extend(report(TIME + hour + ms(at)));
        clock.hear(&compound, TIME + ms(at + 20 + held));
    }
    clock.set_round_trip(ms(40));
    let age = clock.age(TIME + hour + ms(2500), TIME + ms(2600)).unwrap();
    assert!(age.abs_diff(ms(100)) < Duration::from_micros(1), "{age:?}");
    // What cannot be is nothing.
    assert_eq!(clock.age(TIME + hour + ms(9000), TIME + ms(2600)), Some(Duration::ZERO));
}

#[test]
fn a_clock_that_was_set_is_believed_after_some_reports() {
    let mut clock = SenderClock::default();
    clock.hear(&report(TIME), TIME);
    for _ in 0..REPORTS {
        clock.hear(&report(TIME), TIME + ms(500));
    }
    assert!(clock.age(TIME, TIME + ms(500)).unwrap() < ms(1));
}

#[test]
fn a_clock_that_is_set_is_followed_at_once() {
    let mut clock = SenderClock::default();
    for at in 0..REPORTS as u64 {
        clock.hear(&report(TIME + ms(at)), TIME + ms(at + 20));
    }
    let hour = Duration::from_secs(3600);
    for hours in [1, 0] {
        let there = TIME + hour * hours;
        clock.hear(&report(there + ms(1000)), TIME + ms(1020));
        let age = clock.age(there + ms(1500), TIME + ms(1600)).unwrap();
        assert!(age.abs_diff(ms(80)) < Duration::from_micros(1), "{age:?}");
    }
}

/// A report, and a packet that tells its capture time once a second, by a clock that is off by so many parts in a
/// million; how far the age that is told is from what it is, at worst, over an hour.
fn worst_over_an_hour(off: f64) -> Duration {
    const WAY: Duration = Duration::from_millis(30);
    let theirs = |time: Duration| TIME + time.mul_f64(1.0 + off / 1e6);
    let (mut clock, mut captured) = (SenderClock::default(), Captured::default());
    let mut worst = Duration::ZERO;
    for frame in 0..3600 * 30u32 {
        let made = Duration::from_millis(u64::from(frame) * 100 / 3);
        if frame % 30 == 0 {
            let report = [&[0x80, 200, 0, 6, 0, 0, 0, 1][..], &to_ntp(theirs(made)).to_be_bytes(), &[0; 12]];
            // The fastest reports take no time here, so a frame is as old as its way is long.
            clock.hear(&report.concat(), TIME + made);
        }
        let timestamp = (made.mul_f64(1.0 + off / 1e6).as_secs_f64() * 90_000.0).round() as u64 as u32;
        let told = (frame % 30 == 0).then(|| theirs(made));
        let at = captured.of(timestamp, told, 90_000).unwrap();
        let age = clock.age(at, TIME + made + WAY).unwrap();
        worst = worst.max(age.abs_diff(WAY));
    }
    worst
}

#[test]
fn an_hour_with_a_clock_that_is_too_fast_or_too_slow_moves_no_age_by_more_than_the_reports_are_apart() {
    for off in [-500.0, -100.0, 0.0, 100.0, 500.0] {
        let worst = worst_over_an_hour(off);
        // Eight reports a second apart, and a second between two times that are told.
        assert!(worst < Duration::from_micros(4600), "{off} ppm: {worst:?}");
    }
}
