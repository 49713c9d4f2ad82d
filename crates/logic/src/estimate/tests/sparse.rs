//! Few packets, or none for a while: sources that pause, pictures without sound, networks that are gone.

use super::*;

/// The estimates of a minute with a frame of ten packets each time, on a network that is faster than they are.
fn with_a_frame_every(interval: u64) -> Vec<BitsPerSecond> {
    let mut estimator = Estimator::new(BOUNDS);
    let mut number = 0u16;
    let frames = (0..60_000 / interval).map(|frame| {
        let (at, first) = (frame * interval, number);
        for packet in 0..10 {
            let at = Duration::from_millis(at) + Duration::from_micros(packet * 200);
            estimator.sent(number, SIZE, at);
            number = number.wrapping_add(1);
        }
        let arrived = |packet| (at as i64 + 20) * 1000 + i64::from(packet) * 250;
        let packets = (0..10).map(|packet| (first.wrapping_add(packet), Some(arrived(packet))));
        estimator.report(packets, Duration::from_millis(at + 60));
        estimator.estimate()
    });
    frames.collect()
}

#[test]
fn a_source_that_pauses_between_frames_is_no_silence_of_the_peer() {
    for interval in [400, 700, 1000, 5000] {
        let estimates = with_a_frame_every(interval);
        let least = estimates.iter().min().copied().unwrap_or_default();
        assert!(least >= BOUNDS.start, "a frame every {interval} ms: {estimates:?}");
    }
}

#[test]
fn who_reports_on_nothing_while_packets_go_is_sent_less_and_less() {
    let mut estimator = Estimator::new(BOUNDS);
    let ms = Duration::from_millis;
    estimator.sent(0, SIZE, ms(0));
    estimator.report([(0, Some(20_000))].into_iter(), ms(40));
    let falls = |estimator: &mut Estimator, from: u64, to: u64| {
        let before = estimator.estimate();
        for at in (from..to).step_by(20) {
            estimator.sent((at / 20) as u16, SIZE, ms(at));
        }
        f64::from(estimator.estimate()) / f64::from(before)
    };
    // Nothing went for long before.
    assert_eq!(falls(&mut estimator, 10_000, 10_500), 1.0);
    let fell = falls(&mut estimator, 10_500, 13_000);
    assert!((0.1..0.3).contains(&fell), "{fell:.2}");
}

/// A session of pictures alone, whose encoder makes 60 kbit/s at least, while the network is gone for so long. The part
/// of the link that is used of it in the last of the seconds after that.
fn after_an_outage(rate: f64, before: u64, outage: u64, seconds: u64) -> f64 {
    let mut network = Network::new(rate, 40_000, 0.0);
    network.run(before);
    network.loss = 1.0;
    network.encode(outage, 60_000.0);
    network.loss = 0.0;
    network.encode(seconds - 1, 60_000.0);
    let before = network.carried;
    network.encode(1, 60_000.0);
    (network.carried - before) as f64 * 8.0 / network.rate
}

impl Network {
    /// So many seconds, with an encoder that makes so many bits per second at least; what waits for more than a
    /// second is left out.
    fn encode(&mut self, seconds: u64, least: f64) {
        let (end, mut skipped) = (self.now + seconds * 1_000_000, 0);
        while self.now < end {
            let rate = f64::from(self.estimator.estimate());
            if self.now.is_multiple_of(33_300) && self.waiting < 40_000.0 {
                self.waiting += (least - rate).max(0.0) * 0.0333 / 8.0;
            }
            if self.waiting * 8.0 > rate.max(1.0) && self.now > skipped + 3_000_000 {
                (self.waiting, skipped) = (0.0, self.now);
            }
            self.step();
        }
    }
}

#[test]
fn pictures_without_sound_come_back_after_an_outage() {
    // In some of these what was lost is tried to be lowered, with too few packets to see anything by.
    for (rate, before, outage) in [(1e6, 21, 1), (1e6, 25, 3), (4e6, 25, 5), (4e6, 20, 10), (4e6, 20, 20)] {
        let used = after_an_outage(rate, before, outage, 12);
        assert!(used > 0.75, "{rate}, an outage of {outage} s: {used:.2}");
    }
}
