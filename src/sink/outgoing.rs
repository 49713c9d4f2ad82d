//! One viewer's session: what is offered, what the answer or the viewer's own offer asks for, and the flow
//! from the shared rungs once the transport is up.

use super::BaseWebRTCSink;
use super::estimates::Estimates;
use super::input::{Input, TRANSPORT_CC_ID};
use super::rung_news::RungNews;
use super::seat::Seated;
use super::sections::{self, Sections};
use super::serving::{Served, Wishes, most};
use super::settings::Settings;
use super::stage::Stage;
use super::terms::Terms;
use crate::chain::member::Member;
use crate::codec::{self, TRANSPORT_WIDE_CC};
use crate::data_channel::Channels;
use crate::peer::{Connection, SenderOptions};
use crate::session::{EventSender, Host};
use crate::signaller::{Signallable, SignallableExt};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use logic::capture::CAPTURE_TIME;
use logic::codec::MediaKind;
use logic::negotiation::{EndReason, Event};
use logic::phases::Phase;
use logic::rtp::Rewrite;
use logic::sdp::media::{Description, Section};
use logic::sdp::places::Places;
use logic::sdp::plan::{self, PlanError, Sending, Stream};
use protocol::{DescriptionKind, SessionDescription};
use std::sync::{Arc, Mutex};

/// A session as its viewer's host.
pub(super) struct Outgoing {
    pub(super) sink: glib::WeakRef<BaseWebRTCSink>,
    pub(super) session_id: String,
    pub(super) peer_id: String,
    pub(super) settings: Arc<Settings>,
    pub(super) signaller: Signallable,
    pub(super) stage: Arc<Stage>,
    pub(super) inputs: Vec<Arc<Input>>,
    pub(super) events: EventSender,
    pub(super) estimates: Arc<Estimates>,
    /// What the viewer is served with, for statistics and for errors of rungs.
    pub(super) served: Arc<Mutex<Vec<Served>>>,
    pub(super) channels: Arc<Channels>,
    pub(super) sections: Arc<Sections>,
    pub(super) news: Arc<RungNews>,
    pub(super) flows: Vec<Flow>,
    pub(super) places: Places,
    pub(super) offer: Option<Description>,
    /// What both sides agreed on.
    pub(super) plan: Vec<Sending>,
    /// Whether both sides have agreed on something before.
    pub(super) agreed: bool,
    pub(super) connected: bool,
}

/// One stream to one viewer.
pub(super) struct Flow {
    pub(super) m_line: usize,
    pub(super) stream: usize,
    /// What the viewer was told of it.
    pub(super) terms: Arc<Terms>,
    pub(super) kind: MediaKind,
    pub(super) member: Arc<Member>,
    pub(super) seat: Option<Seated>,
    pub(super) wishes: Arc<Wishes>,
}

impl Outgoing {
    fn streams(&self) -> Vec<Stream> {
        let none = |input: &Arc<Input>| Stream {
            kind: input.kind(),
            codecs: Vec::new(),
            is_encoded: false,
            profile: None,
        };
        self.inputs
            .iter()
            .map(|input| input.offer(&self.settings).map_or_else(|| none(input), |offered| offered.stream))
            .collect()
    }

    fn add_flow(
        &mut self,
        connection: &dyn Connection,
        (m_line, stream): (usize, usize),
        (formats, terms): (&gst::Caps, Arc<Terms>),
        rewrite: Rewrite,
    ) -> Result<(), EndReason> {
        let Some(input) = self.inputs.get(stream) else {
            return Ok(());
        };
        let wishes = Arc::new(Wishes::default());
        let options = SenderOptions {
            m_line,
            formats,
            retransmission: self.settings.do_retransmission && input.kind() == MediaKind::Video,
            msid: input.pad.upgrade().and_then(|pad| pad.property("msid")),
            rewrite,
            events: wishes.clone(),
        };
        let outlet = connection.add_sender(options).map_err(EndReason::Pipeline)?;
        let events = self.events.clone();
        let stalled = move || events.send(Event::Failed(EndReason::Stalled));
        let kind = input.kind();
        let teller = sections::teller(&self.sections, &self.channels, input);
        let member = Member::new(outlet, stalled, teller, self.beginning(kind));
        self.flows.push(Flow { m_line, stream, terms, kind, member, seat: None, wishes });
        let pictures = self.flows.iter().filter(|flow| flow.kind == MediaKind::Video).count();
        connection.aim(0, most(self.settings.max_bitrate, pictures));
        Ok(())
    }

