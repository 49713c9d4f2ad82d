//! Whether fewer packets are lost at a lower rate: if not, they are lost at any.

use super::losses::Losses;
use std::time::Duration;

/// At least so much less is sent for a while.
const LESS: f64 = 0.15;
/// Losses beyond those at any rate that are not looked at: a part, and so many standard deviations.
const FEW: (f64, f64) = (0.03, 3.0);
const FEW_BESIDE: (f64, f64) = (0.002, 1.0);
/// Beside others the rate falls to this part with a loss, and so seldom.
const BESIDE: f64 = 0.7;
const REST: Duration = Duration::from_millis(1000);
/// A trial that tells nothing for so long, because too few packets are sent, is over.
const PATIENCE: Duration = Duration::from_secs(3);

/// A trial, where one is made.
#[derive(Default)]
pub(super) struct Trial {
    /// The rate and the loss before it.
    on: Option<(f64, f64)>,
    began: Duration,
    lowered: Option<Duration>,
}

/// What came out, or is to be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Lower the rate.
    Lower(f64),
    /// This rate is what the network carries.
    Limit,
    /// The rate before was as good.
    Restore(f64),
}

impl Trial {
    pub(super) fn is_on(&self) -> bool {
        self.on.is_some()
    }

    pub(super) fn judge(
        &mut self,
        losses: &Losses,
        rate: f64,
        beside: bool,
        now: Duration,
    ) -> Option<Verdict> {
        let Some(loss) = losses.loss() else {
            self.on = self.on.filter(|_| now < self.began + PATIENCE);
            return None;
        };
        if let Some((before, lost)) = self.on {
            if !losses.is_full() {
                return None;
            }
            self.on = None;
            return Some(if loss > lost * 0.6 { Verdict::Restore(before) } else { Verdict::Limit });
        }
        let (few, deviations) = if beside { FEW_BESIDE } else { FEW };
        if loss < losses.inherent() + few + deviations * losses.deviation() {
            return None;
        }
        if beside {
            if self.lowered.is_some_and(|at| now < at + REST) {
                return None;
            }
            self.lowered = Some(now);
            return Some(Verdict::Lower(rate * BESIDE));
        }
        (self.on, self.began) = (Some((rate, loss)), now);
        Some(Verdict::Lower(rate * (1.0 - (loss - losses.inherent()).clamp(LESS, 0.5))))
    }
}
