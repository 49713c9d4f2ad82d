//! One peer's place at the server: what it is to be told, what it has said, and the connection that carries it.
//!
//! A peer before 1.2 is as old as its connection. One that speaks 1.2 outlives it: its messages are kept until
//! it says that they have arrived.

use crate::door::Visit;
use crate::ending::Ending;
use async_tungstenite::tungstenite::Utf8Bytes;
use protocol::{Full, Outbox, PeerId, ServerMessage};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What a message costs beside its text.
const OVERHEAD: usize = 64;

/// Whether what the library has to say has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flush {
    Done,
    Wanted,
    Never,
}

/// A connection as those see it who have something for it.
#[derive(Debug)]
pub(crate) struct Line {
    news: Notify,
    over: Notify,
    tuned: Notify,
    flushed: Notify,
    flush: Mutex<Flush>,
    ending: Mutex<Option<Ending>>,
    /// After which silence the connection is lost, in milliseconds.
    silence: AtomicU64,
}

impl Line {
    pub(crate) fn new(silence: Duration) -> Arc<Self> {
        let line = Arc::new(Self {
            news: Notify::new(),
            over: Notify::new(),
            tuned: Notify::new(),
            flushed: Notify::new(),
            flush: Mutex::new(Flush::Done),
            ending: Mutex::new(None),
            silence: AtomicU64::new(0),
        });
        line.set_silence(silence);
        line
    }

    /// Has the connection ended. The first reason stays.
    pub(crate) fn end(&self, ending: Ending) {
        lock(&self.ending).get_or_insert(ending);
        self.over.notify_one();
    }

    /// Resolves when the connection has to end, with the reason.
    pub(crate) async fn over(&self) -> Ending {
        loop {
            if let Some(ending) = lock(&self.ending).take() {
                return ending;
            }
            self.over.notified().await;
        }
    }

    /// Has the connection look for something to send.
    pub(crate) fn ring(&self) {
        self.news.notify_one();
    }

    /// Resolves when there may be something to send.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// Waits until what the library has to say has left, where it still leaves.
    pub(crate) async fn flushed(&self) {
        {
            let mut flush = lock(&self.flush);
            if *flush == Flush::Never {
                return;
            }
            *flush = Flush::Wanted;
        }
        self.news.notify_one();
        loop {
            self.flushed.notified().await;
            if *lock(&self.flush) != Flush::Wanted {
                return;
            }
        }
    }

    pub(crate) fn wants_flush(&self) -> bool {
        *lock(&self.flush) == Flush::Wanted
    }

    pub(crate) fn has_flushed(&self) {
        self.set_flush(Flush::Done);
    }

    /// Nothing more is sent.
    pub(crate) fn stop_flushing(&self) {
        self.set_flush(Flush::Never);
    }

    fn set_flush(&self, flush: Flush) {
        *lock(&self.flush) = flush;
        self.flushed.notify_one();
    }

    pub(crate) fn set_silence(&self, silence: Duration) {
        let silence = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        self.silence.store(silence, Ordering::Relaxed);
        self.tuned.notify_one();
    }

    /// Resolves when the silence that is borne is another one.
    pub(crate) async fn tuned(&self) {
        self.tuned.notified().await;
    }

    pub(crate) fn silence(&self) -> Duration {
        Duration::from_millis(self.silence.load(Ordering::Relaxed))
    }
}

/// A peer's place at the server.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) peer: PeerId,
    pub(crate) room: Arc<str>,
    received: AtomicU64,
    queues: Mutex<Queues>,
    /// What the peer counts as at the door, as long as it has its place.
    visit: Mutex<Option<Visit>>,
}

#[derive(Debug)]
struct Queues {
    line: Option<Arc<Line>>,
    /// What is about the connection, its welcome and its lease: not counted, and gone with it.
    control: VecDeque<Utf8Bytes>,
    /// Whether the peer is owed word of how many of its messages have arrived. One is enough, however often it asks.
    heartbeat: bool,
    outbox: Outbox<Utf8Bytes>,
    /// Whether what is sent is kept until it has arrived.
    keeps: bool,
}

impl Post {
    /// A place for a peer that came in by `visit`, for `bytes` that wait.
    pub(crate) fn new(
        peer: PeerId,
        room: Arc<str>,
        line: Arc<Line>,
        visit: Option<Visit>,
        bytes: usize,
    ) -> Arc<Self> {
        let queues = Queues {
            line: Some(line),
            control: VecDeque::new(),
            heartbeat: false,
            outbox: Outbox::new(bytes),
            keeps: false,
        };
        let visit = Mutex::new(visit);
        Arc::new(Self { peer, room, received: AtomicU64::new(0), queues: Mutex::new(queues), visit })
    }

