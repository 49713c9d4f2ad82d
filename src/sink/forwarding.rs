//! What viewers are told beside the media, over their channel `control`: metadata of frames (property `forward-metas`)
//! and events from upstream (`forward-events`).

use super::BaseWebRTCSink;
use super::imp::CAT;
use super::input::Input;
use crate::data_channel::time_code;
use crate::signaller::structure_to_json;
use protocol::{CustomEvent, FrameMeta, Info};
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The name of time codes in `forward-metas`.
const TIME_CODE: &str = "timecode";

/// What an element forwards.
#[derive(Default)]
pub(super) struct Forwarding {
    time_codes: AtomicBool,
    events: AtomicBool,
    named: Mutex<Named>,
}

/// The properties.
#[derive(Default)]
struct Named {
    metas: String,
    events: String,
}

/// The names in a list; the empty text has none.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

impl Forwarding {
    fn named(&self) -> MutexGuard<'_, Named> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn metas(&self) -> String {
        self.named().metas.clone()
    }

    /// Forwards metadata with these names; those that nobody knows are logged.
    pub(super) fn set_metas(&self, list: Option<String>) {
        let list = list.unwrap_or_default();
        for unknown in names(&list).filter(|name| *name != TIME_CODE) {
            gst::warning!(CAT, "forward-metas: there is no metadata called {unknown}, only {TIME_CODE}");
        }
        self.time_codes.store(names(&list).any(|name| name == TIME_CODE), Ordering::Relaxed);
        self.named().metas = list;
    }

    pub(super) fn events(&self) -> String {
        self.named().events.clone()
    }

    /// Forwards events whose structures have these names.
    pub(super) fn set_events(&self, list: Option<String>) {
        let list = list.unwrap_or_default();
        self.events.store(names(&list).next().is_some(), Ordering::Relaxed);
        self.named().events = list;
    }

    /// What there is to tell of a frame with this RTP timestamp.
    pub(super) fn of_frame(
        &self,
        buffer: &gst::BufferRef,
        timestamp: impl FnOnce() -> Option<u32>,
    ) -> Option<(u32, Box<RawValue>)> {
        if !self.time_codes.load(Ordering::Relaxed) {
            return None;
        }
        let meta = Some(FrameMeta::TimeCode(time_code::read(buffer)?));
        let timestamp = timestamp()?;
        let info = Info { meta, rtp_timestamp: Some(timestamp), ..Info::default() };
        Some((timestamp, info.write().ok()?))
    }

    /// What there is to tell of an event.
    fn of_event(&self, event: &gst::EventRef) -> Option<Box<RawValue>> {
        let custom = matches!(
            event.view(),
            gst::EventView::CustomDownstream(_) | gst::EventView::CustomDownstreamOob(_)
        );
        let structure = event.structure().filter(|_| custom && self.events.load(Ordering::Relaxed))?;
        let name = structure.name().to_string();
        if !names(&self.named().events).any(|wanted| wanted == name) {
            return None;
        }
        let event = CustomEvent { structure_name: name, structure: structure_to_json(structure) };
        Info { event: Some(event), ..Info::default() }.write().ok()
    }
}

impl BaseWebRTCSink {
    /// An event came down to an input: viewers of its stream hear of it where the application wants that.
    pub(super) fn forward(&self, input: &Arc<Input>, event: &gst::EventRef) {
        let Some(info) = self.forwarding().of_event(event) else { return };
        for viewer in self.all_viewers() {
            let mid = viewer.sections().and_then(|sections| sections.mid(input));
            if let (Some(mid), Some(channels)) = (mid, viewer.channels()) {
                channels.tell(&mid, &info);
            }
        }
    }
}
