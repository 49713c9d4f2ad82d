//! What exists between READY and PAUSED and back: the link to the signaller and the one session.

use super::consumer::{Consumer, Data};
use super::imp::{BaseWebRTCSrc, CAT};
use super::incoming::Incoming;
use super::informed;
use super::pads::Pads;
use super::settings::Settings;
use super::signals;
use super::stats;
use super::streams::Streams;
use crate::data_channel::{self, CONTROL, Channels, INPUT, RemoteControl};
use crate::peer::{self, Certificate, Config, Connection, IceServers, NO_TRANSPORT, Receiver};
use crate::session::{self, EventSender, Events, Session, news};
use crate::signaller::link::{Link, News};
use crate::signaller::{Signallable, SignallableExt, Signaller, WebRTCSignallerRole};
use crate::{errors, runtime};
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::negotiation::{EndReason, Event, Opening};
use logic::returning::{AtEnd, Ending, Streams as Fate};
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long a stopping element waits for its session to end.
const SESSION_END: Duration = Duration::from_millis(500);
/// And for what it made to be taken down.
const TAKING_DOWN: Duration = Duration::from_millis(300);

pub(super) struct Running {
    link: Link,
    consumer: Arc<Consumer>,
}

impl BaseWebRTCSrc {
    pub(super) fn running(&self) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// READY to PAUSED.
    pub(super) fn begin(&self) -> Result<(), gst::StateChangeError> {
        self.pads.begin();
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
        let servers = IceServers::new(settings.stun_server.as_deref(), &settings.turn_servers);
        let consumer = Arc::new(Consumer::new(certificate, servers));
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

    /// An element inside posted an error; whether there is a session that ends for it.
    pub(super) fn session_failed(&self, err: &gst::message::Error) -> bool {
        let Some(running) = self.running() else { return false };
        let debug = err.debug().map(|debug| debug.to_string());
        let reason = EndReason::ElementError { text: err.error().to_string(), debug };
        running.consumer.fail(reason)
    }

    /// The application wants no more: the streams end, and no other session begins before the element is started again.
    pub(super) fn end_streams(&self) -> bool {
        let Some(running) = self.running() else { return false };
        running.consumer.finish();
        if !running.consumer.fail(EndReason::Stopping) {
            self.pads.close(&self.obj(), Fate::End);
        }
        true
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
        // Downstream may hold a streaming thread, whatever else is going on.
        self.pads.flush();
        running.consumer.resume();
        running.consumer.end(SESSION_END);
        let taken = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.link.stop();
        drop(taken);
        // Those that waited for another session.
        self.pads.close(&self.obj(), Fate::Flush);
        runtime::settle(TAKING_DOWN);
    }
}

impl super::BaseWebRTCSrc {
    /// A copy of the settings.
    pub(super) fn settings(&self) -> Settings {
        self.imp().settings().clone()
    }

    /// The pads.
    pub(super) fn pads(&self) -> Arc<Pads> {
        self.imp().pads.clone()
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

    /// Sends an event to the producer; whether there is a way.
    pub(super) fn send_to_producer(&self, event: &gst::EventRef) -> bool {
        let data = self.imp().running().and_then(|running| running.consumer.data(None));
        let remote = data.and_then(|data| data.remote.upgrade());
        remote.is_some_and(|remote| remote.send(event, None))
    }

    /// The property `stats`: empty while there is no session.
    pub(super) fn stats(&self) -> gst::Structure {
        let data = self.imp().running().and_then(|running| running.consumer.data(None));
        let known =
            data.and_then(|data| Some((data.timing.upgrade()?, data.flows.upgrade()?, data.transport)));
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
            News::ProducerAdded(producer) => {
                if self.settings().on_session_end.at_end() == AtEnd::Wait {
                    consumer.look_after(&producer);
                }
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
        let Some((events, reader)) = consumer.admit(&session_id, &peer_id) else {
            gst::warning!(
                CAT,
                obj = self,
                "session {session_id}: refused, another one is running or the streams have ended"
            );
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
                let ending = source.ending(&reason);
                source.session_ended(&session_id, &peer_id, &reason, ending);
                source.pads().close(&source, ending.streams);
                source.session_closed(&session_id, &peer_id, &reason, ending);
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
            rtx_percentage: -1,
            offers: false,
        };
        let receiver = Receiver::new(id, &config, events.clone()).map_err(|err| err.to_string())?;
        let connection = Arc::new(receiver);
        let streams = Streams::new(self, (id, peer_id), &settings, &remote, events.clone());
        streams.watch(&connection);
        informed::listen(&streams, &remote);
        self.add(connection.bin()).map_err(|err| err.to_string())?;
        signaller.webrtcbin_ready(id, connection.bin());
        let started = connection.bin().sync_state_with_parent().map_err(|err| err.to_string());
        let shared = connection.clone() as Arc<dyn Connection>;
        if let Err(text) = started.and_then(|()| channels.begin(&shared, &[])) {
            streams.close(self, connection.bin(), Fate::Keep);
            return Err(text);
        }
        let timing = Arc::downgrade(streams.timing());
        let (known, control) = (Arc::downgrade(&channels), Arc::downgrade(&remote));
        let transport = Arc::downgrade(&connection);
        let flows = Arc::downgrade(streams.flows());
        consumer.keep(id, Data { transport, channels: known, remote: control, timing, flows });
        data_channel::signals::session_added(self, id, peer_id);
        let host = Incoming::new(self, (id, peer_id), settings, streams, connection.clone(), channels);
        let session = Session { id: id.to_owned(), connection, signaller: signaller.clone(), host };
        session::spawn(session, Event::Start(opening), reader, events);
        Ok(())
    }

    /// The transport to the producer is up.
    pub(super) fn session_connected(&self, session_id: &str, peer_id: &str) {
        gst::info!(CAT, obj = self, "session {session_id}: connected");
        if let Some(running) = self.imp().running() {
            running.consumer.connected();
        }
        news::connected(self, session_id, peer_id);
    }

    /// What follows from the end of a session.
    pub(super) fn ending(&self, reason: &EndReason) -> Ending {
        let at_end = self.settings().on_session_end.at_end();
        let ending = at_end.ending(*reason == EndReason::Stopping, reason.is_error());
        let is_finished = self.imp().running().is_some_and(|running| running.consumer.is_finished());
        if is_finished { Ending { streams: Fate::End, ..ending } } else { ending }
    }

    /// The session is over.
    pub(super) fn session_ended(&self, session_id: &str, peer_id: &str, reason: &EndReason, ending: Ending) {
        gst::info!(CAT, obj = self, "session {session_id}: {reason}");
        news::ended(self, session_id, peer_id, reason);
        let text = format!("session {session_id} with producer {peer_id}: {reason}");
        if ending.is_error {
            gst::element_error!(self, gst::ResourceError::Read, ("{text}"));
        } else if ending.is_warning && ending.streams == Fate::Keep {
            let waits = "waiting for the producer to come back (property on-session-end)";
            gst::element_warning!(self, gst::ResourceError::Read, ("{text}; {waits}"));
        } else if ending.is_warning {
            gst::element_warning!(self, gst::ResourceError::Read, ("{text}"));
        }
    }

    /// What belonged to the session is gone: another may begin.
    pub(super) fn session_closed(&self, session_id: &str, peer_id: &str, reason: &EndReason, ending: Ending) {
        if let Some(running) = self.imp().running() {
            running.consumer.remove(session_id);
            if ending.streams == Fate::Keep {
                running.consumer.ask_again(&self.signaller());
            }
        }
        signals::session_removed(self, session_id, peer_id, reason);
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
