//! When the frames of a session were captured, told by what comes in; and how long ago, when they leave.
//!
//! Frames carry it as a reference timestamp with caps `timestamp/x-ntp`: nanoseconds since 1900 by the producer's clock.

use crate::codec;
use crate::gauge::Gauge;
use crate::peer;
use gst::glib;
use gst::prelude::*;
use logic::capture::{self, CAPTURE_TIME, Captured, SenderClock};
use logic::rtp::Header;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The reference of capture times.
static NTP: LazyLock<gst::Caps> = LazyLock::new(|| gst::Caps::new_empty_simple("timestamp/x-ntp"));

/// Frames that may be on their way through depayloader and decoder.
const ON_THE_WAY: usize = 256;
/// Decoders of sound shift timestamps by a little; what is further away is another frame.
const NEAR: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// What a session knows of its producer's clock, and its streams.
#[derive(Default)]
pub(super) struct Timing {
    clock: Mutex<SenderClock>,
    streams: Mutex<Vec<(String, Arc<Stream>)>>,
    buffers: Mutex<Vec<glib::WeakRef<gst::Element>>>,
    round_trip: Mutex<Option<Duration>>,
}

/// A stream's frames between their arrival and their leaving.
struct Stream {
    timing: std::sync::Weak<Timing>,
    id: Option<u8>,
    clock_rate: u32,
    way: Mutex<Way>,
    frames: AtomicU64,
    delay: Gauge,
}

#[derive(Default)]
struct Way {
    captured: Captured,
    /// Capture times, since 1900, by presentation times.
    frames: VecDeque<(gst::ClockTime, Duration)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Timing {
    /// Reports came.
    pub(super) fn hear(&self, reports: &[u8]) {
        lock(&self.clock).hear(reports, peer::now());
    }

    /// A jitter buffer was made.
    pub(super) fn add_buffer(&self, buffer: &gst::Element) {
        let mut buffers = lock(&self.buffers);
        buffers.retain(|buffer| buffer.upgrade().is_some());
        buffers.push(buffer.downgrade());
    }

    /// How long a request and its answer take.
    pub(super) fn set_round_trip(&self, round_trip: Duration) {
        lock(&self.clock).set_round_trip(round_trip);
        *lock(&self.round_trip) = Some(round_trip);
    }

    /// Follows a stream from where its packets arrive, which have these caps, to where its frames leave.
    pub(super) fn follow(
        self: &Arc<Self>,
        name: &str,
        arrival: &gst::Pad,
        caps: &gst::Caps,
        exit: &gst::Pad,
    ) {
        let rate = caps.structure(0).and_then(|structure| structure.get::<i32>("clock-rate").ok());
        let stream = Arc::new(Stream {
            timing: Arc::downgrade(self),
            id: codec::extension(caps, CAPTURE_TIME),
            clock_rate: rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(90_000),
            way: Mutex::default(),
            frames: AtomicU64::new(0),
            delay: Gauge::default(),
        });
        {
            let mut streams = lock(&self.streams);
            // A pad may come again.
            streams.retain(|(other, _)| other != name);
            streams.push((name.to_owned(), stream.clone()));
        }
        let arriving = stream.clone();
        arrival.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(buffer) = info.buffer() {
                arriving.arrive(buffer);
            }
            gst::PadProbeReturn::Ok
        });
        exit.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(buffer) = info.buffer_mut() {
                stream.leave(buffer);
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// The property `stats`.
    pub(super) fn stats(&self) -> gst::Structure {
        let buffers = lock(&self.buffers).clone();
        let lengths = buffers.iter().filter_map(|buffer| Some(buffer.upgrade()?.property::<u32>("latency")));
        let mut stats = gst::Structure::builder("application/x-webrtcsrc-stats")
            .field_if_some("jitter-buffer-delay", lengths.max().map(|ms| f64::from(ms) / 1000.0))
            .field_if_some("round-trip-time", lock(&self.round_trip).map(|time| time.as_secs_f64()))
            .build();
        for (name, stream) in lock(&self.streams).iter() {
            let one = gst::Structure::builder("application/x-webrtcsrc-stream-stats")
                .field("frames", stream.frames.load(Ordering::Relaxed))
                .field_if_some("end-to-end-delay", stream.delay.seconds())
                .build();
            stats.set(name.as_str(), one);
        }
        stats
    }
}

impl Stream {
    /// A packet.
    fn arrive(&self, buffer: &gst::Buffer) {
        let (Some(id), Some(pts)) = (self.id, buffer.pts()) else { return };
        let Ok(packet) = buffer.map_readable() else { return };
        let Some(header) = Header::read(&packet) else { return };
        let told = capture::read(&packet, id);
        let mut way = lock(&self.way);
        let Some(captured) = way.captured.of(header.timestamp, told, self.clock_rate) else { return };
        if way.frames.back().is_none_or(|(last, _)| *last != pts) {
            if way.frames.len() == ON_THE_WAY {
                way.frames.pop_front();
            }
            way.frames.push_back((pts, captured));
        }
    }

    /// A frame, or whatever downstream asked for.
    fn leave(&self, buffer: &mut gst::Buffer) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let Some(captured) = buffer.pts().and_then(|pts| self.captured(pts)) else { return };
        let now = peer::now();
        if let Some(timing) = self.timing.upgrade()
            && let Some(age) = lock(&timing.clock).age(captured, now)
        {
            self.delay.add(age);
        }
        let time = gst::ClockTime::from_nseconds(u64::try_from(captured.as_nanos()).unwrap_or(u64::MAX));
        gst::meta::ReferenceTimestampMeta::add(buffer.make_mut(), &NTP, time, gst::ClockTime::NONE);
    }

    /// When what is shown then was captured.
    fn captured(&self, pts: gst::ClockTime) -> Option<Duration> {
        let way = lock(&self.way);
        let distance = |(at, _): &&(gst::ClockTime, Duration)| pts.absdiff(*at);
        let (at, captured) =
            way.frames.iter().rev().min_by_key(distance).filter(|frame| distance(frame) < NEAR)?;
        match pts.checked_sub(*at) {
            Some(later) => Some(*captured + Duration::from(later)),
            None => captured.checked_sub(at.saturating_sub(pts).into()),
        }
    }
}
