//! One sink pad's stream: takes frames in without ever blocking, knows what they can be sent as, and holds
//! the encoders that send them and the ladders by which viewers are put on those.

use super::imp::CAT;
use super::ladder::Ladder;
use super::recent::Recent;
use super::rungs::{Slot, Which};
use super::settings::{Settings, WebRTCSinkEncoderSharing};
use super::{BaseWebRTCSink, WebRTCSinkPad, templates};
use crate::chain::rung::Numbers;
use crate::codec::{self, CAPTURE_TIME_ID};
use gst::glib;
use gst::prelude::*;
use logic::codec::{Codec, Facts, MediaKind};
use logic::placement::Input as Entering;
use logic::sdp::plan::Stream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Identifier of the transport-wide congestion control extension in our offers (RFC 8285).
pub(super) const TRANSPORT_CC_ID: u8 = 1;

/// A stream that enters through a sink pad.
pub(crate) struct Input {
    pub(super) name: String,
    /// What the pad was requested for; see [`Input::kind`].
    template: MediaKind,
    pub(super) pad: glib::WeakRef<WebRTCSinkPad>,
    pub(super) element: glib::WeakRef<BaseWebRTCSink>,
    sink: gst_app::AppSink,
    ssrc: u32,
    /// Of the timestamps of all its packets, whichever rung makes them.
    timestamp_offset: u32,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    caps: Option<gst::Caps>,
    pub(super) slots: Vec<Arc<Slot>>,
    ladders: Vec<Weak<Ladder>>,
    recent: Option<Recent>,
}

impl Input {
    /// An input and the element behind its pad.
    pub(super) fn new(
        element: &BaseWebRTCSink,
        name: &str,
        kind: MediaKind,
        ssrc: u32,
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
            ssrc,
            // The largest number would stand for any.
            timestamp_offset: glib::random_int() >> 1,
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
        let state = self.state();
        match state.caps.as_ref().and_then(|caps| caps.structure(0)) {
            Some(structure) if structure.name().starts_with("audio/") => MediaKind::Audio,
            Some(_) => MediaKind::Video,
            None => self.template,
        }
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
        all
    }

    /// Takes new caps in.
    ///
    /// # Errors
    /// Text for an element error: nothing that is installed can send this.
    pub(super) fn set_caps(&self, caps: &gst::Caps, settings: &Settings) -> Result<(), String> {
        let old = self.state().caps.clone();
        if old.as_ref() == Some(caps) {
            return Ok(());
        }
        let entering =
            codec::input(caps).ok_or_else(|| format!("{} is not a kind of stream that can be sent", caps))?;
        if let Some(old) = old
            && !self.serves_on(&old, caps, entering)
        {
            return Err(format!("the stream changed from {old} to {caps}, which needs another description"));
        }
        {
            let mut state = self.state();
            state.caps = Some(caps.clone());
            state.recent = Recent::of(entering, settings);
        }
        if self.sendable(entering, settings).is_empty() {
            return Err(self.why_not(entering, settings));
        }
        self.follow_clock();
        Ok(())
    }

    /// Whether sessions that were offered the stream with `old` caps can be sent it with new ones.
    fn serves_on(&self, old: &gst::Caps, new: &gst::Caps, entering: Entering) -> bool {
        if codec::input(old) != Some(entering) {
            return false;
        }
        let (Some(old), Some(new)) = (old.structure(0), new.structure(0)) else { return false };
        let (old, new) = (codec::facts(old), codec::facts(new));
        // Rate, format and layout are converted to what was offered; the number of channels was offered.
        self.kind() == MediaKind::Video || entering == Entering::Raw && old.channels == new.channels
    }

    /// Live input is sent at once; only files and the like are held until their time has come.
    fn follow_clock(&self) {
        let mut latency = gst::query::Latency::new();
        let live = self.pad.upgrade().is_some_and(|pad| pad.peer_query(&mut latency)) && latency.result().0;
        self.sink.set_property("sync", !live);
    }

