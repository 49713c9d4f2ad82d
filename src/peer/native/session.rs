//! One session on its thread: str0m, and what goes in and out of it.

use super::channels::Channels;
use super::estimates::Relay;
use super::ice::{Ice, Restart};
use super::measuring::{Kind, Measuring};
use super::opening::{AgreedStream, Opening};
use super::outlet::Packets;
use super::sending::Stream;
use super::socket::{self, Datagram, Sent, Way};
use super::statistics::{Statistics, StreamStatistics};
use crate::peer::heard::Heard;
use crate::session::EventSender;
use logic::negotiation::{Event as Said, Transport};
use logic::phases::Phase;
use logic::rtp::PlayoutDelay;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use str0m::bwe::BweKind;
use str0m::media::Mid;
use str0m::net::{Receive, Transmit};
use str0m::rtp::RawPacket;
use str0m::rtp::rtcp::Rtcp;
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc};

/// Places that one session talks to; a peer that names more is odd.
const PLACES: usize = 64;
/// What is due so soon is due now; and how often a session may go on so before others have their turn.
pub(super) const SOON: Duration = Duration::from_micros(5);
const ROUNDS: usize = 64;

/// The session is over; its task has been told.
pub(super) struct Ended;

/// What the session's task may look at.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) heard: Heard,
    /// Whether more media would only wait for the connection that it goes over.
    pub(super) crowded: AtomicBool,
    /// What the encoder is to make for it, in bit/s; 0: nothing is known.
    pub(super) target: AtomicU32,
    pub(super) statistics: Mutex<Statistics>,
}

/// A session while it lasts.
pub(super) struct Session {
    pub(super) rtc: Rtc,
    ice: Ice,
    channels: Channels,
    pub(super) streams: Vec<Stream>,
    pub(super) deadline: Option<Instant>,
    /// When it was heard last.
    pub(super) now: Instant,
    events: EventSender,
    pub(super) shared: Arc<Shared>,
    pub(super) estimate: Option<Relay>,
    /// Where the peer reports on packets.
    pub(super) measuring: Option<Measuring>,
    playout_delay: Option<PlayoutDelay>,
    most_repeated: f32,
    places: Vec<SocketAddr>,
    /// Those of the places that have not been announced, and those that are to be forgotten.
    found: Vec<SocketAddr>,
    left: Vec<SocketAddr>,
    reachable: bool,
    /// Packets that were sent again.
    pub(super) again: u64,
}

impl Session {
    pub(super) fn new(mut opening: Opening, now: Instant) -> Self {
        let measuring = Measuring::of(&opening, now);
        let (rtc, ice) = opening.set_up(now);
        let mut session = Self {
            rtc,
            ice,
            channels: Channels::new(opening.line, opening.arrivals),
            streams: Vec::new(),
            deadline: None,
            now,
            events: opening.events,
            shared: opening.shared,
            estimate: opening.estimator.map(Relay::new),
            measuring,
            playout_delay: opening.playout_delay,
            most_repeated: opening.most_repeated,
            places: Vec::new(),
            found: Vec::new(),
            left: Vec::new(),
            reachable: true,
            again: 0,
        };
        opening.streams.into_iter().for_each(|stream| session.add_stream(stream));
        session
    }

    /// A further stream is sent.
    pub(super) fn add_stream(&mut self, agreed: AgreedStream) {
        let delay = self.playout_delay.filter(|_| agreed.delayed);
        self.streams.push(Stream::new(agreed, delay, self.most_repeated));
    }

    /// A stream is not sent any more.
    pub(super) fn remove_stream(&mut self, index: usize) {
        let mut direct = self.rtc.direct_api();
        for stream in self.streams.extract_if(.., |stream| stream.agreed.index == index) {
            if stream.is_declared() {
                direct.remove_media(stream.agreed.mid);
            }
            self.shared.statistics().streams.retain(|other| other.ssrc != stream.agreed.ssrc);
        }
    }

