//! Viewers that cost little: hundreds on one thread, each with a socket of its own. They take packets and count
//! them, decode nothing, and misbehave on request.

use super::seen::{Came, Seen};
use super::udp;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;
use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::media::KeyframeRequestKind;
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, Ssrc};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

const WAKE: Token = Token(usize::MAX);

/// What a viewer has to tell, with its session.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// The sink has sent something.
    Heard,
    /// ICE has found a way.
    Reached,
    /// The handshakes are done.
    Connected,
    /// A packet of media came: its number.
    Packet(u64),
    /// The sink said goodbye.
    Closed,
}

/// How a viewer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Good,
    /// It answers no connectivity checks, and sends nothing else.
    Mute,
    /// It knows nothing of DTLS.
    WithoutDtls,
    /// It sends nothing and leaves what comes in the socket.
    Deaf,
    /// It says itself what its network carries, in bit/s, does not report on packets, and keeps note of them.
    Says(u32),
}

enum Command {
    Join(String, Box<Viewer>),
    Candidate(String, String),
    Behave(String, Habit),
    KeyUnit(String),
    Leave(String),
    Stop,
}

struct Viewer {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    habit: Habit,
    deadline: Option<Instant>,
    heard: bool,
    /// What was read.
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    sent: Sent,
    /// Of the packets that came.
    source: Option<Ssrc>,
    came: Came,
}

/// The latest packets that a viewer sent.
pub(crate) type Sent = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// A viewer as others may use it, or pretend to be it.
pub(crate) struct Joined {
    pub(crate) answer: String,
    /// Another handle to its socket.
    pub(crate) socket: std::net::UdpSocket,
    /// Where the sink is, as its description says.
    pub(crate) sink: Option<SocketAddr>,
    pub(crate) sent: Sent,
    /// What has come to it, where it keeps note of that.
    pub(crate) came: Came,
}

/// A thread with viewers.
pub(crate) struct Lights {
    commands: Sender<Command>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Lights {
    /// A thread without viewers, and what they will tell.
    pub(crate) fn start() -> (Self, Receiver<(String, News)>) {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).unwrap());
        let (commands, told) = channel();
        let (tell, news) = channel();
        let all = All {
            poll,
            tell,
            viewers: HashMap::new(),
            tokens: HashMap::new(),
            deadlines: BTreeSet::new(),
            next: 0,
        };
        let thread = std::thread::spawn(move || all.run(&told));
        (Self { commands, waker, thread: Some(thread) }, news)
    }

    /// A viewer answers an offer.
    pub(crate) fn join(&self, session: &str, offer: &str, habit: Habit) -> Joined {
        let now = Instant::now();
        let mut rtc = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_vp8(true).build(now);
        let socket = udp::roomy(here());
        let local = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        let sink = address(offer, local.ip());
        let offer = SdpOffer::from_sdp_string(offer).unwrap_or_else(|err| panic!("{err}: {offer}"));
        let answer = rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string();
        let says = matches!(habit, Habit::Says(_));
        let is_kept = |line: &&str| !(says && line.contains("transport-"));
        let answer = answer.split_inclusive('\n').filter(is_kept).collect();
        let other = socket.try_clone().unwrap();
        let (socket, sent, came) = (UdpSocket::from_std(socket), Sent::default(), Came::default());
        let viewer = Viewer {
            rtc,
            socket,
            local,
            habit,
            deadline: None,
            heard: false,
            waiting: VecDeque::new(),
            sent: sent.clone(),
            source: None,
            came: came.clone(),
        };
        self.tell(Command::Join(session.to_owned(), Box::new(viewer)));
        Joined { answer, socket: other, sink, sent, came }
    }

    /// A viewer hears of another address of the sink.
    pub(crate) fn candidate(&self, session: &str, candidate: &str) {
        self.tell(Command::Candidate(session.to_owned(), candidate.to_owned()));
    }

    /// A viewer behaves otherwise from now on.
    pub(crate) fn behave(&self, session: &str, habit: Habit) {
        self.tell(Command::Behave(session.to_owned(), habit));
    }

    /// A viewer asks for a key unit.
    pub(crate) fn ask(&self, session: &str) {
        self.tell(Command::KeyUnit(session.to_owned()));
    }

    /// A viewer is gone, without a word.
    pub(crate) fn leave(&self, session: &str) {
        self.tell(Command::Leave(session.to_owned()));
    }

    fn tell(&self, command: Command) {
        self.commands.send(command).unwrap();
        self.waker.wake().unwrap();
    }
}

