//! The session with a producer: which of its streams are accepted, the pads that they come out of, and what
//! stands between.

use super::imp::CAT;
use super::said::Said;
use super::settings::Settings;
use super::stats::Flows;
use super::timing::{Origin, Timing};
use super::{BaseWebRTCSrc, WebRTCSrcPad, jitter, templates};
use crate::chain::decode::{self, Chain, Output};
use crate::codec::{self, CAPTURE_TIME_ID};
use crate::data_channel::{Channels, RemoteControl};
use crate::peer::{Connection, Received, Receiver};
use crate::session::Host;
use gst::glib;
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::negotiation::EndReason;
use logic::sdp::media::Description;
use logic::sdp::plan::{self, Receiving};
use protocol::{DescriptionKind, SessionDescription};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
}

/// The streams that arrived, shared with the transport's threads.
pub(super) struct Streams {
    source: glib::WeakRef<BaseWebRTCSrc>,
    session_id: String,
    jitter_buffer: (Duration, Duration),
    /// Whether frames get their time from the clock that the description names.
    follows_clocks: bool,
    /// When frames were captured.
    timing: Arc<Timing>,
    /// What comes.
    flows: Arc<Flows>,
    /// Where events from downstream go.
    remote: Arc<RemoteControl>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// With the m-lines of their streams.
    pads: Vec<(usize, WebRTCSrcPad)>,
    chains: Vec<Chain>,
    audio: u32,
    video: u32,
    /// How many streams the description promises.
    promised: usize,
    said: Said,
    over: bool,
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
        }
    }
}

impl Host for Incoming {
    fn before_offer(&mut self, _: &dyn Connection) -> Result<(), EndReason> {
        for kind in [MediaKind::Video, MediaKind::Audio] {
            let mut formats = gst::Caps::new_empty();
            let rows = self.settings.codecs().into_iter().filter(|row| row.kind == kind);
            let first = if kind == MediaKind::Video { 96 } else { 111 };
            for (row, pt) in rows.zip(first..) {
                let facts = logic::codec::Facts::default();
                let feedback = codec::Feedback { transport_cc: None, capture_time: Some(CAPTURE_TIME_ID) };
                let mut format = codec::offered(row, pt, 0, &facts, feedback);
                if let Some(structure) = format.make_mut().structure_mut(0) {
                    structure.remove_field("ssrc");
                }
                formats.merge(format);
            }
            if !formats.is_empty() {
                self.receiver
                    .add_receiver(&formats, self.settings.do_retransmission && kind == MediaKind::Video);
            }
        }
        Ok(())
    }

    fn remote_description(&mut self, remote: &SessionDescription) -> Result<(), EndReason> {
        let description = |err: &dyn std::fmt::Display| EndReason::Description(err.to_string());
        let parsed = Description::parse(&remote.sdp).map_err(|err| description(&err))?;
        let plan =
            plan::read_offer_to_receive(&parsed, &self.settings.codecs()).map_err(|err| description(&err))?;
        {
            let mut open = self.streams.open();
            open.promised = plan.len();
            open.said = Said::new(&parsed);
        }
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
            let logic::sdp::media::Section::Rtp(kind) = media.section else {
                continue;
            };
            let receiving = plan.iter().find(|receiving| receiving.m_line == m_line);
            let retransmission = self.settings.do_retransmission && kind == MediaKind::Video;
            let formats = match receiving {
                Some(receiving) => {
                    codec::formats(kind, media, receiving.formats.iter().map(|(format, _)| format))
                }
                None => codec::formats(kind, media, &media.formats),
            };
            self.receiver.set_receiver(m_line, &formats, receiving.is_some(), retransmission);
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
        let stopping = *reason == EndReason::Stopping;
        // The error comes before the end of the streams, which alone would look like an ordinary end.
        source.session_ended(&self.session_id, &self.peer_id, reason);
        self.streams.close(&source, self.receiver.bin(), !stopping);
        source.session_closed(&self.session_id);
    }
}

