//! A session and its viewer over a link in virtual time: what a viewer's network carries is found and used.

mod camera;
mod handshakes;
mod link;
mod numbers;
mod report;
mod unusual;
mod viewer;

use super::channels::NativeLine;
use super::handle::{Handle, Job};
use super::opening::{AgreedFormat, AgreedStream, Opening};
use super::outlet::NativeOutlet;
use super::session::{Session, Shared};
use super::socket::{Datagram, Sent, Way};
use crate::peer::{Batch, Certificate, Estimator, Outlet, OutletEvents, Taken};
use crate::session::EventSender;
use camera::Camera;
use link::{Link, Shape};
use logic::bitrate::{Spending, budget};
use logic::codec::MediaKind;
use logic::rtp::picture::Format;
use mio::{Poll, Token, Waker};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use str0m::config::{DtlsCert, Fingerprint};
use str0m::net::{Protocol, Transmit};
use str0m::rtp::Extension;
use str0m::{Candidate, IceCreds};
use viewer::Viewer;

const VIDEO: u32 = 1000;
const AUDIO: u32 = 2000;
const HERE: &str = "192.0.2.1:1000";
const THERE: &str = "192.0.2.2:2000";

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());

fn formats() -> Vec<AgreedFormat> {
    vec![
        AgreedFormat { payload_type: 96, rtx: Some(97), kind: MediaKind::Video, clock_rate: 90_000 },
        AgreedFormat { payload_type: 111, rtx: None, kind: MediaKind::Audio, clock_rate: 48_000 },
    ]
}

/// Key units are asked for in real time, so it is the world that sees to them.
struct Nobody;

impl OutletEvents for Nobody {
    fn key_unit_wanted(&self) {}
}

/// What the session sends, on its way to the link.
#[derive(Default)]
struct Outbox(Vec<Vec<u8>>);

impl Way for Outbox {
    fn send(&mut self, transmit: &Transmit) -> Sent {
        self.0.push(transmit.contents.to_vec());
        Sent::Direct
    }
}

/// Everything, in virtual time.
struct World {
    start: Instant,
    now: Instant,
    session: Session,
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    outlets: [NativeOutlet; 2],
    viewer: Viewer,
    forth: Link,
    back: Link,
    camera: Camera,
    sound: Instant,
    spoken: u32,
    awaits_key: bool,
    _poll: Poll,
}

fn agreed(index: usize) -> AgreedStream {
    let (mid, kind, ssrc) = [("v", MediaKind::Video, VIDEO), ("a", MediaKind::Audio, AUDIO)][index];
    AgreedStream {
        index,
        mid: mid.into(),
        kind,
        ssrc,
        rtx_ssrc: (index == 0).then_some(VIDEO + 1),
        clock_rate: 90_000,
        payload_type: None,
        delayed: false,
        events: Arc::new(Nobody),
    }
}

impl World {
    /// Nothing is lost until media flows.
    fn new(bounds: logic::bitrate::Bounds, shape: Shape) -> Self {
        let mut world = Self::unconnected(bounds, Shape { loss: 0.0, ..shape }, 1);
        let limit = world.start + Duration::from_secs(8);
        while world.viewer.heard.is_empty() {
            assert!(world.now < limit, "no media flows");
            world.step();
        }
        world
    }

