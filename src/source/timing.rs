//! When the frames of a session were captured, told by what comes in; and how long ago, when they leave.
//!
//! Frames carry it as a reference timestamp with caps `timestamp/x-ntp`: nanoseconds since 1900 by the producer's clock, or,
//! where RTP timestamps are the time of a clock that the description names (RFC 7273), by that.

use crate::codec;
use crate::data_channel::time_code;
use crate::gauge::Gauge;
use crate::peer;
use gst::glib;
use gst::prelude::*;
use logic::capture::{self, CAPTURE_TIME, Captured, SenderClock};
use logic::media_clock::{MediaClock, Reference};
use logic::pairing::Pairing;
use logic::rtp::Header;
use protocol::TimeCode;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The reference of capture times.
static NTP: LazyLock<gst::Caps> = LazyLock::new(|| {
    let mut caps = gst::Caps::new_empty_simple("timestamp/x-ntp");
    // It lives as long as the process.
    caps.make_mut().mark_may_be_leaked();
    caps
});

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

/// Where a stream comes from.
pub(super) struct Origin<'a> {
    /// The pad where its packets arrive, and their caps.
    pub(super) arrival: &'a gst::Pad,
    pub(super) caps: &'a gst::Caps,
    /// Whose time its timestamps are, where the description says so.
    pub(super) clock: Option<MediaClock>,
    /// Its media section.
    pub(super) mid: Option<String>,
}

/// A stream's frames between their arrival and their leaving.
struct Stream {
    timing: std::sync::Weak<Timing>,
    id: Option<u8>,
    clock_rate: u32,
    /// Whose time timestamps are, and the caps that name it.
    clock: Option<(MediaClock, gst::Caps)>,
    mid: Option<String>,
    /// Of frames that have not left yet, once the producer has told of any.
    time_codes: Mutex<Option<Pairing<TimeCode>>>,
    way: Mutex<Way>,
    frames: AtomicU64,
    delay: Gauge,
}

#[derive(Default)]
struct Way {
    captured: Captured,
    frames: VecDeque<Arrived>,
}

/// What is known of a frame whose packets arrived.
struct Arrived {
    pts: gst::ClockTime,
    timestamp: u32,
    /// Since 1900.
    captured: Option<Duration>,
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

