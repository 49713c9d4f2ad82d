//! How a consumer gets its stream: which producer it asks, and when.

use super::{PeerClient, Purpose};
use protocol::{ClientMessage, PeerId};

impl PeerClient {
    /// Asks for the stream of a producer, unless one is asked for or runs.
    pub(super) fn ask(&mut self, producer: PeerId) {
        if !self.asked && self.sessions.is_empty() && self.orphans.is_empty() {
            self.asked = true;
            self.request(&ClientMessage::StartSession { peer_id: producer, offer: None });
        }
    }

    /// A session that the server did not know is over: its place is free.
    pub(super) fn ask_again(&mut self) {
        match &self.purpose {
            Purpose::Consume(producer) => self.ask(producer.clone()),
            Purpose::ConsumeFirst => {
                let first = self.producers.iter().min_by_key(|(_, producer)| producer.order);
                if let Some(id) = first.map(|(id, _)| id.clone()) {
                    self.ask(id);
                }
            }
            Purpose::Produce | Purpose::Listen | Purpose::BeConsumer => {}
        }
    }
}