    fn unconnected(bounds: logic::bitrate::Bounds, shape: Shape, seed: u64) -> Self {
        gst::init().unwrap();
        // Ahead of the clock that the session looks at, which never overtakes it.
        let start = Instant::now() + Duration::from_secs(3600);
        let (here, there): (SocketAddr, SocketAddr) = (HERE.parse().unwrap(), THERE.parse().unwrap());
        let mut viewer = Viewer::new(start, here, there);
        let local = IceCreds::new();
        let poll = Poll::new().unwrap();
        let (handle, _, jobs) = Handle::new(0, Waker::new(poll.registry(), Token(0)).unwrap());
        let (handle, shared) = (Arc::new(handle), Arc::<Shared>::default());
        let candidate = |address| vec![Candidate::host(address, "udp").unwrap()];
        let mut direct = viewer.rtc.direct_api();
        let opening = Opening {
            local: local.clone(),
            remote: direct.local_ice_credentials(),
            fingerprint: direct.local_dtls_fingerprint().clone(),
            certificate: DtlsCert {
                certificate: CERTIFICATE.der.clone(),
                private_key: CERTIFICATE.key.clone(),
            },
            controlling: true,
            active: true,
            formats: formats(),
            extensions: vec![(3, Extension::TransportSequenceNumber), (4, Extension::RtpMid)],
            streams: vec![agreed(0), agreed(1)],
            local_candidates: candidate(there),
            remote_candidates: candidate(here),
            estimator: Some(Estimator { bounds, changed: Arc::new(|_| {}) }),
            paced: true,
            playout_delay: None,
            most_repeated: 0.3,
            line: NativeLine { handle: Arc::downgrade(&handle), key: 7 },
            arrivals: Arc::new(|_| {}),
            events: EventSender::new().0,
            shared: shared.clone(),
        };
        direct.set_remote_ice_credentials(local);
        let bytes = CERTIFICATE.fingerprint.trim_start_matches("sha-256 ").split(':');
        let bytes = bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        direct.set_remote_fingerprint(Fingerprint { hash_func: "sha-256".into(), bytes });
        direct.start_dtls(false).unwrap();
        let outlet = |index| NativeOutlet::new(handle.clone(), 7, index, shared.clone());
        Self {
            start,
            now: start,
            session: Session::new(opening, start),
            outlets: [outlet(0), outlet(1)],
            shared,
            jobs,
            viewer,
            forth: Link::new(shape, seed, start),
            back: Link::new(shape, seed + 1, start),
            camera: Camera::new(f64::from(bounds.start), start),
            sound: start,
            spoken: 0,
            awaits_key: true,
            _poll: poll,
        }
    }

