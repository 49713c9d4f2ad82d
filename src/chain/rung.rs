//! A rung: one converter, one encoder and one payloader for every viewer of a stream in one codec.
//!
//! It is a pipeline of its own, so that its errors are not the application's, and it ends in a bare pad that
//! hands RTP buffer lists to the fan-out. Nothing here ever blocks the application's pipeline: what the
//! encoder cannot take in time is dropped at the entrance.

use super::admission::{Admission, Verdict};
use super::convert;
use super::delays::Delays;
use super::encoded_filter;
use super::encoding::Encoding;
use super::fan_out::FanOut;
use super::fault::{self, Fault, Faults};
use super::parts::{
    BACKLOG_TIME, entrance, fan_out_pad, filter, last_filter, link, link_error, raw_caps, replay,
};
use super::payload;
pub(crate) use super::payload::Numbers;
pub(crate) use super::plan::{Hooks, Plan, RungError};
use super::shape::Shaping;
use super::transcode;
use crate::codec;
use crate::errors::make;
use crate::runtime;
use gst::prelude::*;
use logic::codec::{Codec, MediaKind};
use logic::key_unit::{Arbiter, Decision};
use logic::placement::Placement;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Encoded frames that wait for the payloader; more are dropped up to the next key unit.
const ENCODED_BACKLOG: u64 = 60;
/// Before its end, what was pushed at once is left room.
const MARGIN: gst::ClockTime = gst::ClockTime::from_mseconds(100);
/// Key units follow each other no closer.
const KEY_UNIT_SPACING: Duration = Duration::from_millis(300);
/// An encoder that has not made a key unit by then is asked again.
const KEY_UNIT_PATIENCE: Duration = Duration::from_secs(1);

/// A running rung. Dropping it stops it, in the background.
pub(crate) struct Rung {
    codec: &'static Codec,
    /// Nobody else owns the pad at the end of the chain.
    _end: gst::Pad,
    placement: Placement,
    pipeline: gst::Pipeline,
    entrance: gst_app::AppSrc,
    shaping: Arc<Shaping>,
    encoding: Option<Encoding>,
    fan_out: Arc<FanOut>,
    delays: Arc<Delays>,
    hooks: Arc<dyn Hooks>,
    arbiter: Mutex<Arbiter>,
    started: Instant,
    admission: Admission,
    faults: Arc<Faults>,
}

impl Rung {
    /// Builds and starts one, with this encoder where it encodes.
    ///
    /// # Errors
    /// An element is missing, or the elements or the encoder do not work.
    pub(super) fn put_together(
        plan: &Plan<'_>,
        hooks: Arc<dyn Hooks>,
        encoding: Option<Encoding>,
        pipeline: &gst::Pipeline,
    ) -> Result<Arc<Self>, RungError> {
        let entrance = entrance(plan);
        let fan_out = Arc::new(FanOut::new(&plan.name, plan.codec, pipeline, replay(plan)));
        let payloader = payload::payloader(plan, &*hooks)?;
        let exit =
            payloader.static_pad("src").ok_or_else(|| link_error(plan, &"the payloader has no src pad"))?;
        let mut chain: Vec<gst::Element> = vec![entrance.clone().upcast()];
        let shaping = Arc::new(Shaping::new(plan));
        if let Placement::Transcode(from) = plan.placement {
            chain.extend(transcode::decoder(from, &shaping)?);
            transcode::pass_key_unit_requests_on(entrance.upcast_ref(), &hooks);
        }
        if let Some(encoding) = &encoding {
            let asked = |memory: &str| codec::caps(&raw_caps(plan, encoding.row(), Some(memory)));
            let takes = |memory: &str| encoding.takes(memory, &asked(memory));
            let (converters, memory) = convert::converters(plan.codec.kind, plan.input, takes)?;
            let raw = filter(&raw_caps(plan, encoding.row(), memory))?;
            shaping.follow(&converters, &raw);
            chain.extend(converters);
            chain.push(raw);
            chain.push(encoding.element().clone());
            chain.push(filter(plan.codec.encoder_caps)?);
        } else if plan.codec.is_raw() {
            chain.extend(convert::converters(plan.codec.kind, plan.input, |_| false)?.0);
        }
        if let Some(parser) = plan.codec.parser {
            chain.push(make(parser)?);
        }
        chain.push(last_filter(plan)?);
        chain.extend(encoded_filter::requested(plan, &*hooks)?);
        chain.push(payloader.clone());
        pipeline.add_many(&chain).map_err(|err| link_error(plan, &err))?;
        link(plan, &chain, encoding.as_ref())?;
        let sink =
            payloader.static_pad("sink").ok_or_else(|| link_error(plan, &"the payloader has no sink pad"))?;
        let end = fan_out_pad(&fan_out, plan.numbers);
        exit.link_full(&end, gst::PadLinkCheck::empty()).map_err(|err| link_error(plan, &err))?;
        let delays = Delays::watch(pipeline, encoding.as_ref().map(Encoding::element), &sink);
        let rung = Arc::new(Self {
            codec: plan.codec,
            _end: end,
            placement: plan.placement,
            pipeline: pipeline.clone(),
            entrance,
            shaping,
            encoding,
            fan_out,
            delays,
            hooks,
            arbiter: Mutex::new(Arbiter::new(KEY_UNIT_SPACING, KEY_UNIT_PATIENCE)),
            started: Instant::now(),
            admission: Admission::new(matches!(plan.placement, Placement::Transcode(_))),
            faults: Arc::default(),
        });
        rung.watch_frames(&sink);
        rung.mitigate();
        rung.run(plan)?;
        Ok(rung)
    }

