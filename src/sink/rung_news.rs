//! Viewers are told which rung of a stream they are sent, over the channel `control`: when it begins, and whenever it is
//! another.

use super::rungs::size;
use super::sections::Sections;
use super::serving::Served;
use crate::data_channel::Channels;
use crate::runtime;
use logic::codec::MediaKind;
use protocol::{Info, RungInfo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What one viewer is told.
pub(super) struct RungNews {
    served: Arc<Mutex<Vec<Served>>>,
    sections: Weak<Sections>,
    channels: Weak<Channels>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By `a=mid`.
    told: Vec<(String, RungInfo)>,
    /// Whether somebody is telling the viewer, and whether there is news meanwhile: it is told in order.
    busy: bool,
    is_news: bool,
}

impl RungNews {
    pub(super) fn new(
        served: &Arc<Mutex<Vec<Served>>>,
        sections: &Arc<Sections>,
        channels: &Arc<Channels>,
    ) -> Arc<Self> {
        Arc::new(Self {
            served: served.clone(),
            sections: Arc::downgrade(sections),
            channels: Arc::downgrade(channels),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something begins, maybe on another rung. Never blocks.
    pub(super) fn begins(self: &Arc<Self>) {
        {
            let mut state = self.state();
            state.is_news = true;
            if std::mem::replace(&mut state.busy, true) {
                return;
            }
        }
        let news = self.clone();
        runtime::spawn_blocking(move || news.tell());
    }

    /// A channel is open, over which nothing has been told. Never blocks.
    pub(super) fn opened(self: &Arc<Self>) {
        self.state().told.clear();
        self.begins();
    }

    fn tell(&self) {
        loop {
            {
                let mut state = self.state();
                if !std::mem::take(&mut state.is_news) {
                    state.busy = false;
                    return;
                }
            }
            for (mid, rung) in self.present() {
                self.tell_one(mid, rung);
            }
        }
    }

    fn tell_one(&self, mid: String, rung: RungInfo) {
        if self.state().told.iter().any(|(other, told)| *other == mid && *told == rung) {
            return;
        }
        let info = Info { rung: Some(rung.clone()), ..Info::default() };
        let is_told = self.channels.upgrade().zip(info.write().ok());
        if is_told.is_some_and(|(channels, info)| channels.tell(&mid, &info)) {
            let mut state = self.state();
            state.told.retain(|(other, _)| *other != mid);
            state.told.push((mid, rung));
        }
    }

    /// The rungs that the viewer is sent, by `a=mid`.
    fn present(&self) -> Vec<(String, RungInfo)> {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sections) = self.sections.upgrade() else { return Vec::new() };
        let rung = |served: &Served| {
            let (mid, input) = sections.of_pad(&served.pad)?;
            let seat = served.seat.upgrade()?;
            let (which, rung) = seat.rung()?;
            let (width, height) = size(&input, &rung)?;
            let count = u32::try_from(seat.rungs()).ok()?;
            Some((mid, RungInfo { index: u32::try_from(which.rung).ok()?, count, width, height }))
        };
        served.iter().filter(|served| served.codec.kind == MediaKind::Video).filter_map(rung).collect()
    }
}
