//! Which rung of the ladder each viewer of a stream is on, and what bitrate each rung's encoder runs at.

use super::grouping::{Choice, Class, Crowd, Terms};
use super::ladder::Ladder;
use super::member::{Member, Wish, trusted};
use super::plan::{Plan, Seat};
use super::quality::{Picture, Quality, whole};
use super::{BitsPerSecond, Bounds};
use std::collections::BTreeMap;
use std::time::Duration;

/// A viewer, as the caller numbers them.
pub type Viewer = u64;

/// A viewer who carries so much less than he is sent is overloaded.
const OVERLOADED: f64 = 0.9;
/// How far beyond what is needed the network is probed.
const MARGIN: f64 = 1.25;
/// How fast the rate of a rung that is not ours to set is believed.
const MEASURED: f64 = 0.3;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Let the encoder of a rung run at this bitrate from now on, or from its start.
    Rate {
        /// The rung.
        rung: usize,
        /// Its bitrate.
        bits_per_second: BitsPerSecond,
    },
    /// Bring a viewer over to another rung, at its next key unit.
    Switch {
        /// The viewer.
        viewer: Viewer,
        /// The rung.
        rung: usize,
    },
}

/// What is known of a rung.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Its encoder does not start.
    unavailable: bool,
    /// The application wants nobody on it.
    forbidden: bool,
    /// What it sends, where that is not ours to set.
    measured: Option<f64>,
    /// What it was last told to send.
    rate: Option<BitsPerSecond>,
    /// Viewers who are on it or on their way there.
    viewers: usize,
}

impl State {
    fn is_out(&self) -> bool {
        self.unavailable || self.forbidden
    }

    fn sends(&self) -> Option<f64> {
        self.measured.or(self.rate.map(f64::from))
    }
}

/// The viewers of a stream in one codec. Time is any monotonic clock's reading.
#[derive(Debug, Clone)]
pub struct Allocator {
    ladder: Ladder,
    bounds: Bounds,
    quality: Quality,
    rungs: Vec<State>,
    viewers: BTreeMap<Viewer, Member>,
    plan: Plan,
}

impl Allocator {
    /// An allocator of the rungs of `ladder`; what is comfortable on each follows from the picture, where it is known.
    pub fn new(ladder: Ladder, bounds: Bounds, picture: Option<Picture>) -> Self {
        let quality = Quality::new(&ladder, bounds, picture);
        let rungs = vec![State::default(); ladder.rungs().len()];
        Self { ladder, bounds, quality, rungs, viewers: BTreeMap::new(), plan: Plan::default() }
    }

    /// The picture or what the application allows has changed.
    pub fn set(&mut self, bounds: Bounds, picture: Option<Picture>) {
        self.quality = Quality::new(&self.ladder, bounds, picture);
        self.bounds = bounds;
    }

    /// A viewer comes; the rung on which he starts. Nothing is known of his network, so he harms nobody who is there, and
    /// gets what is encoded already where there is that.
    pub fn join(&mut self, viewer: Viewer, now: Duration) -> usize {
        let encoded = self.rungs.iter().filter(|state| !state.is_out()).filter_map(|state| state.measured);
        let start = encoded.fold(f64::from(self.bounds.start), f64::max);
        let best = self.rungs.iter().filter(|state| state.viewers > 0).find_map(|state| state.sends());
        let seat = Seat { carries: trusted(start, best), rung: None, ties: 0.0 };
        let rung = self.replan(Some(seat), now).unwrap_or_default();
        self.leave(viewer);
        self.viewers.insert(viewer, Member::new(rung, start, now));
        if let Some(state) = self.rungs.get_mut(rung) {
            state.viewers += 1;
        }
        rung
    }

    /// A viewer goes.
    pub fn leave(&mut self, viewer: Viewer) {
        let rung = self.viewers.remove(&viewer).map(|member| member.rung);
        if let Some(state) = rung.and_then(|rung| self.rungs.get_mut(rung)) {
            state.viewers -= 1;
        }
    }

