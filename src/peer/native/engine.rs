//! The threads that serve sessions and the UDP port that they share; one engine for all elements of a process
//! that ask for the same port.

use super::addresses;
use super::clock;
use super::handle::Handle;
use super::listening::Listen;
use super::reflexive::Reflexive;
use super::routes::Key;
use super::worker::Worker;
use logic::addresses::Ports;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use str0m::Candidate;

/// Threads that an engine has at most where nobody says how many.
const MOST_THREADS: usize = 4;
/// For how long an engine on its way out is waited for that has the port; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// An engine could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("listen on UDP port {port}: {cause}; choose another with property udp-port")]
    Port { port: u16, cause: io::Error },
    #[error(
        "listen on one of the UDP ports {first} to {last}: {cause}; choose others with properties udp-port and \
         udp-port-max"
    )]
    Range { first: u16, last: u16, cause: io::Error },
    #[error(
        "share UDP port {port} with another element of this process: its {property} differs; give both the same, \
         or this one a udp-port of its own"
    )]
    Contradiction { port: u16, property: &'static str },
    #[error("listen: {properties} none of this host's addresses: {own}")]
    NoAddress { properties: &'static str, own: String },
    #[error("start the threads of the transport: {0}")]
    Threads(io::Error),
}

/// Threads that serve sessions through one port.
pub(crate) struct Engine {
    handles: Vec<Arc<Handle>>,
    threads: Vec<JoinHandle<()>>,
    /// What the sockets are bound to: the ports, by address family.
    bound: Vec<SocketAddr>,
    /// Whether viewers may connect to them over TCP.
    tcp: bool,
    listen: Listen,
    reflexive: Reflexive,
    end: Arc<End>,
}

/// Whether an engine's port is free again.
#[derive(Default)]
struct End {
    free: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn come(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_there(&self) -> bool {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, limit: Duration) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(free, limit, |free| !*free));
    }
}

/// An engine at ports that were asked for, until they are free again.
struct Entry {
    ports: Ports,
    engine: Weak<Engine>,
    end: Arc<End>,
}

static SHARED: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

impl Engine {
    /// The engine at the ports that are asked for, started where there is none yet; one of its own at any port.
    ///
    /// # Errors
    /// The port is taken or shared with somebody who wants something else of it, or the system gives no threads.
    pub(crate) fn at(listen: Listen) -> Result<Arc<Self>, EngineError> {
        clock::start();
        if listen.ports.is_any() {
            return Self::start(listen);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            shared.retain(|entry| !entry.end.is_there());
            let mut same = shared.iter().filter(|entry| entry.ports == listen.ports);
            if let Some(engine) = same.find_map(|entry| entry.engine.upgrade()) {
                drop(shared);
                let (port, _) = listen.ports.bounds();
                return match listen.contradiction(&engine.listen) {
                    Some(property) => Err(EngineError::Contradiction { port, property }),
                    None => Ok(engine),
                };
            }
            // Whoever held it last may still be letting go of it, on any thread.
            let going =
                |entry: &&Entry| entry.engine.strong_count() == 0 && entry.ports.overlap(&listen.ports);
            let left = until.saturating_duration_since(Instant::now());
            let Some(end) =
                shared.iter().find(going).map(|entry| entry.end.clone()).filter(|_| !left.is_zero())
            else {
                let engine = Self::start(listen)?;
                let (ports, end) = (engine.listen.ports.clone(), engine.end.clone());
                shared.push(Entry { ports, engine: Arc::downgrade(&engine), end });
                return Ok(engine);
            };
            drop(shared);
            end.wait(left);
        }
    }

    fn start(listen: Listen) -> Result<Arc<Self>, EngineError> {
        let sockets = listen.bind()?;
        let tcp = !sockets.tcp.is_empty();
        let bound = sockets.udp.iter().filter_map(|socket| socket.local_addr().ok()).collect();
        let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let count = usize::try_from(listen.threads).ok().filter(|count| *count > 0).unwrap_or_else(cores);
        let workers = Worker::all(count, sockets).map_err(EngineError::Threads)?;
        let handles = workers.iter().map(|worker| worker.handle().clone()).collect();
        let mut engine = Self {
            handles,
            threads: Vec::new(),
            bound,
            tcp,
            listen,
            reflexive: Reflexive::default(),
            end: Arc::default(),
        };
        for worker in workers {
            let thread = std::thread::Builder::new().name("webrtc-native".into());
            engine.threads.push(thread.spawn(move || worker.run()).map_err(EngineError::Threads)?);
        }
        Ok(Arc::new(engine))
    }