    /// Follows a stream to where its frames leave.
    pub(super) fn follow(self: &Arc<Self>, name: &str, origin: Origin<'_>, exit: &gst::Pad) {
        let Origin { arrival, caps, clock, mid } = origin;
        let rate = caps.structure(0).and_then(|structure| structure.get::<i32>("clock-rate").ok());
        let stream = Arc::new(Stream {
            timing: Arc::downgrade(self),
            id: codec::extension(caps, CAPTURE_TIME),
            clock_rate: rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(90_000),
            clock: clock.map(|clock| (clock.clone(), reference(&clock))),
            mid,
            time_codes: Mutex::default(),
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

    /// The frame with this RTP timestamp has a time code.
    pub(super) fn keep_time_code(&self, mid: &str, timestamp: u32, code: TimeCode) {
        for (_, stream) in lock(&self.streams).iter().filter(|(_, stream)| stream.mid.as_deref() == Some(mid))
        {
            lock(&stream.time_codes).get_or_insert_default().put(timestamp, code.clone());
        }
    }

    /// The length of the longest jitter buffer, in seconds.
    pub(super) fn jitter_buffer_delay(&self) -> Option<f64> {
        let buffers = lock(&self.buffers).clone();
        let lengths = buffers.iter().filter_map(|buffer| Some(buffer.upgrade()?.property::<u32>("latency")));
        lengths.max().map(|ms| f64::from(ms) / 1000.0)
    }

    /// How long a request and its answer take, in seconds.
    pub(super) fn round_trip(&self) -> Option<f64> {
        lock(&self.round_trip).map(|time| time.as_secs_f64())
    }

    /// How many frames of a stream have left, and how old they are then, in seconds.
    pub(super) fn frames(&self, name: &str) -> Option<(u64, Option<f64>)> {
        let streams = lock(&self.streams);
        let (_, stream) = streams.iter().find(|(other, _)| other == name)?;
        Some((stream.frames.load(Ordering::Relaxed), stream.delay.seconds()))
    }
}

impl Stream {
    /// A packet.
    fn arrive(&self, buffer: &gst::Buffer) {
        let Some(pts) = buffer.pts().filter(|_| self.id.is_some() || self.clock.is_some()) else { return };
        let Ok(packet) = buffer.map_readable() else { return };
        let Some(header) = Header::read(&packet) else { return };
        let told = self.id.and_then(|id| capture::read(&packet, id));
        let mut way = lock(&self.way);
        let captured = way.captured.of(header.timestamp, told, self.clock_rate);
        if way.frames.back().is_none_or(|last| last.pts != pts) {
            if way.frames.len() == ON_THE_WAY {
                way.frames.pop_front();
            }
            way.frames.push_back(Arrived { pts, timestamp: header.timestamp, captured });
        }
    }

    /// A frame, or whatever downstream asked for.
    fn leave(&self, buffer: &mut gst::Buffer) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let now = peer::now();
        let Some(Left { timestamp, reference, captured }) = buffer.pts().and_then(|pts| self.left(pts, now))
        else {
            return;
        };
        if let Some(code) = lock(&self.time_codes).as_mut().and_then(|codes| codes.take(timestamp)) {
            time_code::write(buffer.make_mut(), &code);
        }
        if let (Some(captured), Some(timing)) = (captured, self.timing.upgrade())
            && let Some(age) = lock(&timing.clock).age(captured, now)
        {
            self.delay.add(age);
        }
        let capture_time = captured.map(|captured| (&*NTP, captured));
        let exact = reference.zip(self.clock.as_ref()).map(|(time, (_, caps))| (caps, time));
        if let Some((caps, time)) = exact.or(capture_time) {
            let time = gst::ClockTime::from_nseconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            gst::meta::ReferenceTimestampMeta::add(buffer.make_mut(), caps, time, gst::ClockTime::NONE);
        }
    }

    /// What is known of what is shown then.
    fn left(&self, pts: gst::ClockTime, now: Duration) -> Option<Left> {
        let way = lock(&self.way);
        let distance = |frame: &&Arrived| pts.absdiff(frame.pts);
        let frame = way.frames.iter().rev().min_by_key(distance).filter(|frame| distance(frame) < NEAR)?;
        let moved = |time: Duration| match pts.checked_sub(frame.pts) {
            Some(later) => Some(time + Duration::from(later)),
            None => time.checked_sub(frame.pts.saturating_sub(pts).into()),
        };
        let exact = self.clock.as_ref().map(|(clock, _)| clock.time(frame.timestamp, self.clock_rate, now));
        let captured = frame.captured.and_then(moved);
        Some(Left { timestamp: frame.timestamp, reference: exact.and_then(moved), captured })
    }
}

/// What is known of a frame that leaves.
struct Left {
    timestamp: u32,
    /// When it was captured, by the clock that the description names.
    reference: Option<Duration>,
    /// The same since 1900 by the producer's own.
    captured: Option<Duration>,
}

/// How reference timestamps name a clock, as jitter buffers of GStreamer have it.
fn reference(clock: &MediaClock) -> gst::Caps {
    match &clock.reference {
        Reference::Ntp { host, port } => gst::Caps::builder("timestamp/x-ntp")
            .field("host", host.replace('\0', ""))
            .field("port", i32::from(*port))
            .build(),
        Reference::Ptp { domain, .. } => gst::Caps::builder("timestamp/x-ptp")
            .field("version", "IEEE1588-2008")
            .field("domain", i32::from(domain.unwrap_or(0)))
            .build(),
    }
}