    fn sendable(&self, entering: Entering, settings: &Settings) -> Vec<(&'static Codec, u8)> {
        let can = |row: &'static Codec| {
            let as_it_is = entering == Entering::Raw || entering == Entering::Encoded(row);
            (as_it_is || settings.transcode) && codec::can_send(entering, row)
        };
        let mut all: Vec<_> = settings.codecs(self.kind()).into_iter().filter(|(row, _)| can(row)).collect();
        if let Entering::Encoded(own) = entering {
            // What the application does not want to send is not there to be transcoded either.
            if all.iter().all(|(row, _)| *row != own) {
                return Vec::new();
            }
            all.sort_by_key(|(row, _)| *row != own);
        }
        all
    }

    fn why_not(&self, entering: Entering, settings: &Settings) -> String {
        let rows: Vec<_> = settings.codecs(self.kind()).into_iter().map(|(row, _)| row).collect();
        let names = rows.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
        let wanted = match entering {
            Entering::Encoded(row) if !rows.contains(&row) => {
                return format!(
                    "{} input is not among the codecs of property {}-caps: {names}",
                    row.name,
                    self.kind()
                );
            }
            Entering::Encoded(row) => Some(row),
            Entering::Raw if rows.is_empty() => {
                return format!("property {}-caps names no codec", self.kind());
            }
            Entering::Raw => rows.iter().copied().find(|row| !codec::encoders(row).is_empty()),
        };
        if let Some(row) = wanted {
            let payloaders = row.payloaders.join(" or ");
            let package = row.payloaders.first().map_or("", |name| crate::packages::of_element(name));
            return format!("{} needs element {payloaders}; on Debian it is in package {package}", row.name);
        }
        let mut packages: Vec<_> = rows.iter().map(|row| crate::packages::of_codec(row.name)).collect();
        packages.dedup();
        format!("no encoder is installed for {names}; on Debian install {}", packages.join(" or "))
    }

    /// What the stream can be sent as, and the formats to offer.
    pub(super) fn offer(&self, settings: &Settings) -> Option<(Stream, gst::Caps)> {
        let caps = self.caps()?;
        let facts = codec::facts(caps.structure(0)?);
        let sendable = self.sendable(codec::input(&caps)?, settings);
        let feedback = self.feedback(settings);
        let multichannel = facts.channels > 2;
        // More than two channels are mixed down for plain Opus, which every browser plays, or sent as they are.
        let fits = |row: &Codec| row.name != "MULTIOPUS" || multichannel;
        let sendable: Vec<_> = sendable.into_iter().filter(|(row, _)| fits(row)).collect();
        let mut formats = gst::Caps::new_empty();
        let entering = codec::input(&caps)?;
        for (row, pt) in &sendable {
            // Profile and level are those of what enters.
            let own = entering == Entering::Encoded(row);
            let facts = if own { facts } else { Facts { profile: None, level: None, ..facts } };
            formats.merge(codec::offered(row, *pt, self.ssrc, &facts, feedback));
        }
        let codecs = sendable.iter().map(|(row, _)| *row).collect();
        Some((Stream { kind: self.kind(), codecs, is_encoded: entering != Entering::Raw }, formats))
    }

    /// What feedback is asked for.
    pub(super) fn feedback(&self, settings: &Settings) -> codec::Feedback {
        let transport_cc = settings.measures_network().then_some(TRANSPORT_CC_ID);
        codec::Feedback { transport_cc, capture_time: Some(CAPTURE_TIME_ID) }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
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
        let writable = buffer.make_mut();
        writable.set_pts(pts);
        writable.set_dts(dts);
        for rung in rungs {
            let before = self.state().recent.as_ref().map(|recent| recent.before(&rung)).unwrap_or_default();
            before.into_iter().for_each(|frame| rung.push(frame, &caps));
            rung.push(buffer.clone(), &caps);
        }
        if let Some(recent) = &mut self.state().recent {
            recent.keep(&buffer);
        }
    }

    /// How packets are numbered.
    pub(super) fn numbers(&self, payload_type: u8, settings: &Settings) -> Numbers {
        Numbers {
            payload_type,
            ssrc: self.ssrc,
            timestamp_offset: self.timestamp_offset,
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

    /// A rung failed: its viewers are to go elsewhere.
    pub(super) fn rung_failed(&self, which: &Which, text: &str) {
        gst::warning!(CAT, "pad {}: sending as {:?} failed: {text}", self.name, which.codec);
        self.forget_failed(which);
        for ladder in self.ladders().iter().filter(|ladder| ladder.has(which)) {
            ladder.failed(which.rung, text);
        }
    }

    /// Stops everything and forgets the caps; the pad can be used anew.
    pub(super) fn reset(&self) {
        let old = std::mem::take(&mut *self.state());
        drop(old);
        self.encoders_changed();
    }
}
