//! What exists between READY and PAUSED and back: the link to the signaller, the sessions, the web server.

use super::forwarding::Forwarding;
use super::imp::{BaseWebRTCSink, CAT};
use super::record::Recorder;
use super::settings::Settings;
use super::timeline::Timeline;
use super::viewers::{Viewer, Viewers};
use super::{WebRTCSinkMitigationMode, WebRTCSinkPad, stats, transport};
use crate::data_channel::Channels;
use crate::peer::{self, NO_TRANSPORT};
use crate::session::news;
use crate::signaller::link::{Link, News};
use crate::signaller::{Signallable, SignallableExt, Signaller, WebRTCSignallerRole};
use crate::web::WebServer;
use crate::{errors, runtime};
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::negotiation::EndReason;
use logic::phases::Phase;
use logic::terms::Change;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long pads without caps are waited for, once another one has some.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a stopping element waits for its sessions to end.
const SESSIONS_END: Duration = Duration::from_millis(500);
/// And for what it made to be taken down.
const TAKING_DOWN: Duration = Duration::from_millis(300);

pub(super) struct Running {
    link: Link,
    viewers: Arc<Viewers>,
    /// As they were when it began.
    started: Settings,
    playing: AtomicBool,
    /// Whether pads whose streams are not known are being waited for, and whether that has been long enough.
    waits: AtomicBool,
    waited: AtomicBool,
    _web_server: Option<WebServer>,
    /// Where the dashboard is on.
    recorder: Option<Arc<Recorder>>,
}

impl Running {
    /// The sessions.
    pub(super) fn viewers(&self) -> &Arc<Viewers> {
        &self.viewers
    }
}

