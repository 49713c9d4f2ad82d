//! The one session of a source: who may begin, who is told, and when the next is asked for.

use super::imp::CAT;
use super::stats::Flows;
use super::timing::Timing;
use crate::data_channel::{Channels, RemoteControl};
use crate::peer::{Certificate, Connection, IceServers, Receiver};
use crate::runtime;
use crate::session::{EventSender, Events};
use crate::signaller::{Signallable, want_session};
use gst::prelude::*;
use logic::negotiation::{EndReason, Event};
use logic::returning::Returning;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A producer that sends nothing for so long, not even reports, while another comes, is taken for gone.
const SILENCE: Duration = Duration::from_secs(3);
/// How often it is looked at whether it does, and how many times.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: u32 = 60;

/// The one session.
pub(super) struct Consumer {
    pub(super) certificate: Arc<Certificate>,
    pub(super) servers: IceServers,
    current: Mutex<Option<Current>>,
    changed: Condvar,
    /// The application has ended the streams.
    finished: AtomicBool,
    /// The element stops, or has.
    stopped: AtomicBool,
    /// Whether it is being looked at whether the session is silent.
    looking: AtomicBool,
    began: Instant,
    returning: Mutex<Returning>,
}

struct Current {
    id: String,
    peer_id: String,
    events: EventSender,
    data: Option<Data>,
}

/// What others ask of a session once it has a transport.
#[derive(Clone)]
pub(super) struct Data {
    pub(super) transport: Weak<Receiver>,
    pub(super) channels: Weak<Channels>,
    pub(super) remote: Weak<RemoteControl>,
    pub(super) timing: Weak<Timing>,
    pub(super) flows: Weak<Flows>,
}

impl Consumer {
    /// No session yet.
    pub(super) fn new(certificate: Certificate, servers: IceServers) -> Self {
        Self {
            certificate: Arc::new(certificate),
            servers,
            current: Mutex::default(),
            changed: Condvar::new(),
            finished: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            looking: AtomicBool::new(false),
            began: Instant::now(),
            returning: Mutex::new(Returning::new(seed())),
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, session: &str, event: Event) -> bool {
        let events =
            self.current().as_ref().filter(|current| current.id == session).map(|c| c.events.clone());
        events.map(|events| events.send(event)).is_some()
    }

    /// Ends the session; whether there is one.
    pub(super) fn fail(&self, reason: EndReason) -> bool {
        let events = self.current().as_ref().map(|current| current.events.clone());
        let events = events.filter(|events| !events.is_closed());
        events.map(|events| events.send(Event::Failed(reason))).is_some()
    }

    /// Takes a session on; `None` where one is running already.
    pub(super) fn admit(&self, id: &str, peer_id: &str) -> Option<(EventSender, Events)> {
        let mut current = self.current();
        let is_over = self.is_finished() || self.stopped.load(Ordering::Relaxed);
        if is_over || current.as_ref().is_some_and(|current| !current.events.is_closed()) {
            return None;
        }
        let (events, reader) = EventSender::new();
        *current =
            Some(Current { id: id.into(), peer_id: peer_id.into(), events: events.clone(), data: None });
        Some((events, reader))
    }

    pub(super) fn keep(&self, session: &str, data: Data) {
        if let Some(current) = self.current().as_mut().filter(|current| current.id == session) {
            current.data = Some(data);
        }
    }

    /// The data channels of this session, of any where none is named.
    pub(super) fn data(&self, session: Option<&str>) -> Option<Data> {
        let current = self.current();
        let current = current.as_ref()?;
        current.data.clone().filter(|_| session.is_none_or(|id| id.is_empty() || id == current.id))
    }

    pub(super) fn remove(&self, session: &str) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.id == session) {
            *current = None;
        }
        drop(current);
        self.changed.notify_all();
    }

    /// No session begins from now on.
    pub(super) fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    /// The element stops: what ends now does not end the streams.
    pub(super) fn resume(&self) {
        self.finished.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    fn returning(&self) -> MutexGuard<'_, Returning> {
        self.returning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connected(&self) {
        self.returning().connected(self.began.elapsed());
    }

    /// Asks for the next session when it is time to, unless one has come by then.
    pub(super) fn ask_again(self: &Arc<Self>, signaller: &Signallable) {
        let delay = self.returning().ended(self.began.elapsed());
        gst::info!(CAT, obj = signaller, "asking for another session in {} ms", delay.as_millis());
        let (consumer, signaller) = (Arc::downgrade(self), signaller.downgrade());
        runtime::spawn(async move {
            tokio::time::sleep(delay).await;
            let waits = consumer
                .upgrade()
                .is_some_and(|consumer| consumer.current().is_none() && !consumer.is_finished());
            if let Some(signaller) = signaller.upgrade().filter(|_| waits) {
                runtime::spawn_blocking(move || want_session(&signaller));
            }
        });
    }

    /// A producer came. Ours may have been started again, and the server keeps the place of the one that is gone: its
    /// session ends as soon as it is silent, instead of when its consent has run out.
    pub(super) fn look_after(self: &Arc<Self>, producer: &str) {
        let examined =
            self.current().as_ref().filter(|current| current.peer_id != producer).map(|c| c.id.clone());
        let Some(session) = examined else { return };
        if self.looking.swap(true, Ordering::Relaxed) {
            return;
        }
        let consumer = Arc::downgrade(self);
        runtime::spawn(async move {
            let mut tick = tokio::time::interval(LOOK);
            for _ in 0..LOOKS {
                tick.tick().await;
                let Some(consumer) = consumer.upgrade() else { return };
                let transport = consumer.data(Some(&session)).and_then(|data| data.transport.upgrade());
                if transport.is_some_and(|transport| transport.silence() >= SILENCE) {
                    consumer.tell(&session, Event::Failed(EndReason::TransportFailed));
                    break;
                }
            }
            if let Some(consumer) = consumer.upgrade() {
                consumer.looking.store(false, Ordering::Relaxed);
            }
        });
    }

    /// The element stops.
    pub(super) fn end(&self, limit: Duration) {
        let current = self.current();
        // Under the lock under which sessions are taken on.
        self.stopped.store(true, Ordering::Relaxed);
        let Some(running) = current.as_ref() else { return };
        running.events.send(Event::Failed(EndReason::Stopping));
        if runtime::is_current() {
            return;
        }
        let waited = self.changed.wait_timeout_while(current, limit, |current| current.is_some());
        drop(waited);
    }
}

/// Differs from element to element, so that they do not all come back in the same instant.
fn seed() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos().into())
}
