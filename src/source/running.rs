//! What exists between READY and PAUSED and back: the link to the signaller and the one session.

use super::imp::{BaseWebRTCSrc, CAT};
use super::incoming::{Incoming, Streams};
use super::informed;
use super::settings::Settings;
use super::stats::{self, Flows};
use super::timing::Timing;
use crate::data_channel::{self, CONTROL, Channels, INPUT, RemoteControl};
use crate::peer::{self, Certificate, Config, Connection, IceServers, NO_TRANSPORT, Receiver};
use crate::session::{self, EventSender, Events, Session, news};
use crate::signaller::link::{Link, News};
use crate::signaller::{Signallable, SignallableExt, Signaller, WebRTCSignallerRole};
use crate::{errors, runtime};
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::negotiation::{EndReason, Event, Opening};
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How long a stopping element waits for its session to end.
const SESSION_END: Duration = Duration::from_millis(500);

pub(super) struct Running {
    link: Link,
    consumer: Arc<Consumer>,
}

/// The one session.
struct Consumer {
    certificate: Arc<Certificate>,
    servers: IceServers,
    current: Mutex<Option<Current>>,
    changed: Condvar,
}

struct Current {
    id: String,
    events: EventSender,
    /// The session's data channels, once it has a transport.
    data: Option<Data>,
}

/// What a session has of data channels.
#[derive(Clone)]
struct Data {
    channels: Weak<Channels>,
    remote: Weak<RemoteControl>,
    timing: Weak<Timing>,
    flows: Weak<Flows>,
    receiver: Weak<Receiver>,
}

impl Consumer {
    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, session: &str, event: Event) -> bool {
        let events =
            self.current().as_ref().filter(|current| current.id == session).map(|c| c.events.clone());
        events.map(|events| events.send(event)).is_some()
    }

    /// Takes a session on; `None` where one is running already.
    fn admit(&self, id: &str) -> Option<(EventSender, Events)> {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| !current.events.is_closed()) {
            return None;
        }
        let (events, reader) = EventSender::new();
        *current = Some(Current { id: id.into(), events: events.clone(), data: None });
        Some((events, reader))
    }

    fn keep(&self, session: &str, data: Data) {
        if let Some(current) = self.current().as_mut().filter(|current| current.id == session) {
            current.data = Some(data);
        }
    }

    /// The data channels of this session, of any where none is named.
    fn data(&self, session: Option<&str>) -> Option<Data> {
        let current = self.current();
        let current = current.as_ref()?;
        current.data.clone().filter(|_| session.is_none_or(|id| id.is_empty() || id == current.id))
    }

    fn remove(&self, session: &str) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.id == session) {
            *current = None;
        }
        drop(current);
        self.changed.notify_all();
    }

    fn end(&self, limit: Duration) {
        let current = self.current();
        let Some(running) = current.as_ref() else { return };
        running.events.send(Event::Failed(EndReason::Stopping));
        if runtime::is_current() {
            return;
        }
        let waited = self.changed.wait_timeout_while(current, limit, |current| current.is_some());
        drop(waited);
    }
}

impl BaseWebRTCSrc {
    pub(super) fn running(&self) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// READY to PAUSED.
    pub(super) fn begin(&self) -> Result<(), gst::StateChangeError> {
        if let Err(err) = errors::require(NO_TRANSPORT) {
            gst::element_imp_error!(self, gst::CoreError::MissingPlugin, ("{err}"));
            return Err(gst::StateChangeError);
        }
        let certificate = Certificate::generate().map_err(|err| {
            gst::element_imp_error!(self, gst::LibraryError::Init, ("failed to make a certificate: {err}"));
            gst::StateChangeError
        })?;
        let settings = self.settings().clone();
        for text in peer::faults(settings.stun_server.as_deref(), &settings.turn_servers) {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{text}"));
        }
        let consumer = Arc::new(Consumer {
            certificate: Arc::new(certificate),
            servers: IceServers::new(settings.stun_server.as_deref(), &settings.turn_servers),
            current: Mutex::default(),
            changed: Condvar::new(),
        });
        let obj = self.obj();
        let signaller = obj.signaller();
        let (heard, source, from) = (consumer.clone(), obj.downgrade(), signaller.downgrade());
        let hear = move |news: News| match (source.upgrade(), from.upgrade()) {
            (Some(source), Some(from)) => source.hear(news, &heard, &from),
            _ => false,
        };
        let link = Link::new(&signaller, Arc::new(hear));
        let running = Arc::new(Running { link, consumer });
        let old = self.running.lock().unwrap_or_else(PoisonError::into_inner).replace(running);
        drop(old);
        peer::prepare();
        Ok(())
    }