    /// Notes which frames are key units before their packets come out.
    fn watch_frames(self: &Arc<Self>, sink: &gst::Pad) {
        let rung = Arc::downgrade(self);
        let always = self.codec.kind == MediaKind::Audio || self.codec.is_raw();
        sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let (Some(rung), Some(buffer)) = (rung.upgrade(), info.buffer()) {
                let key_unit = always || !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
                rung.fan_out.frame(key_unit);
                if key_unit && !always {
                    rung.fan_out.begins();
                }
                // A key unit that nobody received is no reason to make the first viewer wait.
                if key_unit && !always && rung.fan_out.has_members() {
                    rung.arbiter().produced(rung.started.elapsed());
                }
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn run(self: &Arc<Self>, plan: &Plan<'_>) -> Result<(), RungError> {
        let hooks = Arc::downgrade(&self.hooks);
        let encoding = self.encoding.as_ref();
        fault::watch(&self.pipeline, encoding, self.entrance.upcast_ref(), &self.faults, hooks);
        self.set_time(plan.clock.as_ref(), plan.base_time);
        let failed = |fault| RungError::Link { codec: plan.codec.name, fault };
        self.pipeline.set_state(gst::State::Playing).map_err(|err| {
            let said = self.failure().cloned();
            failed(
                said.unwrap_or_else(|| Fault {
                    encoder: encoding.and_then(Encoding::stuck),
                    ..Fault::new(&err)
                }),
            )
        })?;
        self.faults.runs().map_err(failed)?;
        self.watch_stalls();
        Ok(())
    }

    /// Follows the application's pipeline's clock.
    pub(crate) fn set_time(&self, clock: Option<&gst::Clock>, base_time: Option<gst::ClockTime>) {
        if let Some(clock) = clock {
            self.pipeline.use_clock(Some(clock));
        }
        self.pipeline.set_start_time(gst::ClockTime::NONE);
        if let Some(base_time) = base_time {
            self.pipeline.set_base_time(base_time);
        }
    }

    fn watch_stalls(self: &Arc<Self>) {
        let rung = Arc::downgrade(self);
        runtime::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(500));
            loop {
                tick.tick().await;
                let Some(rung) = rung.upgrade() else { return };
                // A viewer that still waits for its key unit has been forgotten by somebody: ask again.
                let watch = move || {
                    rung.fan_out.check();
                    rung.watch_encoder();
                    rung.mitigate();
                    if rung.fan_out.awaits_key_unit() {
                        rung.request_key_unit();
                    }
                };
                runtime::blocking(watch).await;
            }
        });
    }

    /// Tells of an encoder that does not do as it is told, and gives up one that does nothing.
    fn watch_encoder(&self) {
        let Some(encoding) = &self.encoding else { return };
        encoding.catch_up();
        if let Some(stubborn) = encoding.look() {
            self.hooks.bitrate_not_followed(encoding.name(), stubborn);
        }
        if encoding.is_silent() {
            let text = "the encoder takes pictures and makes nothing of them".into();
            let fault = Fault { text, encoder: Some(encoding.name().to_owned()) };
            if self.faults.note(fault.clone()) {
                self.hooks.failed(fault);
            }
        }
    }

    fn arbiter(&self) -> std::sync::MutexGuard<'_, Arbiter> {
        self.arbiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the rung failed, where it did.
    pub(crate) fn failure(&self) -> Option<&Fault> {
        self.faults.first()
    }

    pub(crate) fn fan_out(&self) -> &FanOut {
        &self.fan_out
    }

    /// Where the milliseconds go until packets are made.
    pub(crate) fn delays(&self) -> &Delays {
        &self.delays
    }

    /// The encoder's factory and its bitrate in bit/s, where the rung encodes.
    pub(crate) fn encoder(&self) -> Option<(String, u32)> {
        Some(self.encoding.as_ref()?.facts())
    }

    /// Whether the encoder, where there is one, follows the bitrate that it is told, as far as is known.
    pub(crate) fn follows_bitrate(&self) -> bool {
        self.encoding.as_ref().is_none_or(Encoding::follows)
    }

    /// Width and height of its pictures, where it encodes them and some have come.
    pub(crate) fn size(&self) -> Option<(i32, i32)> {
        let caps = self.encoding.as_ref()?.element().static_pad("sink")?.current_caps()?;
        let structure = caps.structure(0)?;
        Some((structure.get("width").ok()?, structure.get("height").ok()?))
    }

    /// Whether these frames, a group of pictures up to now, are to be pushed before the first: what is passed on goes
    /// through at once.
    pub(crate) fn takes_at_once(&self, frames: &[gst::Buffer]) -> bool {
        let is_first = !self.admission.is_known() && self.placement == Placement::PassThrough;
        let times = frames.first().zip(frames.last());
        let length = times.and_then(|(first, last)| last.pts()?.checked_sub(first.pts()?));
        let fits = length.is_some_and(|length| length < BACKLOG_TIME - MARGIN);
        is_first && fits && u64::try_from(frames.len()).is_ok_and(|count| count < ENCODED_BACKLOG)
    }

    /// Hands a frame to the rung; never blocks. Its timestamps are running times.
    pub(crate) fn push(self: &Arc<Self>, buffer: gst::Buffer, caps: &gst::Caps) {
        if self.placement != Placement::Shared && !self.admit(&buffer) {
            return;
        }
        let is_decoded_here = matches!(self.placement, Placement::Transcode(_));
        if !is_decoded_here && !self.shaping.admits() {
            return;
        }
        let caps = if is_decoded_here { caps.clone() } else { self.shaping.caps(caps) };
        if self.entrance.caps().as_ref() != Some(&caps) {
            self.entrance.set_caps(Some(&caps));
            // How pictures are cut may depend on what they are.
            let rung = self.clone();
            runtime::spawn_blocking(move || rung.mitigate());
        }
        let _ = self.entrance.push_buffer(buffer);
    }

    /// Encoded frames cannot be dropped singly: after one, all up to the next key unit go.
    fn admit(&self, buffer: &gst::Buffer) -> bool {
        if self.codec.kind == MediaKind::Audio {
            return true;
        }
        let key_unit = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let is_full = self.entrance.current_level_buffers() >= ENCODED_BACKLOG;
        let verdict = self.admission.offer(key_unit, is_full);
        if verdict == Verdict::Ask {
            let hooks = self.hooks.clone();
            runtime::spawn_blocking(move || hooks.upstream_key_unit());
        }
        verdict == Verdict::Enters
    }

    /// A viewer wants a key unit; requests of all viewers are merged.
    pub(crate) fn request_key_unit(self: &Arc<Self>) {
        if self.codec.kind == MediaKind::Audio {
            return;
        }
        let decision = self.arbiter().request(self.started.elapsed());
        match decision {
            Decision::OnItsWay => {}
            Decision::Ask => self.ask_key_unit(),
            Decision::Later(at) => {
                let (rung, wait) = (Arc::downgrade(self), at.saturating_sub(self.started.elapsed()));
                runtime::spawn(async move {
                    tokio::time::sleep(wait).await;
                    let Some(rung) = rung.upgrade() else { return };
                    runtime::blocking(move || {
                        let due = rung.arbiter().due(rung.started.elapsed());
                        if due {
                            rung.ask_key_unit();
                        }
                    })
                    .await;
                });
            }
        }
    }

    fn ask_key_unit(&self) {
        match &self.encoding {
            Some(encoding) if !self.waits() => encoding.ask_key_unit(),
            _ => {
                self.fan_out.asked();
                self.hooks.upstream_key_unit();
            }
        }
    }

    /// Whether nothing can come out before the input has a key unit.
    pub(crate) fn waits(&self) -> bool {
        self.admission.waits()
    }

    /// Sets the encoder's bitrate, where the change is worth it.
    pub(crate) fn set_bitrate(&self, bits_per_second: u32) {
        if let Some(encoding) = &self.encoding {
            encoding.set_bitrate(bits_per_second);
            self.mitigate();
        }
    }

    /// Cuts the pictures as their bitrate or the application says.
    fn mitigate(&self) {
        if let Some(encoding) = self.encoding.as_ref().filter(|_| self.codec.kind == MediaKind::Video) {
            self.shaping.mitigate(encoding.bitrate(), &*self.hooks);
        }
    }

    /// Whether its pictures are smaller than those that enter, and whether frames are left out.
    pub(crate) fn is_reduced(&self) -> (bool, bool) {
        self.shaping.is_reduced()
    }
}

impl Drop for Rung {
    fn drop(&mut self) {
        let pipeline = self.pipeline.clone();
        // Joins the streaming thread, which this may be.
        runtime::take_down(move || {
            let _ = pipeline.set_state(gst::State::Null);
        });
    }
}
