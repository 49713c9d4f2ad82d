//! The current group of pictures of an input that is encoded already, given to viewers who come in the middle of it.

use crate::peer::Batch;
use gst::prelude::MulDiv;
use logic::group_cache::{Answers, Group, Part, Times};
use logic::rtp::picture::Format;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A rung's group.
pub(super) struct Replay {
    state: Mutex<State>,
    epoch: Instant,
}

struct State {
    group: Group<Arc<Batch>>,
    answers: Answers,
    /// Under which announcement the group is.
    announced: u64,
}

impl Replay {
    /// Keeps no more than a second of what a viewer's network is taken to carry at first (bit/s).
    pub(super) fn new(bits_per_second: u32) -> Self {
        let most = usize::try_from(bits_per_second / 8).unwrap_or(usize::MAX);
        let state = State { group: Group::new(most), answers: Answers::default(), announced: 0 };
        Self { state: Mutex::new(state), epoch: Instant::now() }
    }

    /// Only the payloader's thread and who asks for a key unit come here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// The input is asked for a key unit.
    pub(super) fn asked(&self) {
        self.state().answers.asked(self.now());
    }

    /// A key unit comes.
    pub(super) fn key_unit(&self) {
        self.state().answers.key_unit(self.now());
    }

    /// The group up to now in one, for somebody who waits, where that is better than the next key unit.
    pub(super) fn group(&self, announced: u64, format: Format) -> Option<Arc<Batch>> {
        let (parts, times) = {
            let mut state = self.state();
            if state.announced != announced || !state.answers.is_enough(self.now()) {
                return None;
            }
            let (parts, times) = state.group.parts()?;
            (parts.to_vec(), times)
        };
        let last = parts.last()?;
        let list = together(&parts, times)?;
        let frames = parts.iter().map(|part| part.frames()).sum();
        Some(Arc::new(Batch::new(list, last.captured(), format, false).with_frames(frames)))
    }

    /// Packets that all have been given.
    pub(super) fn keep(&self, batch: &Arc<Batch>, key_unit: bool, announced: u64) {
        let Some(timestamp) = batch.span().map(logic::rtp::Span::timestamp) else { return };
        let part = Part { key_unit, timestamp, bytes: batch.list().calculate_size() };
        let mut state = self.state();
        if std::mem::replace(&mut state.announced, announced) != announced && !key_unit {
            state.group.clear();
        }
        if state.group.takes(part) {
            state.group.keep(batch.clone());
        }
    }
}

/// The same packets in memory of their own: encoders have few buffers, which are not to be kept.
pub(super) fn owned(list: &gst::BufferListRef) -> Option<gst::BufferList> {
    list.iter().map(|packet| packet.copy_deep().ok()).collect()
}

/// The packets of all parts, at these times; what they carry is shared.
fn together(parts: &[Arc<Batch>], mut times: Times) -> Option<gst::BufferList> {
    let packets = parts.iter().flat_map(|part| part.list().iter_owned());
    packets.map(|packet| moved(packet, &mut times)).collect()
}

fn moved(mut packet: gst::Buffer, times: &mut Times) -> Option<gst::Buffer> {
    let mut head = packet.peek_memory(0).map_readable().ok()?.to_vec();
    let field = head.get_mut(4..8)?;
    let timestamp = u32::from_be_bytes((&*field).try_into().ok()?);
    let later = times.later(timestamp);
    if later != 0 {
        field.copy_from_slice(&timestamp.wrapping_add(later).to_be_bytes());
        let by = gst::ClockTime::SECOND.mul_div_floor(later.into(), 90_000)?;
        let packet = packet.make_mut();
        packet.set_pts(packet.pts().map(|pts| pts + by));
        packet.set_dts(packet.dts().map(|dts| dts + by));
        packet.replace_memory_range(0..1, gst::Memory::from_slice(head));
    }
    Some(packet)
}
