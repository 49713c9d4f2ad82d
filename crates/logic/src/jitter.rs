//! How long a receiver's jitter buffer is: short at first, grown by what the network does, shrunk slowly.

use std::time::Duration;

/// What a retransmission takes beyond the round trip: until the loss is noticed, and until the packet is taken up.
const NOTICE: Duration = Duration::from_millis(40);
/// The round trip where none has been measured.
const USUAL_ROUND_TRIP: Duration = Duration::from_millis(40);
/// Calm for so long makes the buffer shorter.
const CALM: Duration = Duration::from_secs(10);

/// Answers to requests have come after so long.
const ANSWERED: Duration = Duration::from_secs(1);
/// How much of the measured loss is the latest look's.
const FRESH: f64 = 0.1;
/// Packets that may be lost for good in a second: each can stop the picture.
const BEARABLE: f64 = 0.05;
const MOST_ATTEMPTS: u32 = 6;

/// What was seen since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Interarrival jitter (RFC 3550 section 6.4.1).
    pub jitter: Duration,
    /// Packets that came after their time in the buffer was over.
    pub late: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Retransmissions that were asked for.
    pub requested: u64,
    /// Packets that came after they were asked for, in time.
    pub recovered: u64,
    /// Packets that were handed on.
    pub received: u64,
    /// From the request for a retransmission to its arrival, where one has come.
    pub round_trip: Option<Duration>,
}

/// Follows the network with the length of a jitter buffer.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    shortest: Duration,
    longest: Duration,
    current: Duration,
    /// For how long it has been longer than is needed.
    calm: Duration,
    /// For how long nothing has been missing.
    complete: Duration,
    /// For how long it has not grown.
    settled: Duration,
    /// How many retransmissions of a packet, one after the other, there is room for.
    repairs: u32,
    /// The share of packets that do not come by themselves, of late.
    loss: f64,
    /// Of how many looks it is.
    looks: u32,
    /// When to ask again, and for how long, where one attempt after the other takes longer than there is.
    hurry: Option<(Duration, Duration)>,
    /// Measured before that: an answer to one request can be taken for one to the next.
    round_trip: Duration,
}

impl JitterBuffer {
    /// A buffer that starts at `shortest` and never grows over `longest`.
    pub fn new(shortest: Duration, longest: Duration) -> Self {
        let longest = longest.max(shortest);
        Self {
            shortest,
            longest,
            current: shortest,
            calm: Duration::ZERO,
            complete: Duration::ZERO,
            settled: Duration::ZERO,
            repairs: 0,
            loss: 0.0,
            looks: 0,
            hurry: None,
            round_trip: Duration::ZERO,
        }
    }

    /// Other bounds from now on; returns the new length where it changes.
    pub fn set_bounds(&mut self, shortest: Duration, longest: Duration) -> Option<Duration> {
        let longest = longest.max(shortest);
        // Who asks for less wants it now; without a change of theirs calm is what makes a buffer shorter.
        let shorter = shortest < self.shortest;
        (self.shortest, self.longest) = (shortest, longest);
        let next = if shorter { shortest } else { self.current.clamp(shortest, longest) };
        (next != std::mem::replace(&mut self.current, next)).then_some(next)
    }

    /// How long to wait for an answer before asking again, and for how long to ask, where the buffer is too short for as
    /// many round trips as the loss needs attempts; some packets come twice then. Nothing: a round trip, as long as the
    /// buffer waits.
    pub fn hurry(&self) -> Option<(Duration, Duration)> {
        self.hurry
    }

    /// The length now.
    pub fn current(&self) -> Duration {
        self.current
    }

    /// Takes in what was seen over the last `interval`; returns the new length where it changes.
    ///
    /// Four times the jitter covers nearly every packet of a bell-shaped delay. Packets that came too late
    /// double the buffer at once. Where packets are missing there is room for as many retransmissions as so much loss
    /// needs, and for one more each time that some are lost all the same, as long as they fit. Calm of ten seconds
    /// takes a tenth away.
    pub fn update(&mut self, seen: Seen, interval: Duration) -> Option<Duration> {
        let mut wanted = (seen.jitter * 4).max(self.shortest).max(self.room(seen, interval));
        // What is asked for may come too late; there is room for that already.
        if seen.late > 0 && self.complete >= ANSWERED {
            wanted = wanted.max(self.current * 2).max(Duration::from_millis(20));
        }
        let wanted = wanted.clamp(self.shortest, self.longest);
        self.settled += interval;
        let next = if wanted > self.current {
            self.calm = Duration::ZERO;
            wanted
        } else {
            self.calm += interval;
            if self.calm < CALM {
                return None;
            }
            self.calm = Duration::ZERO;
            self.current.mul_f64(0.9).max(wanted)
        };
        // A change below a millisecond is not worth a new latency for the whole pipeline.
        if next.abs_diff(self.current) < Duration::from_millis(1) {
            return None;
        }
        if next > self.current {
            self.settled = Duration::ZERO;
        }
        self.current = next;
        Some(next)
    }

