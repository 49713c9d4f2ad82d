//! The session with a producer: what is offered to it, and which of its streams are accepted.

use super::settings::Settings;
use super::streams::Streams;
use super::{BaseWebRTCSrc, offer};
use crate::codec;
use crate::data_channel::Channels;
use crate::peer::{Connection, Receiver};
use crate::session::Host;
use gst::glib;
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::negotiation::EndReason;
use logic::sdp::media::{Description, Section};
use logic::sdp::plan::Receiving;
use protocol::{DescriptionKind, SessionDescription};
use std::sync::Arc;

/// The session as the source's host.
pub(super) struct Incoming {
    source: glib::WeakRef<BaseWebRTCSrc>,
    session_id: String,
    peer_id: String,
    settings: Settings,
    streams: Arc<Streams>,
    receiver: Arc<Receiver>,
    channels: Arc<Channels>,
    offer: Option<(Description, Vec<Receiving>)>,
    /// Whether the streams that are wanted have been offered.
    has_offered: bool,
}

impl Incoming {
    pub(super) fn new(
        source: &BaseWebRTCSrc,
        (session_id, peer_id): (&str, &str),
        settings: Settings,
        streams: Arc<Streams>,
        receiver: Arc<Receiver>,
        channels: Arc<Channels>,
    ) -> Self {
        Self {
            source: source.downgrade(),
            session_id: session_id.into(),
            peer_id: peer_id.into(),
            settings,
            streams,
            receiver,
            channels,
            offer: None,
            has_offered: false,
        }
    }

    fn retransmits(&self, kind: MediaKind) -> bool {
        self.settings.do_retransmission && kind == MediaKind::Video
    }
}

impl Host for Incoming {
    fn before_offer(&mut self, _: &dyn Connection) -> Result<(), EndReason> {
        if std::mem::replace(&mut self.has_offered, true) {
            return Ok(());
        }
        for (kind, codecs) in self.streams.wishes() {
            let formats = offer::formats(kind, &codecs);
            if !formats.is_empty() {
                self.receiver.add_receiver(&formats, self.retransmits(kind));
            }
        }
        Ok(())
    }

    fn remote_description(&mut self, remote: &SessionDescription) -> Result<(), EndReason> {
        let description = |err: &dyn std::fmt::Display| EndReason::Description(err.to_string());
        let parsed = Description::parse(&remote.sdp).map_err(|err| description(&err))?;
        let plan = self.streams.describe(&parsed).map_err(|err| description(&err))?;
        if remote.kind == DescriptionKind::Offer {
            self.offer = Some((parsed, plan));
        }
        Ok(())
    }

    fn before_answer(&mut self, _: &dyn Connection) -> Result<(), EndReason> {
        let Some((offer, plan)) = self.offer.take() else {
            return Ok(());
        };
        for (m_line, media) in offer.media.iter().enumerate() {
            let Section::Rtp(kind) = media.section else {
                continue;
            };
            let receiving = plan.iter().find(|receiving| receiving.m_line == m_line);
            let formats = match receiving {
                Some(receiving) => {
                    codec::formats(kind, media, receiving.formats.iter().map(|(format, _)| format))
                }
                None => codec::formats(kind, media, &media.formats),
            };
            self.receiver.set_receiver(m_line, &formats, receiving.is_some(), self.retransmits(kind));
        }
        Ok(())
    }

    fn start_media(&mut self) {
        if let Some(source) = self.source.upgrade() {
            source.session_connected(&self.session_id, &self.peer_id);
        }
    }

    fn ended(&mut self, _: &dyn Connection, reason: &EndReason) {
        self.channels.end();
        let Some(source) = self.source.upgrade() else {
            return;
        };
        let ending = source.ending(reason);
        // The error comes before the end of the streams, which alone would look like an ordinary end.
        source.session_ended(&self.session_id, &self.peer_id, reason, ending);
        self.streams.close(&source, self.receiver.bin(), ending.streams);
        source.session_closed(&self.session_id, &self.peer_id, reason, ending);
    }
}
