//! The UDP sockets of an engine, one for each address family or address, and sending through them in batches.

use super::addresses;
use super::connections::Connections;
use super::relays::Relays;
use mio::{Interest, Registry, Token};
use quinn_udp::{RecvMeta, UdpSocketState};
use socket2::{Domain, Type};
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Instant;
use str0m::net::{Protocol, Transmit};

/// Asked of the kernel for what is on its way out and in; it may give less.
const BUFFER: usize = 4 << 20;
/// A batch is no larger: what one segmented datagram may hold (bytes).
const BATCH: usize = 60_000;
/// What may wait for the network interface before packets are dropped, the oldest first (bytes).
const BACKLOG: usize = 4 << 20;
/// Failures in a row after which a socket is left alone until it has something.
const MOST_FAILURES: u32 = 16;
/// Connections that the system keeps until they are taken.
const BACKLOG_OF_CONNECTIONS: i32 = 128;
/// Datagrams read at once.
const READS: usize = 8;

/// A socket for everything that is sent and received through an address.
///
/// # Errors
/// The port is taken, or the address not there.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let ip = address.ip();
    let domain = if ip.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(socket2::Protocol::UDP))?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    let _ = socket.set_send_buffer_size(BUFFER);
    let _ = socket.set_recv_buffer_size(BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Takes TCP connections to an address.
///
/// # Errors
/// The port is taken, or the address not there.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket =
        socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections that have just ended do not keep the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG_OF_CONNECTIONS)?;
    Ok(socket.into())
}

/// A thread's handle to a socket.
struct Socket {
    io: mio::net::UdpSocket,
    /// For checks, whose destinations nobody has proven: an error there says nothing about batches.
    checks: UdpSocketState,
    media: UdpSocketState,
    local: SocketAddr,
    /// How often in a row reading failed.
    failures: u32,
}

impl Socket {
    /// Whether there may be more after a failure. Most are of one packet, as when its sender is gone; one that
    /// stays, as when the interface is gone, is waited for.
    fn goes_on_after(&mut self, err: &io::Error) -> bool {
        self.failures = if err.kind() == io::ErrorKind::WouldBlock { 0 } else { self.failures + 1 };
        if self.failures == MOST_FAILURES {
            gst::warning!(
                super::CAT,
                "receiving at {} failed: {err}; waiting for it to work again",
                self.local
            );
            self.failures = 0;
            return false;
        }
        self.failures > 0
    }
}

/// The way in and out of a thread.
pub(super) struct Sockets {
    sockets: Vec<Socket>,
    batch: Batch,
    /// What the kernel did not take yet.
    waiting: VecDeque<Batch>,
    waiting_bytes: usize,
    buffers: Vec<Vec<u8>>,
    pub(super) relays: Relays,
    pub(super) connections: Connections,
}

/// Datagrams of one size, the last perhaps shorter, to one destination.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    count: usize,
    segment: usize,
    /// From and to.
    path: Option<(SocketAddr, SocketAddr)>,
}

/// Which way a packet went.
pub(super) enum Sent {
    Direct,
    /// Through a relay or a connection; whether more should wait.
    Elsewhere {
        crowded: bool,
    },
}

/// Where a session's packets go.
pub(super) trait Way {
    fn send(&mut self, transmit: &Transmit) -> Sent;
}

impl Way for Sockets {
    fn send(&mut self, transmit: &Transmit) -> Sent {
        let (from, to, bytes) = (transmit.source, transmit.destination, &transmit.contents);
        match transmit.proto {
            Protocol::Udp => self.send(from, to, bytes),
            _ => Sent::Elsewhere { crowded: self.connections.send(from, to, bytes) },
        }
    }
}

/// A packet that came.
pub(super) struct Datagram<'a> {
    pub(super) protocol: Protocol,
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) bytes: &'a [u8],
}