    /// What a viewer's network carries of this stream. Whether that is so much less than he is sent that the next
    /// [`tick`](Self::tick) should be now.
    pub fn estimate(&mut self, viewer: Viewer, bits_per_second: BitsPerSecond, now: Duration) -> bool {
        let Some(member) = self.viewers.get_mut(&viewer) else { return false };
        member.hear(f64::from(bits_per_second), now);
        let sent = self.rungs.get(member.rung).and_then(|state| state.rate);
        sent.is_some_and(|sent| f64::from(bits_per_second) < f64::from(sent) * OVERLOADED)
    }

    /// What a rung sends that is not ours to set: input that is encoded already.
    pub fn measured(&mut self, rung: usize, bits_per_second: BitsPerSecond) {
        if let Some(state) = self.rungs.get_mut(rung) {
            let told = f64::from(bits_per_second);
            state.measured = Some(state.measured.map_or(told, |old| old + MEASURED * (told - old)).max(1.0));
        }
    }

    /// The encoder of a rung does not start: nobody is put on it from now on.
    pub fn unavailable(&mut self, rung: usize) {
        if let Some(state) = self.rungs.get_mut(rung) {
            state.unavailable = true;
        }
    }

    /// Which rungs the application allows: nobody is put on the others from now on, and who is there leaves.
    pub fn permit(&mut self, permitted: &[bool]) {
        for (state, permitted) in self.rungs.iter_mut().zip(permitted) {
            state.forbidden = !permitted;
        }
    }

    /// The rung of a viewer.
    pub fn rung(&self, viewer: Viewer) -> Option<usize> {
        self.viewers.get(&viewer).map(|member| member.rung)
    }

    /// What a rung was last told to send, or sends.
    pub fn rate(&self, rung: usize) -> Option<BitsPerSecond> {
        let state = self.rungs.get(rung)?;
        state.measured.map(whole).or(state.rate)
    }

    /// How much a viewer's network should be tried for: what the next better rung needs, or, where his own encoder
    /// can go up with it, all that the application allows.
    pub fn desired(&self, viewer: Viewer) -> BitsPerSecond {
        let Some(member) = self.viewers.get(&viewer) else { return self.bounds.max };
        let state = self.rungs.get(member.rung).copied().unwrap_or_default();
        let choices = self.choices();
        let better = choices.iter().rev().find(|choice| choice.rung < member.rung);
        let needed = match (better, state.measured) {
            (None, Some(measured)) => measured,
            (None, None) => f64::from(self.bounds.max),
            (Some(_), None) if state.viewers == 1 => f64::from(self.bounds.max),
            (Some(better), _) => {
                let sent = self.rate(better.rung).filter(|_| better.runs).map_or(0.0, f64::from);
                better.fixed.unwrap_or(self.quality.comfortable(better.rung)).max(sent)
            }
        };
        let fixed = choices.iter().any(|choice| choice.fixed.is_some());
        let most = if fixed { BitsPerSecond::MAX } else { self.bounds.max };
        whole(needed * MARGIN).min(most).max(self.bounds.min.min(self.bounds.max))
    }