    /// A stream is not sent for now, or again. It stays with str0m: a number under its source is never used twice.
    pub(super) fn pause_stream(&mut self, index: usize, paused: bool) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.agreed.index == index) {
            stream.pause(paused);
            self.shared.statistics().streams.retain(|other| other.ssrc != stream.agreed.ssrc);
        }
    }

    /// Does something about data channels.
    pub(super) fn with_channels(&mut self, act: impl FnOnce(&mut Channels, &mut Rtc, &IceCreds)) {
        act(&mut self.channels, &mut self.rtc, self.ice.remote());
    }

    pub(super) fn add_local_candidate(&mut self, candidate: Candidate) {
        self.ice.add_local(&mut self.rtc, candidate);
    }

    pub(super) fn add_remote_candidate(&mut self, candidate: Candidate) {
        self.ice.add_remote(&mut self.rtc, candidate);
    }

    /// Both sides have agreed to look for a path anew.
    pub(super) fn restart_ice(&mut self, restart: Restart) {
        self.ice.restart(&mut self.rtc, restart);
        // Those that it still talks to are found again with the next packet.
        self.left.append(&mut self.places);
        // The way that more should wait for may be the one that is given up.
        self.shared.crowded.store(false, Ordering::Relaxed);
    }

    /// When it wants to be heard next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Places that it talks to since this was asked last, and those that it may have left before.
    pub(super) fn found(&mut self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        (std::mem::take(&mut self.found), std::mem::take(&mut self.left))
    }

    /// A place that could not be announced will be again.
    pub(super) fn unfound(&mut self, place: SocketAddr) {
        self.places.retain(|other| *other != place);
    }

    /// Takes packets for the viewer; they go as soon as the pacer lets them.
    pub(super) fn write(&mut self, packets: Packets) {
        if let Some(stream) = self.streams.iter_mut().find(|other| other.agreed.index == packets.stream) {
            let count = packets.batch.packets().len();
            let payload = stream.write(packets);
            if let Some(measuring) = self.measuring.as_mut().filter(|_| stream.fresh() == Kind::Video) {
                measuring.take_in(count, payload);
            }
        }
    }

    /// A packet came from the peer, or from someone who says so.
    pub(super) fn receive(&mut self, datagram: &Datagram<'_>, now: Instant) -> Result<(), Ended> {
        let Datagram { protocol, source, destination, bytes } = *datagram;
        let Ok(receive) = Receive::new(protocol, source, destination, bytes) else { return Ok(()) };
        self.now = now;
        let input = Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return Ok(());
        }
        // While ICE misses answers, what comes is not the peer's.
        if self.reachable {
            self.shared.heard.something();
        }
        match self.rtc.handle_input(input) {
            Ok(()) => Ok(()),
            // Anyone can send garbage; only str0m's end is one.
            Err(_) if self.rtc.is_alive() => Ok(()),
            Err(_) => Err(Ended),
        }
    }

    /// Time has passed.
    pub(super) fn pass(&mut self, now: Instant) -> Result<(), Ended> {
        self.now = now;
        self.rtc.handle_input(Input::Timeout(now)).map_err(|_| Ended)
    }

    /// Sends and tells what there is to send and tell.
    pub(super) fn drain(&mut self, way: &mut impl Way) -> Result<(), Ended> {
        self.poll(way)?;
        while self.feed() {
            self.pass(Instant::now().max(self.now))?;
            self.poll(way)?;
        }
        self.steer();
        Ok(())
    }

    fn poll(&mut self, way: &mut impl Way) -> Result<(), Ended> {
        let mut rounds = 0;
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    self.send(&transmit, way);
                }
                Ok(Output::Event(event)) => self.hear(event),
                // What was sent makes room for what waits.
                Ok(Output::Timeout(_)) if self.channels.flush(&mut self.rtc) => {}
                // The pacer lets packets go one by one, a microsecond apart: they go with the others, as one batch.
                Ok(Output::Timeout(at))
                    if at <= self.now + SOON && rounds < ROUNDS && self.rtc.is_alive() =>
                {
                    rounds += 1;
                    self.pass(Instant::now().max(at))?;
                }
                Ok(Output::Timeout(at)) => {
                    self.deadline = Some(at);
                    return if self.rtc.is_alive() { Ok(()) } else { Err(Ended) };
                }
                Err(err) => {
                    gst::info!(super::CAT, "a session's transport failed: {err}");
                    return Err(Ended);
                }
            }
        }
    }

    fn send(&mut self, transmit: &Transmit, way: &mut impl Way) {
        self.goes(&transmit.contents);
        let crowded = match way.send(transmit) {
            Sent::Direct => {
                self.note(transmit.destination);
                false
            }
            Sent::Elsewhere { crowded } => crowded,
        };
        self.shared.went(&transmit.contents, crowded);
    }

    /// What waited for a connection has gone.
    pub(super) fn relieve(&mut self) -> Result<(), Ended> {
        self.shared.crowded.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn note(&mut self, place: SocketAddr) {
        // Nearly always the same as before.
        if self.places.last() != Some(&place) && !self.places.contains(&place) && self.places.len() < PLACES {
            self.places.push(place);
            self.found.push(place);
        }
    }

    fn hear(&mut self, event: Event) {
        let transport = match event {
            Event::Connected => {
                self.shared.heard.connected();
                self.shared.heard.owes_answers();
                self.events.phases().reach(Phase::IceConnected);
                self.events.phases().reach(Phase::DtlsConnected);
                Transport::Connected
            }
            Event::IceConnectionStateChange(state) => match self.path_changed(state) {
                Some(transport) => transport,
                None => return,
            },
            Event::Closed => Transport::Closed,
            Event::KeyframeRequest(request) => return self.pass_on(request.mid),
            Event::EgressBitrateEstimate(BweKind::Remb { estimate, .. }) => {
                let estimate = estimate.as_u64();
                if let Some(relay) = &self.estimate {
                    relay.tell(u32::try_from(estimate).unwrap_or(u32::MAX));
                }
                self.shared.statistics().estimate = Some(estimate);
                return;
            }
            Event::RawPacket(packet) => {
                if let (RawPacket::RtcpRx(Rtcp::Twcc(report)), Some(measuring)) =
                    (*packet, &mut self.measuring)
                {
                    measuring.report(report, self.now);
                }
                return;
            }
            Event::PeerStats(stats) => {
                let network = self.network();
                let pair = stats.selected_candidate_pair.as_ref();
                let candidates = pair.map(|pair| self.ice.kinds(pair));
                let mut statistics = self.shared.statistics();
                (statistics.candidates, statistics.again) = (candidates, self.again);
                statistics.peer = Some(stats);
                statistics.network = network;
                return;
            }
            Event::MediaEgressStats(stats) => {
                let stream =
                    self.streams.iter().find(|stream| stream.agreed.mid == stats.mid && !stream.is_paused());
                let Some(stream) = stream.map(|stream| &stream.agreed) else { return };
                let mut statistics = self.shared.statistics();
                statistics.streams.retain(|other| other.ssrc != stream.ssrc);
                let AgreedStream { ssrc, kind, clock_rate, .. } = *stream;
                statistics.streams.push(StreamStatistics { ssrc, kind, clock_rate, counts: stats });
                return;
            }
            other => return self.channels.hear(&mut self.rtc, other),
        };
        self.events.send(Said::Transport(transport));
    }

    /// What ICE says of the path; what that means for a transport that was up.
    fn path_changed(&mut self, state: IceConnectionState) -> Option<Transport> {
        match state {
            IceConnectionState::Disconnected => {
                self.reachable = false;
                Some(Transport::Disconnected)
            }
            IceConnectionState::Connected | IceConnectionState::Completed => {
                self.events.phases().reach(Phase::IceConnected);
                let was_lost = !std::mem::replace(&mut self.reachable, true);
                (was_lost && self.rtc.is_connected()).then_some(Transport::Connected)
            }
            _ => None,
        }
    }

    /// The viewer wants a key unit. Whoever is asked may block, so it is not this thread that asks.
    fn pass_on(&self, mid: Mid) {
        let Some(stream) = self.streams.iter().find(|stream| stream.agreed.mid == mid) else { return };
        stream.ask();
    }

    /// It goes no further.
    pub(super) fn fail(&mut self) {
        self.events.send(Said::Transport(Transport::Failed));
    }

    /// Says goodbye to the peer.
    pub(super) fn close(&mut self) -> Result<(), Ended> {
        self.rtc.close().map_err(|_| Ended)
    }
}

impl Shared {
    /// A packet has gone over a way that is crowded or not. Whatever but a check goes the way of media, which may
    /// be another than before.
    fn went(&self, packet: &[u8], crowded: bool) {
        // Nearly always the same as before.
        if !socket::is_check(packet) && self.crowded.load(Ordering::Relaxed) != crowded {
            self.crowded.store(crowded, Ordering::Relaxed);
        }
    }

    pub(super) fn statistics(&self) -> std::sync::MutexGuard<'_, Statistics> {
        self.statistics.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_waits_for_no_way_but_the_one_that_it_goes() {
        let shared = Shared::default();
        let waits = || shared.crowded.load(Ordering::Relaxed);
        let (check, report) = ([0, 1, 0, 8], [0x80, 200, 0, 6]);
        shared.went(&report, true);
        // A check proves other ways, which media may never go.
        shared.went(&check, false);
        assert!(waits());
        shared.went(&report, false);
        shared.went(&check, true);
        assert!(!waits());
    }
}
