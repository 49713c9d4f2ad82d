//! Streams that are not an encoder's of ours with sound beside it.

use super::{BOUNDS, World, shape};
use std::time::Duration;

#[test]
fn input_that_is_encoded_already_is_not_held_up_where_the_network_carries_it() {
    for (rate, carries, round_trip) in [(20e6, 50_000_000, 20), (45e6, 100_000_000, 240)] {
        let link = shape(carries, round_trip, 0.0, 0.0);
        let mut world = World::new(BOUNDS, link);
        world.shape(link);
        world.camera.encode_at(rate);
        world.run(Duration::from_secs(8));
        let from = world.now;
        world.run(Duration::from_secs(10));
        let report = world.report(from, carries);
        println!("{rate} of {carries} bit/s, {round_trip} ms: {report:.3?}");
        assert!(report.rate > 29.0 && report.frozen < 0.001 && report.late < 250.0, "{report:.3?}");
    }
}

#[test]
fn pictures_without_sound_are_followed_and_come_back_after_an_outage() {
    let link = |loss| shape(4_000_000, 40, loss, 0.0);
    let mut world = World::new(BOUNDS, link(0.0));
    world.hush();
    world.shape(link(0.0));
    for outage in [0, 2, 10] {
        world.shape(link(1.0));
        world.run(Duration::from_secs(outage));
        world.shape(link(0.0));
        let from = world.now;
        world.run(Duration::from_secs(20));
        let report = world.report(from, 4_000_000);
        println!("without sound, after {outage} s: {report:.3?}");
        assert!(report.used > 0.9, "after {outage} s: {report:.3?}");
        assert!(report.to_most.is_some_and(|seconds| seconds < 10.0), "after {outage} s: {report:.3?}");
    }
}
