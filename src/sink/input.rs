//! One sink pad's stream: takes frames in without ever blocking, knows what they can be sent as, and holds
//! the encoders that send them and the ladders by which viewers are put on those.

use super::forwarding::Forwarding;
use super::ladder::Ladder;
use super::recent::Recent;
use super::rungs::Slot;
use super::sendable;
use super::settings::{Settings, WebRTCSinkEncoderSharing};
use super::terms::{self, Terms};
use super::timeline::Timeline;
use super::{BaseWebRTCSink, WebRTCSinkPad, templates};
use crate::chain::convert;
use crate::chain::notes::Note;
use crate::chain::rung::Numbers;
use crate::codec::{self, CAPTURE_TIME_ID};
use gst::glib;
use gst::prelude::*;
use logic::codec::{Codec, Facts, MediaKind};
use logic::media_clock;
use logic::placement::Input as Entering;
use logic::sdp::plan::Stream;
use logic::terms::{Change, Form};
use logic::trials::Trials;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Buffers of the kernel, as caps call them.
const DMA_BUF: &str = "memory:DMABuf";

/// Identifier of the transport-wide congestion control extension in our offers (RFC 8285).
pub(super) const TRANSPORT_CC_ID: u8 = 1;

/// Of the RTP timestamps of pictures, in Hz.
const PICTURE_RATE: u32 = 90_000;

/// A stream that enters through a sink pad.
pub(crate) struct Input {
    pub(super) name: String,
    /// What the pad was requested for; see [`Input::kind`].
    template: MediaKind,
    pub(super) pad: glib::WeakRef<WebRTCSinkPad>,
    pub(super) element: glib::WeakRef<BaseWebRTCSink>,
    sink: gst_app::AppSink,
    timeline: Arc<Timeline>,
    forwarding: Arc<Forwarding>,
    state: Mutex<State>,
}

/// A stream as it is offered.
pub(super) struct Offered {
    pub(super) stream: Stream,
    pub(super) formats: gst::Caps,
    pub(super) terms: Arc<Terms>,
}

#[derive(Default)]
pub(super) struct State {
    caps: Option<gst::Caps>,
    pub(super) terms: Option<Arc<Terms>>,
    pub(super) slots: Vec<Arc<Slot>>,
    ladders: Vec<Weak<Ladder>>,
    recent: Option<Recent>,
    /// Of its encoders.
    pub(super) trials: Trials,
}

