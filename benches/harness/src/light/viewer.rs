//! One viewer on the media thread: str0m, a socket, and what it counts.

use super::mailbox::{self, Mailbox};
use super::path::Path;
use super::pictures::Pictures;
use super::vp8;
use crate::job::{Codec, Counts, LightJob, Noted};
use crate::networks::clock;
use anyhow::{Context, Result};
use mio::net::UdpSocket;
use socket2::SockRef;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::media::KeyframeRequestKind;
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Asked of the kernel for what comes in; it may give less.
const RECEIVE_BUFFER: usize = 2 << 20;
/// A packet that has been missing for so long is given up, and a key unit asked for.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// A viewer that has been offered something.
pub struct Viewer {
    rtc: Rtc,
    pub socket: UdpSocket,
    local: SocketAddr,
    /// Its network, where it has one of its own.
    path: Option<Path>,
    pictures: Option<Pictures>,
    offered_ms: f64,
    connected_ms: Option<f64>,
    /// When it wants to be heard next.
    pub deadline: Instant,
    began: Instant,
    codec: Codec,
    counts: Counts,
    ssrc: Option<Ssrc>,
    /// Numbers of the first and the last packet, and how many of those between have come.
    numbers: Option<(u64, u64, u64)>,
    /// Since when some of them are missing.
    missing: Option<Instant>,
    /// Frames since the first key unit count.
    showing: bool,
}

impl Viewer {
    /// A viewer at an address of this host, and its answer.
    pub fn new(
        offer: &str,
        (host, number): (IpAddr, usize),
        job: &LightJob,
        began: Instant,
    ) -> Result<(Self, String)> {
        let (reports, offered_ms) = (job.reports, began.elapsed().as_secs_f64() * 1e3);
        let socket = UdpSocket::bind(SocketAddr::new(host, 0)).context("failed to open a socket")?;
        // Hundreds of viewers wait for one thread here, and must not lose what no viewer of its own would.
        SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
        mailbox::tell_times(&socket)?;
        let local = socket.local_addr()?;
        // Today's plugin may describe another certificate than the one it shows, see `identity`.
        let mut config = RtcConfig::new()
            .set_rtp_mode(true)
            .set_stats_interval(None)
            .set_fingerprint_verification(false);
        if !reports {
            config = config.clear_extension_map().set_extension(4, Extension::RtpMid);
        }
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let offer = SdpOffer::from_sdp_string(offer).context("failed to read an offer")?;
        let answer = rtc.sdp_api().accept_offer(offer).context("failed to answer")?;
        let answer = answer.to_sdp_string();
        let lines = answer.split_inclusive("\r\n");
        let answer = lines
            .filter(|line| reports || !line.contains("transport-cc"))
            .collect();
        let viewer = Self {
            rtc,
            socket,
            local,
            path: job.networks.get(number).map(Path::new),
            pictures: job.noted.then(Pictures::default),
            offered_ms,
            connected_ms: None,
            deadline: began,
            began,
            codec: job.codec,
            counts: Counts::default(),
            ssrc: None,
            numbers: None,
            missing: None,
            showing: false,
        };
        Ok((viewer, answer))
    }

