//! Which pad is behind which media section of a session, for events that the viewer sends.

use super::BaseWebRTCSink;
use super::input::Input;
use crate::data_channel::Targets;
use gst::glib;
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::sdp::media::Description;
use logic::sdp::plan::Sending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The sections of one session.
pub(super) struct Sections {
    sink: glib::WeakRef<BaseWebRTCSink>,
    /// By `a=mid`.
    known: Mutex<Vec<(String, Weak<Input>)>>,
}

impl Sections {
    pub(super) fn new(sink: &BaseWebRTCSink) -> Arc<Self> {
        Arc::new(Self { sink: sink.downgrade(), known: Mutex::default() })
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
}

impl Targets for Sections {
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