impl Input {
    /// An input and the element behind its pad.
    pub(super) fn new(
        element: &BaseWebRTCSink,
        name: &str,
        kind: MediaKind,
    ) -> Result<Arc<Self>, glib::BoolError> {
        let sink = gst::ElementFactory::make("appsink")
            .name(name)
            .property("async", false)
            .property("enable-last-sample", false)
            .property("processing-deadline", 0u64)
            .property("max-buffers", 1u32)
            .property("qos", false)
            .build()?
            .downcast::<gst_app::AppSink>()
            .map_err(|_| glib::bool_error!("appsink is of an unknown type"))?;
        let input = Arc::new(Self {
            name: name.into(),
            template: kind,
            pad: glib::WeakRef::new(),
            element: element.downgrade(),
            sink: sink.clone(),
            timeline: element.timeline().clone(),
            forwarding: element.forwarding().clone(),
            state: Mutex::default(),
        });
        let weak = Arc::downgrade(&input);
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    if let Some(input) = weak.upgrade() {
                        input.take(&sample);
                    }
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        Ok(input)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The element behind the pad.
    pub(super) fn sink(&self) -> &gst_app::AppSink {
        &self.sink
    }

    /// The caps of what enters, once known.
    pub(super) fn caps(&self) -> Option<gst::Caps> {
        self.state().caps.clone()
    }

    /// Audio or video: by the caps that came, before that by the pad's template.
    ///
    /// `gst-launch` links a queue whose caps it does not know to the first template that there is, so a video
    /// pad may turn out to carry audio.
    pub(super) fn kind(&self) -> MediaKind {
        self.state().caps.as_deref().and_then(kind_of).unwrap_or(self.template)
    }

    /// What the pad accepts: any kind until the first caps, then the same kind.
    pub(super) fn acceptable(&self) -> gst::Caps {
        let known = self.caps().is_some();
        let kind = self.kind();
        let wanted =
            |template: &&gst::PadTemplate| !known || template.name_template().starts_with(kind.as_str());
        let mut all = codec::caps("video/x-raw, format=(string){ I420, NV12 }");
        if known && kind == MediaKind::Audio {
            all = gst::Caps::new_empty();
        }
        for template in templates::sink().iter().filter(wanted) {
            all.make_mut().append(template.caps().clone());
        }
        // Cameras that have a choice would give what nothing here can read.
        if !convert::can_read(DMA_BUF) {
            let kept = all.iter_with_features().filter(|(_, features)| !features.contains(DMA_BUF));
            all = kept.map(|(structure, features)| (structure.to_owned(), features.to_owned())).collect();
        }
        all
    }

    /// Takes new caps in, and tells what that asks of the sessions; none where they are the first.
    ///
    /// # Errors
    /// Text for an element error: nothing that is installed can send this.
    pub(super) fn set_caps(&self, caps: &gst::Caps, settings: &Settings) -> Result<Option<Change>, String> {
        let old = self.caps();
        if old.as_ref() == Some(caps) {
            return Ok(Some(Change::Carried));
        }
        let nothing = || format!("{caps} is not a kind of stream that can be sent");
        let (entering, kind) = codec::input(caps).zip(kind_of(caps)).ok_or_else(nothing)?;
        if old.is_some() && self.kind() != kind {
            let was = self.kind();
            return Err(format!(
                "the stream was {was} and is {caps} now, which needs a pad of its own: request another one"
            ));
        }
        let all = sendable::codecs(kind, entering, settings);
        let codecs: Vec<_> = sendable::fitting(all, caps).into_iter().map(|(row, _)| row).collect();
        let anew = match codecs.is_empty() {
            true => Err(sendable::why_not(kind, entering, settings)),
            false => Ok(codecs),
        };
        // Who watches is held to what he was offered, whatever the application wants for who comes later.
        let offered = self.terms().map(|terms| terms.codecs.iter().map(|row| (*row, ())).collect());
        let still = sendable::among(offered.unwrap_or_default(), entering, settings);
        let still: Vec<_> = sendable::fitting(still, caps).into_iter().map(|(row, ())| row).collect();
        let change = self.become_another(caps, terms::form(caps, entering), &still, anew)?;
        self.state().recent = Recent::of(entering, settings);
        if change.is_none() {
            self.follow_clock();
        }
        Ok(change)
    }

    /// Takes caps in under which those of the codecs of the terms can be sent `still`; `anew` are those of other terms.
    fn become_another(
        &self,
        caps: &gst::Caps,
        now: Form,
        still: &[&'static Codec],
        anew: Result<Vec<&'static Codec>, String>,
    ) -> Result<Option<Change>, String> {
        let mut state = self.state();
        let before = state.caps.as_ref().and_then(|caps| Some(terms::form(caps, codec::input(caps)?)));
        let change = before
            .zip(state.terms.as_ref())
            .map(|(before, terms)| logic::terms::change(&terms.form, &before, &now, &terms.codecs, still));
        // Whom nobody holds to anything may promise something else.
        let is_free = state.terms.as_ref().is_none_or(|terms| Arc::strong_count(terms) == 1);
        let change = change.map(|change| if is_free { Change::Carried } else { change });
        if is_free || change == Some(Change::Reoffered) {
            state.terms = Some(Arc::new(Terms::new(caps, now, anew?)));
        }
        state.caps = Some(caps.clone());
        let gone = match change {
            Some(Change::Restarted | Change::Reoffered) => {
                (std::mem::take(&mut state.slots), std::mem::take(&mut state.ladders))
            }
            _ => Default::default(),
        };
        drop(state);
        // An encoder that lingers for nobody stops here.
        drop(gone);
        self.encoders_changed();
        Ok(change)
    }

    /// Live input is sent at once; only files and the like are held until their time has come.
    fn follow_clock(&self) {
        let mut latency = gst::query::Latency::new();
        let live = self.pad.upgrade().is_some_and(|pad| pad.peer_query(&mut latency)) && latency.result().0;
        self.sink.set_property("sync", !live);
    }

    /// What the stream can be sent as, on which terms, and the formats to offer.
    pub(super) fn offer(&self, settings: &Settings) -> Option<Offered> {
        let (caps, terms) = {
            let state = self.state();
            state.caps.clone().zip(state.terms.clone())?
        };
        let (kind, entering) = (kind_of(&caps)?, codec::input(&caps)?);
        let sendable = sendable::fitting(sendable::codecs(kind, entering, settings), &terms.caps);
        let facts = codec::facts(terms.caps.structure(0)?);
        let feedback = self.feedback(settings);
        let mut formats = gst::Caps::new_empty();
        for (row, pt) in &sendable {
            // Profile and level are those of what enters.
            let own = terms.form.entering == Entering::Encoded(row);
            let facts = if own { facts } else { Facts { profile: None, level: None, ..facts } };
            formats.merge(codec::offered(row, *pt, terms.ssrc, &facts, feedback));
        }
        let codecs = sendable.iter().map(|(row, _)| *row).collect();
        let is_encoded = entering != Entering::Raw;
        let profile = caps.structure(0).and_then(|caps| caps.get::<&str>("profile").ok());
        let profile = profile.filter(|_| is_encoded).map(str::to_owned);
        let stream = Stream { kind, codecs, is_encoded, profile };
        Some(Offered { stream, formats, terms })
    }

    /// What feedback is asked for.
    pub(super) fn feedback(&self, settings: &Settings) -> codec::Feedback {
        let transport_cc = settings.measures_network().then_some(TRANSPORT_CC_ID);
        codec::Feedback { transport_cc, capture_time: Some(CAPTURE_TIME_ID) }
    }

    /// On which terms the stream is sent, once it is known.
    pub(super) fn terms(&self) -> Option<Arc<Terms>> {
        self.state().terms.clone()
    }

    /// Whether these are still the ones.
    pub(super) fn is_on(&self, terms: &Arc<Terms>) -> bool {
        self.state().terms.as_ref().is_some_and(|present| Arc::ptr_eq(present, terms))
    }

    /// A frame: handed to every rung. Runs for each frame, on the application's thread.
    fn take(&self, sample: &gst::Sample) {
        let (rungs, is_kept) = {
            let state = self.state();
            let rungs: Vec<_> = state.slots.iter().filter_map(|slot| slot.rung().cloned()).collect();
            (rungs, state.recent.is_some())
        };
        if rungs.is_empty() && !is_kept {
            return;
        }
        let (Some(mut buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else {
            return;
        };
        let segment = sample.segment().and_then(|segment| segment.downcast_ref::<gst::ClockTime>());
        let running = |time: Option<gst::ClockTime>| segment.and_then(|s| s.to_running_time(time?)).or(time);
        let now = || self.sink.current_running_time();
        let (pts, dts) = (
            running(buffer.pts()).or_else(now),
            segment.and_then(|segment| segment.to_running_time(buffer.dts()?)),
        );
        let placed = |time| self.timeline.of(time, || self.sink.base_time());
        let writable = buffer.make_mut();
        writable.set_pts(pts.map(placed));
        writable.set_dts(dts.map(placed));
        let note = self.note(&buffer).map(Arc::new);
        for rung in rungs {
            if let Some(note) = &note {
                rung.fan_out().note(note.clone());
            }
            let before = self.state().recent.as_ref().map(|recent| recent.before(&rung)).unwrap_or_default();
            before.into_iter().for_each(|frame| rung.push(frame, &caps));
            rung.push(buffer.clone(), &caps);
        }
        if let Some(recent) = &mut self.state().recent {
            recent.keep(&buffer);
        }
    }

    /// What viewers are to be told of a frame.
    fn note(&self, buffer: &gst::BufferRef) -> Option<Note> {
        let timestamp = || {
            // Of pictures alone, which have one rate in all codecs.
            let own = || self.terms().map(|terms| terms.timestamp_offset);
            let offset = self.timeline.first_timestamp(PICTURE_RATE).or_else(own)?;
            Some(offset.wrapping_add(media_clock::timestamp(Duration::from(buffer.pts()?), PICTURE_RATE)))
        };
        let (timestamp, info) = self.forwarding.of_frame(buffer, timestamp)?;
        Some(Note { timestamp, info })
    }

    /// How packets of a codec are numbered.
    pub(super) fn numbers(
        &self,
        codec: &Codec,
        payload_type: u8,
        terms: &Terms,
        settings: &Settings,
    ) -> Numbers {
        let facts = terms.caps.structure(0).map(codec::facts);
        let clock_rate = codec::clock_rate(codec, &facts.unwrap_or_default());
        Numbers {
            payload_type,
            ssrc: terms.ssrc,
            timestamp_offset: self.timeline.first_timestamp(clock_rate).unwrap_or(terms.timestamp_offset),
            transport_cc: self.feedback(settings).transport_cc,
        }
    }

    /// Where viewers who take `codec` are put on encoders: with all others, or alone.
    pub(super) fn ladder(self: &Arc<Self>, codec: &'static Codec, settings: &Arc<Settings>) -> Arc<Ladder> {
        let is_private = settings.encoder_sharing == WebRTCSinkEncoderSharing::Private;
        let mut state = self.state();
        state.ladders.retain(|ladder| ladder.strong_count() > 0);
        let mut known = state.ladders.iter().filter_map(Weak::upgrade);
        let shared = known.find(|ladder| !is_private && ladder.is_for(codec));
        shared.unwrap_or_else(|| {
            let ladder = Ladder::new(self, codec, settings, state.caps.as_ref());
            state.ladders.push(Arc::downgrade(&ladder));
            ladder
        })
    }

    /// The ladders that have viewers.
    pub(super) fn ladders(&self) -> Vec<Arc<Ladder>> {
        self.state().ladders.iter().filter_map(Weak::upgrade).collect()
    }

    /// Whether the encoders of a ladder are those that run now.
    pub(super) fn has_ladder(&self, ladder: &Arc<Ladder>) -> bool {
        self.state().ladders.iter().any(|known| known.as_ptr() == Arc::as_ptr(ladder))
    }

    /// Stops everything and forgets the caps; the pad can be used anew.
    pub(super) fn reset(&self) {
        let old = std::mem::take(&mut *self.state());
        drop(old);
        self.encoders_changed();
    }
}

/// Whether these are the caps of sound or of pictures.
fn kind_of(caps: &gst::CapsRef) -> Option<MediaKind> {
    let is_audio = caps.structure(0)?.name().starts_with("audio/");
    Some(if is_audio { MediaKind::Audio } else { MediaKind::Video })
}
