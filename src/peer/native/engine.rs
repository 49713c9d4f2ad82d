//! The threads that serve sessions and the UDP port that they share; one engine for all elements of a process
//! that ask for the same port.

use super::addresses;
use super::handle::Handle;
use super::reflexive::Reflexive;
use super::routes::Key;
use super::socket;
use super::worker::Worker;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use str0m::Candidate;

/// Threads that an engine has at most where nobody says how many.
const MOST_THREADS: usize = 4;

/// An engine could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("listen on UDP port {port}: {cause}; choose another with property udp-port")]
    Port { port: u16, cause: io::Error },
    #[error("start the threads of the transport: {0}")]
    Threads(io::Error),
}

/// Threads that serve sessions through one port.
pub(crate) struct Engine {
    handles: Vec<Arc<Handle>>,
    threads: Vec<JoinHandle<()>>,
    /// What the sockets are bound to: the ports, by address family.
    bound: Vec<SocketAddr>,
    port: u16,
    reflexive: Reflexive,
}

/// The engines that ask for a port of their own choice.
static SHARED: Mutex<Vec<Weak<Engine>>> = Mutex::new(Vec::new());

impl Engine {
    /// The engine at `port`, started where there is none yet; 0: one of its own at any port. `threads`: 0 for
    /// as many as there are cores, up to four.
    ///
    /// # Errors
    /// The port is taken, or the system gives no threads.
    pub(crate) fn at(port: u16, threads: u32) -> Result<Arc<Self>, EngineError> {
        if port == 0 {
            return Self::start(port, threads);
        }
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|engine| engine.strong_count() > 0);
        if let Some(engine) = shared.iter().filter_map(Weak::upgrade).find(|engine| engine.port == port) {
            return Ok(engine);
        }
        let engine = Self::start(port, threads)?;
        shared.push(Arc::downgrade(&engine));
        Ok(engine)
    }

    fn start(port: u16, threads: u32) -> Result<Arc<Self>, EngineError> {
        let sockets = socket::bind(port).map_err(|cause| EngineError::Port { port, cause })?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let count = usize::try_from(threads).ok().filter(|count| *count > 0).unwrap_or_else(cores);
        let workers = Worker::all(count, &sockets).map_err(EngineError::Threads)?;
        let handles = workers.iter().map(|worker| worker.handle().clone()).collect();
        let mut engine =
            Self { handles, threads: Vec::new(), bound: Vec::new(), port, reflexive: Reflexive::default() };
        engine.bound = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
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
        let bound = self.bound.iter().find(|bound| bound.is_ipv4() == server.is_ipv4());
        let (Some(bound), Some(reader)) = (bound, self.reader()) else { return (None, false) };
        self.reflexive.ask(reader.clone(), server, bound.port(), found);
        (None, true)
    }

    /// Where this host can be reached, best first.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let port = |v4: bool| self.bound.iter().find(|bound| bound.is_ipv4() == v4).map(SocketAddr::port);
        let all = addresses::local().into_iter();
        all.filter_map(|ip| Some(SocketAddr::new(ip, port(ip.is_ipv4())?))).collect()
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
    }
}
