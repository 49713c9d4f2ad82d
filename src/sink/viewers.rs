//! The sink's sessions by id: made when signalling asks for them, told what signalling says, gone when they
//! end. Everything here may be called from any thread and never waits.

use super::estimates::Estimates;
use super::imp::CAT;
use super::outgoing::Outgoing;
use super::rung_news::RungNews;
use super::sections::Sections;
use super::serving::Served;
use super::settings::{Settings, WebRTCSinkTransport};
use super::stage::Stage;
use super::{BaseWebRTCSink, network, transport};
use crate::data_channel::{self, CONTROL, Channels};
use crate::peer::{
    AgreedFormat, Arrivals, Certificate, Config, Engine, ErrorCorrection, Estimator, IceServers,
};
use crate::runtime;
use crate::session::{self, EventSender, Events, Phases, Session};
use crate::signaller::link::News;
use crate::signaller::{Signallable, SignallableExt};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use logic::addresses::Advertised;
use logic::codec::MediaKind;
use logic::negotiation::{EndReason, Event, Opening};
use logic::sdp::places::Places;
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// One session, as everyone but its task knows it.
#[derive(Clone)]
pub(super) struct Viewer {
    events: EventSender,
    pub(super) peer_id: String,
    stage: Arc<OnceLock<Weak<Stage>>>,
    pub(super) served: Arc<Mutex<Vec<Served>>>,
    pub(super) estimates: Arc<Estimates>,
    channels: Arc<OnceLock<Weak<Channels>>>,
    sections: Arc<OnceLock<Weak<Sections>>>,
}

impl Viewer {
    /// When the session reached its phases.
    pub(super) fn phases(&self) -> &Arc<Phases> {
        self.events.phases()
    }

    /// The session's transport and what it stands in, once made and while it lasts.
    pub(super) fn stage(&self) -> Option<Arc<Stage>> {
        self.stage.get()?.upgrade()
    }

    /// Which stream is in which section of the session, while it lasts.
    pub(super) fn sections(&self) -> Option<Arc<Sections>> {
        self.sections.get()?.upgrade()
    }

    /// The session's data channels, while it lasts.
    pub(super) fn channels(&self) -> Option<Arc<Channels>> {
        self.channels.get()?.upgrade()
    }
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<String, Viewer>,
    /// Nobody is admitted any more.
    closed: bool,
}

/// All sessions.
pub(super) struct Viewers {
    sink: glib::WeakRef<BaseWebRTCSink>,
    certificate: Arc<Certificate>,
    advertised: Arc<Advertised>,
    servers: Mutex<IceServers>,
    /// What serves sessions through the native transport, where any may be.
    engine: Option<Arc<Engine>>,
    sessions: Mutex<Sessions>,
    changed: Condvar,
}

