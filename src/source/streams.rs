//! The streams of a session, from where they arrive to the source's pads, and what stands between.

use super::imp::CAT;
use super::pad::drop_while_unlinked;
use super::pads::{Pads, Place};
use super::said::Said;
use super::settings::Settings;
use super::stats::Flows;
use super::timing::{Origin, Timing};
use super::{BaseWebRTCSrc, WebRTCSrcPad};
use super::{jitter, signals};
use crate::chain::decode::{self, Chain, Output};
use crate::data_channel::RemoteControl;
use crate::peer::{Received, Receiver};
use crate::session::EventSender;
use gst::glib;
use gst::prelude::*;
use logic::codec::{Codec, MediaKind};
use logic::negotiation::{EndReason, Event};
use logic::returning;
use logic::sdp::media::Description;
use logic::sdp::outputs::{self, Outputs};
use logic::sdp::plan::{self, PlanError, Receiving};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The streams that arrived, shared with the transport's threads.
pub(super) struct Streams {
    source: glib::WeakRef<BaseWebRTCSrc>,
    session_id: String,
    peer_id: String,
    pads: Arc<Pads>,
    /// The element's beginning in which the session began.
    turn: u64,
    /// The pads that the application had requested by then, in its order; numbers of outputs are theirs for good.
    requested: [(MediaKind, Vec<Arc<Place>>); 2],
    /// Whether the pads go on with the next session.
    keeps: bool,
    codecs: Vec<&'static Codec>,
    /// Whether frames get their time from the clock that the description names.
    follows_clocks: bool,
    /// When frames were captured.
    timing: Arc<Timing>,
    /// What comes.
    flows: Arc<Flows>,
    /// Where events from downstream go.
    remote: Arc<RemoteControl>,
    events: EventSender,
    open: Mutex<Open>,
}

struct Open {
    outputs: Outputs,
    streams: Vec<Stream>,
    /// How many streams the description promises.
    promised: usize,
    said: Said,
    described: bool,
    over: bool,
}

/// What arrives in an m-line.
struct Stream {
    m_line: usize,
    arrival: gst::Pad,
    chain: Option<Chain>,
}

