//! What a client says in its sessions.

use super::{PeerClient, Problem};
use protocol::{ClientMessage, EndReason, PeerMessage, PeerMessageInner, ProtocolVersion, SessionId};

impl PeerClient {
    /// Says something to the other member of a session; nothing where the server no longer knows it.
    ///
    /// # Errors
    /// The queue is full: this connection ends, and the server's knowledge of us with it.
    pub fn say(&mut self, session: &SessionId, inner: PeerMessageInner) -> Result<(), Problem> {
        if !self.sessions.contains(session) {
            return Ok(());
        }
        self.push(&ClientMessage::Peer(PeerMessage { session_id: session.clone(), inner }))
    }

    /// Ends a session that this side no longer wants; nothing where it is over already.
    ///
    /// # Errors
    /// As with [`PeerClient::say`].
    pub fn end_session(
        &mut self,
        session: &SessionId,
        reason: Option<EndReason>,
        error: Option<String>,
    ) -> Result<(), Problem> {
        if self.orphans.remove(session) {
            self.ask_again();
        }
        if !self.sessions.remove(session) {
            return Ok(());
        }
        let said = self.say_ended(session, reason, error);
        self.freed();
        said
    }

    fn say_ended(
        &mut self,
        session: &SessionId,
        reason: Option<EndReason>,
        error: Option<String>,
    ) -> Result<(), Problem> {
        let session_id = session.clone();
        let message = if self.version >= ProtocolVersion::V1_2 {
            ClientMessage::EndSessionV1_1 { session_id, error, reason }
        } else if error.is_some() {
            ClientMessage::EndSessionV1_1 { session_id, error, reason: None }
        } else {
            // A server of 1.0 drops the longer form without a word, so an ordinary end uses the shorter.
            ClientMessage::EndSession { session_id }
        };
        self.push(&message)
    }
}
