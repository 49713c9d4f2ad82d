//! A viewer in virtual time: str0m, which reports on packets and asks for lost ones, and a decoder that wants frames
//! complete and in order.

use super::super::ciphers;
use super::super::opening::parameters;
use super::camera::Note;
use super::handshakes::Cutter;
use super::{AUDIO, VIDEO};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::format::CodecConfig;
use str0m::media::{KeyframeRequestKind, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionMap};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// A decoder that has waited for so long asks for a key unit.
const PATIENCE: Duration = Duration::from_millis(600);

struct Frame {
    key: bool,
    missing: usize,
    have: Vec<bool>,
}

/// A viewer.
pub(super) struct Viewer {
    pub(super) rtc: Rtc,
    pub(super) deadline: Option<Instant>,
    frames: BTreeMap<u32, Frame>,
    next: Option<u32>,
    stuck: Option<Instant>,
    /// When frames were shown, and which.
    pub(super) shown: Vec<(Instant, u32)>,
    /// When sound came, and which packet.
    pub(super) heard: Vec<(Instant, u32)>,
    /// Bytes of video that came for the first time.
    pub(super) useful: Vec<(Instant, usize)>,
    /// By how much timestamps were later than those of the camera, at most.
    pub(super) moved: i64,
    /// It has asked for a key unit just now.
    pub(super) asks: bool,
    /// Cuts what it sends of its handshake as OpenSSL does, each time another way.
    pub(super) cutter: Option<Cutter>,
}

impl Viewer {
    pub(super) fn new(now: Instant, here: SocketAddr, there: SocketAddr) -> Self {
        let mut config = RtcConfig::new()
            .set_rtp_mode(true)
            .set_crypto_provider(ciphers::provider())
            .set_extension_map(ExtensionMap::empty())
            .set_extension(3, Extension::TransportSequenceNumber)
            .set_extension(4, Extension::RtpMid);
        *config.codec_config() =
            CodecConfig::new_from_payload_params(super::formats().iter().map(parameters).collect());
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(here, "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(there, "udp").unwrap());
        let mut direct = rtc.direct_api();
        direct.set_ice_controlling(false);
        direct.enable_twcc_feedback();
        direct.declare_media("v".into(), MediaKind::Video);
        direct.expect_stream_rx(VIDEO.into(), Some((VIDEO + 1).into()), "v".into(), None);
        direct.declare_media("a".into(), MediaKind::Audio);
        direct.expect_stream_rx(AUDIO.into(), None, "a".into(), None);
        Self {
            rtc,
            deadline: None,
            frames: BTreeMap::new(),
            next: None,
            stuck: None,
            shown: Vec::new(),
            heard: Vec::new(),
            useful: Vec::new(),
            moved: 0,
            asks: false,
            cutter: None,
        }
    }

    /// Takes a packet, or notes that time has passed; what is sent goes to `send`.
    pub(super) fn act(
        &mut self,
        now: Instant,
        came: Option<(SocketAddr, SocketAddr, &[u8])>,
        mut send: impl FnMut(&[u8]),
    ) {
        let input = match came {
            Some((from, to, bytes)) => {
                Input::Receive(now, Receive::new(Protocol::Udp, from, to, bytes).unwrap())
            }
            None => Input::Timeout(now),
        };
        self.rtc.handle_input(input).unwrap();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Transmit(transmit) => match &mut self.cutter {
                    Some(cutter) => cutter.cut(&transmit.contents).iter().for_each(|packet| send(packet)),
                    None => send(&transmit.contents),
                },
                Output::Event(Event::RtpPacket(packet)) if *packet.header.ssrc == VIDEO => {
                    self.take(&packet.payload, packet.header.timestamp, now);
                }
                Output::Event(Event::RtpPacket(packet)) if *packet.header.ssrc == AUDIO => {
                    self.heard.push((now, packet.header.timestamp));
                }
                Output::Event(_) => {}
                Output::Timeout(at) => {
                    self.deadline = Some(at);
                    break;
                }
            }
        }
        if self.stuck.is_some_and(|since| now - since > PATIENCE) {
            self.stuck = Some(now);
            self.asks = true;
            if let Some(stream) = self.rtc.direct_api().stream_rx(&VIDEO.into()) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
    }

    fn take(&mut self, payload: &[u8], timestamp: u32, now: Instant) {
        let Some(note) = Note::read(payload) else { return };
        self.moved = self.moved.max(i64::from(timestamp) - i64::from(note.frame) * 3000);
        let count = usize::from(note.count);
        let frame = self.frames.entry(note.frame).or_insert_with(|| Frame {
            key: note.key,
            missing: count,
            have: vec![false; count],
        });
        if std::mem::replace(&mut frame.have[usize::from(note.index)], true) {
            return;
        }
        frame.missing -= 1;
        self.useful.push((now, payload.len() + 20));
        self.decode(now);
    }

    fn decode(&mut self, now: Instant) {
        loop {
            let complete = |frame: &Frame| frame.missing == 0;
            let next = self.next.filter(|next| self.frames.get(next).is_some_and(complete));
            // Else a later key unit will do.
            let from = self.next.unwrap_or(0);
            let next = next.or_else(|| {
                let later = self.frames.range(from..);
                later.filter(|(_, frame)| frame.key && complete(frame)).map(|(number, _)| *number).next()
            });
            let Some(next) = next else { break };
            self.shown.push((now, next));
            self.next = Some(next + 1);
            self.stuck = None;
        }
        let behind = self.frames.last_key_value().is_some_and(|(last, _)| Some(*last) >= self.next);
        if behind && self.stuck.is_none() {
            self.stuck = Some(now);
        }
    }
}