    /// PAUSED to PLAYING.
    pub(super) fn play(&self) {
        if let Some(running) = self.running() {
            running.link.start();
        }
    }

    /// PAUSED to READY: bounded in time, whatever the session is doing.
    pub(super) fn finish(&self) {
        // Taken only when its session has ended, which looks for it here.
        let Some(running) = self.running() else { return };
        running.consumer.end(SESSION_END);
        let taken = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.link.stop();
        drop(taken);
    }
}

impl super::BaseWebRTCSrc {
    /// A copy of the settings.
    pub(super) fn settings(&self) -> Settings {
        self.imp().settings().clone()
    }

    /// The signaller; the default one where the application set none.
    pub(super) fn signaller(&self) -> Signallable {
        let mut signaller = self.imp().signaller.lock().unwrap_or_else(PoisonError::into_inner);
        signaller.get_or_insert_with(|| Signaller::new(WebRTCSignallerRole::Consumer).upcast()).clone()
    }

    /// The data channels of the session.
    pub(super) fn channels(&self, session_id: Option<&str>) -> Option<Arc<Channels>> {
        self.imp().running()?.consumer.data(session_id)?.channels.upgrade()
    }

    /// Where events for the producer go.
    pub(super) fn remote_control(&self) -> Option<Arc<RemoteControl>> {
        self.imp().running()?.consumer.data(None)?.remote.upgrade()
    }

    /// The property `stats`: empty while there is no session.
    pub(super) fn stats(&self) -> gst::Structure {
        let data = self.imp().running().and_then(|running| running.consumer.data(None));
        let known =
            data.and_then(|data| Some((data.timing.upgrade()?, data.flows.upgrade()?, data.receiver)));
        match known {
            Some((timing, flows, receiver)) => stats::of(&timing, &flows, receiver.upgrade()),
            None => gst::Structure::new_empty("application/x-webrtcsrc-stats"),
        }
    }

    fn hear(&self, news: News, consumer: &Arc<Consumer>, signaller: &Signallable) -> bool {
        match news {
            News::Started(session, peer) => self.open(session, peer, Opening::Await, consumer, signaller),
            News::Requested(session, peer, offer) => {
                let opening = match offer.and_then(|offer| offer.sdp().as_text().ok()) {
                    Some(sdp) => Opening::Answer(sdp),
                    None => Opening::Offer,
                };
                self.open(session, peer, opening, consumer, signaller)
            }
            News::Description(session, description) => {
                let kind = match description.type_() {
                    gst_webrtc::WebRTCSDPType::Offer => DescriptionKind::Offer,
                    _ => DescriptionKind::Answer,
                };
                let Ok(sdp) = description.sdp().as_text() else {
                    return false;
                };
                consumer.tell(&session, Event::Remote(SessionDescription { kind, sdp }))
            }
            News::Candidate(session, index, mid, candidate) => {
                let candidate = IceCandidate { candidate, sdp_m_line_index: Some(index), sdp_mid: mid };
                consumer.tell(&session, Event::RemoteCandidate(candidate))
            }
            News::Ended(session, reason, text) => {
                consumer.tell(&session, Event::Failed(EndReason::Peer { reason, text }))
            }
            News::IceServers(servers) => {
                consumer.servers.replace(&servers);
                true
            }
            News::Connection(connected, details) => {
                news::signalling(self, connected, &details);
                true
            }
            News::Error(text) => {
                gst::element_error!(self, gst::StreamError::Failed, ("Signalling error: {text}"));
                true
            }
            News::Shutdown => true,
            News::Meta(reply) => reply.try_send(self.settings().meta).is_ok(),
        }
    }

