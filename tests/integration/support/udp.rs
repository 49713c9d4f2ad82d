//! A network between a sink and its viewer, which can lose packets, delay them or fall silent.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the network does to packets.
#[derive(Default)]
pub(crate) struct Weather {
    /// Of so many packets of media for the viewer one is lost; 0: none.
    pub(crate) loss: AtomicUsize,
    /// How long what the viewer says is on its way (ms).
    pub(crate) delay: AtomicU64,
    /// Nothing gets through any more.
    pub(crate) silent: AtomicBool,
    /// Packets of media that were lost.
    pub(crate) lost: AtomicUsize,
    /// Packets that were sent again.
    pub(crate) repeated: AtomicUsize,
    /// The size of the largest datagram with media, sent again or not.
    pub(crate) largest: AtomicUsize,
    media: AtomicUsize,
    stop: AtomicBool,
}

/// A sink as its description has it.
#[derive(Default)]
struct Sink {
    address: OnceLock<SocketAddr>,
    /// Payload types in which packets are sent again.
    repeats: OnceLock<Vec<u8>>,
}

/// A network with one socket for viewers, and one towards the sink for each of their addresses.
pub(crate) struct Network {
    pub(crate) weather: Arc<Weather>,
    socket: Arc<UdpSocket>,
    thread: Option<JoinHandle<()>>,
    sink: Arc<Sink>,
}

impl Network {
    pub(crate) fn start() -> Self {
        let socket = Arc::new(UdpSocket::bind("0.0.0.0:0").unwrap());
        let (weather, sink) = (Arc::<Weather>::default(), Arc::<Sink>::default());
        let (from, state, to) = (socket.clone(), weather.clone(), sink.clone());
        let thread = std::thread::spawn(move || up(&from, &state, &to));
        Self { weather, socket, thread: Some(thread), sink }
    }

    /// Where the sink is.
    pub(crate) fn sink(&self) -> SocketAddr {
        *self.sink.address.get().unwrap()
    }

    /// The sink's description as its viewer is to see it: at this network. Where it has no IPv4, only the side
    /// towards the sink is IPv6.
    pub(crate) fn between(&self, sdp: &str) -> String {
        let (port, outside) = (self.socket.local_addr().unwrap().port(), own_address());
        let has_v4 = sdp.lines().any(|line| line.starts_with("a=candidate:") && !line.contains("::"));
        let repeats = sdp.lines().filter_map(|line| {
            let (payload_type, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            name.starts_with("rtx/").then(|| payload_type.parse().unwrap())
        });
        let _ = self.sink.repeats.set(repeats.collect());
        let lines = sdp.lines().filter_map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            let (true, [_, _, _, _, ip, its, ..]) = (line.starts_with("a=candidate:"), &*words) else {
                return Some(line.to_owned());
            };
            let loopback: IpAddr = match ip.parse().unwrap() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) if has_v4 => return None,
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            };
            let _ = self.sink.address.set(SocketAddr::new(loopback, its.parse().unwrap()));
            Some(line.replace(&format!(" {ip} {its} "), &format!(" {outside} {port} ")))
        });
        lines.map(|line| format!("{line}\r\n")).collect()
    }
}

impl Network {
    /// The same of a candidate that comes later; nothing where the network has no place for another.
    pub(crate) fn instead_of(&self, candidate: &str) -> Option<String> {
        let words: Vec<_> = candidate.split(' ').collect();
        let [_, _, "UDP" | "udp", _, ip, port, "typ", "host", ..] = *words else { return None };
        let address = SocketAddr::new(ip.parse().ok().filter(IpAddr::is_ipv4)?, port.parse().unwrap());
        self.sink.address.set(address).ok()?;
        let (port, outside) = (self.socket.local_addr().unwrap().port(), own_address());
        Some(candidate.replace(&format!(" {ip} {} ", address.port()), &format!(" {outside} {port} ")))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.weather.stop.store(true, Ordering::SeqCst);
        wake(&self.socket);
        let _ = self.thread.take().unwrap().join();
    }
}

/// Has a thread that reads this socket look whether it is to stop.
fn wake(socket: &UdpSocket) {
    let address = socket.local_addr().unwrap();
    let loopback: IpAddr =
        if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let _ = socket.send_to(&[], (loopback, address.port()));
}

