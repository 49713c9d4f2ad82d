//! How a consumer gets its stream: which producer it asks, and what it does when it is refused.

use super::{Action, PeerClient, Problem, Purpose};
use protocol::{ClientMessage, ErrorCode, PeerId};
use std::time::Duration;

impl PeerClient {
    /// After how long to call [`PeerClient::pause_over`], counted from when this value changed or the connection
    /// was made; nothing while there is nobody to be asked again.
    pub fn pause(&self) -> Option<Duration> {
        self.pause
    }

    /// It is time to ask those again who refused.
    pub fn pause_over(&mut self) {
        self.pause = None;
        self.producers.values_mut().for_each(|producer| producer.refused = false);
        self.ask_again();
    }

    /// A consumer whose session is over, or about to be, wants the next one. Where any producer will do it is that of
    /// another than the last, if there is one: the server may keep the place of one that is gone.
    pub fn want(&mut self) {
        self.wanting = true;
        self.ask_again();
    }

    /// Asks for the stream of a producer, unless one is asked for or runs.
    pub(super) fn ask(&mut self, producer: PeerId) {
        if self.asked.is_none() && self.sessions.is_empty() && self.orphans.is_empty() {
            self.pause = None;
            self.asked = Some(producer.clone());
            self.request(&ClientMessage::StartSession { peer_id: producer, offer: None });
        }
    }

    /// Asks for the wanted stream, where it may be had and does not run.
    pub(super) fn ask_again(&mut self) {
        match &self.purpose {
            Purpose::Consume(producer) => self.ask(producer.clone()),
            Purpose::ConsumeFirst => {
                let willing = self.producers.iter().filter(|(_, producer)| !producer.refused);
                let last = self.last.as_ref().filter(|_| self.wanting);
                let first = willing.min_by_key(|(id, producer)| (Some(*id) == last, producer.order));
                if let Some(id) = first.map(|(id, _)| id.clone()) {
                    self.ask(id);
                }
            }
            Purpose::Produce | Purpose::Listen | Purpose::BeConsumer => {}
        }
    }

    /// The session that was asked for exists.
    pub(super) fn granted(&mut self, producer: PeerId) {
        self.asked = None;
        self.wanting = false;
        self.last = Some(producer);
        self.pause = None;
        self.delays.succeeded();
    }

    /// A session is over: the next may be wanted already.
    pub(super) fn freed(&mut self) {
        if self.wanting {
            self.ask_again();
        }
    }

    /// The session that was asked for is refused. That the producer is not there is no news: it may have gone a
    /// moment ago, or come later.
    pub(super) fn start_refused(
        &mut self,
        producer: PeerId,
        details: String,
        code: Option<ErrorCode>,
    ) -> Vec<Action> {
        let is_gone = code == Some(ErrorCode::UnknownPeer);
        let mut actions = Vec::new();
        if let Some(known) = self.producers.get_mut(&producer) {
            known.refused = true;
        }
        let next = if self.purpose == Purpose::ConsumeFirst {
            if is_gone && let Some(gone) = self.producers.remove(&producer) {
                actions.push(Action::ProducerRemoved(producer, gone.meta));
            }
            self.ask_others()
        } else if !self.unheard && matches!(code, None | Some(ErrorCode::UnknownPeer | ErrorCode::NoRoles)) {
            format!("waiting for {producer} to produce")
        } else {
            self.wait()
        };
        if !is_gone {
            actions.push(Action::Refused(format!("{details}; {next}")));
        }
        actions
    }

    /// The token does not give a right. A consumer of a certain producer goes on unless it is that producer's
    /// stream that it may not have: it can do without hearing of producers.
    pub(super) fn forbidden(&mut self, details: String, peer: Option<&PeerId>) -> Vec<Action> {
        match &self.purpose {
            Purpose::Consume(producer) if peer != Some(producer) => self.status_refused(details),
            _ => {
                self.give_up(Problem::Forbidden(details));
                Vec::new()
            }
        }
    }

    /// The server does not take us for what we said that we are.
    pub(super) fn status_refused(&mut self, details: String) -> Vec<Action> {
        let Purpose::Consume(producer) = &self.purpose else {
            return vec![Action::Refused(details)];
        };
        let text = format!(
            "{details}; nobody tells when producer {producer} comes: where it is not there it is asked for again and again"
        );
        // It is said again on another connection, whose token may give the right.
        self.announced = None;
        self.unheard = true;
        let waits = self.asked.is_none() && self.sessions.is_empty() && self.orphans.is_empty();
        if waits && self.pause.is_none() {
            self.wait();
        }
        vec![Action::Refused(text)]
    }

    /// Asks the next that has not refused, if there is one; what is done instead, if not.
    fn ask_others(&mut self) -> String {
        self.ask_again();
        match &self.asked {
            Some(next) => format!("asking {next}"),
            None if self.producers.is_empty() => "waiting for a producer".into(),
            None => self.wait(),
        }
    }

    fn wait(&mut self) -> String {
        let pause = self.delays.failed();
        self.pause = Some(pause);
        format!("asking again in {} ms", pause.as_millis())
    }
}