impl Streams {
    pub(super) fn new(
        source: &BaseWebRTCSrc,
        (session_id, peer_id): (&str, &str),
        settings: &Settings,
        remote: &Arc<RemoteControl>,
        events: EventSender,
    ) -> Arc<Self> {
        let pads = source.pads();
        let requested = [MediaKind::Video, MediaKind::Audio].map(|kind| (kind, pads.requested(kind)));
        let count = |kind| of(&requested, kind).len();
        let open = Open {
            outputs: Outputs::new(count(MediaKind::Video), count(MediaKind::Audio)),
            streams: Vec::new(),
            promised: 0,
            said: Said::default(),
            described: false,
            over: false,
        };
        Arc::new(Self {
            source: source.downgrade(),
            session_id: session_id.into(),
            peer_id: peer_id.into(),
            turn: pads.turn(),
            pads,
            requested,
            keeps: settings.on_session_end.at_end() == returning::AtEnd::Wait,
            codecs: settings.codecs(),
            follows_clocks: settings.rfc7273_sync,
            timing: Arc::default(),
            flows: Arc::default(),
            remote: remote.clone(),
            events,
            open: Mutex::new(open),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pads of a media section, all where none is named.
    pub(super) fn pads(&self, mid: Option<&str>) -> Vec<WebRTCSrcPad> {
        let outputs: Vec<_> = {
            let open = self.open();
            let is_meant = |stream: &&Stream| mid.is_none() || open.said.mid(stream.m_line).as_deref() == mid;
            let meant = open.streams.iter().filter(is_meant);
            meant.filter_map(|stream| open.outputs.of(stream.m_line)).collect()
        };
        let places = outputs.into_iter().filter_map(|(kind, output)| self.place(kind, output));
        places.map(|place| place.pad.clone()).collect()
    }

    /// When frames were captured.
    pub(super) fn timing(&self) -> &Arc<Timing> {
        &self.timing
    }

    /// What comes.
    pub(super) fn flows(&self) -> &Arc<Flows> {
        &self.flows
    }

    /// The pad for an output, where there is one.
    fn place(&self, kind: MediaKind, output: outputs::Output) -> Option<Arc<Place>> {
        match output {
            outputs::Output::Own(number) => self.pads.find(kind, number),
            outputs::Output::Requested(index) => {
                of(&self.requested, kind).get(index).filter(|place| !place.is_released()).cloned()
            }
        }
    }

    /// What to offer to receive: a stream for each pad that the application requested, or else one of each kind.
    pub(super) fn wishes(&self) -> Vec<(MediaKind, Vec<&'static Codec>)> {
        let kinds = [MediaKind::Video, MediaKind::Audio];
        let requested: Vec<_> = self
            .requested
            .iter()
            .flat_map(|(kind, places)| places.iter().map(|place| (*kind, place)))
            .map(|(kind, place)| (kind, self.codecs(kind, Some(place))))
            .collect();
        if !requested.is_empty() {
            return requested;
        }
        kinds.map(|kind| (kind, self.codecs(kind, self.pads.find(kind, 0).as_deref()))).into()
    }

    /// The codecs in which a pad's downstream takes streams.
    fn codecs(&self, kind: MediaKind, place: Option<&Place>) -> Vec<&'static Codec> {
        let codecs = self.codecs.iter().copied().filter(|row| row.kind == kind).collect();
        match place {
            Some(place) => place.acceptable(codecs),
            None => codecs,
        }
    }

    /// Decides what is received of what the peer describes.
    pub(super) fn describe(&self, remote: &Description) -> Result<Vec<Receiving>, PlanError> {
        let (outputs, described) = {
            let mut open = self.open();
            open.outputs.describe(remote);
            open.said = Said::new(remote);
            (open.outputs.clone(), std::mem::replace(&mut open.described, true))
        };
        let codecs = |m_line: usize| {
            let Some((kind, output)) = outputs.of(m_line) else { return Vec::new() };
            self.codecs(kind, self.place(kind, output).as_deref())
        };
        let plan = match plan::read_offer_to_receive_by_line(remote, codecs) {
            // The streams of a session may all be gone for a while.
            Err(PlanError::NothingWanted) if described => Vec::new(),
            plan => plan?,
        };
        self.open().promised = plan.len();
        if !self.keeps {
            self.end_the_rest(&outputs, &plan);
        }
        Ok(plan)
    }

    /// Ends requested pads to which nothing comes.
    fn end_the_rest(&self, outputs: &Outputs, plan: &[Receiving]) {
        for (kind, places) in &self.requested {
            for (index, place) in places.iter().enumerate().filter(|(_, place)| !place.is_released()) {
                let line = outputs.line(*kind, outputs::Output::Requested(index));
                if !plan.iter().any(|receiving| Some(receiving.m_line) == line) {
                    place.end();
                }
            }
        }
    }

    /// Takes in what the transport receives.
    pub(super) fn watch(self: &Arc<Self>, receiver: &Receiver) {
        let Some(bounds) = self.source.upgrade().map(|source| source.settings().jitter_buffer()) else {
            return;
        };
        receiver.set_latency(gst::ClockTime::from_mseconds(u64::try_from(bounds.0.as_millis()).unwrap_or(0)));
        receiver.set_longest_latency(bounds.1);
        if self.follows_clocks {
            receiver.follow_clocks();
        }
        let streams = Arc::downgrade(self);
        receiver.name_clocks(move |payload_type| streams.upgrade()?.open().said.clock_of(payload_type));
        let (timing, source) = (self.timing.clone(), self.source.clone());
        receiver.on_jitter_buffer(move |buffer| jitter::follow(buffer, &source, &timing));
        let timing = self.timing.clone();
        receiver.on_reports(move |reports| timing.hear(reports));
        let streams = self.clone();
        receiver.on_received(move |received| {
            let Some(source) = streams.source.upgrade() else { return };
            if let Err(text) = streams.expose(&source, &received) {
                let text = format!("m-line {}: {text}", received.m_line);
                streams.events.send(Event::Failed(EndReason::Pipeline(text)));
            }
        });
    }

    /// A stream arrived: gives it a pad and what stands between.
    fn expose(&self, source: &BaseWebRTCSrc, received: &Received) -> Result<(), String> {
        let caps = received.pad.current_caps().unwrap_or_else(|| received.pad.query_caps(None));
        let failed = |err: &dyn std::fmt::Display| format!("failed to {err}");
        let row = decode::codec_of(&caps).map_err(|err| failed(&err))?;
        let Some(output) = self.begin(source, received, row.kind) else { return Ok(()) };
        let (place, is_new) = match (self.place(row.kind, output), output) {
            (Some(place), _) => (place, false),
            (None, outputs::Output::Own(number)) => {
                // The application links in pad-added; only then is known what it wants.
                (self.pads.add(source, &self.session_id, row.kind, number)?, true)
            }
            // Released meanwhile.
            (None, outputs::Output::Requested(_)) => return Ok(()),
        };
        place.pad.set_msid(received.pad.property("msid"));
        drop_while_unlinked(&received.pad, &place.pad);
        self.pass_events_on(&received.pad, received.m_line);
        let chain = self.chain(source, row, &place).map_err(|err| failed(&err))?;
        let exit = match &chain {
            Some(chain) => chain.src().ok_or("the chain has no pads")?,
            None => received.pad.clone(),
        };
        let (clock, mid) = {
            let open = self.open();
            (open.said.clock(received.m_line), open.said.mid(received.m_line))
        };
        let origin = Origin { arrival: &received.pad, caps: &caps, clock, mid };
        self.timing.follow(&place.pad.name(), origin, &exit);
        let decoder = chain.as_ref().and_then(Chain::decoder);
        self.flows.count(&place.pad.name(), &received.pad, &caps, decoder);
        if let Err(text) = place.attach(&exit, self.keeps) {
            chain.into_iter().for_each(|chain| chain.dismantle(source.upcast_ref()));
            return Err(text);
        }
        let entry = chain.as_ref().and_then(Chain::sink);
        let linked = entry.map(|entry| received.pad.link(&entry).map_err(|err| failed(&err))).transpose();
        let is_last = self.keep(source, received, chain);
        linked?;
        if is_new && is_last {
            source.no_more_pads();
        }
        Ok(())
    }

    /// What stands between the arrival and the pad; nothing where downstream takes RTP.
    fn chain(
        &self,
        source: &BaseWebRTCSrc,
        row: &'static Codec,
        place: &Place,
    ) -> Result<Option<Chain>, decode::DecodeError> {
        let pad = place.pad.upcast_ref::<gst::Pad>();
        let output = decode::wanted(pad, row);
        let allowed = pad.is_linked().then(|| pad.peer_query_caps(None));
        let producer = Some(self.peer_id.as_str()).filter(|id| !id.is_empty());
        let filter = signals::encoded_filter(source, producer, &pad.name(), allowed.as_ref());
        gst::debug!(CAT, obj = pad, "session {}: {output:?} of {row:?}, {filter:?}", self.session_id);
        let output = match output {
            Output::Rtp if filter.is_none() => return Ok(None),
            // A filter takes frames: what it makes is decoded where downstream would take anything.
            Output::Rtp => Output::Raw,
            output => output,
        };
        Chain::build(source.upcast_ref(), row, output, filter).map(Some)
    }

    /// The output of what arrives, free of what came out of it before; nothing once the session is over.
    fn begin(&self, source: &BaseWebRTCSrc, received: &Received, kind: MediaKind) -> Option<outputs::Output> {
        let (output, before) = {
            let mut open = self.open();
            if open.over {
                return None;
            }
            let output = open.outputs.give(received.m_line, kind);
            let before: Vec<_> =
                open.streams.extract_if(.., |stream| stream.m_line == received.m_line).collect();
            (output, before)
        };
        for Stream { arrival, chain, .. } in before {
            if let Some(peer) = arrival.peer() {
                let _ = arrival.unlink(&peer);
            }
            if let Some(chain) = chain {
                chain.dismantle(source.upcast_ref());
            }
        }
        Some(output)
    }

    /// Notes what stands behind a pad; whether that was the last stream that is promised.
    fn keep(&self, source: &BaseWebRTCSrc, received: &Received, chain: Option<Chain>) -> bool {
        let mut open = self.open();
        if open.over {
            drop(open);
            chain.into_iter().for_each(|chain| chain.dismantle(source.upcast_ref()));
            return false;
        }
        open.streams.push(Stream { m_line: received.m_line, arrival: received.pad.clone(), chain });
        open.streams.len() >= open.promised
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

    /// The session is over: stops what stands behind the pads; what becomes of these and of who is behind them is
    /// in `streams`.
    pub(super) fn close(
        &self,
        source: &BaseWebRTCSrc,
        transport: &gst::Element,
        streams: returning::Streams,
    ) {
        self.open().over = true;
        // A session that ends late has no say in the pads of the next.
        let is_late = self.pads.turn() != self.turn;
        if streams == returning::Streams::Flush && !is_late {
            // Downstream may hold a streaming thread, which the transport would wait for.
            self.pads.flush();
        }
        transport.set_locked_state(true);
        let _ = transport.set_state(gst::State::Null);
        let _ = source.remove(transport);
        let gone = std::mem::take(&mut self.open().streams);
        for chain in gone.into_iter().filter_map(|stream| stream.chain) {
            chain.dismantle(source.upcast_ref());
        }
        if !is_late {
            self.pads.close(source, streams);
        }
    }
}

/// The pads of a kind.
fn of(requested: &[(MediaKind, Vec<Arc<Place>>)], kind: MediaKind) -> &[Arc<Place>] {
    requested.iter().find(|(other, _)| *other == kind).map_or(&[], |(_, places)| places)
}