    fn open(
        &self,
        session_id: String,
        peer_id: String,
        opening: Opening,
        consumer: &Arc<Consumer>,
        signaller: &Signallable,
    ) -> bool {
        let Some((events, reader)) = consumer.admit(&session_id) else {
            gst::warning!(CAT, obj = self, "session {session_id}: refused, another one is running");
            signaller.end_session_with_reason(&session_id, protocol::EndReason::Refused.as_str(), None);
            return false;
        };
        let (source, consumer, signaller) = (self.downgrade(), consumer.clone(), signaller.clone());
        runtime::spawn_blocking(move || {
            let Some(source) = source.upgrade() else {
                return consumer.remove(&session_id);
            };
            let made = source.build(&session_id, &peer_id, (events, reader), opening, &consumer, &signaller);
            if let Err(text) = made {
                let reason = EndReason::Pipeline(text);
                signaller.end_session_with_reason(
                    &session_id,
                    reason.told().as_str(),
                    Some(&reason.to_string()),
                );
                source.session_ended(&session_id, &peer_id, &reason);
                source.session_closed(&session_id);
            }
        });
        true
    }

    fn build(
        &self,
        id: &str,
        peer_id: &str,
        (events, reader): (EventSender, Events),
        opening: Opening,
        consumer: &Consumer,
        signaller: &Signallable,
    ) -> Result<(), String> {
        let settings = self.settings();
        let remote = RemoteControl::new(self, id);
        let channels = channels(self, id, &settings, &remote);
        let config = Config {
            servers: consumer.servers.clone(),
            relay_only: false,
            advertised: Arc::default(),
            certificate: consumer.certificate.clone(),
            estimator: None,
            error_correction: None,
            formats: Vec::new(),
            arrivals: channels.arrivals(),
            playout_delay: None,
            offers: false,
        };
        let receiver = Receiver::new(id, &config, events.clone()).map_err(|err| err.to_string())?;
        let connection = Arc::new(receiver);
        let streams = Streams::new(self, id, &settings, &remote);
        streams.watch(&connection);
        informed::listen(&streams, &remote);
        self.add(connection.bin()).map_err(|err| err.to_string())?;
        signaller.webrtcbin_ready(id, connection.bin());
        connection.bin().sync_state_with_parent().map_err(|err| err.to_string())?;
        let timing = Arc::downgrade(streams.timing());
        let (known, control) = (Arc::downgrade(&channels), Arc::downgrade(&remote));
        let (flows, receiver) = (Arc::downgrade(streams.flows()), Arc::downgrade(&connection));
        consumer.keep(id, Data { channels: known, remote: control, timing, flows, receiver });
        channels.begin(&(connection.clone() as Arc<dyn Connection>), &[])?;
        data_channel::signals::session_added(self, id, peer_id);
        let host = Incoming::new(self, (id, peer_id), settings, streams, connection.clone(), channels);
        let session = Session { id: id.to_owned(), connection, signaller: signaller.clone(), host };
        session::spawn(session, Event::Start(opening), reader, events);
        Ok(())
    }

    /// The transport to the producer is up.
    pub(super) fn session_connected(&self, session_id: &str, peer_id: &str) {
        gst::info!(CAT, obj = self, "session {session_id}: connected");
        news::connected(self, session_id, peer_id);
    }

    /// The session is over: without it a source has nothing to give, so a failure is the element's.
    pub(super) fn session_ended(&self, session_id: &str, peer_id: &str, reason: &EndReason) {
        gst::info!(CAT, obj = self, "session {session_id}: {reason}");
        news::ended(self, session_id, peer_id, reason);
        if reason.is_error() {
            gst::element_error!(
                self,
                gst::ResourceError::Read,
                ("session {session_id} with producer {peer_id}: {reason}")
            );
        }
    }

    /// The session's pads and elements are gone: another may begin.
    pub(super) fn session_closed(&self, session_id: &str) {
        if let Some(running) = self.imp().running() {
            running.consumer.remove(session_id);
        }
    }
}

/// The channels of a session; those that carry events to the producer are used for that.
fn channels(
    source: &super::BaseWebRTCSrc,
    id: &str,
    settings: &Settings,
    remote: &Arc<RemoteControl>,
) -> Arc<Channels> {
    let (control, input) = (settings.control_channel, settings.input_channel);
    let remote = Arc::downgrade(remote);
    Channels::new(source, id, move |channel| {
        let wanted = match channel.options.label.as_str() {
            CONTROL => control,
            INPUT => input,
            _ => false,
        };
        let remote = remote.upgrade().filter(|_| wanted);
        remote.map(|remote| remote.take(channel)).is_some()
    })
}