    /// When to ask again, so that there is time for so many attempts.
    fn haste(&self, needed: u32, round_trip: Duration) -> Option<(Duration, Duration)> {
        if needed < 2 || round_trip * needed + NOTICE <= self.longest {
            return None;
        }
        // The last request is answered in time.
        let time = self.longest.checked_sub(round_trip + NOTICE)?;
        let apart = (time / (needed - 1)).max(round_trip / 3);
        (apart < round_trip && apart < time).then_some((apart, time))
    }

    /// Room for retransmissions.
    fn room(&mut self, seen: Seen, interval: Duration) -> Duration {
        let known = self.hurry.map_or(Duration::ZERO, |_| self.round_trip);
        let round_trip = seen.round_trip.unwrap_or(USUAL_ROUND_TRIP).max(Duration::from_millis(1)).max(known);
        self.round_trip = round_trip;
        let room = |repairs: u32| round_trip * repairs + NOTICE;
        let missing = (seen.lost + seen.recovered) as f64;
        let all = (seen.received + seen.lost).max(1) as f64;
        if seen.received > 0 {
            self.looks = self.looks.saturating_add(1);
        }
        self.loss += (missing / all - self.loss) * FRESH.max(1.0 / (3.0 + f64::from(self.looks)));
        if seen.lost == 0 && seen.requested == 0 {
            self.complete += interval;
            if self.complete >= CALM {
                self.complete = Duration::ZERO;
                self.repairs = self.repairs.saturating_sub(1);
                self.hurry = None;
            }
        } else {
            self.complete = Duration::ZERO;
            // What was given up while the buffer was shorter says nothing about the room that there is now.
            let enough = self.repairs > 0 && (seen.lost == 0 || self.settled <= self.current);
            let more = if enough { self.repairs } else { self.repairs + 1 };
            let needed = attempts(self.loss, all / interval.as_secs_f64());
            // Delay that saves nothing is no help.
            let fitting = (1..=more.max(needed)).rev().find(|repairs| room(*repairs) <= self.longest);
            self.repairs = fitting.unwrap_or(self.repairs);
            self.hurry = self.haste(needed, round_trip);
        }
        if self.hurry.is_some() {
            self.longest
        } else if self.repairs == 0 || room(self.repairs) > self.longest {
            Duration::ZERO
        } else {
            room(self.repairs)
        }
    }
}

