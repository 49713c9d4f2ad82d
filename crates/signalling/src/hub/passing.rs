//! What a member of a session says to the other: whether it is passed on, and what the sender is told otherwise.

use super::{Hub, Outgoing, tell};
use crate::refusal::Refusal;
use protocol::{DescriptionKind, PeerId, PeerMessage, PeerMessageInner, ProtocolVersion, ServerMessage};

impl Hub {
    pub(super) fn forward(&self, from: &PeerId, message: PeerMessage) -> Result<Vec<Outgoing>, Refusal> {
        let kind = match &message.inner {
            PeerMessageInner::Sdp(description) => Some(description.kind),
            PeerMessageInner::Ice(_) => None,
        };
        let partner = self.receiver(from, message.session_id.as_str(), kind)?;
        Ok(partner.map(|to| tell(&to, ServerMessage::Peer(message))).into_iter().collect())
    }

    /// A member of a session says something to the other, which is passed on as it is: to whom, or what the
    /// sender is told. `kind` is that of a description.
    pub fn pass_on(
        &mut self,
        from: &PeerId,
        session: &str,
        kind: Option<DescriptionKind>,
    ) -> Result<Option<PeerId>, Vec<Outgoing>> {
        self.peers
            .speaks(from)
            .and_then(|_| self.receiver(from, session, kind))
            .map_err(|refusal| vec![tell(from, refusal.message())])
    }

    /// Who is told what a member says; nobody where the session is over and the member is not to know.
    fn receiver(
        &self,
        from: &PeerId,
        session_id: &str,
        kind: Option<DescriptionKind>,
    ) -> Result<Option<PeerId>, Refusal> {
        let Some(session) = self.sessions.get(session_id) else {
            return self.unknown_session(from, session_id).map(|()| None);
        };
        let Some(partner) = session.partner(from) else {
            return Err(Refusal::NotAMember(from.clone(), session_id.into()));
        };
        if kind == Some(DescriptionKind::Offer)
            && *from == session.consumer
            && !self.passes_later_offers(from, partner)
        {
            return Err(Refusal::ConsumerOffers {
                from: from.clone(),
                to: partner.clone(),
                session: session_id.into(),
            });
        }
        Ok(Some(partner.clone()))
    }

    /// Whether the consumer of a session may make offers inside it: both members know of it since 1.2.
    pub(super) fn passes_later_offers(&self, a: &PeerId, b: &PeerId) -> bool {
        [a, b].into_iter().all(|peer| self.peers.version(peer) >= ProtocolVersion::V1_2)
    }

    /// Both members may end a session at the same time, and a candidate may be under way while it ends: their
    /// sender is not at fault. Peers before 1.2 take every error for a serious one, and are not told.
    pub(super) fn unknown_session(&self, from: &PeerId, session_id: &str) -> Result<(), Refusal> {
        if self.peers.version(from) < ProtocolVersion::V1_2 {
            return Ok(());
        }
        Err(Refusal::UnknownSession(session_id.into()))
    }
}
