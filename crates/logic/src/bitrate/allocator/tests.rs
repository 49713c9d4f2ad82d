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

fn all(viewers: Viewer, estimate: BitsPerSecond) -> Vec<(Viewer, BitsPerSecond)> {
    (0..viewers).map(|viewer| (viewer, estimate)).collect()
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
    scene.run(10, &all(10, 5_000_000));
    assert_eq!(scene.rungs(), [0; 10]);
    assert_eq!(scene.rates(), [Some(4_750_000), None, None], "a little less than all carry: estimates sway");
    scene.allocator.estimate(3, 300_000, scene.now);
    let moved = [Action::Rate { rung: 2, bits_per_second: 300_000 }, Action::Switch { viewer: 3, rung: 2 }];
    assert_eq!(scene.tick(), moved, "at once, and nobody else hears of it");
    for estimate in [200_000, 400_000, 150_000] {
        scene.run(5, &[(3, estimate)]);
        assert_eq!(scene.rates(), [Some(4_750_000), None, Some(estimate)], "his rung is his own");
    }
}

#[test]
fn a_newcomer_of_whom_nothing_is_known_harms_nobody_and_moves_up_when_his_network_is_known() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..5);
    scene.run(10, &all(5, 6_000_000));
    assert_eq!(scene.allocator.join(5, scene.now), 1);
    scene.tick();
    assert_eq!(scene.rates(), [Some(5_700_000), Some(2_000_000), None]);
    scene.run(4, &[(5, 8_000_000)]);
    assert_eq!(scene.rungs(), [0; 6]);
    assert_eq!(scene.rates(), [Some(5_700_000), None, None]);
}

#[test]
fn nobodys_picture_is_lowered_while_a_newcomers_network_is_found_out() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..5);
    scene.run(10, &all(5, 2_800_000));
    let before = scene.rates();
    assert!(before[0].is_some_and(|rate| rate > 2_500_000), "more than the start bitrate: {before:?}");
    scene.join(5..8);
    for estimate in [2_000_000, 2_000_000, 2_100_000, 2_100_000, 2_300_000, 2_300_000, 2_600_000, 2_800_000] {
        (5..8).for_each(|viewer| _ = scene.allocator.estimate(viewer, estimate, scene.now));
        scene.tick();
        assert_eq!(scene.rates(), before, "{estimate}");
        assert_eq!(scene.rungs(), [0; 8]);
    }
}

#[test]
fn a_newcomer_whose_network_turns_out_bad_goes_down_alone() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..5);
    scene.run(10, &all(5, 2_800_000));
    let before = scene.rates()[0];
    scene.join(5..6);
    scene.run(2, &[(5, 400_000)]);
    assert_eq!(scene.rates()[0], before);
    assert_eq!(scene.rungs(), [0, 0, 0, 0, 0, 2]);
}

#[test]
fn a_storm_of_joins_starts_no_encoder_that_one_alone_would_not() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..50);
    scene.tick();
    assert_eq!(scene.rungs(), [0; 50]);
}

#[test]
fn a_lone_viewer_takes_the_largest_comfortable_picture_and_does_not_flap_about_its_bound() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join([0]);
    for (estimate, rung) in [(3_000_000, 0), (700_000, 1), (250_000, 2), (850_000, 1), (3_000_000, 0)] {
        scene.run(30, &[(0, estimate)]);
        assert_eq!((scene.rungs(), scene.rates()[rung]), (vec![rung], Some(estimate)));
    }
    scene.switches = 0;
    for n in 0..60 {
        scene.run(1, &[(0, if n % 2 == 0 { 950_000 } else { 1_050_000 })]);
    }
    assert_eq!(scene.switches, 0);
}

#[test]
fn a_dip_of_a_second_moves_nobody_who_is_alone() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join([0]);
    scene.run(10, &[(0, 3_000_000)]);
    scene.switches = 0;
    for _ in 0..3 {
        scene.allocator.estimate(0, 400_000, scene.now);
        scene.tick();
        assert_eq!(scene.rates()[0], Some(400_000), "but his encoder follows at once");
    }
    scene.run(10, &[(0, 3_000_000)]);
    assert_eq!(scene.switches, 0);
}

