//! Hundreds of viewers behind changing networks, served by a ladder: how much of their networks is used, how evenly,
//! how often they switch and how long they are sent too much. `--nocapture` prints a table.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bit rates"
)]

use gst_plugin_webrtc_logic as logic;
use logic::bitrate::Ladder;
use networks::Kind;
use world::{Outcome, serve, serve_privately, serve_without_probes};

mod networks;
mod world;

fn row(name: &str, kind: Kind, outcome: &Outcome) {
    let rates: Vec<_> = outcome.rates.iter().map(|rate| rate.map_or(0, |rate| rate / 1000)).collect();
    println!(
        "| {kind:?} | {name} | {:.0} % | {:.0} % | {:.2} | {:.2} | {:.1} | {:.1} % | {:.2} ms | {rates:?} |",
        outcome.used * 100.0,
        outcome.median * 100.0,
        outcome.fairness,
        outcome.switches,
        outcome.most_switches,
        outcome.overloaded * 100.0,
        outcome.tick.as_secs_f64() * 1000.0,
    );
}

/// What a ladder has to reach: the part that is used, fairness, switches a minute, the part of the time with overload.
struct Bounds {
    used: f64,
    fairness: f64,
    switches: f64,
    overloaded: f64,
}

/// Serves five hundred viewers for a minute and a half.
#[track_caller]
fn check(kind: Kind, bounds: &Bounds) {
    const CROWD: (u64, u32) = (500, 90);
    let ladder = serve(&Ladder::default(), kind, CROWD.0, CROWD.1);
    let single = serve(&Ladder::single(), kind, CROWD.0, CROWD.1);
    let private = serve_privately(kind, CROWD.0, CROWD.1);
    row("ladder", kind, &ladder);
    row("single", kind, &single);
    row("private", kind, &private);
    assert!(ladder.used > bounds.used, "{} used", ladder.used);
    assert!(ladder.fairness > bounds.fairness, "{} fair", ladder.fairness);
    assert!(ladder.switches < bounds.switches, "{} switches", ladder.switches);
    assert!(ladder.most_switches < 12.0, "{} switches of one viewer", ladder.most_switches);
    assert!(ladder.overloaded < bounds.overloaded, "{} overloaded", ladder.overloaded);
    assert!(ladder.overloaded < single.overloaded / 5.0, "a ladder spares those whom one encoder cannot");
}

#[test]
fn networks_that_stay_the_same_come_to_rest() {
    check(Kind::Constant, &Bounds { used: 0.47, fairness: 0.84, switches: 0.3, overloaded: 0.02 });
}

#[test]
fn networks_that_fall_to_a_quarter_and_come_back_are_followed() {
    check(Kind::Steps, &Bounds { used: 0.36, fairness: 0.88, switches: 3.0, overloaded: 0.06 });
}

#[test]
fn networks_that_change_slowly_are_followed_with_few_switches() {
    check(Kind::Sawtooth, &Bounds { used: 0.41, fairness: 0.9, switches: 2.0, overloaded: 0.05 });
}

#[test]
fn networks_that_wander_are_followed_with_few_switches() {
    check(Kind::Walk, &Bounds { used: 0.41, fairness: 0.88, switches: 1.5, overloaded: 0.05 });
}

#[test]
fn networks_of_phones_on_the_move_do_not_make_viewers_flap() {
    check(Kind::Mobile, &Bounds { used: 0.3, fairness: 0.85, switches: 4.5, overloaded: 0.05 });
}

#[test]
fn all_of_these_together_harm_each_other_no_more_than_each_kind_alone() {
    check(Kind::Mixed, &Bounds { used: 0.4, fairness: 0.87, switches: 2.5, overloaded: 0.05 });
}

#[test]
fn a_crowd_is_served_nearly_as_well_where_nothing_probes() {
    for kind in [Kind::Steps, Kind::Mixed] {
        let outcome = serve_without_probes(&Ladder::default(), kind, 500, 90);
        row("ladder, no probes", kind, &outcome);
        assert!(outcome.used > 0.33, "{} used", outcome.used);
        assert!(outcome.switches < 4.5, "{} switches", outcome.switches);
        assert!(outcome.overloaded < 0.05, "{} overloaded", outcome.overloaded);
    }
}

#[test]
fn a_lone_viewer_gets_all_that_an_encoder_of_his_own_would_give_him() {
    for kind in [Kind::Constant, Kind::Steps, Kind::Sawtooth, Kind::Walk, Kind::Mobile] {
        let (ladder, private) = (serve(&Ladder::default(), kind, 1, 180), serve_privately(kind, 1, 180));
        row("ladder, lone viewer", kind, &ladder);
        assert!(ladder.used > private.used - 0.01, "{kind:?}: {} against {}", ladder.used, private.used);
        assert!(ladder.overloaded < private.overloaded + 0.01);
    }
}