    /// What is done when packets of a kind begin to flow, or those of another rung.
    fn beginning(&self, kind: MediaKind) -> impl Fn() + Send + Sync + use<> {
        let (phases, news) = (self.events.phases().clone(), Arc::downgrade(&self.news));
        move || match kind {
            MediaKind::Audio => phases.reach_sound(),
            MediaKind::Video => {
                phases.reach(Phase::FirstFrame);
                news.upgrade().iter().for_each(RungNews::begins);
            }
        }
    }

    /// Streams whose pads are gone leave their m-lines and, where this side offers, those that became something else.
    fn take_leave(&mut self, connection: &dyn Connection, there: &[Arc<Input>], offers: bool) {
        for m_line in 0..self.places.lines().len() {
            let stream = self.places.lines().get(m_line).copied().flatten();
            let Some(input) = stream.and_then(|stream| self.inputs.get(stream)) else { continue };
            let flow = self.flows.iter().find(|flow| flow.m_line == m_line);
            let is_another = offers && flow.is_some_and(|flow| !input.is_on(&flow.terms));
            if !is_another && there.iter().any(|other| Arc::ptr_eq(other, input)) {
                continue;
            }
            let kind = flow.map(|flow| flow.kind);
            // The rung stops pushing before the transport lets go.
            self.flows.retain(|flow| flow.m_line != m_line);
            let reusable = connection.remove_sender(m_line);
            self.places.leave(m_line, kind.filter(|_| reusable));
        }
    }

    /// What the peer wants: something at first, and later maybe nothing for a while.
    fn wanted(&mut self, plan: Result<Vec<Sending>, PlanError>) -> Result<Vec<Sending>, EndReason> {
        match plan {
            Err(PlanError::NothingWanted) if self.agreed => Ok(Vec::new()),
            plan => {
                self.agreed |= plan.is_ok();
                plan.map_err(description)
            }
        }
    }

    /// The format of the viewer's own offer in which a stream is sent, and what to rewrite for it.
    fn answered(&self, sending: &Sending, terms: &Terms) -> Option<(gst::Caps, Rewrite)> {
        let input = self.inputs.get(sending.stream)?;
        let ours = self.settings.codecs(input.kind()).into_iter().find(|(row, _)| *row == sending.codec)?.1;
        let theirs = sending.format.payload_type;
        let cc = sending.extensions.iter().find(|(_, uri)| uri == TRANSPORT_WIDE_CC).map(|(id, _)| *id);
        let cc = cc.filter(|id| (1..15).contains(id) && self.settings.measures_network());
        let format = gst::Structure::builder("application/x-rtp")
            .field("media", input.kind().as_str())
            .field("encoding-name", sending.format.encoding_name.to_uppercase())
            .field("clock-rate", i32::try_from(sending.format.clock_rate).ok()?)
            .field("payload", i32::from(theirs))
            .field("ssrc", terms.ssrc)
            .build();
        let capture_time = sending.extensions.iter().find(|(_, uri)| uri == CAPTURE_TIME).map(|(id, _)| *id);
        let capture_time = capture_time.filter(|id| (1..15).contains(id));
        let feedback = codec::Feedback { transport_cc: cc, capture_time };
        let format = codec::add_feedback(format, input.kind(), feedback);
        let rewrite = Rewrite {
            payload_type: (theirs != ours).then_some(theirs),
            extension: cc.filter(|id| *id != TRANSPORT_CC_ID).map(|id| (TRANSPORT_CC_ID, id)),
        };
        Some((gst::Caps::from_iter([format]), rewrite))
    }
}

fn description(err: impl std::fmt::Display) -> EndReason {
    EndReason::Description(err.to_string())
}

impl Host for Outgoing {
    fn before_offer(&mut self, connection: &dyn Connection) -> Result<(), EndReason> {
        // Pads may have come since the session began; indices of those that were there stay.
        let there = self.sink.upgrade().map(|sink| sink.inputs()).unwrap_or_default();
        self.take_leave(connection, &there, true);
        for input in there {
            if !self.inputs.iter().any(|known| Arc::ptr_eq(known, &input)) {
                self.inputs.push(input);
            }
        }
        for stream in 0..self.inputs.len() {
            if self.places.lines().contains(&Some(stream)) {
                continue;
            }
            let Some(ours) = self.inputs.get(stream).and_then(|input| input.offer(&self.settings)) else {
                continue;
            };
            if ours.stream.codecs.is_empty() {
                continue;
            }
            // Those of data channels, which come after the media of the offer that brought them, stay where they are.
            let count = self.places.lines().len();
            if connection.channels_line() == Some(count) {
                self.places.reach(count + 1);
            }
            let m_line = self.places.find(ours.stream.kind);
            self.add_flow(connection, (m_line, stream), (&ours.formats, ours.terms), Rewrite::default())?;
            self.places.take(m_line, stream);
        }
        if self.places.lines().is_empty() {
            return Err(description("make an offer: no sink pad has received caps yet"));
        }
        Ok(())
    }

