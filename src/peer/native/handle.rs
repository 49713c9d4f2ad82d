//! The way to a thread of an engine: bounded channels, and waking it where it sleeps.

use super::connections::Arrival;
use super::opening::Opening;
use super::outlet::Packets;
use super::reflexive::Question;
use super::relay;
use super::routes::{Key, Place};
use super::session::Session;
use mio::Waker;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

/// Commands that may wait; who has more waits too.
const COMMANDS: usize = 1024;
/// Batches of packets that may wait for a thread; more are dropped.
const JOBS: usize = 8192;
/// What a thread is told to do about a session.
pub(super) enum Command {
    /// A session will be opened, and its peer's first checks may come before.
    Expect(Key),
    /// Checks that ask for this fragment are a session's. To the reading thread.
    Route(String, Place),
    /// They are not any more. To the reading thread.
    Unroute(String, Key),
    /// A session talks to somebody at this address. To the reading thread.
    Found(SocketAddr, Place),
    /// A session may have left this address. To the reading thread.
    Left(SocketAddr, Key),
    /// Both sides have described themselves.
    Open(Key, Box<Opening>),
    /// Something about an open session.
    With(Key, Box<dyn FnOnce(&mut Session) + Send>),
    /// A session is over.
    Close(Key),
    /// The same, for the reading thread.
    Forget(Key),
    /// An address on a TURN server is wanted for a session.
    Relay(Key, relay::Request),
    /// A peer of one of the thread's sessions has connected.
    Arrived(Box<Arrival>),
    /// Under which address a server sees the port. To the reading thread.
    Ask(Question),
}

/// What a thread may be too busy to take.
pub(super) enum Job {
    /// Media for a viewer.
    Packets(Packets),
    /// Something that may be dropped about an open session.
    With(Key, Box<dyn FnOnce(&mut Session) + Send>),
    /// A packet from a viewer: from where, to where, what.
    Datagram(Key, SocketAddr, SocketAddr, Box<[u8]>),
}

/// The way to a thread.
pub(super) struct Handle {
    index: usize,
    commands: SyncSender<Command>,
    jobs: SyncSender<Job>,
    waker: Waker,
    pub(super) asleep: AtomicBool,
    pub(super) stop: AtomicBool,
    pub(super) sessions: AtomicUsize,
    /// All threads of the engine.
    pub(super) all: OnceLock<Vec<std::sync::Weak<Handle>>>,
}

impl Handle {
    /// The way to a thread, and its ends.
    pub(super) fn new(index: usize, waker: Waker) -> (Self, Receiver<Command>, Receiver<Job>) {
        let (commands, told) = sync_channel(COMMANDS);
        let (jobs, handed) = sync_channel(JOBS);
        let handle = Self {
            index,
            commands,
            jobs,
            waker,
            asleep: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            sessions: AtomicUsize::new(0),
            all: OnceLock::new(),
        };
        (handle, told, handed)
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// How many sessions the thread serves.
    pub(super) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// A session was placed here.
    pub(super) fn count(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells the thread something; waits while it is far behind. Not to be called by a thread of an engine.
    pub(super) fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
        self.wake();
    }

    /// The same for threads of an engine, which never wait for each other; false where it was not taken.
    pub(super) fn mention(&self, command: Command) -> bool {
        let taken = self.commands.try_send(command).is_ok();
        self.wake();
        taken
    }

    /// Hands the thread work; false where it has too much.
    pub(super) fn hand(&self, job: Job) -> bool {
        let taken = self.jobs.try_send(job).is_ok();
        self.wake();
        taken
    }

    /// Ends the thread and its sessions.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.waker.wake();
    }

    fn wake(&self) {
        // Either this sees that the thread sleeps, or the thread sees what was sent before.
        fence(Ordering::SeqCst);
        if self.asleep.swap(false, Ordering::SeqCst) {
            let _ = self.waker.wake();
        }
    }

    pub(super) fn sibling(&self, index: usize) -> Option<Arc<Self>> {
        self.all.get()?.get(index)?.upgrade()
    }
}