    /// The producer can be reached there, too.
    pub fn add_candidate(&mut self, text: &str) {
        let text = text.trim().trim_start_matches("a=");
        // Names and TCP are not for this viewer.
        if let Ok(candidate) = Candidate::from_sdp_string(text)
            && candidate.proto() == Protocol::Udp
            && candidate.addr().is_ipv4() == self.local.is_ipv4()
        {
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// What it has got so far.
    pub fn counts(&self) -> Counts {
        let missing = self
            .numbers
            .map_or(0, |(first, last, came)| last + 1 - first - came);
        Counts {
            lost: self.counts.lost + missing,
            ..self.counts
        }
    }

    /// What it noted since the last time.
    pub fn tell(&mut self) -> Noted {
        // Instants of this process, by the clock that all share.
        let (now, read) = (Instant::now(), clock());
        let shared = |at: Instant| read - now.saturating_duration_since(at).as_secs_f64();
        Noted {
            began: shared(self.began),
            offered_ms: Some(self.offered_ms),
            connected_ms: self.connected_ms,
            counts: self.counts(),
            pictures: self
                .pictures
                .as_mut()
                .map(|pictures| pictures.take(shared))
                .unwrap_or_default(),
        }
    }

    /// Reads all that has come.
    pub fn read(&mut self, mailbox: &mut Mailbox) -> Result<()> {
        while let Some((source, came, length)) = mailbox.next(&self.socket)? {
            match &mut self.path {
                Some(path) => path.arrive(source, mailbox.bytes(length), came),
                None => self.take((source, came), mailbox.bytes(length))?,
            }
        }
        self.carry(Instant::now())
    }

    /// What its network hands over by now, both ways.
    fn carry(&mut self, now: Instant) -> Result<()> {
        while let Some((source, came, bytes)) = self.path.as_mut().and_then(|path| path.arrived(now)) {
            self.take((source, came), &bytes)?;
        }
        let Some(path) = &mut self.path else {
            return Ok(());
        };
        while let Some((to, bytes)) = path.left(now) {
            let _ = self.socket.send_to(&bytes, to);
        }
        self.deadline = path.next().map_or(self.deadline, |at| at.min(self.deadline));
        Ok(())
    }

    fn take(&mut self, (source, came): (SocketAddr, Instant), bytes: &[u8]) -> Result<()> {
        self.counts.packets += 1;
        self.counts.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, bytes) else {
            return Ok(());
        };
        self.rtc.handle_input(Input::Receive(came, receive))?;
        self.drain()
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Instant) -> Result<()> {
        if self.missing.is_some_and(|since| now - since > GIVEN_UP) {
            self.missing = None;
            self.want_key_unit();
        }
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()?;
        self.carry(now)
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Transmit(transmit) => match &mut self.path {
                    Some(path) => path.leave(transmit.destination, &transmit.contents),
                    // What fails is as good as lost.
                    None => drop(self.socket.send_to(&transmit.contents, transmit.destination)),
                },
                Output::Event(Event::Connected) => {
                    let since = self.began.elapsed().as_secs_f64() * 1e3;
                    self.connected_ms.get_or_insert(since);
                }
                Output::Event(Event::RtpPacket(packet)) => self.count(&packet),
                Output::Event(_) => {}
                Output::Timeout(at) => {
                    self.deadline = at;
                    return Ok(());
                }
            }
        }
    }

    fn count(&mut self, packet: &RtpPacket) {
        let (number, since) = (*packet.seq_no, self.began.elapsed().as_secs_f64() * 1e3);
        self.ssrc = Some(packet.header.ssrc);
        let (first, last, came) = self.numbers.get_or_insert((number, number, 0));
        self.counts.first_packet_ms.get_or_insert(since);
        // What precedes the first is not waited for.
        if number >= *first {
            *last = number.max(*last);
            *came += 1;
            let whole = *last + 1 - *first == *came;
            self.missing = if whole {
                None
            } else {
                self.missing.or(Some(packet.timestamp))
            };
        }
        if let Some(pictures) = &mut self.pictures {
            pictures.add(number, packet.header.marker, &packet.payload, packet.timestamp);
            if let Some(first) = pictures.first() {
                let shown = first.saturating_duration_since(self.began).as_secs_f64() * 1e3;
                self.counts.first_frame_ms = Some(shown);
            }
        }
        self.showing |= self.codec != Codec::Vp8 || vp8::begins_key_unit(&packet.payload);
        if self.showing && packet.header.marker {
            self.counts.frames += 1;
            self.counts.first_frame_ms.get_or_insert(since);
        }
    }

    fn want_key_unit(&mut self) {
        self.counts.lost = self.counts().lost;
        // Later gaps count from here.
        if let Some((first, last, came)) = &mut self.numbers {
            (*first, *came) = (*last, 1);
        }
        let mut direct = self.rtc.direct_api();
        if let Some(stream) = self.ssrc.and_then(|ssrc| direct.stream_rx(&ssrc)) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.counts.key_units_wanted += 1;
        }
    }
}
