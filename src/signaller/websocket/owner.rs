//! What the connection tells, as signals to the element and the application.

use super::connection::{Loss, Owner};
use super::imp::CAT;
use crate::signaller::{SignallableExt, WebRTCSignallerState, meta};
use gst::glib;
use gst::subclass::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use logic::ice_servers;
use logic::peer_client::Action;
use protocol::{DescriptionKind, EndReason, Meta, PeerId, PeerMessageInner, SessionDescription, SessionId};

/// What the connection holds of its signaller: it must not keep it alive.
pub(super) struct Weak {
    pub(super) signaller: glib::WeakRef<super::Signaller>,
    pub(super) generation: u64,
}

fn description(kind: DescriptionKind, text: &str) -> Option<WebRTCSessionDescription> {
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).ok()?;
    let kind = match kind {
        DescriptionKind::Offer => WebRTCSDPType::Offer,
        DescriptionKind::Answer => WebRTCSDPType::Answer,
    };
    Some(WebRTCSessionDescription::new(kind, sdp))
}

/// Ends a session whose other member says what is no description.
fn refuse(signaller: &super::Signaller, session: &str, text: &str) {
    signaller.end_session_with_reason(session, EndReason::Description.as_str(), Some(text));
}

fn hear(signaller: &super::Signaller, session: &SessionId, inner: PeerMessageInner) {
    let id = session.as_str();
    match inner {
        PeerMessageInner::Sdp(SessionDescription { kind, sdp }) => match description(kind, &sdp) {
            Some(sdp) => signaller.session_description(id, &sdp),
            None => {
                let text = "the description is no SDP";
                refuse(signaller, id, text);
                let reason = EndReason::Description.as_str();
                signaller.session_ended_with_reason(id, Some(reason), Some(text));
            }
        },
        PeerMessageInner::Ice(ice) => {
            let index = ice.sdp_m_line_index.unwrap_or(0);
            signaller.handle_ice(id, index, ice.sdp_mid.as_deref(), &ice.candidate);
        }
    }
}

fn requested(signaller: &super::Signaller, session: &SessionId, peer: &PeerId, offer: Option<String>) {
    let Some(text) = offer else {
        return signaller.session_requested(session.as_str(), peer.as_str(), None);
    };
    match description(DescriptionKind::Offer, &text) {
        Some(offer) => signaller.session_requested(session.as_str(), peer.as_str(), Some(&offer)),
        None => refuse(signaller, session.as_str(), "the offer is no SDP"),
    }
}

impl Weak {
    /// The signaller, unless it is gone or has been stopped since.
    fn signaller(&self) -> Option<super::Signaller> {
        self.signaller.upgrade().filter(|signaller| signaller.imp().is_generation(self.generation))
    }

    fn set_state(
        &self,
        signaller: &super::Signaller,
        state: WebRTCSignallerState,
        client_id: Option<String>,
    ) -> bool {
        signaller.imp().set_state(Some(self.generation), state, client_id)
    }
}

impl Owner for Weak {
    fn meta(&self) -> Option<Meta> {
        Some(meta::structure_to_json(self.signaller()?.request_meta()?.as_ref()))
    }

    fn act(&self, action: Action) {
        let Some(signaller) = self.signaller() else { return };
        let structure = |meta: Option<Meta>| meta.as_ref().and_then(meta::json_to_structure);
        match action {
            // The connection makes `connected` of it.
            Action::Registered(..) => {}
            Action::SessionRequested(session, peer, offer) => requested(&signaller, &session, &peer, offer),
            Action::SessionStarted(session, peer) => {
                signaller.session_started(session.as_str(), peer.as_str())
            }
            Action::Peer(session, inner) => hear(&signaller, &session, inner),
            Action::SessionEnded(session, reason, error) => {
                let reason = reason.map(EndReason::as_str);
                signaller.session_ended_with_reason(session.as_str(), reason, error.as_deref());
            }
            Action::ProducerAdded(id, meta, new) => {
                signaller.producer_added(id.as_str(), structure(meta), new)
            }
            Action::ProducerRemoved(id, meta) => signaller.producer_removed(id.as_str(), structure(meta)),
            Action::IceServers(servers) => {
                let addresses = ice_servers::addresses(&servers);
                signaller.imp().set_ice_servers(addresses.clone());
                SignallableExt::ice_servers(&signaller, &addresses);
            }
            Action::Refused(text) => {
                gst::warning!(CAT, obj = signaller, "the signalling server refused: {text}")
            }
            Action::NotUnderstood(bytes) => {
                gst::warning!(CAT, obj = signaller, "ignoring a message of {bytes} bytes that is none")
            }
        }
    }

    fn connected(&self, id: &PeerId, resumed: bool, attempts: u32) {
        let Some(signaller) = self.signaller() else { return };
        gst::info!(CAT, obj = signaller, "connected to the signalling server as {id}, resumed: {resumed}");
        if !self.set_state(&signaller, WebRTCSignallerState::Connected, Some(id.to_string())) {
            return;
        }
        let details = gst::Structure::builder("details")
            .field("client-id", id.as_str())
            .field("resumed", resumed)
            .field("attempts", attempts);
        signaller.connection_changed(true, &details.build());
    }

    fn lost(&self, loss: &Loss) {
        let Some(signaller) = self.signaller() else { return };
        let Loss { text, retry_in, attempts, was_connected } = loss;
        gst::warning!(CAT, obj = signaller, "{text}; trying again in {} ms", retry_in.as_millis());
        let state = if *was_connected {
            WebRTCSignallerState::Reconnecting
        } else {
            WebRTCSignallerState::Connecting
        };
        if !self.set_state(&signaller, state, None) {
            return;
        }
        let details = gst::Structure::builder("details")
            .field("text", text)
            .field("retry-in", u64::try_from(retry_in.as_nanos()).unwrap_or(u64::MAX))
            .field("attempts", attempts);
        signaller.connection_changed(false, &details.build());
    }

    fn failed(&self, text: &str) {
        let Some(signaller) = self.signaller() else { return };
        if self.set_state(&signaller, WebRTCSignallerState::Disconnected, None) {
            signaller.report_error(text);
        }
    }
}
