//! Whatever is sent to a session of the native transport, from anywhere, before the handshake and after it: it does
//! not panic, and goes on serving its peer. Only who speaks DTLS from the peer's own address before there are keys can
//! end it.

#![no_main]

use gstrswebrtc::fuzzing::{PAYLOAD_TYPES, SSRC, Side, Target};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use str0m::config::Fingerprint;
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, KeyframeRequestKind, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::rtp::ExtensionMap;
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig};

#[derive(Arbitrary, Debug)]
struct Script {
    controlling: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum From {
    Peer,
    Stranger,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// Milliseconds pass, for both.
    Pass(u8),
    /// The session has packets to send.
    Send(Vec<u8>),
    /// The peer asks for a key unit.
    Ask,
    Bytes(From, Vec<u8>),
    /// STUN (RFC 8489): type, attributes, and whether the names of the two come first.
    Stun(From, u16, bool, Vec<(u16, Vec<u8>)>),
    /// A DTLS record (RFC 6347): type, epoch, sequence number, content.
    Record(From, u8, u16, u8, Vec<u8>),
    /// One of the peer's packets again: which, its new length, and what is changed where.
    Again(From, u8, Option<u8>, Vec<(u8, u8)>),
}

struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    sent: Vec<Vec<u8>>,
    outbox: Vec<Vec<u8>>,
    connected: bool,
    packets: usize,
}

struct Scene {
    peer: Peer,
    target: Target,
    session: Side,
    /// Where strangers are.
    elsewhere: SocketAddr,
    names: String,
    now: Instant,
    timestamp: u32,
    /// Somebody spoke DTLS as the peer, before there were keys.
    excused: bool,
}

impl Peer {
    /// What it has to send at this time.
    fn speak(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.poll();
        let spoken = std::mem::take(&mut self.outbox);
        self.sent.extend(spoken.iter().cloned());
        let excess = self.sent.len().saturating_sub(64);
        self.sent.drain(..excess);
        spoken
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => self.outbox.push(transmit.contents.to_vec()),
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::RtpPacket(_))) => self.packets += 1,
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => return,
            }
        }
    }

    fn listen(&mut self, session: SocketAddr, now: Instant) -> bool {
        let mut packet = [0; 2048];
        let mut heard = false;
        while let Ok((size, source)) = self.socket.recv_from(&mut packet) {
            assert_eq!(source, session, "the session speaks from its own address");
            heard = true;
            if let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, &packet[..size]) {
                let _ = self.rtc.handle_input(Input::Receive(now, receive));
                self.poll();
            }
        }
        heard
    }
}

fn vp8() -> PayloadParams {
    let format = FormatParams::default();
    let spec =
        CodecSpec { codec: Codec::Vp8, clock_rate: Frequency::NINETY_KHZ, channels: None, format };
    PayloadParams::new(PAYLOAD_TYPES.0.into(), Some(PAYLOAD_TYPES.1.into()), spec)
}

impl Scene {
    fn new(controlling: bool) -> Self {
        let now = Instant::now();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let mut config =
            RtcConfig::new().set_rtp_mode(true).clear_codecs().set_extension_map(ExtensionMap::empty());
        *config.codec_config() = CodecConfig::new_from_payload_params(vec![vp8()]);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut direct = rtc.direct_api();
        let credentials = direct.local_ice_credentials();
        let fingerprint = direct.local_dtls_fingerprint().bytes.clone();
        let side = Side { credentials: (credentials.ufrag, credentials.pass), fingerprint, address };
        let (target, session) = Target::new(&side, controlling, now).unwrap();
        direct.set_ice_controlling(!controlling);
        let (ufrag, pass) = session.credentials.clone();
        let names = format!("{ufrag}:{}", side.credentials.0);
        direct.set_remote_ice_credentials(IceCreds { ufrag, pass });
        direct.set_remote_fingerprint(Fingerprint {
            hash_func: "sha-256".into(),
            bytes: session.fingerprint.clone(),
        });
        direct.start_dtls(controlling).unwrap();
        direct.declare_media("0".into(), MediaKind::Video);
        direct.expect_stream_rx(SSRC.into(), Some((SSRC + 1).into()), "0".into(), None);
        rtc.add_remote_candidate(Candidate::host(session.address, "udp").unwrap());
        let peer = Peer { rtc, socket, address, sent: Vec::new(), outbox: Vec::new(), connected: false, packets: 0 };
        let elsewhere = SocketAddr::new(address.ip(), address.port() ^ 1);
        Self { peer, target, session, elsewhere, names, now, timestamp: 0, excused: false }
    }