#[test]
fn a_viewer_who_fails_on_a_better_rung_tries_it_again_ever_later() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..10);
    scene.run(10, &all(10, 4_000_000));
    let mut tries = Vec::new();
    for _ in 0..600 {
        // His estimate is good until he is sent what it promises.
        let estimate = if scene.allocator.rung(3) == Some(0) { 1_200_000 } else { 6_000_000 };
        scene.allocator.estimate(3, estimate, scene.now);
        let up = Action::Switch { viewer: 3, rung: 0 };
        if scene.tick().contains(&up) {
            tries.push(scene.now);
        }
    }
    let rests: Vec<_> = tries.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert!(rests.is_sorted() && rests.len() <= 7, "{rests:?}");
    assert!(rests.first().is_some_and(|rest| *rest >= 3) && rests.last().is_some_and(|rest| *rest >= 30));
    assert_eq!(scene.rates()[0], Some(3_800_000), "and the others are not harmed by that");
}

#[test]
fn estimates_that_creep_up_while_little_is_sent_are_not_believed() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..10);
    scene.run(10, &all(10, 2_000_000));
    scene.allocator.estimate(0, 2_000_000, scene.now);
    let before = scene.rates()[0].unwrap();
    let crept = before + before / 2;
    scene.tick();
    scene.run(1, &all(10, crept));
    assert!(scene.rates()[0].unwrap() < before + before / 5, "step by step: {:?}", scene.rates());
    scene.run(10, &all(10, 6_000_000));
    assert!(scene.rates()[0].unwrap() > 5_500_000, "probes are: {:?}", scene.rates());
}

#[test]
fn with_one_rung_for_all_the_lower_middle_of_them_is_followed() {
    let mut scene = Scene::new("1");
    scene.join(0..3);
    scene.run(20, &[(0, 4_000_000), (1, 100_000), (2, 3_000_000)]);
    assert_eq!(scene.rates(), [Some(3_000_000)]);
    assert_eq!(scene.switches, 0);
}

#[test]
fn encoded_input_goes_to_all_whose_network_carries_it_and_only_the_others_are_transcoded_for() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.allocator.measured(0, 3_000_000);
    scene.join(0..10);
    assert_eq!(scene.tick(), [], "nothing to tell an encoder that is not ours");
    scene.run(10, &all(10, 3_600_000));
    assert_eq!((scene.rungs(), scene.rates()), (vec![0; 10], vec![Some(3_000_000), None, None]));
    assert!(scene.allocator.desired(0) > 3_500_000, "so that it can grow");
    scene.run(3, &[(4, 800_000)]);
    assert_eq!(scene.allocator.rung(4), Some(1));
    assert_eq!(scene.rates(), [Some(3_000_000), Some(800_000), None]);
    scene.run(10, &[(4, 3_600_000)]);
    assert_eq!(scene.rungs(), [0; 10]);
}

#[test]
fn a_rung_whose_encoder_does_not_start_is_left_at_once_and_never_used_again() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join([0]);
    scene.run(10, &[(0, 700_000)]);
    assert_eq!(scene.rungs(), [1]);
    scene.allocator.unavailable(1);
    assert!(matches!(scene.tick()[..], [Action::Rate { .. }, Action::Switch { viewer: 0, rung: 0 | 2 }]));
    for estimate in [250_000, 700_000, 4_000_000, 700_000] {
        scene.run(10, &[(0, estimate)]);
        assert_ne!(scene.rungs(), [1]);
    }
    scene.allocator.unavailable(0);
    scene.run(1, &[(0, 4_000_000)]);
    assert_eq!(scene.rungs(), [2]);
}

#[test]
fn networks_are_tried_for_what_the_next_rung_needs_and_at_the_top_for_all_that_is_allowed() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..10);
    let mut estimates = all(10, 5_000_000);
    estimates[0].1 = 300_000;
    estimates[1].1 = 310_000;
    scene.run(20, &estimates);
    assert_eq!(scene.rungs(), [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(scene.allocator.desired(5), 8_000_000);
    let half = scene.allocator.desired(0);
    assert!((600_000..800_000).contains(&half), "nobody is on the next rung, half the pixels: {half}");
    scene.allocator.leave(1);
    assert_eq!(scene.allocator.desired(0), 8_000_000, "alone, his own encoder goes up with him");
    assert_eq!(scene.allocator.desired(99), 8_000_000);
}

#[test]
fn an_overload_is_told_at_once() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join([0]);
    scene.tick();
    assert!(!scene.allocator.estimate(0, 1_900_000, scene.now));
    assert!(scene.allocator.estimate(0, 1_700_000, scene.now));
    assert!(!scene.allocator.estimate(9, 1, scene.now), "nobody's");
}