    fn shape(&mut self, shape: Shape) {
        self.forth.shape(shape, self.now);
        self.back.shape(Shape { rate: 100_000_000, ..shape }, self.now);
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    /// The next thing that happens.
    fn step(&mut self) {
        let due = [
            self.session.deadline(),
            self.viewer.deadline,
            self.forth.deadline(),
            self.back.deadline(),
            Some(self.camera.deadline()),
            Some(self.sound),
        ];
        let next = due.into_iter().flatten().min().unwrap();
        // At least a hundredth of a millisecond passes: what a thread takes to wake up.
        self.now = next.max(self.now + Duration::from_micros(10));
        let now = self.now;
        let (here, there) = (HERE.parse().unwrap(), THERE.parse().unwrap());
        let mut out = Outbox::default();
        if self.camera.deadline() <= now {
            self.film();
        }
        if self.sound <= now {
            self.speak();
        }
        while let Ok(job) = self.jobs.try_recv() {
            match job {
                Job::Packets(packets) => self.session.write(packets),
                Job::With(_, change) => change(&mut self.session),
                Job::Datagram(..) => {}
            }
        }
        while let Some(bytes) = self.back.receive(now) {
            let datagram =
                Datagram { protocol: Protocol::Udp, source: here, destination: there, bytes: &bytes };
            assert!(self.session.receive(&datagram, now).is_ok());
            assert!(self.session.drain(&mut out).is_ok());
        }
        assert!(self.session.pass(now).is_ok());
        assert!(self.session.drain(&mut out).is_ok());
        out.0.iter().for_each(|bytes| self.forth.send(bytes, now));
        while let Some(bytes) = self.forth.receive(now) {
            let back = &mut self.back;
            self.viewer.act(now, Some((there, here, &bytes)), |bytes| back.send(bytes, now));
        }
        if self.viewer.deadline.is_none_or(|at| at <= now) {
            let back = &mut self.back;
            self.viewer.act(now, None, |bytes| back.send(bytes, now));
        }
        let target = self.shared.target.load(Ordering::Relaxed);
        if target > 0 {
            let spending = Spending { estimate: target, sound: 73_000, ..Spending::default() };
            let share = budget(spending, &[1]).first().copied().unwrap_or(BOUNDS.start);
            self.camera.tell(f64::from(share.clamp(BOUNDS.min, BOUNDS.max)));
        }
    }

    /// No more sound.
    fn hush(&mut self) {
        self.sound += Duration::from_secs(3600);
    }

    fn film(&mut self) {
        if std::mem::take(&mut self.viewer.asks) {
            self.camera.want_key();
        }
        let captured = self.camera.deadline();
        let (key, payloads) = self.camera.frame();
        if self.awaits_key && !key {
            self.camera.want_key();
            return;
        }
        self.awaits_key = false;
        let timestamp = ((captured - self.start).as_secs_f64() * 90_000.0) as u32;
        let last = payloads.len() - 1;
        let packets = payloads.iter().enumerate();
        let list = packets.map(|(index, payload)| packet(96, index == last, timestamp, VIDEO, payload));
        if self.outlets[0]
            .push(&Arc::new(Batch::new(list.collect(), captured, Format::default(), false)), key)
            == Taken::Behind
        {
            self.awaits_key = true;
        }
    }

    fn speak(&mut self) {
        let list = std::iter::once(packet(111, true, self.spoken, AUDIO, &[0; 120]));
        self.outlets[1]
            .push(&Arc::new(Batch::new(list.collect(), self.sound, Format::default(), false)), false);
        self.spoken += 960;
        self.sound += Duration::from_millis(20);
    }
}

fn packet(kind: u8, marker: bool, timestamp: u32, ssrc: u32, payload: &[u8]) -> gst::Buffer {
    let mut bytes = vec![0x80, kind | u8::from(marker) << 7, 0, 0];
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(payload);
    gst::Buffer::from_slice(bytes)
}

const BOUNDS: logic::bitrate::Bounds =
    logic::bitrate::Bounds { min: 1_000, max: 8_192_000, start: 2_048_000 };

/// What a token bucket lets pass at once, in bytes.
const BUCKET: f64 = 8000.0;

fn shape(rate: u64, round_trip: u64, loss: f64, burst: f64) -> Shape {
    let (queue, delay) = (Duration::from_millis(150), Duration::from_millis(round_trip) / 2);
    Shape { rate, queue, delay, loss, burst }
}

/// A link that carries 4 Mbit/s for 25 s, then 1, then 4 for 30 s.
fn steps(round_trip: u64, burst: f64) {
    let mut world = World::new(BOUNDS, shape(4_000_000, round_trip, 0.0, burst));
    for (rate, seconds) in [(4_000_000, 25), (1_000_000, 25), (4_000_000, 30)] {
        let from = world.now;
        world.shape(shape(rate, round_trip, 0.0, burst));
        world.run(Duration::from_secs(seconds));
        let report = world.report(from, rate);
        println!("{rate} bit/s, {round_trip} ms, {burst} bytes: {report:.3?}");
        assert!(report.used > 0.9, "{rate}: {report:.3?}");
        assert!(report.to_most.is_some_and(|seconds| seconds <= 3.0), "{rate}: {report:.3?}");
        assert!(
            report.queued < 100.0 && report.sound_late < 120.0 + round_trip as f64 / 2.0,
            "{rate}: {report:.3?}"
        );
        // Where the link carries a quarter of what it did, packets are lost before anyone can know.
        let (frozen, lost) = if rate == 1_000_000 { (0.04, 0.01) } else { (0.0, 0.001) };
        assert!(report.frozen <= frozen && report.sound_lost < lost, "{rate}: {report:.3?}");
        assert!(report.rate > 28.5 && report.late < 250.0, "{rate}: {report:.3?}");
    }
}

#[test]
fn a_link_that_changes_is_followed() {
    steps(0, 0.0);
    steps(0, BUCKET);
}

#[test]
fn a_link_that_changes_is_followed_from_afar() {
    steps(40, 0.0);
    steps(40, BUCKET);
}

#[test]
fn a_link_that_loses_packets_at_random_is_used() {
    for (round_trip, loss) in [(50, 0.01), (50, 0.05), (50, 0.1), (240, 0.01), (240, 0.05), (240, 0.1)] {
        let shape = shape(6_000_000, round_trip, loss, BUCKET);
        let mut world = World::new(BOUNDS, shape);
        let from = world.now;
        world.shape(shape);
        world.run(Duration::from_secs(60));
        let report = world.report(from, 6_000_000);
        println!("{round_trip} ms, {loss}: {report:.3?}");
        assert!(report.used > 0.7 && report.useful > 0.55, "{round_trip} ms, {loss}: {report:.3?}");
        assert!(report.queued < 130.0, "{round_trip} ms, {loss}: {report:.3?}");
        // Sound is sent once, so what is lost of it is what the link loses, and no more.
        assert!(report.sound_lost < loss + 0.03, "{round_trip} ms, {loss}: {report:.3?}");
    }
}
