//! What a viewer sees of the numbers of packets, however long these wait.

use super::Job;
use super::{BOUNDS, World, shape};
use std::time::Duration;

#[test]
fn a_key_unit_that_waits_for_room_keeps_its_numbers() {
    let mut world = World::new(BOUNDS, shape(1_000_000, 40, 0.0, 0.0));
    for _ in 0..5 {
        world.camera.want_key();
        world.run(Duration::from_secs(1));
    }
    assert!(world.viewer.shown.len() > 60, "{}", world.viewer.shown.len());
    assert_eq!(world.viewer.moved, 0);
}

#[test]
fn after_a_skip_nothing_is_sent_before_the_key_unit() {
    let mut world = World::new(BOUNDS, shape(1_000_000, 40, 0.0, 0.0));
    world.run(Duration::from_secs(1));
    let take = |world: &mut World| match world.jobs.try_recv() {
        Ok(Job::Packets(packets)) => world.session.write(packets),
        _ => panic!("a frame is handed over"),
    };
    world.film();
    take(&mut world);
    // On its way when the session skips.
    world.film();
    world.session.streams[0].skip(&mut world.session.rtc.direct_api());
    take(&mut world);
    assert_eq!(world.session.streams[0].waiting(), 0);
    let shown = world.viewer.shown.len();
    world.run(Duration::from_secs(1));
    assert!(world.viewer.shown.len() > shown + 15, "{}", world.viewer.shown.len() - shown);
}