impl BaseWebRTCSink {
    pub(super) fn running(&self) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// READY to PAUSED.
    pub(super) fn begin(&self) -> Result<(), gst::StateChangeError> {
        self.read_encoders()?;
        let settings = self.settings().clone();
        let webrtcbin = transport::expects_webrtcbin(&self.obj(), &settings);
        if webrtcbin && let Err(err) = errors::require(NO_TRANSPORT) {
            gst::element_imp_error!(self, gst::CoreError::MissingPlugin, ("{err}"));
            return Err(gst::StateChangeError);
        }
        let made = self.make(&settings).map_err(|text| {
            gst::element_imp_error!(self, gst::ResourceError::OpenReadWrite, ("{text}"));
            gst::StateChangeError
        })?;
        let old = self.running.lock().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(made));
        drop(old);
        if webrtcbin {
            peer::prepare();
        }
        let servers = peer::faults(settings.stun_server.as_deref(), &settings.turn_servers);
        for text in servers.into_iter().chain(transport::unlikely(&settings).map(str::to_owned)) {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{text}"));
        }
        Ok(())
    }

    fn make(&self, settings: &Settings) -> Result<Running, String> {
        let obj = self.obj();
        settings.rungs()?;
        let signaller = obj.signaller();
        let entrance = self.entrance.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let has_dashboard = settings.run_web_server && settings.web_server_dashboard;
        let recorder = has_dashboard.then(|| Recorder::start(&obj));
        let web_server = settings
            .run_web_server
            .then(|| WebServer::start(settings, &signaller, entrance, recorder.clone()))
            .transpose()?;
        if let Some(server) = &web_server {
            gst::info!(CAT, imp = self, "the page is at {}", server.address());
        }
        let viewers = Viewers::new(&obj, settings)?;
        let (heard, sink, source) = (viewers.clone(), obj.downgrade(), signaller.downgrade());
        let hear = move |news: News| match (sink.upgrade(), source.upgrade()) {
            (Some(sink), Some(source)) => sink.hear(news, &heard, &source),
            _ => false,
        };
        Ok(Running {
            link: Link::new(&signaller, Arc::new(hear)),
            viewers,
            started: settings.clone(),
            playing: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            waited: AtomicBool::new(false),
            _web_server: web_server,
            recorder,
        })
    }

    /// PAUSED to PLAYING.
    pub(super) fn play(&self) {
        let Some(running) = self.running() else { return };
        let obj = self.obj();
        self.timeline.play(&obj);
        for input in obj.inputs() {
            for rung in input.rungs() {
                rung.set_time(obj.clock().as_ref(), self.timeline.base_time(&obj));
            }
        }
        for (_, viewer) in running.viewers.all() {
            if let Some(stage) = viewer.stage() {
                stage.follow_clock(&obj);
            }
        }
        running.playing.store(true, Ordering::Relaxed);
        self.signal_when_ready(&running);
    }

    /// Viewers can be offered something once every pad has caps, or some have and the others let them wait; a sink
    /// without pads waits for nothing.
    fn signal_when_ready(&self, running: &Arc<Running>) {
        if !running.playing.load(Ordering::Relaxed) || running.link.is_started() {
            return;
        }
        let inputs = self.pads().inputs.clone();
        let (known, unknown): (Vec<_>, Vec<_>) = inputs.iter().partition(|input| input.caps().is_some());
        if unknown.is_empty() {
            running.link.start();
        } else if !known.is_empty() && running.waited.load(Ordering::Relaxed) {
            let names: Vec<_> = unknown.iter().map(|input| input.name.as_str()).collect();
            gst::warning!(CAT, imp = self, "going on without {}: no caps have come there", names.join(", "));
            running.link.start();
        } else if !known.is_empty() && !running.waits.swap(true, Ordering::Relaxed) {
            self.wait_for_caps(running);
        }
    }

    /// What comes later is offered then.
    fn wait_for_caps(&self, running: &Arc<Running>) {
        let (sink, running) = (self.obj().downgrade(), Arc::downgrade(running));
        runtime::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            runtime::spawn_blocking(move || {
                if let (Some(sink), Some(running)) = (sink.upgrade(), running.upgrade()) {
                    running.waited.store(true, Ordering::Relaxed);
                    sink.imp().signal_when_ready(&running);
                }
            });
        });
    }

    /// A pad is gone: it may have been the last without caps, and viewers may have been sent its stream.
    pub(super) fn stream_gone(&self) {
        if let Some(running) = self.running() {
            self.signal_when_ready(&running);
            running.viewers.media_changed();
        }
    }

    /// PAUSED to READY: bounded in time, whatever the sessions are doing.
    pub(super) fn finish(&self) {
        // Taken only when its sessions have ended: they are counted out of it.
        let Some(running) = self.running() else { return };
        running.viewers.end(SESSIONS_END);
        let taken = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.link.stop();
        drop(taken);
        self.obj().audience_changed();
        let inputs = self.pads().inputs.clone();
        for input in inputs {
            input.reset();
        }
        self.timeline.stop();
        runtime::settle(TAKING_DOWN);
    }

    /// Statistics of all sessions.
    pub(super) fn stats(&self) -> gst::Structure {
        let viewers = self.running().map(|running| running.viewers.all()).unwrap_or_default();
        stats::of(&viewers)
    }
}

impl super::BaseWebRTCSink {
    /// What viewers are told beside the media.
    pub(super) fn forwarding(&self) -> &Arc<Forwarding> {
        &self.imp().forwarding
    }

    /// All sessions.
    pub(super) fn all_viewers(&self) -> Vec<Viewer> {
        let running = self.imp().running();
        running
            .map(|running| running.viewers.all().into_iter().map(|(_, viewer)| viewer).collect())
            .unwrap_or_default()
    }

    /// Whose time timestamps are.
    pub(super) fn timeline(&self) -> &Arc<Timeline> {
        &self.imp().timeline
    }

    /// A copy of the settings; of what was settled at the start, as it was then.
    pub(super) fn settings(&self) -> Settings {
        let set = self.imp().settings().clone();
        match self.imp().running() {
            Some(running) => set.since_start(&running.started),
            None => set,
        }
    }

    /// What may be given up of pictures, now.
    pub(super) fn mitigation_modes(&self) -> WebRTCSinkMitigationMode {
        self.imp().settings().mitigation_modes
    }