/// How many attempts leave few enough packets lost, where each is lost on its way there or back as packets are.
fn attempts(loss: f64, packets_per_second: f64) -> u32 {
    let fails = (2.0 * loss).min(0.5);
    let left = |attempts: i32| loss * fails.powi(attempts) * packets_per_second;
    (1..MOST_ATTEMPTS).find(|attempts| left(attempts.cast_signed()) < BEARABLE).unwrap_or(MOST_ATTEMPTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(200);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn jitter(ms: u64) -> Seen {
        Seen { jitter: Duration::from_millis(ms), ..Seen::default() }
    }

    fn after(buffer: &mut JitterBuffer, seen: Seen, seconds: u64) -> Duration {
        for _ in 0..seconds * 5 {
            buffer.update(seen, STEP);
        }
        buffer.current()
    }

    #[test]
    fn it_stays_short_on_a_calm_network_and_grows_with_jitter_at_once() {
        let mut buffer = JitterBuffer::new(ms(10), ms(200));
        assert_eq!(buffer.update(jitter(1), STEP), None);
        assert_eq!(buffer.update(jitter(15), STEP), Some(ms(60)));
    }

    #[test]
    fn it_never_leaves_its_bounds() {
        let mut buffer = JitterBuffer::new(ms(10), ms(200));
        assert_eq!(buffer.update(jitter(5000), STEP), Some(ms(200)));
        for _ in 0..100_000 {
            buffer.update(Seen::default(), STEP);
        }
        assert!(buffer.current() >= ms(10));
        assert!(buffer.current() < ms(12));
    }

    #[test]
    fn new_bounds_hold_at_once_and_the_same_ones_change_nothing() {
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        assert_eq!(buffer.update(jitter(50), STEP), Some(ms(200)));
        assert_eq!(buffer.set_bounds(ms(50), ms(1000)), None);
        assert_eq!(buffer.set_bounds(ms(300), ms(1000)), Some(ms(300)));
        assert_eq!(buffer.set_bounds(ms(300), ms(200)), None);
        assert_eq!(buffer.set_bounds(ms(20), ms(150)), Some(ms(20)));
        assert_eq!(buffer.update(jitter(50), STEP), Some(ms(150)));
        assert_eq!(buffer.set_bounds(ms(20), ms(100)), Some(ms(100)));
    }

    #[test]
    fn late_packets_double_it_and_losses_make_room_for_a_retransmission() {
        let mut buffer = JitterBuffer::new(ms(10), ms(500));
        let lost = Seen { lost: 3, received: 2000, ..Seen::default() };
        assert_eq!(buffer.update(lost, STEP), Some(ms(80)));
        let late = Seen { late: 1, ..Seen::default() };
        // It may have been asked for.
        assert_eq!(buffer.update(late, STEP), None);
        assert_eq!(after(&mut buffer, Seen::default(), 1), ms(80));
        assert_eq!(buffer.update(late, STEP), Some(ms(160)));
    }

    #[test]
    fn a_request_makes_room_before_anything_is_lost_and_the_room_follows_the_round_trip() {
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        let requested = Seen { requested: 1, ..Seen::default() };
        assert_eq!(buffer.update(requested, STEP), Some(ms(80)));
        let measured = Seen { round_trip: Some(ms(240)), ..requested };
        assert_eq!(buffer.update(measured, STEP), Some(ms(280)));
        // Repaired losses are no reason for more, however many there are.
        assert_eq!(after(&mut buffer, Seen { requested: 40, ..measured }, 60), ms(280));
    }

    #[test]
    fn each_further_loss_makes_room_for_one_more_attempt_but_not_for_one_that_does_not_fit() {
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        let lost =
            Seen { lost: 1, requested: 9, received: 2000, round_trip: Some(ms(240)), ..Seen::default() };
        assert_eq!(buffer.update(lost, STEP), Some(ms(280)));
        // Those were given up before.
        assert_eq!(buffer.update(lost, STEP), None);
        assert_eq!(after(&mut buffer, lost, 1), ms(520));
        assert_eq!(after(&mut buffer, lost, 60), ms(1000));
        let mut short = JitterBuffer::new(ms(20), ms(150));
        assert_eq!(after(&mut short, lost, 10), ms(20));
    }

    #[test]
    fn measured_loss_makes_room_for_as_many_attempts_as_it_needs_before_they_fail() {
        let with = |recovered: u64| {
            let mut buffer = JitterBuffer::new(ms(50), ms(1000));
            let round_trip = Some(ms(240));
            let seen = Seen { requested: recovered, recovered, received: 60, round_trip, ..Seen::default() };
            after(&mut buffer, seen, 20)
        };
        assert_eq!(with(3), ms(3 * 240 + 40));
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        let seldom =
            Seen { requested: 1, recovered: 1, received: 60, round_trip: Some(ms(240)), ..Seen::default() };
        for _ in 0..20 {
            buffer.update(seldom, STEP);
            after(&mut buffer, Seen { received: 60, round_trip: Some(ms(240)), ..Seen::default() }, 3);
        }
        assert_eq!(buffer.current(), ms(280));
        assert_eq!([0.001, 0.01, 0.05, 0.1, 0.5].map(|loss| attempts(loss, 300.0)), [1, 2, 3, 4, 6]);
    }

    #[test]
    fn where_the_round_trip_rises_there_is_room_for_what_still_fits() {
        let seen = |round_trip| {
            let round_trip = Some(ms(round_trip));
            Seen { lost: 1, recovered: 3, requested: 9, received: 60, round_trip, ..Seen::default() }
        };
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        assert_eq!(after(&mut buffer, seen(240), 20), ms(4 * 240 + 40));
        // Fewer fit than are needed: all the room there is, for attempts in a hurry.
        assert_eq!(after(&mut buffer, seen(400), 300), ms(1000));
        assert_eq!(after(&mut buffer, seen(240), 20), ms(4 * 240 + 40));
        let mut fresh = JitterBuffer::new(ms(50), ms(1000));
        assert_eq!(after(&mut fresh, seen(400), 20), ms(1000));
        // Not even one fits: delay that saves nothing is no help.
        assert_eq!(after(&mut fresh, seen(970), 600), ms(50));
    }

    #[test]
    fn where_the_attempts_that_are_needed_do_not_fit_they_are_made_before_the_answers() {
        let with = |recovered: u64, longest: u64| {
            let mut buffer = JitterBuffer::new(ms(50), ms(longest));
            let round_trip = Some(ms(250));
            let seen = Seen { requested: recovered, recovered, received: 80, round_trip, ..Seen::default() };
            after(&mut buffer, seen, 20);
            (buffer.hurry(), buffer.current())
        };
        assert_eq!(with(4, 1000), (None, ms(3 * 250 + 40)));
        assert_eq!(with(8, 1000), (Some((ms(710) / 4, ms(710))), ms(1000)));
        // No more than three times in a round trip.
        assert_eq!(with(8, 400), (Some((ms(250) / 3, ms(110))), ms(400)));
        assert_eq!(with(8, 300), (None, ms(290)));
    }

    #[test]
    fn room_is_given_back_when_nothing_has_been_missing_for_a_while() {
        let mut buffer = JitterBuffer::new(ms(50), ms(1000));
        let lost = Seen { lost: 1, requested: 9, round_trip: Some(ms(240)), ..Seen::default() };
        assert_eq!(after(&mut buffer, lost, 60), ms(1000));
        let clean = Seen { round_trip: Some(ms(240)), ..Seen::default() };
        assert!(after(&mut buffer, clean, 9) == ms(1000));
        assert_eq!(after(&mut buffer, clean, 600), ms(50));
    }
}
