//! One viewer: what his network carries, smoothed, and when he may change rungs.

use std::time::Duration;

/// How fast the smoothed estimate follows.
const SMOOTHING: Duration = Duration::from_millis(1000);
/// A fall of more than this is believed at once.
const SUDDEN: f64 = 1.1;
/// Estimates creep up while less is sent, up to so many times that much, and mean nothing: only so much of it is
/// believed. Beyond that they come from probes; but estimators that do not probe creep up to 1.5 times and no further, and
/// have to be believed some time.
const PROVEN: f64 = 1.4;
const UNPROVEN: f64 = 1.1;
/// Of a newcomer nothing is known at first: until his network has been found out he is trusted with what the others on
/// his rung are sent, unless that is much more than the start bitrate. So who comes lowers nobody's picture.
const FOUND_OUT: Duration = Duration::from_secs(2);
const TRUSTED: f64 = 1.5;
/// A wish to change rungs is granted once it has lasted so long.
const HOLD: Duration = Duration::from_millis(1000);
/// Rest after a switch before the next one upwards: at first, and at most.
const REST: Duration = Duration::from_secs(3);
const LONG_REST: Duration = Duration::from_secs(30);
/// A viewer who has to come down so soon after he went up was not carried there.
const FAILED: Duration = Duration::from_secs(20);
/// What it costs to move somebody who has been where he is for long, and somebody who has just come there.
const TIES: (f64, f64) = (0.1, 0.5);
/// How fast it becomes less.
const SETTLED: f64 = 10.0;
/// Rest between switches that are urgent: what the last one did has to show first.
const URGENT: Duration = Duration::from_millis(500);

/// A change of rungs that somebody would be better off with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To a better rung.
    Up,
    /// To a lower one.
    Down,
    /// To a lower one, because this one is more than the network carries and others would suffer for it.
    Urgent,
    /// Away from a rung that does not run.
    Away,
}

/// A viewer's state.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// The rung that he is on, or on his way to.
    pub(super) rung: usize,
    /// The estimate as it was told; the start bitrate until then.
    told: f64,
    heard: bool,
    smooth: f64,
    smoothed: Duration,
    start: f64,
    joined: Duration,
    /// So much of the estimate did not come of itself.
    proven: f64,
    /// The rung he wants and since when.
    wants: Option<(usize, Duration)>,
    switched: Option<Duration>,
    climbed: Option<Duration>,
    rest: Duration,
}

/// What a newcomer's network is taken to carry who starts with so much, where others are sent so much.
pub(super) fn trusted(start: f64, sent: Option<f64>) -> f64 {
    sent.filter(|sent| *sent <= start * TRUSTED).map_or(start, |sent| start.max(sent))
}

impl Member {
    pub(super) fn new(rung: usize, start: f64, now: Duration) -> Self {
        Self {
            rung,
            told: start,
            heard: false,
            smooth: start,
            smoothed: now,
            start,
            joined: now,
            proven: start,
            wants: None,
            switched: None,
            climbed: None,
            rest: REST,
        }
    }

    /// What his network carries by the last estimate.
    pub(super) fn told(&self) -> f64 {
        self.told
    }

    pub(super) fn hear(&mut self, rate: f64, now: Duration) {
        self.smooth(now);
        self.told = rate.max(1.0);
        if !std::mem::replace(&mut self.heard, true) {
            self.smooth = self.told;
        }
    }

    /// Brings the smoothed estimate up to date.
    pub(super) fn smooth(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.smoothed).as_secs_f64() / SMOOTHING.as_secs_f64();
        self.smoothed = self.smoothed.max(now);
        let kept = (-passed).exp();
        self.smooth = (self.smooth.ln() * kept + self.told.ln() * (1.0 - kept)).exp();
    }

    /// What his network carries, for decisions, where he is sent so much: slow to rise, and hardly slower to fall.
    pub(super) fn carries(&self, sent: Option<f64>) -> f64 {
        let mut carries = self.smooth.min(self.told * SUDDEN);
        let new = self.smoothed.saturating_sub(self.joined) < FOUND_OUT;
        if new && carries >= self.start / SUDDEN {
            carries = carries.max(trusted(self.start, sent));
        }
        sent.map_or(carries, |sent| carries.min(self.proven.max(sent * UNPROVEN)))
    }

    /// Notes how far the estimate can be believed of somebody who is sent so much.
    pub(super) fn prove(&mut self, sent: Option<f64>) {
        let proven = sent.is_none_or(|sent| self.told >= sent * PROVEN);
        self.proven = if proven { self.told } else { self.proven.min(self.told * SUDDEN) };
    }

    /// What it costs to move him, in the unit of quality.
    pub(super) fn ties(&self, now: Duration) -> f64 {
        let fresh = self.switched.map_or(0.0, |at| (-now.saturating_sub(at).as_secs_f64() / SETTLED).exp());
        TIES.0 + (TIES.1 - TIES.0) * fresh
    }

    /// Whether he goes over now.
    pub(super) fn may(&mut self, rung: usize, wish: Wish, now: Duration) -> bool {
        let since = match self.wants {
            Some((wanted, since)) if wanted == rung => since,
            _ => now,
        };
        self.wants = Some((rung, since));
        let held = now.saturating_sub(since) >= HOLD;
        let rested = |rest| self.switched.is_none_or(|at| now.saturating_sub(at) >= rest);
        match wish {
            Wish::Up => held && rested(self.rest),
            Wish::Down => held && rested(HOLD),
            Wish::Urgent => rested(URGENT),
            Wish::Away => true,
        }
    }

    /// He is content where he is.
    pub(super) fn stay(&mut self) {
        self.wants = None;
    }

    pub(super) fn switch(&mut self, rung: usize, wish: Wish, now: Duration) {
        let stayed = self.climbed.map(|at| now.saturating_sub(at));
        match (wish, stayed) {
            (Wish::Up, _) => self.climbed = Some(now),
            (Wish::Away, _) => {}
            (_, Some(stayed)) if stayed < FAILED => self.rest = (self.rest * 2).min(LONG_REST),
            (_, Some(_)) => self.rest = (self.rest / 2).max(REST),
            (_, None) => {}
        }
        if wish != Wish::Up {
            self.climbed = None;
        }
        (self.rung, self.switched, self.wants) = (rung, Some(now), None);
    }
}
