//! How lost packets are repaired: sent again while that still helps, by forward error correction where it does not.
//!
//! A packet that is sent again arrives a round trip after it was missed, so beyond about 200 ms it comes too late for
//! its picture. Error correction costs its share of the bitrate all the time, so it follows the loss that is
//! measured: there is none on a clean link, and while packets can be sent again only heavy loss asks for any.

use std::time::Duration;

/// Round trips up to which packets that were off are sent again, and up to which they still are.
const SHORT: Duration = Duration::from_millis(180);
const LONG: Duration = Duration::from_millis(220);
/// Loss from which error correction of so many percent is of use. About three times the loss, so that most groups of
/// packets can be restored, and more of it where little is lost: groups are small then.
const LEVELS: [(f64, u8); 7] =
    [(0.0, 0), (0.01, 10), (0.025, 20), (0.045, 30), (0.08, 45), (0.12, 70), (0.2, 100)];
/// Loss from which error correction joins packets that are sent again: many are lost twice then.
const HEAVY: f64 = 0.1;
/// A level is left downwards once loss is so far below where it begins, for so long.
const BELOW: f64 = 0.7;
const CALM: Duration = Duration::from_secs(5);
/// How fast measured loss is believed where it rises, and where it falls.
const RISE: Duration = Duration::from_secs(1);
const FALL: Duration = Duration::from_secs(4);

/// Of all that is sent, what is sent again at most where the application says nothing: more of it means that the network is
/// full, and it would be fuller still.
const MOST_REPEATED: f32 = 0.3;

/// The part of all that is sent, 0 to 1, that may be sent again, of a percentage that the application has set; -1: as is
/// best. More than this is too much, so that where nothing may be, it is less than 0.
pub fn most_repeated(percentage: i32) -> f32 {
    match u16::try_from(percentage) {
        Ok(0) => -1.0,
        Ok(percentage) => (f32::from(percentage) / 100.0).min(1.0),
        Err(_) if percentage < 0 => MOST_REPEATED,
        Err(_) => 1.0,
    }
}

/// What the transport can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// It sends packets again (RTX).
    pub retransmission: bool,
    /// It adds forward error correction.
    pub fec: bool,
}

/// What to do about loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Send packets again that the viewer asks for.
    pub retransmission: bool,
    /// Packets of error correction for every hundred of the stream; 0: none.
    pub fec_percentage: u8,
}

/// One viewer's repair. Time is any monotonic clock's reading.
#[derive(Debug, Clone)]
pub struct Repair {
    abilities: Abilities,
    /// The round trip was short when it was last told apart.
    near: bool,
    loss: f64,
    measured: Option<Duration>,
    level: usize,
    /// Since when less would do.
    calm: Option<Duration>,
}

impl Repair {
    /// Nothing is lost yet, and nothing is known of the round trip.
    pub fn new(abilities: Abilities) -> Self {
        Self { abilities, near: true, loss: 0.0, measured: None, level: 0, calm: None }
    }

    /// A report of the viewer: the part of the packets that was lost since the last one, 0 to 1, before any repair, and the
    /// round trip where it is known.
    pub fn report(&mut self, lost: f64, round_trip: Option<Duration>, now: Duration) -> Plan {
        if let Some(round_trip) = round_trip {
            self.near = round_trip <= if self.near { LONG } else { SHORT };
        }
        self.believe(lost.clamp(0.0, 1.0), now);
        self.adapt(now);
        self.plan()
    }

    /// What to do now.
    pub fn plan(&self) -> Plan {
        let Abilities { retransmission, fec } = self.abilities;
        let retransmission = retransmission && (self.near || !fec);
        let needed = fec && self.level > 0;
        let (_, percentage) = LEVELS.get(self.level).copied().unwrap_or_default();
        Plan { retransmission, fec_percentage: if needed { percentage } else { 0 } }
    }

    fn believe(&mut self, lost: f64, now: Duration) {
        // The first report is no more than a few packets.
        let passed = now.saturating_sub(self.measured.unwrap_or(now.saturating_sub(RISE)));
        self.measured = Some(now);
        let pace = if lost > self.loss { RISE } else { FALL };
        let kept = (-passed.as_secs_f64() / pace.as_secs_f64()).exp();
        self.loss = self.loss * kept + lost * (1.0 - kept);
    }