    /// Both say what they have to say.
    fn talk(&mut self) {
        for _ in 0..20 {
            let spoken = self.peer.speak(self.now);
            for packet in &spoken {
                self.target.receive(self.peer.address, packet, self.now);
            }
            self.target.pass(self.now);
            if !self.peer.listen(self.session.address, self.now) && spoken.is_empty() {
                return;
            }
        }
    }

    fn pass(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        self.talk();
    }

    fn send(&mut self, sizes: &[u8]) {
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.target.send(&sizes[..sizes.len().min(40)], self.timestamp, self.now);
    }

    fn inject(&mut self, from: &From, packet: &[u8]) {
        let source = match from {
            From::Peer => self.peer.address,
            From::Stranger => self.elsewhere,
        };
        let is_dtls = packet.first().is_some_and(|first| (20..64).contains(first));
        self.excused |= is_dtls && !self.peer.connected && matches!(from, From::Peer);
        // No larger than what comes over a network.
        self.target.receive(source, &packet[..packet.len().min(1500)], self.now);
        self.target.pass(self.now);
    }

    fn stun(&mut self, from: &From, kind: u16, named: bool, attributes: &[(u16, Vec<u8>)]) {
        let names = (6, self.names.clone().into_bytes());
        let mut body = Vec::new();
        for (attribute, value) in named.then_some(&names).into_iter().chain(attributes) {
            body.extend(attribute.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = (kind & 0x3fff).to_be_bytes().to_vec();
        message.extend((body.len() as u16).to_be_bytes());
        message.extend([0x21, 0x12, 0xa4, 0x42, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
        message.extend(body);
        self.inject(from, &message);
    }

    fn again(&mut self, from: &From, which: u8, size: Option<u8>, changes: &[(u8, u8)]) {
        let Some(at) = usize::from(which).checked_rem(self.peer.sent.len()) else { return };
        let mut packet = self.peer.sent[at].clone();
        if let Some(size) = size {
            packet.truncate(size.into());
        }
        for (at, change) in changes {
            if let Some(byte) = packet.get_mut(usize::from(*at)) {
                *byte ^= change;
            }
        }
        self.inject(from, &packet);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Pass(milliseconds) => self.pass((*milliseconds).into()),
            Step::Send(sizes) => self.send(sizes),
            Step::Ask => {
                if let Some(stream) = self.peer.rtc.direct_api().stream_rx(&SSRC.into()) {
                    stream.request_keyframe(KeyframeRequestKind::Pli);
                }
            }
            Step::Bytes(from, bytes) => self.inject(from, bytes),
            Step::Stun(from, kind, named, attributes) => self.stun(from, *kind, *named, attributes),
            Step::Record(from, kind, epoch, number, content) => {
                let mut record = vec![*kind, 0xfe, 0xfd];
                record.extend(epoch.to_be_bytes());
                record.extend([0, 0, 0, 0, 0, *number]);
                record.extend((content.len() as u16).to_be_bytes());
                record.extend(content);
                self.inject(from, &record);
            }
            Step::Again(from, which, size, changes) => self.again(from, *which, *size, changes),
        }
    }
}

fuzz_target!(init: gst::init().unwrap(), |script: Script| {
    let mut scene = Scene::new(script.controlling);
    for step in script.steps.iter().take(64) {
        scene.step(step);
    }
    if scene.excused {
        return;
    }
    for _ in 0..100 {
        scene.pass(50);
    }
    assert!(!scene.target.has_ended(), "the session ended");
    assert!(scene.peer.connected, "the peer never connected");
    let before = scene.peer.packets;
    for _ in 0..20 {
        scene.send(&[1, 200]);
        scene.pass(10);
    }
    assert!(scene.peer.packets >= before + 40, "media stopped");
});