    fn remote_description(&mut self, remote: &SessionDescription) -> Result<(), EndReason> {
        let parsed = Description::parse(&remote.sdp).map_err(description)?;
        if remote.kind == DescriptionKind::Offer {
            self.offer = Some(parsed);
            return Ok(());
        }
        if self.places.lines().iter().all(Option::is_none) {
            self.agreed = true;
            return self.serve(&[]);
        }
        let plan = self.wanted(plan::read_answer(&parsed, &self.streams(), self.places.lines()))?;
        self.sections.note(&parsed, &plan, &self.inputs);
        self.serve(&plan)
    }

    fn before_answer(&mut self, connection: &dyn Connection) -> Result<(), EndReason> {
        let Some(offer) = self.offer.take() else {
            return Ok(());
        };
        if let Some(sink) = self.sink.upgrade() {
            self.take_leave(connection, &sink.inputs(), false);
        }
        let mut plan = self.wanted(plan::read_offer(&offer, &self.streams(), self.places.lines()))?;
        plan.retain(|sending| {
            let kind = self.inputs.get(sending.stream).map(|input| input.kind());
            self.flows.iter().any(|flow| flow.m_line == sending.m_line)
                || kind.is_some_and(|kind| connection.can_send(kind, &sending.format))
        });
        self.sections.note(&offer, &plan, &self.inputs);
        self.places.reach(offer.media.len());
        for sending in &plan {
            self.places.take(sending.m_line, sending.stream);
            if self.flows.iter().any(|flow| flow.m_line == sending.m_line) {
                continue;
            }
            let terms = self.inputs.get(sending.stream).and_then(|input| input.terms());
            if let Some((terms, (formats, rewrite))) =
                terms.and_then(|terms| Some((terms.clone(), self.answered(sending, &terms)?)))
            {
                self.add_flow(connection, (sending.m_line, sending.stream), (&formats, terms), rewrite)?;
            }
        }
        for (m_line, media) in offer.media.iter().enumerate() {
            let Section::Rtp(kind) = media.section else {
                continue;
            };
            if plan.iter().all(|sending| sending.m_line != m_line) {
                connection.refuse(m_line, &codec::formats(kind, media, &media.formats));
            }
        }
        self.serve(&plan)
    }

    fn munge(&self, description: WebRTCSessionDescription) -> WebRTCSessionDescription {
        let sink = self.sink.upgrade().filter(|_| self.settings.clock_signalling);
        let description = match sink {
            Some(sink) => sink.timeline().told_in(description),
            None => description,
        };
        let by_itself = self.signaller.find_property("manual-sdp-munging").is_some()
            && self.signaller.property_value("manual-sdp-munging").get::<bool>().unwrap_or(false);
        if by_itself {
            return description;
        }
        self.signaller.munge_sdp(&self.session_id, &description)
    }

    fn serve_again(&mut self) -> Result<(), EndReason> {
        // In the codec in which it has been sent: not every viewer takes another one in the middle of a stream.
        let plan = self.plan.clone();
        self.serve(&plan)
    }

    fn start_media(&mut self) {
        self.connected = true;
        for seated in self.flows.iter().filter_map(|flow| flow.seat.as_ref()) {
            seated.seat().begin();
        }
        // After the key unit is asked for: it can take milliseconds, and only reports need it.
        self.stage.connected();
        if let Some(sink) = self.sink.upgrade() {
            sink.session_connected(&self.session_id, &self.peer_id);
        }
    }

    fn ended(&mut self, _: &dyn Connection, reason: &EndReason) {
        // The rungs stop pushing before the transport goes.
        self.flows.clear();
        self.channels.end();
        self.stage.stop();
        if let Some(sink) = self.sink.upgrade() {
            self.stage.say_goodbye(&sink, &self.peer_id, &self.signaller);
            sink.session_ended(&self.session_id, &self.peer_id, reason);
        }
    }
}
