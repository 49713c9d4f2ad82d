//! Which pad is behind which media section of a session, for events that the viewer sends and for what it is told.

use super::BaseWebRTCSink;
use super::input::Input;
use super::rung_news::RungNews;
use crate::data_channel::{Channels, Targets};
use gst::glib;
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::sdp::media::Description;
use logic::sdp::plan::Sending;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// The sections of one session.
pub(super) struct Sections {
    sink: glib::WeakRef<BaseWebRTCSink>,
    /// By `a=mid`.
    known: Mutex<Vec<(String, Weak<Input>)>>,
    news: OnceLock<Weak<RungNews>>,
}

impl Sections {
    pub(super) fn new(sink: &BaseWebRTCSink) -> Arc<Self> {
        Arc::new(Self { sink: sink.downgrade(), known: Mutex::default(), news: OnceLock::new() })
    }

    fn known(&self) -> MutexGuard<'_, Vec<(String, Weak<Input>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is sent in the sections of the peer's description.
    pub(super) fn note(&self, remote: &Description, plan: &[Sending], inputs: &[Arc<Input>]) {
        let sections = plan.iter().filter_map(|sending| {
            let mid = remote.media.get(sending.m_line)?.mid.clone()?;
            Some((mid, Arc::downgrade(inputs.get(sending.stream)?)))
        });
        *self.known() = sections.collect();
    }

    /// Who tells the viewer what it is sent.
    pub(super) fn attach(&self, news: &Arc<RungNews>) {
        let _ = self.news.set(Arc::downgrade(news));
    }

    /// The section in which the stream of a pad is sent, by `a=mid`.
    pub(super) fn of_pad(&self, pad: &str) -> Option<(String, Arc<Input>)> {
        let known = self.known();
        let mut all = known.iter().filter_map(|(mid, input)| Some((mid, input.upgrade()?)));
        all.find(|(_, input)| input.name == pad).map(|(mid, input)| (mid.clone(), input))
    }

    /// The section in which an input's stream is sent, by `a=mid`.
    pub(super) fn mid(&self, input: &Arc<Input>) -> Option<String> {
        let known = self.known();
        let found = known.iter().find(|(_, other)| std::ptr::eq(other.as_ptr(), Arc::as_ptr(input)));
        found.map(|(mid, _)| mid.clone())
    }
}

/// Tells a viewer what there is to know of a stream's frames; never blocks.
pub(super) fn teller(
    sections: &Arc<Sections>,
    channels: &Arc<Channels>,
    input: &Arc<Input>,
) -> impl Fn(&RawValue) + Send + Sync + use<> {
    let (sections, channels) = (Arc::downgrade(sections), Arc::downgrade(channels));
    let input = Arc::downgrade(input);
    move |info| {
        let mid = sections.upgrade().zip(input.upgrade()).and_then(|(sections, input)| sections.mid(&input));
        if let (Some(mid), Some(channels)) = (mid, channels.upgrade()) {
            let _ = channels.tell(&mid, info);
        }
    }
}

impl Targets for Sections {
    fn opened(&self) {
        if let Some(news) = self.news.get().and_then(Weak::upgrade) {
            news.opened();
        }
    }

    fn pads(&self, mid: Option<&str>) -> Option<Vec<(gst::Pad, bool)>> {
        let inputs = match mid {
            None => self.sink.upgrade().map(|sink| sink.inputs()).unwrap_or_default(),
            Some(mid) => {
                let known = self.known();
                let (_, input) = known.iter().find(|(other, _)| other == mid)?;
                input.upgrade().into_iter().collect()
            }
        };
        let pad =
            |input: &Arc<Input>| Some((input.pad.upgrade()?.upcast(), input.kind() == MediaKind::Video));
        Some(inputs.iter().filter_map(pad).collect())
    }
}
