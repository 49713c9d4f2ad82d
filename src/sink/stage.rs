//! What stands around one session's transport: for webrtcbin a pipeline of its own, and the application's hooks
//! into it; for the native one nothing.

use super::transport::Choice;
use super::{BaseWebRTCSink, signals};
use crate::peer::{self, Config, Connection, Engine};
use crate::runtime;
use crate::session::EventSender;
use crate::signaller::{Signallable, SignallableExt};
use gst::prelude::*;
use logic::negotiation::{EndReason, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A session's transport and what it stands in.
pub(super) struct Stage {
    connection: Arc<dyn Connection>,
    pipeline: Option<gst::Pipeline>,
    /// Whether the application was handed the transport, and has not been told that it goes.
    is_known: AtomicBool,
    /// Why this transport was chosen.
    choice: Choice,
}

impl Stage {
    /// Sets webrtcbin up in a pipeline of its own, with the application's help.
    pub(super) fn with_webrtcbin(
        sink: &BaseWebRTCSink,
        (session_id, peer_id): (&str, &str),
        config: &Config,
        events: &EventSender,
        signaller: &Signallable,
        choice: Choice,
    ) -> Result<Self, String> {
        let pipeline = gst::Pipeline::with_name(&format!("session-pipeline-{session_id}"));
        signals::pipeline_created(sink, peer_id, &pipeline);
        let connection = peer::through_webrtcbin(session_id, config, events.clone());
        let connection = connection.map_err(|err| err.to_string())?;
        let bin = connection.element().ok_or("the transport has no element")?;
        pipeline.add(bin).map_err(|err| err.to_string())?;
        watch_bus(&pipeline, sink, events.clone());
        let is_known = AtomicBool::new(false);
        let stage = Self { connection: connection.clone(), pipeline: Some(pipeline), is_known, choice };
        stage.follow_clock(sink);
        stage.set_state(gst::State::Ready)?;
        stage.is_known.store(true, Ordering::Relaxed);
        signals::consumer_added(sink, peer_id, bin);
        signaller.consumer_added(peer_id, bin);
        signaller.webrtcbin_ready(peer_id, bin);
        if let Err(text) = stage.set_state(gst::State::Playing) {
            stage.stop();
            stage.say_goodbye(sink, peer_id, signaller);
            return Err(text);
        }
        Ok(stage)
    }

    /// Sets the native transport up, which stands alone.
    pub(super) fn with_native(
        engine: &Arc<Engine>,
        config: &Config,
        events: &EventSender,
        choice: Choice,
    ) -> Result<Self, String> {
        let connection = peer::through_native(engine, config, events.clone())?;
        Ok(Self { connection, pipeline: None, is_known: AtomicBool::new(false), choice })
    }

    fn set_state(&self, state: gst::State) -> Result<(), String> {
        let pipeline = self.pipeline.as_ref();
        pipeline
            .map_or(Ok(()), |pipeline| pipeline.set_state(state).map(|_| ()))
            .map_err(|err| err.to_string())
    }

    /// The transport.
    pub(super) fn connection(&self) -> &Arc<dyn Connection> {
        &self.connection
    }

    /// Sessions share the application's clock and base time.
    pub(super) fn follow_clock(&self, sink: &BaseWebRTCSink) {
        let Some(pipeline) = &self.pipeline else { return };
        if let Some(clock) = sink.clock() {
            pipeline.use_clock(Some(&clock));
        }
        pipeline.set_start_time(gst::ClockTime::NONE);
        if let Some(base_time) = sink.timeline().base_time(sink) {
            pipeline.set_base_time(base_time);
        }
    }

    /// The transport is up.
    pub(super) fn connected(&self) {
        if let Some(pipeline) = &self.pipeline {
            let _ = pipeline.recalculate_latency();
        }
    }

    /// Stops everything.
    pub(super) fn stop(&self) {
        self.connection.close();
        let _ = self.set_state(gst::State::Null);
    }

    /// Tells the application that the viewer is gone, once, where it was told that he came.
    pub(super) fn say_goodbye(&self, sink: &BaseWebRTCSink, peer_id: &str, signaller: &Signallable) {
        if let Some(bin) = self.connection.element()
            && self.is_known.swap(false, Ordering::Relaxed)
        {
            signals::consumer_removed(sink, peer_id, bin);
            signaller.consumer_removed(peer_id, bin);
        }
    }

    /// The transport's name.
    pub(super) fn name(&self) -> &'static str {
        self.choice.name()
    }

    /// What the transport knew about itself last, and why it is the one.
    pub(super) fn stats(&self) -> gst::Structure {
        let stats = self.connection.stats();
        let mut stats = stats.unwrap_or_else(|| gst::Structure::new_empty("application/x-webrtc-stats"));
        stats.set("transport", self.choice.name());
        stats.set("transport-reason", &self.choice.reason);
        stats
    }
}

/// Errors of the session's pipeline end the session; contexts come from the application.
fn watch_bus(pipeline: &gst::Pipeline, sink: &BaseWebRTCSink, events: EventSender) {
    let Some(bus) = pipeline.bus() else { return };
    let (sink, pipeline) = (sink.downgrade(), pipeline.downgrade());
    bus.set_sync_handler(move |_, message| {
        match message.view() {
            gst::MessageView::Error(err) => {
                let text = match err.src() {
                    Some(source) => format!("{}: {}", source.name(), err.error()),
                    None => err.error().to_string(),
                };
                let debug = err.debug().map(Into::into);
                events.send(Event::Failed(EndReason::ElementError { text, debug }));
            }
            // Senders' reports need to know the latency; nobody else distributes it here.
            gst::MessageView::Latency(_) => {
                let pipeline = pipeline.clone();
                runtime::spawn_blocking(move || {
                    if let Some(pipeline) = pipeline.upgrade() {
                        let _ = pipeline.recalculate_latency();
                    }
                });
            }
            gst::MessageView::NeedContext(_) | gst::MessageView::HaveContext(_) => {
                if let Some(sink) = sink.upgrade() {
                    let _ = sink.post_message(message.clone());
                }
            }
            _ => {}
        }
        gst::BusSyncReply::Drop
    });
}