    /// The inputs, in the order of their pads.
    pub(super) fn inputs(&self) -> Vec<Arc<super::input::Input>> {
        self.imp().pads().inputs.clone()
    }

    /// The ids of all sessions.
    pub(super) fn sessions(&self) -> Vec<String> {
        let running = self.imp().running();
        running
            .map(|running| running.viewers.all().into_iter().map(|(id, _)| id).collect())
            .unwrap_or_default()
    }

    /// The data channels of a session.
    pub(super) fn channels(&self, session_id: &str) -> Option<Arc<Channels>> {
        self.imp().running()?.viewers.viewer(session_id)?.channels()
    }

    /// The signaller; the default one where the application set none.
    pub(super) fn signaller(&self) -> Signallable {
        let mut signaller = self.imp().signaller.lock().unwrap_or_else(PoisonError::into_inner);
        signaller.get_or_insert_with(|| Signaller::new(WebRTCSignallerRole::Producer).upcast()).clone()
    }

    /// The property `meta` has a new value: the signaller is to announce it.
    pub(super) fn meta_changed(&self) {
        if self.imp().running().is_some() {
            self.signaller().meta_changed();
        }
    }

    /// New caps on a pad; false refuses them.
    pub(super) fn caps_changed(&self, pad: &WebRTCSinkPad, caps: &gst::Caps) -> bool {
        let Some(input) = pad.input() else { return false };
        // Who comes after the caps are known is offered this stream at first.
        let is_later = self.imp().running().is_some_and(|running| running.link.is_started());
        let change = match input.set_caps(caps, &self.settings()) {
            Ok(change) => change,
            Err(text) => {
                gst::element_error!(self, gst::StreamError::CodecNotFound, ("pad {}: {text}", input.name));
                return false;
            }
        };
        let Some(running) = self.imp().running() else { return true };
        gst::debug!(CAT, obj = self, "pad {}: {caps}: {change:?}", input.name);
        match change {
            None => {
                self.imp().signal_when_ready(&running);
                if is_later {
                    running.viewers.media_changed();
                }
            }
            Some(Change::Carried) => {}
            Some(Change::Restarted) => running.viewers.stream_changed(),
            Some(Change::Reoffered) => running.viewers.media_changed(),
        }
        true
    }

    fn hear(&self, news: News, viewers: &Arc<Viewers>, signaller: &Signallable) -> bool {
        match news {
            News::Error(text) => {
                gst::element_error!(self, gst::StreamError::Failed, ("Signalling error: {text}"));
                true
            }
            News::Shutdown => {
                let _ = self.post_message(gst::message::Eos::builder().src(self).build());
                true
            }
            News::Meta(reply) => reply.try_send(self.settings().meta).is_ok(),
            News::Connection(connected, details) => {
                news::signalling(self, connected, &details);
                true
            }
            news => viewers.hear(news, signaller),
        }
    }

    /// A viewer's transport is up.
    pub(super) fn session_connected(&self, session_id: &str, peer_id: &str) {
        gst::info!(CAT, obj = self, "session {session_id}: connected");
        news::connected(self, session_id, peer_id);
    }

    /// A session is over, and the application hears why.
    pub(super) fn session_ended(&self, session_id: &str, peer_id: &str, reason: &EndReason) {
        if reason.is_error() {
            gst::warning!(CAT, obj = self, "session {session_id}: {reason}");
        }
        if let Some(running) = self.imp().running() {
            if let Some(viewer) = running.viewers.viewer(session_id) {
                viewer.phases().reach(Phase::Ended);
                let reached = viewer.phases().reached();
                gst::info!(CAT, obj = self, "session {session_id} is over: {reason}; {reached}");
                if let Some(recorder) = &running.recorder {
                    recorder.ended(session_id, &viewer, reason);
                }
            }
            running.viewers.remove(session_id);
            self.audience_changed();
        }
        news::ended(self, session_id, peer_id, reason);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A panic in the application may have kept `finish` from running.
        if !std::thread::panicking() {
            self.viewers.end(Duration::ZERO);
        }
    }
}
