//! Who watches: how many sessions there are, how many of them are sent which pad's stream, and how many encoders run;
//! told to the application as it changes, so that a camera can be switched off while nobody does.

use super::BaseWebRTCSink;
use super::WebRTCSinkPad;
use crate::runtime;
use crate::session::news;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the application has been told.
#[derive(Default)]
pub(super) struct Audience(Mutex<Told>);

#[derive(Default)]
struct Told {
    last: Numbers,
    /// Whether somebody is telling it, and whether there is news meanwhile: it is told in order.
    busy: bool,
    is_news: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    viewers: u32,
    encoders: u32,
}

impl Audience {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what is new, or leaves it to who is telling something already. Without any lock: handlers may take their
    /// time.
    fn tell(&self, sink: &BaseWebRTCSink) {
        {
            let mut told = self.told();
            told.is_news = true;
            if std::mem::replace(&mut told.busy, true) {
                return;
            }
        }
        loop {
            {
                let mut told = self.told();
                if !std::mem::take(&mut told.is_news) {
                    told.busy = false;
                    return;
                }
            }
            self.tell_once(sink);
        }
    }

    fn tell_once(&self, sink: &BaseWebRTCSink) {
        let now = Numbers { viewers: sink.viewer_count(), encoders: sink.encoder_count() };
        let before = std::mem::replace(&mut self.told().last, now);
        if before.viewers != now.viewers {
            sink.notify("viewers");
        }
        if (before.viewers == 0) != (now.viewers == 0) {
            news::watched(sink, now.viewers > 0);
        }
        if before.encoders != now.encoders {
            sink.notify("encoders");
        }
        for pad in sink.sink_pads().iter().filter_map(|pad| pad.downcast_ref::<WebRTCSinkPad>()) {
            pad.tell_viewers();
        }
    }
}

impl BaseWebRTCSink {
    /// Something of that may be different: the application hears of it soon.
    pub(super) fn audience_changed(&self) {
        let sink = self.downgrade();
        runtime::spawn_blocking(move || {
            if let Some(sink) = sink.upgrade() {
                sink.imp().audience.tell(&sink);
            }
        });
    }

    /// How many sessions there are.
    pub(super) fn viewer_count(&self) -> u32 {
        count(self.imp().running().map_or(0, |running| running.viewers().count()))
    }

    /// How many of them are sent the stream of this pad.
    pub(super) fn viewer_count_of(&self, pad: &str) -> u32 {
        let sessions = self.imp().running().map(|running| running.viewers().all()).unwrap_or_default();
        let is_sent = |viewer: &super::viewers::Viewer| {
            let served = viewer.served.lock().unwrap_or_else(PoisonError::into_inner);
            served.iter().any(|served| served.pad == pad)
        };
        count(sessions.iter().filter(|(_, viewer)| is_sent(viewer)).count())
    }

    /// How many encoders run.
    pub(super) fn encoder_count(&self) -> u32 {
        let encodes = |rung: &std::sync::Arc<crate::chain::rung::Rung>| rung.encoder().is_some();
        count(self.inputs().iter().flat_map(|input| input.rungs()).filter(encodes).count())
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
