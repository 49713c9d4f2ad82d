//! What one viewer is sent: his shares of the rungs, as the plan of his session has it.

use super::outgoing::Outgoing;
use super::seat::{Guest, Seat, Seated};
use crate::chain::member::{Counts, Member};
use crate::peer::OutletEvents;
use logic::codec::MediaKind;
use logic::negotiation::EndReason;
use logic::sdp::plan::Sending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// What a viewer is served with in one m-line.
#[derive(Clone)]
pub(super) struct Served {
    m_line: usize,
    pub(super) pad: String,
    pub(super) codec: &'static logic::codec::Codec,
    /// The stream's source.
    pub(super) ssrc: u32,
    pub(super) seat: Weak<Seat>,
    member: Weak<Member>,
}

impl Served {
    /// Takes the place of what the m-line was served with before.
    fn tell(self, all: &mut Vec<Self>) {
        match all.iter_mut().find(|before| before.m_line == self.m_line) {
            Some(before) => *before = self,
            None => all.push(self),
        }
    }

    /// From the payloader to the network.
    pub(super) fn send_delay(&self) -> Option<Duration> {
        self.member.upgrade()?.send_delay()
    }

    /// What the viewer was sent of it.
    pub(super) fn counts(&self) -> Option<Counts> {
        Some(self.member.upgrade()?.counts())
    }
}

/// The viewer's key-unit requests, which may come before it has a rung.
#[derive(Default)]
pub(super) struct Wishes(Mutex<Option<Weak<Seat>>>);

impl Wishes {
    fn lock(&self) -> MutexGuard<'_, Option<Weak<Seat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutletEvents for Wishes {
    fn key_unit_wanted(&self) {
        let seat = self.lock().as_ref().and_then(Weak::upgrade);
        if let Some(seat) = seat {
            seat.request_key_unit();
        }
    }
}

impl Outgoing {
    /// Takes a share of the rungs that the plan names, and gives back those that it does not.
    pub(super) fn serve(&mut self, plan: &[Sending]) -> Result<(), EndReason> {
        self.plan = plan.to_vec();
        self.events.phases().agree(plan.iter().any(|sending| sending.codec.kind == MediaKind::Video));
        for flow in &mut self.flows {
            if plan.iter().all(|sending| sending.m_line != flow.m_line) {
                flow.seat = None;
            }
        }
        self.tell_served(plan);
        for sending in plan {
            let Some(flow) = self.flows.iter_mut().find(|flow| flow.m_line == sending.m_line) else {
                continue;
            };
            let Some(input) = self.inputs.get(flow.stream) else {
                continue;
            };
            let is_current = |seat: &Arc<Seat>| seat.codec() == sending.codec && seat.is_current(input);
            // What became something else is offered anew before it is sent.
            if !input.is_on(&flow.terms) || flow.seat.as_ref().is_some_and(|seated| is_current(seated.seat()))
            {
                continue;
            }
            let (estimates, m_line) = (self.estimates.clone(), flow.m_line);
            let guest = Guest {
                member: flow.member.clone(),
                peer_id: self.peer_id.clone(),
                events: self.events.clone(),
                desires: Box::new(move |desired| estimates.desire(m_line, desired)),
            };
            let seated = Seated::take(input, sending.codec, &self.settings, guest)
                .map_err(|err| EndReason::Pipeline(format!("failed to {err}")))?;
            let seat = seated.seat().clone();
            *flow.wishes.lock() = Some(Arc::downgrade(&seat));
            let most = most(self.settings.max_bitrate, usize::from(flow.kind == MediaKind::Video));
            self.estimates.set(flow.m_line, Some((&seat, most)));
            // Out of one codec before into the other.
            flow.seat = None;
            if self.connected {
                seat.begin();
            }
            let now = Served {
                m_line,
                pad: input.name.clone(),
                codec: sending.codec,
                ssrc: flow.terms.ssrc,
                seat: Arc::downgrade(&seat),
                member: Arc::downgrade(&flow.member),
            };
            now.tell(&mut self.served.lock().unwrap_or_else(PoisonError::into_inner));
            flow.seat = Some(seated);
        }
        self.estimates.settled(self.settings.measures_network());
        if let Some(sink) = self.sink.upgrade() {
            sink.audience_changed();
        }
        Ok(())
    }

    /// Forgets what is not served as planned.
    fn tell_served(&self, plan: &[Sending]) {
        let is_planned = |served: &Served| {
            let is_same =
                |sending: &Sending| sending.m_line == served.m_line && sending.codec == served.codec;
            let pad = |sending: &Sending| self.inputs.get(sending.stream).map(|input| &input.name);
            plan.iter().any(|sending| is_same(sending) && pad(sending) == Some(&served.pad))
        };
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.retain(is_planned);
        for m_line in 0..self.places.lines().len() {
            if plan.iter().all(|sending| sending.m_line != m_line) {
                self.estimates.set(m_line, None);
            }
        }
    }
}

/// What streams of pictures take at most, in bit/s.
pub(super) fn most(each: u32, streams: usize) -> u32 {
    each.saturating_mul(u32::try_from(streams).unwrap_or(u32::MAX))
}