impl Streams {
    pub(super) fn new(
        source: &BaseWebRTCSrc,
        session_id: &str,
        settings: &Settings,
        remote: &Arc<RemoteControl>,
    ) -> Arc<Self> {
        Arc::new(Self {
            source: source.downgrade(),
            session_id: session_id.into(),
            jitter_buffer: settings.jitter_buffer(),
            follows_clocks: settings.rfc7273_sync,
            timing: Arc::default(),
            flows: Arc::default(),
            remote: remote.clone(),
            open: Mutex::default(),
        })
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pads of a media section, all where none is named.
    pub(super) fn pads(&self, mid: Option<&str>) -> Vec<WebRTCSrcPad> {
        let open = self.open();
        let is_meant = |m_line: usize| mid.is_none() || open.said.mid(m_line).as_deref() == mid;
        open.pads.iter().filter(|(m_line, _)| is_meant(*m_line)).map(|(_, pad)| pad.clone()).collect()
    }

    /// When frames were captured.
    pub(super) fn timing(&self) -> &Arc<Timing> {
        &self.timing
    }

    /// What comes.
    pub(super) fn flows(&self) -> &Arc<Flows> {
        &self.flows
    }

    /// Takes in what the transport receives.
    pub(super) fn watch(self: &Arc<Self>, receiver: &Receiver) {
        let (bounds, timing) = (self.jitter_buffer, self.timing.clone());
        receiver.set_latency(gst::ClockTime::from_mseconds(u64::try_from(bounds.0.as_millis()).unwrap_or(0)));
        receiver.set_longest_latency(bounds.1);
        if self.follows_clocks {
            receiver.follow_clocks();
        }
        receiver.on_jitter_buffer(move |buffer| jitter::follow(buffer, bounds, &timing));
        let streams = Arc::downgrade(self);
        receiver.name_clocks(move |payload_type| streams.upgrade()?.open().said.clock_of(payload_type));
        let timing = self.timing.clone();
        receiver.on_reports(move |reports| timing.hear(reports));
        let streams = self.clone();
        receiver.on_received(move |received| {
            let Some(source) = streams.source.upgrade() else {
                return;
            };
            if let Err(text) = streams.expose(&source, &received) {
                gst::element_error!(
                    source,
                    gst::StreamError::CodecNotFound,
                    ("m-line {}: {text}", received.m_line)
                );
            }
        });
    }

    /// A stream arrived: gives it a pad and what stands between.
    fn expose(&self, source: &BaseWebRTCSrc, received: &Received) -> Result<(), String> {
        let caps = received.pad.current_caps().unwrap_or_else(|| received.pad.query_caps(None));
        let media =
            caps.structure(0).and_then(|structure| structure.get::<&str>("media").ok()).unwrap_or_default();
        let kind = if media == "audio" { MediaKind::Audio } else { MediaKind::Video };
        let Some((name, last)) = self.next_name(kind) else {
            return Ok(());
        };
        let pad = self.add_pad(source, &name, (kind, received.m_line))?;
        pad.set_msid(received.pad.property("msid"));
        // The application links in pad-added; only then is known what it wants.
        let output = decode::wanted(pad.upcast_ref(), kind);
        gst::debug!(CAT, obj = pad, "session {}: {output:?} of {caps}", self.session_id);
        super::pad::drop_while_unlinked(&received.pad, &pad);
        self.pass_events_on(&received.pad, received.m_line);
        let failed = |err: &dyn std::fmt::Display| format!("failed to {err}");
        let (clock, mid) = {
            let open = self.open();
            (open.said.clock(received.m_line), open.said.mid(received.m_line))
        };
        let origin = Origin { arrival: &received.pad, caps: &caps, clock, mid };
        if output == Output::Rtp {
            self.name_stream(&received.pad, received.m_line);
            self.timing.follow(&name, origin, &received.pad);
            self.flows.count(&name, &received.pad, &caps, None);
            pad.set_target(Some(&received.pad)).map_err(|err| failed(&err))?;
        } else {
            let chain = Chain::build(source.upcast_ref(), &caps, output).map_err(|err| failed(&err))?;
            let (Some(entry), Some(exit)) = (chain.sink(), chain.src()) else {
                return Err("the chain has no pads".into());
            };
            self.name_stream(&exit, received.m_line);
            self.timing.follow(&name, origin, &exit);
            self.flows.count(&name, &received.pad, &caps, chain.decoder());
            pad.set_target(Some(&exit)).map_err(|err| failed(&err))?;
            let linked = received.pad.link(&entry).map_err(|err| failed(&err));
            self.keep(source, chain);
            linked?;
        }
        if last {
            source.no_more_pads();
        }
        Ok(())
    }

    /// Hands navigation and custom events from downstream to the producer; the rest is the transport's.
    fn pass_events_on(&self, arrival: &gst::Pad, m_line: usize) {
        let mid = self.open().said.mid(m_line);
        let remote = Arc::downgrade(&self.remote);
        arrival.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            let Some(event) = info.event() else { return gst::PadProbeReturn::Ok };
            let meant = match event.view() {
                gst::EventView::Navigation(_) => true,
                gst::EventView::CustomUpstream(_) => !gst_video::ForceKeyUnitEvent::is(event),
                _ => false,
            };
            let remote = remote.upgrade().filter(|_| meant);
            match remote.is_some_and(|remote| remote.send(event, mid.as_deref())) {
                true => gst::PadProbeReturn::Handled,
                false => gst::PadProbeReturn::Ok,
            }
        });
    }

    /// The next pad's name and whether it is the last; nothing once the session is over.
    fn next_name(&self, kind: MediaKind) -> Option<(String, bool)> {
        let mut open = self.open();
        if open.over {
            return None;
        }
        let number = match kind {
            MediaKind::Audio => &mut open.audio,
            MediaKind::Video => &mut open.video,
        };
        let name = format!("{kind}_{number}");
        *number += 1;
        let count = usize::try_from(open.audio + open.video).unwrap_or(usize::MAX);
        Some((name, count >= open.promised))
    }

    fn add_pad(
        &self,
        source: &BaseWebRTCSrc,
        name: &str,
        (kind, m_line): (MediaKind, usize),
    ) -> Result<WebRTCSrcPad, String> {
        let wanted = format!("{kind}_%u");
        let template = templates::src().iter().find(|template| template.name_template() == wanted);
        let template = template.ok_or("there is no such pad template")?;
        let pad = gst::PadBuilder::<WebRTCSrcPad>::from_template(template).name(name).build();
        let _ = pad.set_active(true);
        self.open().pads.push((m_line, pad.clone()));
        source.add_pad(&pad).map_err(|err| err.to_string())?;
        Ok(pad)
    }

    fn keep(&self, source: &BaseWebRTCSrc, chain: Chain) {
        let mut open = self.open();
        if open.over {
            drop(open);
            chain.dismantle(source.upcast_ref());
        } else {
            open.chains.push(chain);
        }
    }

    /// Gives the stream an identifier of its own: the transport's is the same in every session.
    fn name_stream(&self, pad: &gst::Pad, m_line: usize) {
        let id = format!("{}/{m_line}", self.session_id);
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let Some(event) = info.event() else {
                return gst::PadProbeReturn::Ok;
            };
            if let gst::EventView::StreamStart(start) = event.view()
                && start.stream_id() != id.as_str()
            {
                let group = start.group_id().unwrap_or_else(gst::GroupId::next);
                let named =
                    gst::event::StreamStart::builder(&id).group_id(group).seqnum(event.seqnum()).build();
                info.data = Some(gst::PadProbeData::Event(named));
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// The session is over: stops what stands behind the pads, says so downstream, removes the pads.
    fn close(&self, source: &BaseWebRTCSrc, transport: &gst::Element, end_streams: bool) {
        let pads = {
            let mut open = self.open();
            open.over = true;
            open.pads.clone()
        };
        if !end_streams {
            // Downstream may hold a streaming thread, which the transport would wait for.
            for (_, pad) in &pads {
                pad.push_event(gst::event::FlushStart::new());
            }
        }
        transport.set_locked_state(true);
        let _ = transport.set_state(gst::State::Null);
        let _ = source.remove(transport);
        let (pads, chains) = {
            let mut open = self.open();
            (std::mem::take(&mut open.pads), std::mem::take(&mut open.chains))
        };
        for chain in chains {
            chain.dismantle(source.upcast_ref());
        }
        for (_, pad) in pads {
            if end_streams {
                pad.push_event(gst::event::Eos::new());
            }
            let _ = pad.set_active(false);
            let _ = source.remove_pad(&pad);
        }
    }
}
