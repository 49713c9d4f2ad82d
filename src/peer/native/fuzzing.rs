//! A session for the fuzz target, served as its thread serves it, but when the target says so: the target plays the
//! peer and everybody else on the network.

use super::channels::NativeLine;
use super::handle::{Handle, Job};
use super::opening::{AgreedFormat, AgreedStream, Opening};
use super::outlet::NativeOutlet;
use super::routes::{Place, Routes};
use super::session::{Ended, Session, Shared};
use super::socket::{Datagram, Sockets};
use crate::peer::{Batch, Certificate, Outlet, OutletEvents};
use crate::session::EventSender;
use logic::codec::MediaKind;
use logic::rtp::picture::Format;
use mio::{Poll, Token, Waker};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use str0m::config::{DtlsCert, Fingerprint};
use str0m::net::Protocol;
use str0m::{Candidate, IceCreds};

/// The stream that the session sends, in VP8.
pub const SSRC: u32 = 0x1234_5678;
/// Its payload type, and that in which packets are sent again.
pub const PAYLOAD_TYPES: (u8, u8) = (96, 97);
const KEY: u64 = 7;

/// What the peer has to know of the session, or the session of the peer.
#[derive(Debug, Clone)]
pub struct Side {
    /// User name fragment and password.
    pub credentials: (String, String),
    /// SHA-256 of the certificate.
    pub fingerprint: Vec<u8>,
    /// Where it is.
    pub address: SocketAddr,
}

struct Nobody;

impl OutletEvents for Nobody {
    fn key_unit_wanted(&self) {}
}

fn stream() -> AgreedStream {
    AgreedStream {
        index: 0,
        mid: "0".into(),
        kind: MediaKind::Video,
        ssrc: SSRC,
        rtx_ssrc: Some(SSRC + 1),
        clock_rate: 90_000,
        payload_type: None,
        delayed: false,
        events: Arc::new(Nobody),
    }
}

static CERTIFICATE: LazyLock<Option<Certificate>> = LazyLock::new(|| Certificate::generate().ok());

/// A session.
pub struct Target {
    session: Box<Session>,
    sockets: Sockets,
    routes: Routes,
    outlet: NativeOutlet,
    jobs: Receiver<Job>,
    address: SocketAddr,
    ended: bool,
    /// Kept open: the outlet wakes it.
    _poll: Poll,
}

impl Target {
    /// A session with this peer. `controlling`: it decides about ICE's pairs and waits for the peer to begin with DTLS.
    ///
    /// # Errors
    /// The system gives no sockets.
    pub fn new(peer: &Side, controlling: bool, now: Instant) -> io::Result<(Self, Side)> {
        let none = || io::Error::other("no certificate");
        let certificate = CERTIFICATE.as_ref().ok_or_else(none)?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let local = IceCreds::new();
        let (events, _) = EventSender::new();
        let candidate = |address| Candidate::host(address, "udp").map_err(io::Error::other);
        let poll = Poll::new()?;
        let (handle, _, jobs) = Handle::new(0, Waker::new(poll.registry(), Token(0))?);
        let (handle, shared) = (Arc::new(handle), Arc::<Shared>::default());
        let opening = Opening {
            local: local.clone(),
            remote: IceCreds { ufrag: peer.credentials.0.clone(), pass: peer.credentials.1.clone() },
            fingerprint: Fingerprint { hash_func: "sha-256".into(), bytes: peer.fingerprint.clone() },
            certificate: DtlsCert {
                certificate: certificate.der.clone(),
                private_key: certificate.key.clone(),
            },
            controlling,
            active: !controlling,
            formats: vec![AgreedFormat {
                payload_type: PAYLOAD_TYPES.0,
                rtx: Some(PAYLOAD_TYPES.1),
                kind: MediaKind::Video,
                clock_rate: 90_000,
            }],
            extensions: Vec::new(),
            streams: vec![stream()],
            local_candidates: vec![candidate(address)?],
            remote_candidates: vec![candidate(peer.address)?],
            estimator: None,
            paced: false,
            playout_delay: None,
            most_repeated: 0.3,
            line: NativeLine { handle: Arc::downgrade(&handle), key: KEY },
            arrivals: Arc::new(|_| {}),
            events,
            shared: shared.clone(),
        };
        let mut routes = Routes::default();
        routes.expect(local.ufrag.clone(), Place { thread: 0, key: KEY });
        let mut target = Self {
            session: Box::new(Session::new(opening, now)),
            sockets: Sockets::new(&[socket])?,
            routes,
            outlet: NativeOutlet::new(handle, KEY, 0, shared),
            jobs,
            address,
            ended: false,
            _poll: poll,
        };
        target.pass(now);
        let hex = certificate.fingerprint.trim_start_matches("sha-256 ").split(':');
        let fingerprint = hex.filter_map(|byte| u8::from_str_radix(byte, 16).ok());
        let side =
            Side { credentials: (local.ufrag, local.pass), fingerprint: fingerprint.collect(), address };
        Ok((target, side))
    }

    /// A packet comes from there.
    pub fn receive(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) {
        if self.routes.whose(source, bytes).is_empty() {
            return;
        }
        let destination = self.address;
        self.act(|session| {
            session.receive(&Datagram { protocol: Protocol::Udp, source, destination, bytes }, now)
        });
    }

    /// Time passes.
    pub fn pass(&mut self, now: Instant) {
        self.act(|session| session.pass(now));
    }

    /// The rung has packets of so many bytes of payload each.
    pub fn send(&mut self, sizes: &[u8], timestamp: u32, now: Instant) {
        let packets = sizes.iter().map(|size| {
            let mut packet = vec![0x80, PAYLOAD_TYPES.0, 0, 0];
            packet.extend(timestamp.to_be_bytes());
            packet.extend(SSRC.to_be_bytes());
            packet.resize(13 + usize::from(*size) * 4, 0x10);
            gst::Buffer::from_slice(packet)
        });
        let batch = Batch::new(packets.collect(), now, Format::Vp8, false);
        self.outlet.push(&Arc::new(batch), false);
        while let Ok(Job::Packets(packets)) = self.jobs.try_recv() {
            self.act(|session| {
                session.write(packets);
                Ok(())
            });
        }
    }

    /// Whether the session is over.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    fn act(&mut self, act: impl FnOnce(&mut Session) -> Result<(), Ended>) {
        if self.ended {
            return;
        }
        let acted = act(&mut self.session).and_then(|()| self.session.drain(&mut self.sockets));
        self.ended = acted.is_err();
        self.sockets.flush();
        let (found, left) = self.session.found();
        left.into_iter().for_each(|address| self.routes.left(address, KEY));
        for address in found {
            self.routes.found(address, Place { thread: 0, key: KEY });
        }
    }
}