    /// What there is to do; to be called about five times a second, and when an estimate has fallen.
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        for member in self.viewers.values_mut() {
            member.smooth(now);
            member.prove(self.rungs.get(member.rung).and_then(|state| state.sends()));
        }
        let switches = self.switches(now);
        let mut actions = self.rates();
        actions.extend(switches);
        actions
    }

    /// The rungs that can be used, the best first.
    fn choices(&self) -> Vec<Choice> {
        let usable = self.rungs.iter().enumerate().filter(|(_, state)| !state.is_out());
        let choice =
            |(rung, state): (usize, &State)| Choice { rung, fixed: state.measured, runs: state.viewers > 0 };
        usable.map(choice).collect()
    }

    /// What is sent to those on a rung.
    fn sent(&self, rung: usize) -> Option<f64> {
        self.rungs.get(rung)?.sends()
    }

    fn terms(&self) -> Terms<'_> {
        let (min, max) = (f64::from(self.bounds.min), f64::from(self.bounds.max));
        Terms { quality: &self.quality, bounds: (min.min(max), max) }
    }

    /// Brings the plan up to date, and tells where a newcomer belongs.
    fn replan(&mut self, newcomer: Option<Seat>, now: Duration) -> Option<usize> {
        let choices = self.choices();
        if let [only] = choices[..] {
            return Some(only.rung);
        }
        let seats = self.viewers.values().map(|member| Seat {
            carries: member.carries(self.sent(member.rung)),
            rung: Some(member.rung).filter(|rung| choices.iter().any(|choice| choice.rung == *rung)),
            ties: member.ties(now),
        });
        let seats: Vec<_> = seats.chain(newcomer).collect();
        let mut plan = std::mem::take(&mut self.plan);
        plan.follow(&choices, &seats, self.terms());
        plan.improve(&choices, &seats, self.terms(), now);
        self.plan = plan;
        newcomer.and_then(|seat| self.plan.target(seat))
    }

    fn switches(&mut self, now: Duration) -> Vec<Action> {
        self.replan(None, now);
        let only = match self.choices()[..] {
            [only] => Some(only.rung),
            _ => None,
        };
        let mut actions = Vec::new();
        for (viewer, member) in &mut self.viewers {
            let state = self.rungs.get(member.rung).copied().unwrap_or_default();
            let sent = state.sends();
            let carries = member.carries(sent);
            let planned = self.plan.target(Seat { carries, rung: Some(member.rung), ties: 0.0 });
            let rung = only.or(planned).unwrap_or(member.rung);
            if rung == member.rung {
                member.stay();
                continue;
            }
            let others = state.viewers > 1 || state.measured.is_some();
            let wish = match () {
                () if state.is_out() => Wish::Away,
                () if rung < member.rung => Wish::Up,
                () if others && carries < sent.unwrap_or_default() * OVERLOADED => Wish::Urgent,
                () => Wish::Down,
            };
            if member.may(rung, wish, now) {
                for (index, state) in self.rungs.iter_mut().enumerate() {
                    state.viewers =
                        state.viewers + usize::from(index == rung) - usize::from(index == member.rung);
                }
                member.switch(rung, wish, now);
                actions.push(Action::Switch { viewer: *viewer, rung });
            }
        }
        actions
    }

    fn rates(&mut self) -> Vec<Action> {
        let mut of: Vec<Vec<&Member>> = vec![Vec::new(); self.rungs.len()];
        for member in self.viewers.values() {
            if let Some(members) = of.get_mut(member.rung) {
                members.push(member);
            }
        }
        let single = self.choices().len() <= 1;
        let rates: Vec<_> = of.iter().enumerate().map(|(rung, on)| self.rate_of(rung, on, single)).collect();
        let mut actions = Vec::new();
        for (rung, (state, rate)) in self.rungs.iter_mut().zip(rates).enumerate() {
            let rate = rate.map(whole);
            if state.rate != rate
                && let Some(bits_per_second) = rate
            {
                actions.push(Action::Rate { rung, bits_per_second });
            }
            state.rate = rate;
        }
        actions
    }

    /// What is sent to these viewers; nothing to tell where there are none or where it is not ours to set.
    fn rate_of(&self, rung: usize, members: &[&Member], single: bool) -> Option<f64> {
        let (min, max) = self.terms().bounds;
        let state = self.rungs.get(rung)?;
        match members {
            _ if state.measured.is_some() => None,
            [] => None,
            [alone] => Some(alone.told().clamp(min, max)),
            _ => {
                let sent = self.sent(rung);
                let mut carries: Vec<f64> = members.iter().map(|member| member.carries(sent)).collect();
                carries.sort_by(f64::total_cmp);
                if single {
                    let middle = (carries.len() - 1) / 2;
                    return carries.get(middle).map(|rate| rate.clamp(min, max));
                }
                let planned = self.plan.rate(rung);
                if let (Some(planned), Some(weakest)) = (planned, carries.first())
                    && (*weakest >= planned * OVERLOADED || self.plan.is_lowest(rung))
                {
                    return Some(planned);
                }
                // Not everybody is where he belongs yet.
                let class = |carries| Class { carries, viewers: 1.0, ties: 0.0, on: Vec::new() };
                let classes: Vec<_> = carries.into_iter().map(class).collect();
                let best = Crowd::new(self.terms(), &classes).rate(Choice { rung, fixed: None, runs: true });
                best.map(|best| best.min(planned.unwrap_or(f64::MAX)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