/// The address from which this host speaks to others.
pub(crate) fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Sends nothing.
    match socket.connect("192.0.2.1:9") {
        Ok(()) => socket.local_addr().unwrap().ip(),
        Err(_) => Ipv4Addr::LOCALHOST.into(),
    }
}

/// From the viewers to the sink.
fn up(viewers: &Arc<UdpSocket>, weather: &Arc<Weather>, sink: &Arc<Sink>) {
    let mut ways: HashMap<SocketAddr, (Arc<UdpSocket>, JoinHandle<()>)> = HashMap::new();
    let mut on_the_way: VecDeque<(Instant, Arc<UdpSocket>, Vec<u8>)> = VecDeque::new();
    let mut packet = [0; 2048];
    while !weather.stop.load(Ordering::SeqCst) {
        let next = on_the_way.front().map(|(at, ..)| at.saturating_duration_since(Instant::now()));
        viewers.set_read_timeout(next.map(|wait| wait.max(Duration::from_millis(1)))).unwrap();
        let came = viewers.recv_from(&mut packet);
        let now = Instant::now();
        if let (Ok((size, viewer)), Some(to)) = (came, sink.address.get().copied()) {
            let (way, _) = ways.entry(viewer).or_insert_with(|| {
                let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::1]:0" };
                let way = Arc::new(UdpSocket::bind(any).unwrap());
                let (from, back) = (way.clone(), viewers.clone());
                let (weather, sink) = (weather.clone(), sink.clone());
                (way, std::thread::spawn(move || down(&from, &back, viewer, &weather, &sink)))
            });
            let delay = Duration::from_millis(weather.delay.load(Ordering::SeqCst));
            on_the_way.push_back((now + delay, way.clone(), packet[..size].to_vec()));
        }
        while on_the_way.front().is_some_and(|(at, ..)| *at <= now) {
            let (Some((_, way, packet)), Some(to)) = (on_the_way.pop_front(), sink.address.get().copied())
            else {
                break;
            };
            if !weather.silent.load(Ordering::SeqCst) {
                let _ = way.send_to(&packet, to);
            }
        }
    }
    for (way, thread) in ways.into_values() {
        wake(&way);
        let _ = thread.join();
    }
}

/// From the sink to one viewer.
fn down(way: &UdpSocket, viewers: &UdpSocket, viewer: SocketAddr, weather: &Weather, sink: &Sink) {
    let mut packet = [0; 2048];
    while let Ok((size, _)) = way.recv_from(&mut packet)
        && !weather.stop.load(Ordering::SeqCst)
    {
        let repeats = sink.repeats.get().map_or(&[][..], |repeats| repeats);
        if !weather.silent.load(Ordering::SeqCst) && !weather.loses(&packet[..size], repeats) {
            let _ = viewers.send_to(&packet[..size], viewer);
        }
    }
}

impl Weather {
    /// Packets take so long to the sink (ms), and of so many that carry media one is lost.
    pub(crate) fn of(delay: u64, loss: usize) -> Self {
        Self { delay: delay.into(), loss: loss.into(), ..Self::default() }
    }

    pub(crate) fn become_like(&self, other: &Self) {
        self.delay.store(other.delay.load(Ordering::SeqCst), Ordering::SeqCst);
        self.loss.store(other.loss.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn loses(&self, packet: &[u8], repeats: &[u8]) -> bool {
        let [128..=191, second, ..] = *packet else { return false };
        // 64 to 95 are reports (RFC 5761 section 4).
        let payload_type = second & 0x7f;
        if (64..96).contains(&payload_type) {
            return false;
        }
        self.largest.fetch_max(packet.len(), Ordering::SeqCst);
        if repeats.contains(&payload_type) {
            self.repeated.fetch_add(1, Ordering::SeqCst);
            return false;
        }
        let (count, loss) = (self.media.fetch_add(1, Ordering::SeqCst), self.loss.load(Ordering::SeqCst));
        let lost = loss > 0 && count % loss == loss - 1;
        self.lost.fetch_add(usize::from(lost), Ordering::SeqCst);
        lost
    }
}

/// A socket that takes a key unit in at once, however long its owner has to wait for a turn.
pub(crate) fn roomy(address: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 20).unwrap();
    socket
}