#[test]
fn nobody_means_nothing_to_do_and_crossed_bounds_do_not_panic() {
    let bounds = Bounds { min: 9, max: 3, start: 5 };
    let mut allocator = Allocator::new(Ladder::default(), bounds, None);
    assert_eq!(allocator.tick(Duration::ZERO), []);
    allocator.join(1, Duration::ZERO);
    allocator.join(1, Duration::ZERO);
    allocator.estimate(1, 0, Duration::ZERO);
    let rates = allocator.tick(Duration::ZERO);
    assert!(
        rates.contains(&Action::Rate { rung: allocator.rung(1).unwrap(), bits_per_second: 3 }),
        "{rates:?}"
    );
    allocator.leave(1);
    allocator.leave(1);
    assert_eq!(allocator.tick(Duration::ZERO), []);
    assert_eq!(allocator.rate(0), None);
}

/// Estimates as transports without probes make them: they rise with what is sent, to half as much again at most.
struct Unprobed(Vec<f64>);

impl Unprobed {
    /// A fifth of a second in which the networks carry so much.
    fn tick(&mut self, scene: &mut Scene, carries: impl Fn(usize) -> f64) {
        for (index, told) in self.0.iter_mut().enumerate() {
            let viewer = index as Viewer;
            let sent = scene.allocator.rung(viewer).and_then(|rung| scene.allocator.rate(rung));
            let (sent, carries) = (sent.map_or(*told, f64::from), carries(index));
            *told = if sent > carries {
                0.85 * carries
            } else {
                (*told * 1.016).min(1.5 * sent + 10e3).max(*told).min(carries)
            };
            scene.allocator.estimate(viewer, *told as BitsPerSecond, scene.now);
        }
        scene.tick();
    }
}

#[test]
fn who_was_bad_for_a_while_comes_back_to_those_whose_networks_are_the_same() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..5);
    // The first stays bad, so that the lowest rung goes on.
    let run = |scene: &mut Scene, seconds: u32, second: u32| {
        scene.run(seconds, &[(0, 400_000), (1, second), (2, 5_000_000), (3, 5_000_000), (4, 5_000_000)]);
    };
    run(&mut scene, 20, 5_000_000);
    assert_eq!(scene.rungs(), [2, 0, 0, 0, 0]);
    run(&mut scene, 20, 350_000);
    assert_eq!(scene.rungs(), [2, 2, 0, 0, 0]);
    run(&mut scene, 40, 5_000_000);
    assert_eq!(scene.rungs(), [2, 0, 0, 0, 0]);
}

#[test]
fn who_shares_comes_up_again_after_a_common_dip_where_nothing_probes() {
    for viewers in [2usize, 3, 10] {
        let mut scene = Scene::new("1, 1/2, 1/4");
        scene.join(0..viewers as Viewer);
        let mut networks = Unprobed(vec![2e6; viewers]);
        for tick in 0..60 * 5 {
            let carries = if (100..150).contains(&tick) { 8e5 } else { 7e6 };
            networks.tick(&mut scene, |viewer| carries + 1e4 * viewer as f64);
        }
        assert_eq!(scene.rungs(), vec![0; viewers], "{viewers} viewers: {:?}", scene.rates());
        assert!(scene.rates()[0] > Some(5_000_000), "{viewers} viewers: {:?}", scene.rates());
    }
}

#[test]
fn who_is_on_a_rung_that_is_forbidden_leaves_it_at_once_and_comes_back_when_it_is_allowed() {
    let mut scene = Scene::new("1, 1/2, 1/4");
    scene.join(0..2);
    let networks = [(0, 300_000), (1, 5_000_000)];
    scene.run(20, &networks);
    assert_eq!(scene.rungs(), [2, 0]);
    scene.allocator.permit(&[true, false, false]);
    scene.tick();
    assert_eq!(scene.rungs(), [0, 0]);
    scene.run(20, &networks);
    assert_eq!(scene.rungs(), [0, 0]);
    scene.allocator.permit(&[true; 3]);
    scene.run(40, &networks);
    assert_eq!(scene.rungs(), [2, 0]);
}