    /// A place for a new session: its key and the thread that serves the fewest.
    pub(super) fn place(&self) -> Option<(Key, &Arc<Handle>)> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let handle = self.handles.iter().min_by_key(|handle| handle.sessions())?;
        Some((NEXT.fetch_add(1, Ordering::Relaxed), handle))
    }

    /// The thread that knows whose a packet is.
    pub(super) fn reader(&self) -> Option<&Arc<Handle>> {
        self.handles.first()
    }

    /// The candidate that a STUN server has just told; else it is asked, and `found` called where it tells one.
    /// The second part: whether that may happen.
    pub(super) fn reflexive(
        &self,
        server: SocketAddr,
        found: impl FnOnce(Candidate) + Send + 'static,
    ) -> (Option<Candidate>, bool) {
        if let Some(known) = self.reflexive.known(server) {
            return (known, false);
        }
        let Some(reader) = self.reader() else { return (None, false) };
        let bases: Vec<_> =
            self.addresses().into_iter().filter(|base| addresses::reachable(base.ip(), server)).collect();
        if bases.is_empty() {
            return (None, false);
        }
        self.reflexive.ask(reader.clone(), server, bases, found);
        (None, true)
    }

    /// Whether viewers may connect over TCP.
    pub(super) fn takes_tcp(&self) -> bool {
        self.tcp
    }

    /// The address to reach a server from, where not every address may be used.
    pub(super) fn way_to(&self, server: SocketAddr) -> Option<IpAddr> {
        if self.bound.iter().all(|bound| bound.ip().is_unspecified()) {
            return None;
        }
        let bases = self.addresses();
        let mut ips = bases.iter().map(SocketAddr::ip).filter(|ip| addresses::reachable(*ip, server));
        ips.next()
    }

    /// Where this host can be reached, best first.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let port = |ip: IpAddr| {
            let mut bound = self.bound.iter();
            let socket = bound.find(|bound| {
                bound.ip() == ip || bound.ip().is_unspecified() && bound.is_ipv4() == ip.is_ipv4()
            });
            socket.map(SocketAddr::port)
        };
        let all = self.listen.addresses().into_iter();
        all.filter_map(|ip| Some(SocketAddr::new(ip, port(ip)?))).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.stop();
        }
        // The port is free when this returns.
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.end.come();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use logic::addresses::{Names, Networks};
    use std::net::UdpSocket;

    fn on(ports: (u16, u16)) -> Listen {
        Listen {
            ports: Ports::new(ports.0.into(), ports.1.into()).unwrap(),
            threads: 2,
            interfaces: Names::read(""),
            networks: Networks::read("127.0.0.1").unwrap(),
            tcp: false,
        }
    }

    #[test]
    fn an_engine_that_is_on_its_way_out_does_not_keep_the_next_from_its_port() {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for _ in 0..30 {
            let engine = Engine::at(on((free, 0))).unwrap();
            let last = std::thread::spawn(move || drop(engine));
            for _ in 0..20 {
                drop(Engine::at(on((free, 0))).unwrap());
            }
            last.join().unwrap();
        }
    }

    #[test]
    fn a_port_of_a_range_is_waited_for_too_while_its_engine_is_on_its_way_out() {
        for _ in 0..20 {
            let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
            let port = taken.local_addr().unwrap().port();
            let end = Arc::<End>::default();
            let ports = on((port.saturating_sub(1), port)).ports;
            SHARED.lock().unwrap().push(Entry { ports, engine: Weak::new(), end: end.clone() });
            let last = std::thread::spawn(move || {
                drop(taken);
                end.come();
            });
            Engine::at(on((port, 0))).unwrap();
            last.join().unwrap();
        }
    }
}