impl Viewers {
    pub(super) fn new(sink: &BaseWebRTCSink, settings: &Settings) -> Result<Arc<Self>, String> {
        let certificate =
            Certificate::generate().map_err(|err| format!("failed to make a certificate: {err}"))?;
        let (engine, advertised) = match settings.transport {
            WebRTCSinkTransport::WebRtcBin => (None, Advertised::default()),
            _ => {
                let listen = network::listen(settings)?;
                let advertised = network::advertised(settings, &listen)?;
                (Some(Engine::at(listen).map_err(|err| format!("failed to {err}"))?), advertised)
            }
        };
        Ok(Arc::new(Self {
            engine,
            sink: sink.downgrade(),
            certificate: Arc::new(certificate),
            advertised: Arc::new(advertised),
            servers: Mutex::new(IceServers::new(settings.stun_server.as_deref(), &settings.turn_servers)),
            sessions: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn servers(&self) -> IceServers {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sessions that come use the STUN and TURN servers of these settings.
    pub(super) fn set_servers(&self, settings: &Settings) {
        let servers = self.servers().instead(settings.stun_server.as_deref(), &settings.turn_servers);
        *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    /// All sessions, by id.
    pub(super) fn all(&self) -> Vec<(String, Viewer)> {
        self.sessions().by_id.iter().map(|(id, viewer)| (id.clone(), viewer.clone())).collect()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.sessions().by_id.len()
    }

    /// One session.
    pub(super) fn viewer(&self, session_id: &str) -> Option<Viewer> {
        self.sessions().by_id.get(session_id).cloned()
    }

    /// Takes in what signalling says about sessions; whether the session was known.
    pub(super) fn hear(self: &Arc<Self>, news: News, signaller: &Signallable) -> bool {
        match news {
            News::Requested(session, peer, offer) => self.request(session, peer, offer, signaller),
            News::Description(session, description) => {
                let Ok(sdp) = description.sdp().as_text() else {
                    return false;
                };
                let kind = kind(&description);
                self.tell(&session, Event::Remote(SessionDescription { kind, sdp }))
            }
            News::Candidate(session, index, mid, candidate) => {
                let candidate = IceCandidate { candidate, sdp_m_line_index: Some(index), sdp_mid: mid };
                self.tell(&session, Event::RemoteCandidate(candidate))
            }
            News::Ended(session, reason, text) => {
                self.tell(&session, Event::Failed(EndReason::Peer { reason, text }))
            }
            News::IceServers(servers) => {
                self.servers().replace(&servers);
                true
            }
            _ => false,
        }
    }

    fn tell(&self, session: &str, event: Event) -> bool {
        let events = self.sessions().by_id.get(session).map(|viewer| viewer.events.clone());
        events.map(|events| events.send(event)).is_some()
    }

    fn request(
        self: &Arc<Self>,
        session_id: String,
        peer_id: String,
        offer: Option<WebRTCSessionDescription>,
        signaller: &Signallable,
    ) -> bool {
        let (events, reader) = EventSender::new();
        let viewer = Viewer {
            events: events.clone(),
            peer_id: peer_id.clone(),
            stage: Arc::default(),
            served: Arc::default(),
            estimates: Arc::default(),
            channels: Arc::default(),
            sections: Arc::default(),
        };
        {
            // Registered before it is built: what the peer says meanwhile waits in its queue.
            let mut sessions = self.sessions();
            if sessions.by_id.contains_key(&session_id) {
                return false;
            }
            if sessions.closed {
                drop(sessions);
                let signaller = signaller.clone();
                runtime::spawn_blocking(move || turn_away(&signaller, &session_id, &EndReason::Stopping));
                return false;
            }
            sessions.by_id.insert(session_id.clone(), viewer.clone());
        }
        if let Some(sink) = self.sink.upgrade() {
            sink.audience_changed();
        }
        let (viewers, signaller) = (self.clone(), signaller.clone());
        runtime::spawn_blocking(move || {
            let opening = match offer.and_then(|offer| offer.sdp().as_text().ok()) {
                Some(sdp) => Opening::Answer(sdp),
                None => Opening::Offer,
            };
            let made = viewers.build(&session_id, viewer, reader, &signaller, opening);
            if let Err(text) = made {
                let reason = EndReason::Pipeline(text);
                turn_away(&signaller, &session_id, &reason);
                if let Some(sink) = viewers.sink.upgrade() {
                    sink.session_ended(&session_id, &peer_id, &reason);
                } else {
                    viewers.remove(&session_id);
                }
            }
        });
        true
    }

    fn build(
        &self,
        id: &str,
        viewer: Viewer,
        reader: Events,
        signaller: &Signallable,
        opening: Opening,
    ) -> Result<(), String> {
        let sink = self.sink.upgrade().ok_or("the element is gone")?;
        let settings = Arc::new(sink.settings());
        let estimates = viewer.estimates.clone();
        estimates.division().attach(&self.sink, &viewer.peer_id, settings.bounds());
        let sections = Sections::new(&sink);
        let channels = channels(&sink, id, &settings, &sections);
        let config = self.config(&settings, &estimates, channels.arrivals());
        let choice = transport::choose(&sink, signaller, &settings, &self.servers());
        gst::info!(CAT, obj = sink, "session {id}: through {}: {}", choice.name(), choice.reason);
        let stage = match &self.engine {
            Some(engine) if choice.native => Stage::with_native(engine, &config, &viewer.events, choice)?,
            _ => {
                let session = (id, viewer.peer_id.as_str());
                Stage::with_webrtcbin(&sink, session, &config, &viewer.events, signaller, choice)?
            }
        };
        let connection = stage.connection().clone();
        estimates.attach(&connection);
        let stage = Arc::new(stage);
        let _ = viewer.stage.set(Arc::downgrade(&stage));
        let _ = viewer.channels.set(Arc::downgrade(&channels));
        let _ = viewer.sections.set(Arc::downgrade(&sections));
        let news = RungNews::new(&viewer.served, &sections, &channels);
        sections.attach(&news);
        if let Err(text) = channels.begin(&connection, &settings.channels()) {
            stage.stop();
            stage.say_goodbye(&sink, &viewer.peer_id, signaller);
            return Err(text);
        }
        data_channel::signals::session_added(&sink, id, &viewer.peer_id);
        let host = Outgoing {
            sink: self.sink.clone(),
            session_id: id.to_owned(),
            peer_id: viewer.peer_id.clone(),
            settings,
            signaller: signaller.clone(),
            stage,
            inputs: sink.inputs(),
            events: viewer.events.clone(),
            estimates,
            served: viewer.served.clone(),
            channels,
            sections,
            news,
            flows: Vec::new(),
            places: Places::default(),
            offer: None,
            plan: Vec::new(),
            agreed: false,
            connected: false,
        };
        let session = Session { id: id.to_owned(), connection, signaller: signaller.clone(), host };
        session::spawn(session, Event::Start(opening), reader, viewer.events);
        Ok(())
    }

    fn config(&self, settings: &Settings, estimates: &Arc<Estimates>, arrivals: Arrivals) -> Config {
        let estimator = settings.measures_network().then(|| {
            let estimates = estimates.clone();
            Estimator {
                bounds: settings.bounds(),
                changed: Arc::new(move |estimate| estimates.changed(estimate)),
            }
        });
        let error_correction = settings.do_fec.then(|| {
            let estimates = estimates.clone();
            ErrorCorrection {
                retransmission: settings.do_retransmission,
                changed: Arc::new(move |percent| estimates.corrected(percent)),
            }
        });
        Config {
            servers: self.servers(),
            relay_only: settings.ice_transport_policy == gst_webrtc::WebRTCICETransportPolicy::Relay,
            certificate: self.certificate.clone(),
            advertised: self.advertised.clone(),
            estimator,
            error_correction,
            playout_delay: settings.playout_delay(),
            rtx_percentage: settings.rtx_percentage,
            formats: formats(settings),
            arrivals,
            offers: true,
        }
    }

    /// Streams came or went: every session is offered anew.
    pub(super) fn media_changed(&self) {
        for (_, viewer) in self.all() {
            viewer.events.send(Event::MediaChanged);
        }
    }

    /// A stream became another that fits what its viewers were told.
    pub(super) fn stream_changed(&self) {
        for (_, viewer) in self.all() {
            viewer.events.send(Event::StreamChanged);
        }
    }

    /// A session is over.
    pub(super) fn remove(&self, session_id: &str) {
        let gone = self.sessions().by_id.remove(session_id);
        self.changed.notify_all();
        drop(gone);
    }

    /// Admits nobody any more, ends every session and waits for them, no longer than `limit`; not on a thread of the
    /// runtime.
    pub(super) fn end(&self, limit: Duration) {
        self.sessions().closed = true;
        for (_, viewer) in self.all() {
            viewer.events.send(Event::Failed(EndReason::Stopping));
        }
        if runtime::is_current() {
            return;
        }
        let sessions = self.sessions();
        let waited = self.changed.wait_timeout_while(sessions, limit, |sessions| !sessions.by_id.is_empty());
        drop(waited);
    }
}

/// Tells the peer of a session that did not come about.
fn turn_away(signaller: &Signallable, session_id: &str, reason: &EndReason) {
    let error = reason.is_error().then(|| reason.to_string());
    signaller.end_session_with_reason(session_id, reason.told().as_str(), error.as_deref());
}

/// The channels of a session; those that the element uses itself are served.
fn channels(sink: &BaseWebRTCSink, id: &str, settings: &Settings, sections: &Arc<Sections>) -> Arc<Channels> {
    let (served, sections) = (settings.channels(), sections.clone());
    Channels::new(sink, id, move |channel| match channel.options.label.as_str() {
        label if !served.contains(&label) => false,
        CONTROL => {
            data_channel::control(channel, sections.clone());
            true
        }
        _ => {
            data_channel::input(channel, sections.clone());
            true
        }
    })
}

/// Every format that may be offered; those without a clock rate of their own have that of the usual stream.
fn formats(settings: &Settings) -> Vec<AgreedFormat> {
    let of =
        |kind| settings.codecs(kind).into_iter().map(move |(row, payload_type)| (kind, row, payload_type));
    let all = of(MediaKind::Audio).chain(of(MediaKind::Video));
    let format = |(kind, row, payload_type): (_, &logic::codec::Codec, _)| {
        let clock_rate = if row.clock_rate == 0 { 48_000 } else { row.clock_rate };
        AgreedFormat { payload_type, rtx: None, kind, clock_rate }
    };
    all.map(format).collect()
}

fn kind(description: &WebRTCSessionDescription) -> DescriptionKind {
    match description.type_() {
        gst_webrtc::WebRTCSDPType::Offer => DescriptionKind::Offer,
        _ => DescriptionKind::Answer,
    }
}
