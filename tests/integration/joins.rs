//! Viewers come all at once, and come and go: everybody is served, nobody is disturbed and nothing is left behind.

use crate::support::light::Habit;
use crate::support::stage::{PACE, Stage};
use std::time::{Duration, Instant};

fn joined(transport: &str, count: usize) {
    // Viewers that report on every packet cost the machine more than the pictures.
    let mut stage = Stage::set(&format!("{transport} congestion-control=disabled"), 3 * PACE);
    let start = Instant::now();
    let names: Vec<_> = (0..count).map(|number| format!("viewer {number}")).collect();
    names.iter().for_each(|name| stage.crowd.invite(name, Some(Habit::Good)));
    let asked = start.elapsed();
    assert!(asked < Duration::from_secs(2), "the element took {asked:?} to be asked");
    stage.crowd.wait_within(Duration::from_secs(40), "media for everybody", |all| {
        if let Some(why) = names.iter().find_map(|name| all[name].ended.as_ref()) {
            panic!("somebody was refused: {why:?}");
        }
        names.iter().all(|name| all[name].packets > 3).then_some(())
    });
    assert_eq!(stage.sessions(), count + 1);
    names.iter().for_each(|name| stage.crowd.leave(name));
    stage.empties();
    stage.nobody_was_disturbed();
}

#[test]
fn five_hundred_viewers_join_within_two_seconds_through_the_native_transport() {
    joined("transport=native", 500);
}

/// Each has an element with seven threads.
#[test]
fn twenty_viewers_join_within_two_seconds_through_webrtcbin() {
    joined("transport=webrtcbin", 20);
}

/// What a process holds on to.
#[derive(Debug, Clone, Copy)]
struct Holding {
    threads: usize,
    files: usize,
    kilobytes: usize,
}

impl Holding {
    fn now() -> Self {
        let count = |folder| std::fs::read_dir(folder).unwrap().count();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Self {
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
            kilobytes: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }

    /// One thread, file or hundred kilobytes left behind by each viewer would be more. Pools of threads follow the load
    /// and shrink late, and an allocator keeps some of what it was given back.
    fn is_no_more_than(self, before: Self) -> bool {
        self.threads <= before.threads + 30
            && self.files <= before.files + 6
            && self.kilobytes <= before.kilobytes + 12_000
    }
}

/// Viewers join and leave, so many together so many times.
fn rounds(stage: &mut Stage, rounds: usize, together: usize) {
    for round in 0..rounds {
        let names: Vec<_> = (0..together).map(|number| format!("viewer {round} {number}")).collect();
        names.iter().for_each(|name| stage.crowd.invite(name, Some(Habit::Good)));
        names.iter().for_each(|name| stage.crowd.until(name, "media", |guest| guest.packets > 0));
        names.iter().for_each(|name| stage.crowd.leave(name));
        stage.watch(1);
    }
    stage.empties();
}

fn nothing_grows(transport: &str, many: usize, together: usize) {
    // Slower than usual: what a busy machine holds up is not what is asked here.
    let mut stage = Stage::set(transport, 2 * PACE);
    // What is made once is there after these.
    rounds(&mut stage, many / 4, together);
    let before = Holding::now();
    rounds(&mut stage, many, together);
    let mut after = Holding::now();
    for _ in 0..300 {
        if after.is_no_more_than(before) {
            break;
        }
        stage.watch(1);
        after = Holding::now();
    }
    assert!(after.is_no_more_than(before), "{before:?} has become {after:?}");
    stage.nobody_was_disturbed();
}

#[test]
fn nothing_grows_while_two_hundred_join_and_leave_the_native_transport() {
    nothing_grows("transport=native", 20, 10);
}

#[test]
fn nothing_grows_while_forty_join_and_leave_webrtcbin() {
    nothing_grows("transport=webrtcbin", 10, 4);
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Viewers come, misbehave and go in every phase, by dice.
fn coming_and_going(transport: &str, time: Duration) {
    // Slower than usual: what a busy machine holds up is not what is asked here.
    let mut stage = Stage::set(transport, 2 * PACE);
    let (mut dice, mut inside, mut next) = (Dice(4), Vec::<String>::new(), 0);
    let end = Instant::now() + time;
    while Instant::now() < end {
        let habits =
            [None, Some(Habit::Good), Some(Habit::Good), Some(Habit::Mute), Some(Habit::WithoutDtls)];
        match dice.throw(6) {
            0..3 if inside.len() < 12 => {
                next += 1;
                let name = format!("viewer {next}");
                stage.crowd.invite(&name, habits[dice.throw(habits.len())]);
                inside.push(name);
            }
            0..4 if !inside.is_empty() => {
                let name = inside.swap_remove(dice.throw(inside.len()));
                stage.crowd.leave(&name);
            }
            4 if !inside.is_empty() => {
                stage.crowd.behave(&inside[dice.throw(inside.len())], Habit::Deaf);
            }
            _ => stage.watch(dice.throw(4)),
        }
    }
    assert!(next > 10, "only {next} came");
    inside.iter().for_each(|name| stage.crowd.leave(name));
    stage.empties();
    stage.nobody_was_disturbed();
}

fn viewers_come_and_go_at_random(transport: &str) {
    coming_and_going(transport, Duration::from_secs(5));
}

#[test]
#[ignore = "takes a minute: scripts/test --soak"]
fn viewers_come_and_go_at_random_for_a_minute_through_the_native_transport() {
    coming_and_going("transport=native", Duration::from_secs(60));
}

#[test]
#[ignore = "takes a minute: scripts/test --soak"]
fn viewers_come_and_go_at_random_for_a_minute_through_webrtcbin() {
    coming_and_going("transport=webrtcbin", Duration::from_secs(60));
}

crate::support::under_both_transports!(viewers_come_and_go_at_random);
