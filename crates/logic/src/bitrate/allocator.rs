//! Which rung of the ladder each viewer of a stream is on, and what bitrate each rung's encoder runs at.

use super::grouping::{Choice, Class, Crowd, Terms};
use super::ladder::Ladder;
use super::member::{Member, Wish};
use super::quality::{Picture, Quality, whole};
use super::{BitsPerSecond, Bounds};
use std::collections::BTreeMap;
use std::time::Duration;

/// A viewer, as the caller numbers them.
pub type Viewer = u64;

/// Viewers are grouped by what they carry in steps of a tenth.
const STEP: f64 = 1.1;
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
    /// What it sends, where that is not ours to set.
    measured: Option<f64>,
    /// What it was last told to send.
    rate: Option<BitsPerSecond>,
}

/// The viewers of a stream in one codec. Time is any monotonic clock's reading.
#[derive(Debug, Clone)]
pub struct Allocator {
    ladder: Ladder,
    bounds: Bounds,
    quality: Quality,
    rungs: Vec<State>,
    viewers: BTreeMap<Viewer, Member>,
}

impl Allocator {
    /// An allocator of the rungs of `ladder`; what is comfortable on each follows from the picture, where it is known.
    pub fn new(ladder: Ladder, bounds: Bounds, picture: Option<Picture>) -> Self {
        let quality = Quality::new(&ladder, bounds, picture);
        let rungs = vec![State::default(); ladder.rungs().len()];
        Self { ladder, bounds, quality, rungs, viewers: BTreeMap::new() }
    }

    /// The picture or what the application allows has changed.
    pub fn set(&mut self, bounds: Bounds, picture: Option<Picture>) {
        self.quality = Quality::new(&self.ladder, bounds, picture);
        self.bounds = bounds;
    }

    /// A viewer comes; the rung on which he starts. Nothing is known of his network, so he harms nobody who is there.
    pub fn join(&mut self, viewer: Viewer, now: Duration) -> usize {
        let lowest = self.choices().last().map_or(0, |choice| choice.rung);
        self.viewers.insert(viewer, Member::new(lowest, f64::from(self.bounds.start), now));
        let newcomer = Some(viewer);
        let rung = self.targets(newcomer).get(&viewer).copied().unwrap_or(lowest);
        if let Some(member) = self.viewers.get_mut(&viewer) {
            member.rung = rung;
        }
        rung
    }

    /// A viewer goes.
    pub fn leave(&mut self, viewer: Viewer) {
        self.viewers.remove(&viewer);
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
        let alone = self.viewers.values().filter(|other| other.rung == member.rung).count() == 1;
        let state = self.rungs.get(member.rung).copied().unwrap_or_default();
        let choices = self.choices();
        let better = choices.iter().rev().find(|choice| choice.rung < member.rung);
        let needed = match (better, state.measured) {
            (None, Some(measured)) => measured,
            (None, None) => f64::from(self.bounds.max),
            (Some(_), None) if alone => f64::from(self.bounds.max),
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
        }
        let switches = self.switches(now);
        let mut actions = self.rates();
        actions.extend(switches);
        actions
    }

    /// The rungs that can be used, the best first.
    fn choices(&self) -> Vec<Choice> {
        let mut runs = vec![false; self.rungs.len()];
        for member in self.viewers.values() {
            if let Some(runs) = runs.get_mut(member.rung) {
                *runs = true;
            }
        }
        let states = self.rungs.iter().zip(runs).enumerate();
        let usable = states.filter(|(_, (state, _))| !state.unavailable);
        usable.map(|(rung, (state, runs))| Choice { rung, fixed: state.measured, runs }).collect()
    }

    fn terms(&self) -> Terms<'_> {
        let (min, max) = (f64::from(self.bounds.min), f64::from(self.bounds.max));
        Terms { quality: &self.quality, bounds: (min.min(max), max) }
    }

    /// The rung on which each viewer would be best; `newcomer` is on none yet.
    fn targets(&self, newcomer: Option<Viewer>) -> BTreeMap<Viewer, usize> {
        let choices = self.choices();
        if let [only] = choices[..] {
            return self.viewers.keys().map(|viewer| (*viewer, only.rung)).collect();
        }
        let mut order: Vec<_> =
            self.viewers.iter().map(|(viewer, member)| (member.carries(), *viewer, member.rung)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut classes: Vec<Class> = Vec::new();
        let mut class_of = Vec::with_capacity(order.len());
        for (carries, viewer, rung) in &order {
            if classes.last().is_none_or(|class| *carries > class.carries * STEP) {
                classes.push(Class { carries: *carries, viewers: 0.0, on: vec![0.0; self.rungs.len()] });
            }
            let Some(class) = classes.last_mut() else { continue };
            class.viewers += 1.0;
            if let Some(on) = class.on.get_mut(*rung).filter(|_| Some(*viewer) != newcomer) {
                *on += 1.0;
            }
            class_of.push((*viewer, classes.len() - 1));
        }
        let cut = Crowd::new(self.terms(), &classes).cut(&choices);
        class_of.into_iter().filter_map(|(viewer, class)| Some((viewer, *cut.get(class)?))).collect()
    }

    fn switches(&mut self, now: Duration) -> Vec<Action> {
        let targets = self.targets(None);
        let mut crowded = vec![0; self.rungs.len()];
        for member in self.viewers.values() {
            if let Some(count) = crowded.get_mut(member.rung) {
                *count += 1;
            }
        }
        let mut actions = Vec::new();
        for (viewer, member) in &mut self.viewers {
            let rung = targets.get(viewer).copied().unwrap_or(member.rung);
            if rung == member.rung {
                member.stay();
                continue;
            }
            let state = self.rungs.get(member.rung).copied().unwrap_or_default();
            let sent = state.measured.or(state.rate.map(f64::from)).unwrap_or_default();
            let others = crowded.get(member.rung).is_some_and(|count| *count > 1) || state.measured.is_some();
            let wish = match () {
                () if state.unavailable => Wish::Away,
                () if rung < member.rung => Wish::Up,
                () if others && member.carries() < sent * OVERLOADED => Wish::Urgent,
                () => Wish::Down,
            };
            if member.may(rung, wish, now) {
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
                let mut carries: Vec<f64> = members.iter().map(|member| member.carries()).collect();
                carries.sort_by(f64::total_cmp);
                if single {
                    let middle = (carries.len() - 1) / 2;
                    return carries.get(middle).map(|rate| rate.clamp(min, max));
                }
                let class = |carries| Class { carries, viewers: 1.0, on: Vec::new() };
                let classes: Vec<_> = carries.into_iter().map(class).collect();
                Crowd::new(self.terms(), &classes).rate(Choice { rung, fixed: None, runs: true })
            }
        }
    }
}

#[cfg(test)]
mod tests;