    /// Up at once; down one level at a time, once it has been calm for a while.
    fn adapt(&mut self, now: Duration) {
        let sent_again = self.abilities.retransmission && self.near;
        // Half of it is enough beside packets that are sent again.
        let loss = if !sent_again {
            self.loss
        } else if self.loss >= if self.level > 0 { HEAVY * BELOW } else { HEAVY } {
            self.loss / 2.0
        } else {
            0.0
        };
        let needed = LEVELS.iter().rposition(|(from, _)| loss >= *from).unwrap_or_default();
        let begin = LEVELS.get(self.level).map_or(0.0, |(from, _)| *from);
        if needed >= self.level {
            (self.level, self.calm) = (needed, None);
        } else if loss >= begin * BELOW {
            self.calm = None;
        } else if now.saturating_sub(*self.calm.get_or_insert(now)) >= CALM {
            (self.level, self.calm) = (self.level - 1, Some(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Abilities = Abilities { retransmission: true, fec: true };

    /// Reports once a second for so long; the plans that follow each other.
    fn plans(repair: &mut Repair, from: u64, seconds: u64, lost: f64, round_trip: u64) -> Vec<(bool, u8)> {
        let mut plans = Vec::new();
        for second in from..from + seconds {
            let round_trip = Some(Duration::from_millis(round_trip));
            let plan = repair.report(lost, round_trip, Duration::from_secs(second));
            plans.push((plan.retransmission, plan.fec_percentage));
        }
        plans.dedup();
        plans
    }

    #[test]
    fn a_clean_link_costs_nothing_however_long_it_is() {
        assert_eq!(plans(&mut Repair::new(BOTH), 0, 60, 0.0, 40), [(true, 0)]);
        assert_eq!(plans(&mut Repair::new(BOTH), 0, 60, 0.005, 300), [(false, 0)]);
    }

    #[test]
    fn on_a_short_link_packets_are_sent_again_and_only_heavy_loss_asks_for_more() {
        assert_eq!(plans(&mut Repair::new(BOTH), 0, 60, 0.05, 50), [(true, 0)]);
        assert_eq!(*plans(&mut Repair::new(BOTH), 0, 60, 0.12, 50).last().unwrap(), (true, 30));
    }

    #[test]
    fn on_a_long_link_error_correction_follows_the_loss() {
        let settled = |lost| *plans(&mut Repair::new(BOTH), 0, 60, lost, 240).last().unwrap();
        assert_eq!(
            [0.011, 0.03, 0.05, 0.1, 0.15, 0.3].map(settled),
            [(false, 10), (false, 20), (false, 30), (false, 45), (false, 70), (false, 100)]
        );
    }

    #[test]
    fn where_only_one_of_them_exists_it_is_used() {
        let again = Abilities { retransmission: true, fec: false };
        assert_eq!(plans(&mut Repair::new(again), 0, 60, 0.2, 400), [(true, 0)]);
        let correct = Abilities { retransmission: false, fec: true };
        assert_eq!(*plans(&mut Repair::new(correct), 0, 60, 0.05, 20).last().unwrap(), (false, 30));
        let none = Abilities { retransmission: false, fec: false };
        assert_eq!(plans(&mut Repair::new(none), 0, 60, 0.5, 20), [(false, 0)]);
    }

    #[test]
    fn the_application_bounds_what_is_sent_again_or_leaves_it() {
        assert_eq!([-1, 0, 25, 100, 101, i32::MAX].map(most_repeated), [0.3, -1.0, 0.25, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn loss_is_answered_within_three_seconds_and_left_one_level_at_a_time() {
        let mut repair = Repair::new(BOTH);
        assert_eq!(plans(&mut repair, 0, 3, 0.1, 240).last(), Some(&(false, 45)));
        let falling = plans(&mut repair, 3, 60, 0.0, 240);
        assert_eq!(falling, [(false, 45), (false, 30), (false, 20), (false, 10), (false, 0)]);
        let mut repair = Repair::new(BOTH);
        plans(&mut repair, 0, 3, 0.1, 240);
        assert_eq!(plans(&mut repair, 3, 6, 0.0, 240), [(false, 45)], "not at once");
    }

    #[test]
    fn loss_and_round_trips_that_sway_about_a_bound_change_nothing() {
        let mut repair = Repair::new(BOTH);
        plans(&mut repair, 0, 20, 0.05, 240);
        let mut seen = Vec::new();
        for n in 0..100 {
            let (lost, round_trip) = if n % 2 == 0 { (0.05, 185) } else { (0.04, 215) };
            seen.extend(plans(&mut repair, 20 + n, 1, lost, round_trip));
        }
        seen.dedup();
        assert_eq!(seen, [(false, 30)]);
    }
}