impl Drop for Lights {
    fn drop(&mut self) {
        if self.commands.send(Command::Stop).is_ok() {
            let _ = self.waker.wake();
        }
        let _ = self.thread.take().unwrap().join();
    }
}

/// An address of this machine that others can have too; webrtcbin offers no loopback addresses.
pub(crate) fn here() -> IpAddr {
    let all = if_addrs::get_if_addrs().unwrap();
    let mut found = all.iter().map(if_addrs::Interface::ip).filter(|ip| ip.is_ipv4() && !ip.is_loopback());
    found.next().unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// Where an offer says that `ip` is reached.
fn address(sdp: &str, ip: IpAddr) -> Option<SocketAddr> {
    let ip = ip.to_string();
    let mut lines = sdp.lines().filter(|line| line.starts_with("a=candidate:"));
    lines.find_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        (words[4] == ip).then(|| format!("{}:{}", words[4], words[5]).parse().unwrap())
    })
}

/// The thread.
struct All {
    poll: Poll,
    tell: Sender<(String, News)>,
    viewers: HashMap<Token, (String, Viewer)>,
    tokens: HashMap<String, Token>,
    deadlines: BTreeSet<(Instant, Token)>,
    next: usize,
}

impl All {
    fn run(mut self, told: &Receiver<Command>) {
        let mut events = Events::with_capacity(1024);
        loop {
            while let Ok(command) = told.try_recv() {
                if matches!(command, Command::Stop) {
                    return;
                }
                self.obey(command);
            }
            let now = Instant::now();
            while let Some((at, token)) = self.deadlines.first().copied()
                && at <= now
            {
                self.deadlines.pop_first();
                self.drive(token, |viewer| drop(viewer.rtc.handle_input(Input::Timeout(now))));
            }
            let timeout = self.deadlines.first().map(|(at, _)| at.saturating_duration_since(now));
            self.poll.poll(&mut events, timeout).unwrap();
            for event in &events {
                if event.token() != WAKE {
                    self.drive(event.token(), Viewer::read);
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Join(session, mut viewer) => {
                let token = Token(self.next);
                self.next += 1;
                self.poll.registry().register(&mut viewer.socket, token, Interest::READABLE).unwrap();
                self.tokens.insert(session.clone(), token);
                self.viewers.insert(token, (session, *viewer));
                self.drive(token, |_| {});
            }
            Command::Candidate(session, text) => {
                let Ok(candidate) = Candidate::from_sdp_string(&text) else { return };
                let token = self.tokens.get(&session).copied();
                if let Some(token) = token {
                    self.drive(token, |viewer| viewer.rtc.add_remote_candidate(candidate));
                }
            }
            Command::Behave(session, habit) => {
                let token = self.tokens.get(&session).copied();
                if let Some(token) = token {
                    self.drive(token, |viewer| viewer.behave(habit));
                }
            }
            Command::KeyUnit(session) => {
                let token = self.tokens.get(&session).copied();
                if let Some(token) = token {
                    self.drive(token, Viewer::ask);
                }
            }
            Command::Leave(session) => {
                let viewer = self.tokens.remove(&session).and_then(|token| {
                    self.deadlines.retain(|(_, other)| *other != token);
                    self.viewers.remove(&token)
                });
                if let Some((_, mut viewer)) = viewer {
                    self.poll.registry().deregister(&mut viewer.socket).unwrap();
                }
            }
            Command::Stop => {}
        }
    }

    /// Lets a viewer act, and then send and tell.
    fn drive(&mut self, token: Token, act: impl FnOnce(&mut Viewer)) {
        let Some((session, viewer)) = self.viewers.get_mut(&token) else { return };
        let (before, heard) = (viewer.deadline, viewer.heard);
        act(viewer);
        if viewer.heard && !heard {
            let _ = self.tell.send((session.clone(), News::Heard));
        }
        loop {
            match viewer.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => viewer.send(transmit.destination, &transmit.contents),
                Ok(Output::Event(event)) => {
                    if let Event::RtpPacket(packet) = &event {
                        viewer.source = Some(packet.header.ssrc);
                        viewer.note(packet);
                    }
                    if let Some(news) = news(event) {
                        let _ = self.tell.send((session.clone(), news));
                    }
                }
                // What one packet brings is over before the next is taken.
                Ok(Output::Timeout(_)) if viewer.take() => {}
                Ok(Output::Timeout(at)) => {
                    viewer.deadline = viewer.rtc.is_alive().then_some(at);
                    break;
                }
                Err(_) => {
                    viewer.deadline = None;
                    break;
                }
            }
        }
        if before != viewer.deadline {
            before.map(|at| self.deadlines.remove(&(at, token)));
        }
        viewer.deadline.map(|at| self.deadlines.insert((at, token)));
    }
}

impl Viewer {
    fn behave(&mut self, habit: Habit) {
        self.habit = habit;
        if let (Habit::Says(rate), Some(source)) = (habit, self.source)
            && let Some(stream) = self.rtc.direct_api().stream_rx(&source)
        {
            stream.request_remb(Bitrate::bps(rate.into()));
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
    }

    fn ask(&mut self) {
        if let Some(source) = self.source
            && let Some(stream) = self.rtc.direct_api().stream_rx(&source)
        {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
    }

    fn read(&mut self) {
        let mut packet = [0; 2048];
        while self.habit != Habit::Deaf
            && let Ok((size, source)) = self.socket.recv_from(&mut packet)
        {
            self.heard = true;
            let bytes = &packet[..size];
            if self.habit == Habit::WithoutDtls && is_dtls(bytes) {
                continue;
            }
            self.waiting.push_back((source, bytes.to_vec()));
        }
    }

    /// Takes the next packet that was read; whether there was one.
    fn take(&mut self) -> bool {
        let Some((source, bytes)) = self.waiting.pop_front() else { return false };
        if let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, &bytes) {
            let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
        }
        true
    }

    fn note(&self, packet: &RtpPacket) {
        if matches!(self.habit, Habit::Says(_)) {
            let mut came = self.came.lock().unwrap();
            came.push(Seen::new(*packet.seq_no, packet.header.timestamp, &packet.payload));
        }
    }

    fn send(&self, to: SocketAddr, bytes: &[u8]) {
        match self.habit {
            Habit::Mute | Habit::Deaf => {}
            Habit::WithoutDtls if is_dtls(bytes) => {}
            // What the system does not take is lost, as anywhere on the way.
            _ => {
                let _ = self.socket.send_to(bytes, to);
                let mut sent = self.sent.lock().unwrap();
                sent.push_back(bytes.to_vec());
                while sent.len() > 64 {
                    sent.pop_front();
                }
            }
        }
    }
}

/// RFC 7983.
fn is_dtls(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| (20..64).contains(byte))
}

fn news(event: Event) -> Option<News> {
    match event {
        Event::IceConnectionStateChange(IceConnectionState::Connected | IceConnectionState::Completed) => {
            Some(News::Reached)
        }
        Event::Connected => Some(News::Connected),
        Event::RtpPacket(packet) => Some(News::Packet(*packet.seq_no)),
        Event::Closed => Some(News::Closed),
        _ => None,
    }
}
