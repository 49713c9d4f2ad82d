//! A viewer that sees every packet: str0m behind one socket, driven by the test itself.

use super::DEADLINE;
use super::direct::{Direct, Said};
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// The viewer, and the sink's words for it.
pub(crate) struct Watcher {
    pub(crate) rtc: Rtc,
    direct: Direct,
    said: Receiver<Said>,
    socket: UdpSocket,
    address: SocketAddr,
    came: VecDeque<RtpPacket>,
    /// Numbers of all packets that came, by their source.
    numbers: HashMap<u32, BTreeSet<u64>>,
    /// Whether the test looks at offers itself; others are simply answered.
    awaits_offer: bool,
    /// Why the sink ended the session, where the test asked for that.
    ended: Option<Option<String>>,
    may_end: bool,
    /// Whether nothing gets through, in either direction.
    pub(crate) cut_off: bool,
    /// What the sink answered, and offered again.
    answer: Option<String>,
    offer: Option<String>,
}

impl Watcher {
    /// A viewer whose transport is as `prepare` has it, of the sink behind this signaller: it has asked for a
    /// session called `s`, and was offered one.
    pub(crate) fn new(
        direct: (Direct, Receiver<Said>),
        prepare: impl FnOnce(RtcConfig) -> RtcConfig,
    ) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), direct, prepare)
    }

    /// The same at an address of this machine: webrtcbin reaches none that stays inside.
    pub(crate) fn at(
        at: IpAddr,
        (direct, said): (Direct, Receiver<Said>),
        prepare: impl FnOnce(RtcConfig) -> RtcConfig,
    ) -> Self {
        let rtc = prepare(RtcConfig::new().set_rtp_mode(true)).build(Instant::now());
        let (socket, address) = bind(at);
        direct.session_requested("s", "watcher", None);
        let mut watcher = Self {
            rtc,
            direct,
            said,
            socket,
            address,
            came: VecDeque::new(),
            numbers: HashMap::new(),
            awaits_offer: false,
            ended: None,
            may_end: false,
            cut_off: false,
            answer: None,
            offer: None,
        };
        watcher.rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        watcher
    }

    /// The sink's next offer.
    pub(crate) fn offered(&mut self) -> String {
        self.awaits_offer = true;
        let offer = self.go_on_until(|watcher| watcher.offer.take());
        self.awaits_offer = false;
        offer
    }

    /// Takes an offer, and tells the sink so, in words that `change` chose.
    pub(crate) fn answer(&mut self, offer: &str, change: impl FnOnce(String) -> String) {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        let answer = self.rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string();
        self.direct.describe("s", WebRTCSDPType::Answer, &change(answer));
    }

    /// Answers every offer until one is as awaited, and that one in words that `change` chose.
    pub(crate) fn answer_until(
        &mut self,
        is: impl Fn(&str) -> bool,
        change: impl FnOnce(String) -> String,
    ) -> String {
        loop {
            let offer = self.offered();
            if is(&offer) {
                self.answer(&offer, change);
                return offer;
            }
            self.answer(&offer, |answer| answer);
        }
    }

    /// The next packet that is as awaited.
    pub(crate) fn packet_that(&mut self, is: impl Fn(&RtpPacket) -> bool) -> RtpPacket {
        self.go_on_until(|watcher| watcher.came.pop_front().filter(&is))
    }

    /// Has ICE begin anew, in words that `change` chose.
    pub(crate) fn offer(&mut self, change: impl FnOnce(String) -> String) -> SdpPendingOffer {
        // The sink may be about to offer what has come since the session began.
        self.watch_for(Duration::from_millis(500));
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(false);
        let (offer, pending) = changes.apply().unwrap();
        self.direct.describe("s", WebRTCSDPType::Offer, &change(offer.to_sdp_string()));
        pending
    }

    /// The same from another address; what the sink answered.
    pub(crate) fn move_away(&mut self) -> String {
        let (socket, address) = bind(self.address.ip());
        let candidate = Candidate::host(address, "udp").unwrap();
        let pending = self.offer(|offer| format!("{offer}a={}\r\n", candidate.to_sdp_string()));
        // From now on nothing comes to the old place.
        (self.socket, self.address) = (socket, address);
        let answer = self.go_on_until(|watcher| watcher.answer.take());
        let read = SdpAnswer::from_sdp_string(&answer).unwrap();
        self.rtc.sdp_api().accept_answer(pending, read).unwrap();
        self.rtc.add_local_candidate(candidate);
        answer
    }

    /// The next packet of media.
    pub(crate) fn packet(&mut self) -> RtpPacket {
        self.go_on_until(|watcher| watcher.came.pop_front())
    }

    /// The next packets of media.
    pub(crate) fn packets(&mut self, count: usize) -> Vec<RtpPacket> {
        (0..count).map(|_| self.packet()).collect()
    }

    /// The packets of media that come within `time`.
    pub(crate) fn watch_for(&mut self, time: Duration) -> Vec<RtpPacket> {
        let end = Instant::now() + time;
        self.go_on_until(|_| (Instant::now() >= end).then_some(()));
        self.came.drain(..).collect()
    }

    /// How many packets of a source are missing between those that came.
    pub(crate) fn missing(&self, source: u32) -> u64 {
        let numbers = &self.numbers[&source];
        let (first, last) = (numbers.first().unwrap(), numbers.last().unwrap());
        last - first + 1 - numbers.len() as u64
    }

    /// Goes on until something is found.
    pub(crate) fn go_on_until<T>(&mut self, mut found: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(Instant::now() < end, "nothing came in time");
            self.step();
        }
    }

    /// Waits until the sink ends the session.
    pub(crate) fn end(&mut self) -> Option<String> {
        self.may_end = true;
        self.go_on_until(|watcher| watcher.ended.take())
    }

    /// Sends what is due, and waits for a packet.
    fn step(&mut self) {
        if let Some(offer) = self.offer.take_if(|_| !self.awaits_offer) {
            self.answer(&offer, |answer| answer);
        }
        while let Ok(said) = self.said.try_recv() {
            match said {
                Said::Description(_, WebRTCSDPType::Offer, sdp) => self.offer = Some(sdp),
                Said::Description(_, WebRTCSDPType::Answer, sdp) => self.answer = Some(sdp),
                Said::Ended(_, why) if self.may_end => self.ended = Some(why),
                Said::Ended(_, why) => panic!("the sink ended the session: {why:?}"),
                _ => {}
            }
        }
        let due = loop {
            match self.rtc.poll_output().unwrap() {
                Output::Transmit(_) if self.cut_off => {}
                Output::Transmit(transmit) => {
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::RtpPacket(packet)) => {
                    self.numbers.entry(*packet.header.ssrc).or_default().insert(*packet.seq_no);
                    self.came.push_back(packet);
                }
                Output::Event(_) => {}
                Output::Timeout(at) => break at,
            }
        };
        let wait = due.saturating_duration_since(Instant::now());
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(20));
        self.socket.set_read_timeout(Some(wait)).unwrap();
        let mut bytes = [0; 2048];
        let input = match self.socket.recv_from(&mut bytes) {
            Ok((size, from)) => Receive::new(Protocol::Udp, from, self.address, &bytes[..size]).ok(),
            Err(_) => None,
        };
        let input = input.map(|receive| Input::Receive(Instant::now(), receive));
        let input = input.filter(|input| !self.cut_off && self.rtc.accepts(input));
        self.rtc.handle_input(input.unwrap_or_else(|| Input::Timeout(Instant::now()))).unwrap();
    }
}

fn bind(at: IpAddr) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((at, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
