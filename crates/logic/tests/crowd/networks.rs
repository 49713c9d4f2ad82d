//! What the networks of viewers carry in the course of time: made up, the same in every run.

use std::f64::consts::TAU;

/// Numbers that look random (xorshift, Marsaglia 2003).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// At least 0 and below 1.
    pub(crate) fn part(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }

    /// Normally distributed about 0 (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.part()).ln()).sqrt() * (TAU * self.part()).cos()
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        (low.ln() + self.part() * (high / low).ln()).exp()
    }
}

/// How a network behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Always the same.
    Constant,
    /// A quarter of it for a third of the time.
    Steps,
    /// Slowly up to its best and slowly down to a third of it.
    Sawtooth,
    /// Up and down by chance, within a factor of three.
    Walk,
    /// As of a phone on the move: fading within a second, shadows of some seconds, a hole now and then.
    Mobile,
    /// One of the others for each viewer.
    Mixed,
}

const EACH: [Kind; 5] = [Kind::Constant, Kind::Steps, Kind::Sawtooth, Kind::Walk, Kind::Mobile];

/// The network of one viewer.
pub(crate) struct Network {
    kind: Kind,
    /// What it carries at its usual best, in bit/s.
    level: f64,
    phase: f64,
    dice: Dice,
    shadow: f64,
    fading: f64,
    hole: u32,
}

impl Network {
    /// The `index`th viewer's.
    pub(crate) fn new(kind: Kind, index: u64) -> Self {
        let mut dice = Dice::new(index + 1);
        let kind = if kind == Kind::Mixed { EACH[usize::try_from(index % 5).unwrap()] } else { kind };
        // One in ten is bad, three are so so, the rest are good.
        let level = match dice.part() {
            x if x < 0.1 => dice.between(150e3, 600e3),
            x if x < 0.4 => dice.between(600e3, 2e6),
            _ => dice.between(2e6, 12e6),
        };
        let phase = dice.part() * 60.0;
        Self { kind, level, phase, dice, shadow: 0.0, fading: 0.0, hole: 0 }
    }

    /// What it carries at that time, in bit/s; to be asked every fifth of a second.
    pub(crate) fn carries(&mut self, seconds: f64) -> f64 {
        let round = ((seconds + self.phase) / 60.0).fract();
        self.level
            * match self.kind {
                Kind::Constant | Kind::Mixed => 1.0,
                Kind::Steps => {
                    if round < 1.0 / 3.0 {
                        0.25
                    } else {
                        1.0
                    }
                }
                Kind::Sawtooth => 1.0 - 2.0 / 3.0 * (2.0 * round - 1.0).abs(),
                Kind::Walk => {
                    self.shadow = (self.shadow + 0.03 * self.dice.normal()).clamp(-1.1, 0.0);
                    self.shadow.exp()
                }
                Kind::Mobile => self.mobile(),
            }
    }

    fn mobile(&mut self) -> f64 {
        self.shadow = 0.98 * self.shadow + 0.07 * self.dice.normal();
        self.fading = 0.6 * self.fading + 0.12 * self.dice.normal();
        self.hole = match self.hole {
            0 if self.dice.part() < 1.0 / 300.0 => 5,
            left => left.saturating_sub(1),
        };
        let hole = if self.hole > 0 { 0.2 } else { 1.0 };
        hole * (self.shadow + self.fading).min(0.7).exp() * 0.7
    }
}
