//! One allocation on a TURN server (RFC 8656): an address of the server's, through which a session reaches peers
//! that nothing else reaches. The protocol is `turn_client_proto`'s.

use super::CAT;
use super::routes::Key;
use super::stream::Stream;
use logic::framing::Framing;
use logic::ice_servers::Relay as Server;
use logic::stun::{self, TransactionId};
use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::Candidate;
use tokio::sync::oneshot;
use turn_client_proto::api::{TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::client::TurnClient;
use turn_client_proto::stun::agent::Transmit;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::prelude::DelayedTransmitBuild;
use turn_client_proto::types::{AddressFamily, Instant as Moment, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

/// Packets that wait for the server to let them pass.
const WAITING: usize = 16;
/// Peers that the server is asked to let pass; who names more is odd.
const PEERS: usize = 32;
/// Requests to a server that does not answer, and how long the first and the last are waited for.
const REQUESTS: u32 = 5;
const PATIENCE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// Between two requests of the same allocation (that is the library's).
const CADENCE: Duration = Duration::from_millis(50);

/// An allocation that is wanted.
pub(super) struct Request {
    pub(super) server: Server,
    /// The address of this host to ask from; none for whichever leads there.
    pub(super) from: Option<IpAddr>,
    /// Is told the candidate; dropped where there will be none.
    pub(super) tell: oneshot::Sender<Result<Candidate, String>>,
}

/// An allocation is over.
pub(super) struct Over;

enum Wire {
    Udp(UdpSocket),
    Tcp(Stream),
}

/// An allocation while it lasts.
pub(super) struct Relay {
    pub(super) key: Key,
    client: TurnClient,
    wire: Wire,
    local: SocketAddr,
    server: SocketAddr,
    pub(super) tell: Option<oneshot::Sender<Result<Candidate, String>>>,
    relayed: Option<SocketAddr>,
    /// Packets to peers that the server does not yet let pass.
    waiting: Vec<(SocketAddr, Box<[u8]>)>,
    peers: Vec<IpAddr>,
    channels: Vec<SocketAddr>,
    /// What the server, or the system, said last against it.
    fault: Option<String>,
    /// The request that was made last, and how often requests were refused for want of the right credentials.
    asked: Option<TransactionId>,
    refused: u32,
    packet: Vec<u8>,
    start: Instant,
    pub(super) deadline: Option<Instant>,
}

impl Relay {
    /// Asks a server.
    ///
    /// # Errors
    /// The system has no way to it.
    pub(super) fn new(
        key: Key,
        (to, from): (&Server, Option<IpAddr>),
        (registry, token): (&Registry, Token),
        now: Instant,
    ) -> io::Result<Self> {
        let server = to.address;
        let credentials = TurnCredentials::new(&to.user, &to.password);
        let mut config = TurnConfig::new(credentials);
        let (first, last) = PATIENCE;
        config.set_request_retransmits(first, last, REQUESTS, last);
        config.set_address_family(match server {
            SocketAddr::V4(_) => AddressFamily::IPV4,
            SocketAddr::V6(_) => AddressFamily::IPV6,
        });
        let both = Interest::READABLE | Interest::WRITABLE;
        let (wire, client, local) = if to.tcp {
            let mut stream = connect(server, from)?;
            registry.register(&mut stream, token, both)?;
            let local = stream.local_addr()?;
            let client = TurnClientTcp::allocate(local, server, config).into();
            (Wire::Tcp(Stream::new(stream, Framing::Turn)), client, local)
        } else {
            let mut socket = UdpSocket::bind(any(server, from))?;
            socket.connect(server)?;
            registry.register(&mut socket, token, both)?;
            let local = socket.local_addr()?;
            (Wire::Udp(socket), TurnClientUdp::allocate(local, server, config).into(), local)
        };
        Ok(Self {
            key,
            client,
            wire,
            local,
            server,
            tell: None,
            relayed: None,
            waiting: Vec::new(),
            peers: Vec::new(),
            channels: Vec::new(),
            fault: None,
            asked: None,
            refused: 0,
            packet: Vec::new(),
            start: now,
            deadline: None,
        })
    }

    /// The address on the server, once there.
    pub(super) fn relayed(&self) -> Option<SocketAddr> {
        self.relayed
    }

    /// How the server is called in the log.
    pub(super) fn name(&self) -> String {
        let over = if matches!(self.wire, Wire::Tcp(_)) { "TCP" } else { "UDP" };
        format!("TURN server {} over {over}", self.server)
    }

    fn moment(&self, now: Instant) -> Moment {
        Moment::ZERO + now.saturating_duration_since(self.start)
    }

    /// Does what is due, and says what came of it.
    pub(super) fn pass(&mut self, now: Instant) -> Result<(), Over> {
        let moment = self.moment(now);
        let until = self.client.poll(moment);
        while let Some(transmit) = self.client.poll_transmit(moment) {
            self.asked = stun::Message::read(&transmit.data).map(|message| message.transaction);
            self.emit(&transmit.data)?;
        }
        while let Some(event) = self.client.poll_event() {
            self.hear(event, now)?;
        }
        let until = match until {
            TurnPollRet::WaitUntil(until) if until > moment => until,
            TurnPollRet::Closed => return self.over("it gave up the allocation or does not answer"),
            // Requests keep a distance from each other.
            _ => moment + CADENCE,
        };
        self.deadline = Some(self.start + until.saturating_duration_since(Moment::ZERO));
        Ok(())
    }

    fn hear(&mut self, event: TurnEvent, now: Instant) -> Result<(), Over> {
        match event {
            TurnEvent::AllocationCreated(_, relayed) => {
                gst::info!(CAT, "{}: an allocation at {relayed}", self.name());
                self.relayed = Some(relayed);
                self.fault = None;
                let candidate = Candidate::relayed(relayed, self.local, "udp").ok();
                let told = self.tell.take().zip(candidate);
                let _ = told.map(|(tell, candidate)| tell.send(Ok(candidate)).is_ok());
            }
            TurnEvent::AllocationCreateFailed(_) => return self.over("it does not answer"),
            TurnEvent::PermissionCreated(_, peer) => {
                let (pass, wait) =
                    std::mem::take(&mut self.waiting).into_iter().partition(|(to, _)| to.ip() == peer);
                self.waiting = wait;
                let pass: Vec<(SocketAddr, Box<[u8]>)> = pass;
                for (to, bytes) in pass {
                    self.send(to, &bytes, now)?;
                }
            }
            TurnEvent::PermissionCreateFailed(_, peer) => {
                let fault = self.fault.take().unwrap_or_else(|| "it does not answer".into());
                gst::info!(CAT, "{} does not let {peer} pass: {fault}", self.name());
                self.waiting.retain(|(to, _)| to.ip() != peer);
                // An answer may have been lost, a right may have run out: whoever has more for it asks again.
                self.peers.retain(|other| *other != peer);
            }
            TurnEvent::ChannelCreateFailed(_, peer) => {
                gst::info!(CAT, "{} binds no channel to {peer}; going on without it", self.name());
            }
            _ => {}
        }
        Ok(())
    }

    /// Logs why there is no more of it.
    fn over(&mut self, otherwise: &str) -> Result<(), Over> {
        let fault = self.fault.take();
        let fault = fault.as_deref().unwrap_or(otherwise);
        match self.relayed {
            None => {
                let name = self.name();
                gst::warning!(CAT, "{name} gives no address: {fault}; going on without it");
                let _ = self.tell.take().map(|tell| tell.send(Err(format!("{name}: {fault}"))).is_ok());
            }
            Some(at) => gst::warning!(CAT, "{}: the allocation at {at} is lost: {fault}", self.name()),
        }
        Err(Over)
    }

    /// Sends a packet to a peer, or asks the server to let it pass.
    pub(super) fn send(&mut self, to: SocketAddr, bytes: &[u8], now: Instant) -> Result<(), Over> {
        let moment = self.moment(now);
        if !self.client.have_permission(TransportType::Udp, to.ip()) {
            return self.knock(to, bytes, now);
        }
        // Whoever gets more than checks is worth a channel, which costs less in each packet.
        if bytes.first().is_some_and(|first| *first > 3)
            && !self.channels.contains(&to)
            && self.channels.len() < PEERS
        {
            self.channels.push(to);
            let _ = self.client.bind_channel(TransportType::Udp, to, moment);
            self.pass(now)?;
        }
        let Ok(Some(built)) = self.client.send_to(TransportType::Udp, to, bytes, moment) else {
            return Ok(());
        };
        let mut packet = std::mem::take(&mut self.packet);
        packet.resize(built.data.len(), 0);
        built.write_into(&mut packet);
        let emitted = self.emit(&packet);
        self.packet = packet;
        emitted
    }

    fn knock(&mut self, to: SocketAddr, bytes: &[u8], now: Instant) -> Result<(), Over> {
        if self.waiting.len() < WAITING {
            self.waiting.push((to, bytes.into()));
        }
        if self.peers.contains(&to.ip()) || self.peers.len() >= PEERS {
            return Ok(());
        }
        self.peers.push(to.ip());
        let _ = self.client.create_permission(TransportType::Udp, to.ip(), self.moment(now));
        self.pass(now)
    }

    /// Hands bytes to the system for the server. What it has no room for is lost, as any packet may be.
    fn emit(&mut self, bytes: &[u8]) -> Result<(), Over> {
        match &mut self.wire {
            Wire::Udp(socket) => match socket.send(bytes) {
                Err(err) if is_refusal(&err) => self.unreachable(&err),
                _ => Ok(()),
            },
            Wire::Tcp(stream) => {
                stream.send(bytes);
                self.resume()
            }
        }
    }

    /// Whether so much waits that more would only come late.
    pub(super) fn is_crowded(&self) -> bool {
        matches!(&self.wire, Wire::Tcp(stream) if stream.is_crowded())
    }

    /// There is room to write.
    pub(super) fn resume(&mut self) -> Result<(), Over> {
        let Wire::Tcp(stream) = &mut self.wire else { return Ok(()) };
        match stream.flush() {
            Ok(()) => Ok(()),
            Err(err) => {
                self.fault = Some(err.to_string());
                self.over("")
            }
        }
    }

    fn unreachable(&mut self, err: &io::Error) -> Result<(), Over> {
        self.fault = Some(format!("it cannot be reached: {err}"));
        // Once there it may be there again: ICE finds out whether it is.
        if self.relayed.is_some() { Ok(()) } else { self.over("") }
    }

    /// Reads what has come; whether there may be more. What peers sent is handed on.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        now: Instant,
        mut handle: impl FnMut(SocketAddr, &[u8]),
    ) -> Result<bool, Over> {
        let moment = self.moment(now);
        let (client, asked) = (&mut self.client, self.asked);
        let mut refusals = Vec::new();
        let (local, server) = (self.local, self.server);
        let mut take = |transport: TransportType, bytes: &[u8]| {
            if let Some(message) =
                stun::Message::read(bytes).filter(|message| asked == Some(message.transaction))
            {
                refusals.extend(message.error());
            }
            if let TurnRecvRet::PeerData(data) =
                client.recv(Transmit::new(bytes, transport, server, local), moment)
            {
                handle(data.peer, data.data());
            }
        };
        let more = match &mut self.wire {
            Wire::Udp(socket) => match socket.recv(buffer) {
                Ok(count) => {
                    take(TransportType::Udp, buffer.get(..count).unwrap_or_default());
                    true
                }
                Err(err) if err.kind() == ErrorKind::WouldBlock => false,
                // What comes next says so again.
                Err(err) => {
                    self.unreachable(&err)?;
                    false
                }
            },
            Wire::Tcp(stream) => match stream.read(|packet| take(TransportType::Tcp, packet)) {
                Ok(more) => more,
                Err(err) => {
                    self.fault = Some(err.to_string());
                    return self.over("").map(|()| false);
                }
            },
        };
        refusals.into_iter().try_for_each(|(code, words)| self.refuse(code, &words))?;
        self.pass(now)?;
        Ok(more)
    }

    /// The server does not do what it was asked for. Without an address that is the end: refusals of credentials
    /// cannot be signed, so the library waits for better ones.
    fn refuse(&mut self, code: u16, words: &str) -> Result<(), Over> {
        self.refused += u32::from(code == 401);
        self.fault = Some(match code {
            401 => format!("it refuses user name or password ({code} {words})"),
            _ => format!("it refuses ({code} {words})"),
        });
        // The first 401 asks for credentials, a 438 for newer ones.
        let goes_on = self.relayed.is_some() || code == 438 || code == 401 && self.refused == 1;
        if goes_on { Ok(()) } else { self.over("") }
    }

    /// Gives the address back.
    pub(super) fn close(&mut self, now: Instant) {
        // Requests keep a distance from each other, which the last need not.
        let moment = self.moment(now) + CADENCE;
        if self.client.delete(moment).is_ok() {
            while let Some(transmit) = self.client.poll_transmit(moment) {
                let _ = self.emit(&transmit.data);
            }
        }
    }

    /// Where it is to be forgotten.
    pub(super) fn deregister(&mut self, registry: &Registry) {
        let _ = match &mut self.wire {
            Wire::Udp(socket) => registry.deregister(socket),
            Wire::Tcp(stream) => registry.deregister(stream.io()),
        };
    }
}

/// Where to bind to, so that packets can leave for a server.
fn any(server: SocketAddr, from: Option<IpAddr>) -> SocketAddr {
    let unspecified: IpAddr = match server {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(from.unwrap_or(unspecified), 0)
}

/// Begins to connect.
fn connect(server: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let domain = socket2::Domain::for_address(server);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&any(server, from).into())?;
    match socket.connect(&server.into()) {
        Err(err) if !is_under_way(&err) => Err(err),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

fn is_under_way(err: &io::Error) -> bool {
    // EINPROGRESS of Linux, and of macOS and BSD.
    err.kind() == ErrorKind::WouldBlock || matches!(err.raw_os_error(), Some(115 | 36))
}

fn is_refusal(err: &io::Error) -> bool {
    !matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
