//! The task of a session.

use super::{EventSender, Events, Phases};
use crate::peer::{self, Connection};
use crate::runtime::{self, Leaving};
use crate::signaller::{Signallable, SignallableExt};
use gst_webrtc::WebRTCSessionDescription;
use logic::negotiation::{Action, EndReason, Event, Negotiation};
use logic::phases::Phase;
use protocol::{DescriptionKind, SessionDescription};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A session whose transport is not up by then is given up.
const DEADLINE: Duration = Duration::from_secs(20);

/// How often it is looked at whether a connected peer is still there.
const PULSE: Duration = Duration::from_secs(1);

/// What an element does in a session. Called off the runtime, one at a time, without any lock held.
pub(crate) trait Host: Send + 'static {
    /// An offer is about to be made: add what it should contain.
    fn before_offer(&mut self, connection: &dyn Connection) -> Result<(), EndReason>;
    /// The peer's description came and is about to be put in force.
    fn remote_description(&mut self, remote: &SessionDescription) -> Result<(), EndReason>;
    /// An answer to the description in force is about to be made.
    fn before_answer(&mut self, connection: &dyn Connection) -> Result<(), EndReason>;
    /// A description of ours is about to be sent.
    fn munge(&self, description: WebRTCSessionDescription) -> WebRTCSessionDescription {
        description
    }
    /// The transport is up.
    fn start_media(&mut self);
    /// A stream became another, which fits what was agreed on.
    fn serve_again(&mut self) -> Result<(), EndReason> {
        Ok(())
    }
    /// The session is over; release everything.
    fn ended(&mut self, connection: &dyn Connection, reason: &EndReason);
}

/// A session, owned by its task.
pub(crate) struct Session<H> {
    pub(crate) id: String,
    pub(crate) connection: Arc<dyn Connection>,
    pub(crate) signaller: Signallable,
    pub(crate) host: H,
}

/// Runs a session until it ends.
pub(crate) fn spawn<H: Host>(session: Session<H>, first: Event, events: Events, sender: EventSender) {
    sender.send(first);
    let phases = sender.phases().clone();
    drop(sender);
    runtime::spawn(run(session, events, phases));
}

struct Running<H> {
    session: Session<H>,
    negotiation: Negotiation,
    phases: Arc<Phases>,
    /// Once it ends; dropped last.
    leaving: Option<Leaving>,
}

async fn run<H: Host>(session: Session<H>, mut events: Events, phases: Arc<Phases>) {
    let negotiation = Negotiation::new().with_restarts(session.connection.can_restart_ice());
    let mut running = Running { session, negotiation, phases, leaving: None };
    let began = Instant::now();
    let deadline = tokio::time::sleep(DEADLINE);
    tokio::pin!(deadline);
    let mut pulse = tokio::time::interval(PULSE);
    while !running.negotiation.is_ended() {
        let event = tokio::select! {
            event = events.events.recv() => event.unwrap_or(Event::Failed(EndReason::Stopping)),
            () = &mut deadline, if !running.negotiation.is_connected() => Event::DeadlinePassed,
            _ = pulse.tick(), if running.negotiation.is_connected() => {
                Event::Pulse { at: began.elapsed(), silence: running.session.connection.silence() }
            }
        };
        let event = if events.flooded.load(Ordering::Relaxed) {
            Event::Failed(EndReason::Unexpected("more than can be handled"))
        } else {
            event
        };
        let todo = running.negotiation.handle(event);
        // As nearly always when time has passed.
        if todo.is_empty() {
            continue;
        }
        // State changes, pad requests and the application's handlers can block: off the runtime they go.
        let next = runtime::blocking(move || {
            running.perform_all(todo);
            running
        });
        match next.await {
            Some(next) => running = next,
            // A handler of the application panicked; the session went with it.
            None => return,
        }
    }
    runtime::spawn_blocking(move || drop(running));
}

impl<H: Host> Running<H> {
    fn perform_all(&mut self, todo: Vec<Action>) {
        let mut todo = std::collections::VecDeque::from(todo);
        while let Some(action) = todo.pop_front() {
            if let Err(reason) = self.perform(action) {
                todo.clear();
                todo.extend(self.negotiation.handle(Event::Failed(reason)));
            }
        }
    }

    fn perform(&mut self, action: Action) -> Result<(), EndReason> {
        let Session { id, connection, signaller, host } = &mut self.session;
        let described = |kind| self.phases.reach(phase(kind));
        match action {
            Action::RestartIce => connection.restart_ice(),
            Action::CreateOffer => {
                host.before_offer(&**connection)?;
                connection.create(DescriptionKind::Offer);
            }
            Action::CreateAnswer => {
                host.before_answer(&**connection)?;
                connection.create(DescriptionKind::Answer);
            }
            Action::SetLocal(description) => connection.set_local(&description)?,
            Action::SetRemote(description) => {
                described(description.kind);
                host.remote_description(&description)?;
                connection.set_remote(&description)?;
            }
            Action::SendDescription(description) => {
                described(description.kind);
                let description = host.munge(to_gst(&description)?);
                signaller.send_sdp(id, &description);
            }
            Action::SendCandidate(candidate) => {
                let index = candidate.sdp_m_line_index.unwrap_or(0);
                signaller.add_ice(id, &candidate.candidate, index, candidate.sdp_mid);
            }
            Action::AddCandidate(candidate) => connection.add_candidate(&candidate),
            Action::StartMedia => host.start_media(),
            Action::ServeAgain => host.serve_again()?,
            Action::End(reason) => {
                self.leaving = Some(Leaving::new());
                host.ended(&**connection, &reason);
                if !matches!(reason, EndReason::Peer { .. }) {
                    let error = reason.is_error().then(|| reason.to_string());
                    signaller.end_session_with_reason(id, reason.told().as_str(), error.as_deref());
                }
            }
        }
        Ok(())
    }
}

/// What is reached with a description.
fn phase(kind: DescriptionKind) -> Phase {
    match kind {
        DescriptionKind::Offer => Phase::Offered,
        DescriptionKind::Answer => Phase::Answered,
    }
}

fn to_gst(description: &SessionDescription) -> Result<WebRTCSessionDescription, EndReason> {
    peer::to_gst(description)
        .ok_or_else(|| EndReason::Description("read a session description: it is no SDP".into()))
}
