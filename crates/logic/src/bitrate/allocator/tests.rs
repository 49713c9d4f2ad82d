//! The rules of the allocator, one after the other.

use super::*;

const BOUNDS: Bounds = Bounds { min: 1_000, max: 8_000_000, start: 2_000_000 };
const HD: Picture = Picture { width: 1280, height: 720, frames_per_second: 30.0 };

/// An allocator and its clock, which goes on by a fifth of a second a tick.
struct Scene {
    allocator: Allocator,
    now: Duration,
    /// Switches so far.
    switches: usize,
}

impl Scene {
    fn new(ladder: &str) -> Self {
        let allocator = Allocator::new(ladder.parse().unwrap(), BOUNDS, Some(HD));
        Self { allocator, now: Duration::from_secs(100), switches: 0 }
    }

    fn join(&mut self, viewers: impl IntoIterator<Item = Viewer>) {
        for viewer in viewers {
            self.allocator.join(viewer, self.now);
        }
    }

    fn tick(&mut self) -> Vec<Action> {
        self.now += Duration::from_millis(200);
        let actions = self.allocator.tick(self.now);
        self.switches += actions.iter().filter(|action| matches!(action, Action::Switch { .. })).count();
        actions
    }

    /// Tells the estimates with each tick for so many seconds.
    fn run(&mut self, seconds: u32, estimates: &[(Viewer, BitsPerSecond)]) {
        for _ in 0..seconds * 5 {
            for (viewer, estimate) in estimates {
                self.allocator.estimate(*viewer, *estimate, self.now);
            }
            self.tick();
        }
    }

    fn rungs(&self) -> Vec<usize> {
        self.allocator.viewers.values().map(|member| member.rung).collect()
    }

    fn rates(&self) -> Vec<Option<BitsPerSecond>> {
        (0..self.allocator.rungs.len()).map(|rung| self.allocator.rate(rung)).collect()
    }
}

#[test]
fn a_lone_viewer_starts_at_the_start_bitrate_and_is_followed_exactly() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    assert_eq!(scene.allocator.join(7, scene.now), 0);
    assert_eq!(scene.tick(), [Action::Rate { rung: 0, bits_per_second: 2_000_000 }]);
    for estimate in [2_345_678, 1_900_001, 8_000_000] {
        scene.allocator.estimate(7, estimate, scene.now);
        assert_eq!(scene.tick(), [Action::Rate { rung: 0, bits_per_second: estimate }]);
    }
    scene.allocator.estimate(7, u32::MAX, scene.now);
    assert_eq!(scene.tick(), [], "never more than the application allows");
    scene.run(10, &[(7, 10)]);
    assert_eq!(scene.rates(), [None, None, Some(1_000)], "and never less");
}

#[test]
fn one_bad_network_among_ten_moves_down_and_the_others_are_not_harmed() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..10);
    let good: Vec<_> = (0..10).map(|viewer| (viewer, 5_000_000)).collect();
    scene.run(10, &good);
    assert_eq!(scene.rungs(), [0; 10]);
    assert_eq!(scene.rates()[0], Some(5_000_000));
    scene.allocator.estimate(3, 300_000, scene.now);
    let actions = scene.tick();
    assert_eq!(
        actions,
        [Action::Rate { rung: 2, bits_per_second: 300_000 }, Action::Switch { viewer: 3, rung: 2 }],
        "at once, and nobody else hears of it"
    );
}