    /// Queues a message behind all others.
    pub(crate) fn push(&self, text: Utf8Bytes) -> Result<(), Full> {
        let mut queues = lock(&self.queues);
        let bytes = text.len() + OVERHEAD;
        queues.outbox.push(text, bytes)?;
        queues.wake();
        Ok(())
    }

    /// Queues something about the connection itself, ahead of the messages.
    pub(crate) fn push_control(&self, text: Utf8Bytes) {
        let mut queues = lock(&self.queues);
        if queues.line.is_some() {
            queues.control.push_back(text);
            queues.wake();
        }
    }

    /// Has the peer told how many of its messages have arrived.
    pub(crate) fn owe_heartbeat(&self) {
        let mut queues = lock(&self.queues);
        queues.heartbeat = true;
        queues.wake();
    }

    /// What the peer counts as at the door.
    pub(crate) fn take_visit(&self) -> Option<Visit> {
        lock(&self.visit).take()
    }

    /// The peer counts as another visitor from now on.
    pub(crate) fn set_visit(&self, visit: Option<Visit>) {
        *lock(&self.visit) = visit;
    }

    /// How many bytes wait, or may have to be sent again.
    pub(crate) fn bytes(&self) -> usize {
        lock(&self.queues).outbox.bytes()
    }

    /// Takes what is to be sent next over `line`, at most `most` messages; nothing where the peer has another
    /// connection by now. Returns the length of the heartbeat that was owed, if one was.
    pub(crate) fn take(
        &self,
        line: &Arc<Line>,
        most: usize,
        batch: &mut VecDeque<Utf8Bytes>,
    ) -> Option<usize> {
        let mut queues = lock(&self.queues);
        if !queues.is_on(line) {
            return None;
        }
        while batch.len() < most
            && let Some(text) = queues.control.pop_front()
        {
            batch.push_back(text);
        }
        if queues.control.is_empty() {
            queues.control = VecDeque::new();
        }
        let mut heartbeat = None;
        if batch.len() < most && std::mem::take(&mut queues.heartbeat) {
            let message = ServerMessage::Heartbeat { received: self.received() };
            let text = serde_json::to_string(&message).ok();
            heartbeat = text.as_ref().map(String::len);
            batch.extend(text.map(Utf8Bytes::from));
        }
        while batch.len() < most
            && let Some(text) = queues.outbox.front().cloned()
        {
            batch.push_back(text);
            queues.outbox.sent();
        }
        if !queues.keeps {
            queues.outbox.forget_sent();
        }
        heartbeat
    }

    /// Whether this is the peer's connection.
    pub(crate) fn is_on(&self, line: &Arc<Line>) -> bool {
        lock(&self.queues).is_on(line)
    }

    /// The peer has no connection any more. Whatever was about it is dropped.
    pub(crate) fn detach(&self) -> Option<Arc<Line>> {
        let mut queues = lock(&self.queues);
        queues.control = VecDeque::new();
        queues.heartbeat = false;
        queues.line.take()
    }

    /// Has the peer's connection ended, where it has one.
    pub(crate) fn end(&self, ending: Ending) {
        if let Some(line) = &lock(&self.queues).line {
            line.end(ending);
        }
    }

    /// Counting begins, and from now on messages are kept until they have arrived.
    pub(crate) fn keep(&self) {
        let mut queues = lock(&self.queues);
        queues.outbox.restart();
        queues.keeps = true;
        self.received.store(0, Ordering::Relaxed);
    }

    /// Whether messages are kept: the peer speaks 1.2.
    pub(crate) fn keeps(&self) -> bool {
        lock(&self.queues).keeps
    }

    /// So many messages have arrived at the peer. False for a number that cannot be.
    pub(crate) fn arrived(&self, received: u64) -> bool {
        lock(&self.queues).outbox.arrived(received)
    }

    /// The peer is back on another connection, and has received so many messages. False, and nothing changes,
    /// for a number that cannot be.
    pub(crate) fn resume(&self, received: u64, line: &Arc<Line>) -> bool {
        let mut queues = lock(&self.queues);
        let fits = queues.outbox.resume(received);
        if fits {
            queues.control = VecDeque::new();
            queues.line = Some(line.clone());
            queues.wake();
        }
        fits
    }

    /// Counts a message of the peer; how many there are now.
    pub(crate) fn count(&self) -> u64 {
        self.received.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many messages of the peer have been counted.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

impl Queues {
    fn is_on(&self, line: &Arc<Line>) -> bool {
        self.line.as_ref().is_some_and(|own| Arc::ptr_eq(own, line))
    }

    fn wake(&self) {
        if let Some(line) = &self.line {
            line.news.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
