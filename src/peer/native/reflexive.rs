//! Under which address the world sees an engine's port, asked of a STUN server (RFC 8489): nobody waits for it.

use super::handle::{Command, Handle};
use crate::runtime;
use logic::stun::TransactionId;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use str0m::Candidate;
use tokio::sync::oneshot;

/// An answer is as good as new for so long: translators keep an unused port at least that long.
const FRESH: Duration = Duration::from_secs(20);
/// A request is made again when no answer came after these (RFC 8489 section 6.2.1).
const PATIENCE: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// A question that waits for its answer.
pub(super) struct Question {
    pub(super) transaction: TransactionId,
    pub(super) base: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) tell: oneshot::Sender<SocketAddr>,
}

/// What was learnt last.
#[derive(Clone, Default)]
pub(super) struct Reflexive(Arc<Mutex<Option<Known>>>);

struct Known {
    server: SocketAddr,
    since: Instant,
    candidate: Option<Candidate>,
}

impl Reflexive {
    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this server said a moment ago: the candidate, or that there is none.
    pub(super) fn known(&self, server: SocketAddr) -> Option<Option<Candidate>> {
        let known = self.lock();
        let known = known.as_ref().filter(|known| known.server == server && known.since.elapsed() < FRESH)?;
        Some(known.candidate.clone())
    }

    /// Asks `server` through the reading thread, in the background, from one of `bases`; `found` is called where
    /// the answer is a candidate.
    pub(super) fn ask(
        &self,
        reader: Arc<Handle>,
        server: SocketAddr,
        bases: Vec<SocketAddr>,
        found: impl FnOnce(Candidate) + Send + 'static,
    ) {
        let reflexive = self.clone();
        runtime::spawn(async move {
            let Some(base) = base(server, &bases) else { return };
            let mut transaction = TransactionId::default();
            for part in transaction.chunks_mut(4) {
                part.copy_from_slice(&gst::glib::random_int().to_be_bytes());
            }
            for patience in PATIENCE {
                let (tell, told) = oneshot::channel();
                reader.mention(Command::Ask(Question { transaction, base, server, tell }));
                let Ok(Ok(seen)) = tokio::time::timeout(patience, told).await else { continue };
                let candidate = Candidate::server_reflexive(seen, base, "udp").ok();
                let candidate = candidate.filter(|_| seen != base && seen.is_ipv4() == base.is_ipv4());
                let known = Known { server, since: Instant::now(), candidate: candidate.clone() };
                *reflexive.lock() = Some(known);
                if let Some(candidate) = candidate {
                    found(candidate);
                }
                return;
            }
            gst::info!(super::CAT, "the STUN server {server} does not answer; going on without it");
        });
    }
}

/// The address from which packets to this server leave, where it is one of these; else the best of them.
fn base(server: SocketAddr, bases: &[SocketAddr]) -> Option<SocketAddr> {
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    // Connecting sends nothing: it only has the system choose.
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(server).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    bases.iter().find(|base| base.ip() == ip).or(bases.first()).copied()
}
