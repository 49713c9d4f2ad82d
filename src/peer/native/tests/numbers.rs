//! What a viewer sees of the numbers of packets, however long these wait.

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