impl Sockets {
    /// Handles of its own to sockets that other threads use too.
    pub(super) fn new(bound: &[UdpSocket]) -> io::Result<Self> {
        let sockets = bound.iter().map(|socket| {
            let socket = socket.try_clone()?;
            let local = socket.local_addr()?;
            let checks = UdpSocketState::new((&socket).into())?;
            let media = UdpSocketState::new((&socket).into())?;
            Ok(Socket { io: mio::net::UdpSocket::from_std(socket), checks, media, local, failures: 0 })
        });
        Ok(Self {
            sockets: sockets.collect::<io::Result<_>>()?,
            batch: Batch::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            buffers: Vec::new(),
            relays: Relays::default(),
            connections: Connections::default(),
        })
    }

    /// When something other than a session is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.relays.deadline().into_iter().chain(self.connections.deadline()).min()
    }

    /// Does what is due.
    pub(super) fn be_punctual(&mut self, now: Instant) {
        self.relays.be_punctual(now);
        self.connections.be_punctual(now);
    }

    /// Has a thread told when there is something to read, where it is to, or room to write.
    pub(super) fn register(&mut self, registry: &Registry, reads: bool) -> io::Result<()> {
        let interest = if reads { Interest::READABLE | Interest::WRITABLE } else { Interest::WRITABLE };
        for (index, socket) in self.sockets.iter_mut().enumerate() {
            registry.register(&mut socket.io, Token(index), interest)?;
        }
        if reads {
            self.buffers = vec![vec![0; 1 << 16]; READS];
        }
        Ok(())
    }

    /// Sends a datagram, with those that follow it to the same place.
    pub(super) fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Sent {
        if let Some(crowded) = self.relays.send(from, to, bytes) {
            return Sent::Elsewhere { crowded };
        }
        if !addresses::reachable(from.ip(), to) {
            return Sent::Direct;
        }
        if !self.batch.takes((from, to), bytes, self.most_segments(from)) {
            self.flush();
        }
        self.batch.push((from, to), bytes);
        Sent::Direct
    }

    /// The one that has this address, or all of its family. A relay's that is gone has none.
    fn socket(&self, from: SocketAddr) -> Option<&Socket> {
        self.sockets.iter().find(|socket| {
            let ip = socket.local.ip();
            let its = ip == from.ip() || ip.is_unspecified() && ip.is_ipv4() == from.is_ipv4();
            its && socket.local.port() == from.port()
        })
    }

    fn most_segments(&self, from: SocketAddr) -> usize {
        self.socket(from).map_or(1, |socket| socket.media.max_gso_segments())
    }

    /// Sends what is being gathered.
    pub(super) fn flush(&mut self) {
        if self.batch.count == 0 {
            return;
        }
        if self.is_blocked() || !self.transmit(&self.batch) {
            let batch = std::mem::take(&mut self.batch);
            self.hold(batch);
        }
        self.batch.clear();
    }

    /// Whether packets wait for the network interface.
    pub(super) fn is_blocked(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn hold(&mut self, batch: Batch) {
        self.waiting_bytes += batch.bytes.len();
        self.waiting.push_back(batch);
        while self.waiting_bytes > BACKLOG
            && let Some(dropped) = self.waiting.pop_front()
        {
            self.waiting_bytes -= dropped.bytes.len();
        }
    }

    /// There may be room again.
    pub(super) fn resume(&mut self) {
        while let Some(batch) = self.waiting.pop_front() {
            if !self.transmit(&batch) {
                self.waiting.push_front(batch);
                return;
            }
            self.waiting_bytes -= batch.bytes.len();
        }
    }

    /// Hands a batch to the kernel; false where it has no room. Any other failure is as good as a lost packet.
    fn transmit(&self, batch: &Batch) -> bool {
        let Some((from, to)) = batch.path else { return true };
        let Some(socket) = self.socket(from) else { return true };
        let state = if batch.is_check() { &socket.checks } else { &socket.media };
        let send = |contents: &[u8], segment_size: Option<usize>| {
            let transmit = quinn_udp::Transmit {
                destination: to,
                ecn: None,
                contents,
                segment_size,
                src_ip: Some(from.ip()),
            };
            state.try_send((&socket.io).into(), &transmit)
        };
        let segments = (batch.count > 1).then_some(batch.segment);
        match send(&batch.bytes, segments) {
            Ok(()) => true,
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => false,
            // The network interface cannot cut them: they go one by one, from now on.
            Err(_) if segments.is_some() && state.max_gso_segments() == 1 => {
                batch.bytes.chunks(batch.segment.max(1)).for_each(|packet| {
                    let _ = send(packet, None);
                });
                true
            }
            Err(_) => true,
        }
    }

    /// Reads some of what has come in through a socket and hands it on; whether there may be more.
    pub(super) fn receive(&mut self, token: Token, mut handle: impl FnMut(&Datagram<'_>)) -> bool {
        let mut metas = [RecvMeta::default(); READS];
        let Some(socket) = self.sockets.get_mut(token.0) else { return false };
        let mut slices: Vec<_> = self.buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
        let (port, read) =
            (socket.local.port(), socket.media.recv((&socket.io).into(), &mut slices, &mut metas));
        let count = match read {
            Ok(count) => count,
            Err(err) => return socket.goes_on_after(&err),
        };
        socket.failures = 0;
        for (meta, buffer) in metas.iter().zip(&self.buffers).take(count) {
            let Some(ip) = meta.dst_ip else { continue };
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            for bytes in bytes.chunks(meta.stride.max(1)) {
                let (source, destination) = (meta.addr, SocketAddr::new(ip, port));
                handle(&Datagram { protocol: Protocol::Udp, source, destination, bytes });
            }
        }
        true
    }
}

impl Batch {
    fn takes(&self, path: (SocketAddr, SocketAddr), bytes: &[u8], most: usize) -> bool {
        if self.count == 0 {
            return true;
        }
        // The last one may be shorter, and then is the last.
        let whole = self.bytes.len() == self.count * self.segment;
        self.path == Some(path)
            && whole
            && bytes.len() <= self.segment
            && self.count < most
            && self.bytes.len() + bytes.len() <= BATCH
            && !self.is_check()
            && !is_check(bytes)
    }

    fn push(&mut self, path: (SocketAddr, SocketAddr), bytes: &[u8]) {
        if self.count == 0 {
            self.segment = bytes.len();
            self.path = Some(path);
        }
        self.bytes.extend_from_slice(bytes);
        self.count += 1;
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    fn is_check(&self) -> bool {
        is_check(&self.bytes)
    }
}

/// Whether this is STUN (RFC 7983).
pub(super) fn is_check(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| *byte < 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_of_one_packet_and_one_that_stays_is_waited_for() {
        let mut sockets = Sockets::new(&[bind("127.0.0.1:0".parse().unwrap()).unwrap()]).unwrap();
        let socket = &mut sockets.sockets[0];
        let gone = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(socket.goes_on_after(&gone()));
        assert!(!socket.goes_on_after(&io::ErrorKind::WouldBlock.into()));
        let went_on = (0..1000).take_while(|_| socket.goes_on_after(&gone())).count();
        assert!(went_on < 100, "it reads on and on");
    }

    #[test]
    fn packets_that_have_no_way_are_lost_and_hold_nobody_up() {
        let bound = [bind("127.0.0.1:0".parse().unwrap()).unwrap()];
        let port = bound[0].local_addr().unwrap().port();
        let mut sockets = Sockets::new(&bound).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        let to = peer.local_addr().unwrap();
        // No such family, an address that is not this host's, the port of a relay that is gone.
        for from in [("::1", port), ("203.0.113.1", port), ("127.0.0.1", port ^ 1)] {
            sockets.send(SocketAddr::new(from.0.parse().unwrap(), from.1), to, b"lost");
            sockets.send(
                SocketAddr::new(from.0.parse().unwrap(), from.1),
                "192.0.2.1:9".parse().unwrap(),
                b"lost",
            );
        }
        sockets.send(SocketAddr::new("127.0.0.1".parse().unwrap(), port), to, b"sent");
        sockets.flush();
        assert!(!sockets.is_blocked());
        let mut bytes = [0; 8];
        let (count, from) = peer.recv_from(&mut bytes).unwrap();
        assert_eq!((&bytes[..count], from.port()), (&b"sent"[..], port));
    }
}
