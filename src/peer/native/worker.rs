//! One thread of an engine: sleeps until a packet, a deadline or a command comes, and serves its sessions.

use super::CAT;
use super::handle::{Command, Handle, Job};
use super::listening::Bound;
use super::opening::Opening;
use super::reflexive::Question;
use super::routes::{Key, Place, Routes};
use super::session::{Ended, Session};
use super::socket::{Datagram, Sockets};
use logic::stun;
use mio::{Events, Poll, Token, Waker};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::sync::mpsc::Receiver;
use std::time::Instant;
use str0m::net::Protocol;

/// Jobs that are done before the sockets are looked at again.
const AT_ONCE: usize = 256;
/// Packets that are kept for a session whose peer is faster than its answer.
const EARLY: usize = 8;

const WAKE: Token = Token(usize::MAX);

/// A session's place while it is made, and after.
enum Slot {
    Expected(Vec<(Protocol, SocketAddr, SocketAddr, Box<[u8]>)>),
    Open(Box<Session>),
}

/// A thread before and while it runs.
pub(super) struct Worker {
    pub(super) handle: Arc<Handle>,
    commands: Receiver<Command>,
    jobs: Receiver<Job>,
    pub(super) poll: Poll,
    pub(super) sockets: Sockets,
    slots: HashMap<Key, Slot>,
    deadlines: BTreeSet<(Instant, Key)>,
    pub(super) routes: Routes,
    /// Sockets that have not been read to the end.
    pub(super) readable: Vec<Token>,
}

impl Worker {
    /// The threads of an engine; the first is the one that reads.
    pub(super) fn all(count: usize, bound: Bound) -> io::Result<Vec<Self>> {
        let mut workers: Vec<_> =
            (0..count).map(|index| Self::new(index, &bound.udp)).collect::<io::Result<_>>()?;
        if let Some(reader) = workers.first_mut() {
            reader.sockets.connections.listen(reader.poll.registry(), bound.tcp)?;
        }
        for worker in &workers {
            let all = workers.iter().map(|worker| Arc::downgrade(&worker.handle)).collect();
            let _ = worker.handle.all.set(all);
        }
        Ok(workers)
    }

    fn new(index: usize, bound: &[UdpSocket]) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut sockets = Sockets::new(bound)?;
        sockets.register(poll.registry(), index == 0)?;
        let (handle, told, handed) = Handle::new(index, Waker::new(poll.registry(), WAKE)?);
        Ok(Self {
            handle: Arc::new(handle),
            commands: told,
            jobs: handed,
            poll,
            sockets,
            slots: HashMap::new(),
            deadlines: BTreeSet::new(),
            routes: Routes::default(),
            readable: Vec::new(),
        })
    }

    pub(super) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// Serves until it is stopped.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(16);
        while !self.handle.stop.load(Ordering::SeqCst) {
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            let more = self.work();
            self.be_punctual();
            for token in std::mem::take(&mut self.readable) {
                self.read(token);
            }
            self.sockets.flush();
            let relieved = self.flush_elsewhere();
            let more = more || relieved || !self.readable.is_empty();
            if let Err(err) = self.sleep(&mut events, more) {
                gst::error!(CAT, "a thread of the transport gave up: {err}");
                break;
            }
            for event in &events {
                if event.token() == WAKE {
                    continue;
                }
                if event.is_writable() {
                    self.sockets.resume();
                    self.resume_elsewhere(event.token());
                }
                if event.is_readable() && !self.readable.contains(&event.token()) {
                    self.readable.push(event.token());
                }
            }
        }
        let keys: Vec<_> = self.slots.keys().copied().collect();
        keys.into_iter().for_each(|key| self.close(key));
        self.sockets.flush();
    }

    fn sleep(&mut self, events: &mut Events, more: bool) -> io::Result<()> {
        let now = Instant::now();
        let due = self.deadlines.first().map(|(at, _)| *at).into_iter().chain(self.sockets.deadline());
        let due = due.min().map(|at| at.saturating_duration_since(now));
        let mut timeout = if more { Some(std::time::Duration::ZERO) } else { due };
        self.handle.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        // What came before this thread said that it sleeps woke nobody.
        if let Ok(command) = self.commands.try_recv() {
            self.obey(command);
            timeout = Some(std::time::Duration::ZERO);
        }
        if !self.sockets.is_blocked()
            && let Ok(job) = self.jobs.try_recv()
        {
            self.perform(job);
            timeout = Some(std::time::Duration::ZERO);
        }
        let slept = self.poll.poll(events, timeout);
        self.handle.asleep.store(false, Ordering::SeqCst);
        match slept {
            Err(err) if err.kind() != io::ErrorKind::Interrupted => Err(err),
            _ => Ok(()),
        }
    }

    /// Does what was handed in; whether there may be more. While packets wait for the network interface, others
    /// wait where they are, and their senders notice.
    fn work(&mut self) -> bool {
        for _ in 0..AT_ONCE {
            if self.sockets.is_blocked() {
                return false;
            }
            let Ok(job) = self.jobs.try_recv() else { return false };
            self.perform(job);
        }
        true
    }

    fn perform(&mut self, job: Job) {
        match job {
            Job::Packets(packets) => {
                self.with(packets.key, |session| {
                    session.write(packets);
                    Ok(())
                });
            }
            Job::With(key, change) => self.change(key, change),
            Job::Datagram(key, source, destination, bytes) => {
                let protocol = Protocol::Udp;
                self.take(key, &Datagram { protocol, source, destination, bytes: &bytes });
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Expect(key) => {
                self.slots.insert(key, Slot::Expected(Vec::new()));
            }
            Command::Route(fragment, place) => self.routes.expect(fragment, place),
            Command::Unroute(fragment, key) => self.routes.unexpect(&fragment, key),
            Command::Found(address, place) => self.routes.found(address, place),
            Command::Left(address, key) => self.routes.left(address, key),
            Command::Open(key, opening) => self.open(key, *opening),
            Command::With(key, change) => self.change(key, change),
            Command::Close(key) => self.close(key),
            Command::Forget(key) => self.routes.forget(key),
            Command::Ask(question) => self.ask(question),
            Command::Relay(key, request) => self.open_relay(key, request),
            Command::Arrived(arrival) => self.arrived(*arrival),
        }
    }

    fn change(&mut self, key: Key, change: Box<dyn FnOnce(&mut Session) + Send>) {
        self.with(key, |session| {
            change(session);
            session.pass(Instant::now())
        });
    }

    fn open(&mut self, key: Key, opening: Opening) {
        // Else it ended before it began.
        let Some(Slot::Expected(early)) = self.slots.get_mut(&key) else { return };
        let early = std::mem::take(early);
        let ended = opening.ended();
        let Ok(session) = catch_unwind(AssertUnwindSafe(|| Session::new(opening, Instant::now()))) else {
            self.remove(key);
            ended();
            return;
        };
        self.slots.insert(key, Slot::Open(Box::new(session)));
        self.with(key, |session| session.pass(Instant::now()));
        for (protocol, source, destination, bytes) in early {
            self.take(key, &Datagram { protocol, source, destination, bytes: &bytes });
        }
    }

    fn close(&mut self, key: Key) {
        self.with(key, Session::close);
        self.remove(key);
    }

    fn remove(&mut self, key: Key) {
        if let Some(slot) = self.slots.remove(&key) {
            self.sockets.relays.close(key, self.poll.registry());
            self.sockets.connections.close(key);
            self.handle.sessions.fetch_sub(1, Ordering::Relaxed);
            if let Slot::Open(session) = slot {
                session.deadline().map(|at| self.deadlines.remove(&(at, key)));
            }
        }
    }

    /// Has sessions do what is due, each once: who is due again at once waits for what has come meanwhile.
    fn be_punctual(&mut self) {
        let now = Instant::now();
        self.sockets.be_punctual(now);
        let due: Vec<_> = self.deadlines.range(..=(now, Key::MAX)).copied().collect();
        for (at, key) in due {
            self.deadlines.remove(&(at, key));
            self.with(key, |session| session.pass(now));
        }
    }

    /// Whether a session is served here, or will be.
    pub(super) fn serves(&self, key: Key) -> bool {
        self.slots.contains_key(&key)
    }

    /// Lets a session act, sends what it has to send and notes when it wants to be heard next.
    pub(super) fn with(&mut self, key: Key, act: impl FnOnce(&mut Session) -> Result<(), Ended>) {
        let Some(Slot::Open(session)) = self.slots.get_mut(&key) else { return };
        let before = session.deadline();
        let sockets = &mut self.sockets;
        // A fault in the depths of one session is no reason to leave the others alone.
        let acted = catch_unwind(AssertUnwindSafe(|| act(session).and_then(|()| session.drain(sockets))));
        let (after, found) = (session.deadline(), session.found());
        if acted.as_ref().is_ok_and(Result::is_ok) {
            if before != after {
                before.map(|at| self.deadlines.remove(&(at, key)));
            }
            after.map(|at| self.deadlines.insert((at, key)));
            let (found, left) = found;
            left.into_iter().for_each(|address| self.retract(address, key));
            found.into_iter().for_each(|address| self.announce(address, key));
            return;
        }
        session.fail();
        before.map(|at| self.deadlines.remove(&(at, key)));
        self.remove(key);
    }

    /// Tells the reading thread, and is told again where it did not take it.
    fn announce(&mut self, address: SocketAddr, key: Key) {
        let place = Place { thread: self.handle.index(), key };
        if self.handle.index() == 0 {
            self.routes.found(address, place);
            return;
        }
        let told =
            self.handle.sibling(0).is_some_and(|reader| reader.mention(Command::Found(address, place)));
        if !told && let Some(Slot::Open(session)) = self.slots.get_mut(&key) {
            session.unfound(address);
        }
    }

    /// The same of a place that was left. Where it is not taken, it stays until the session ends.
    fn retract(&mut self, address: SocketAddr, key: Key) {
        if self.handle.index() == 0 {
            self.routes.left(address, key);
        } else if let Some(reader) = self.handle.sibling(0) {
            reader.mention(Command::Left(address, key));
        }
    }

    fn read(&mut self, token: Token) {
        if self.read_elsewhere(token) {
            return;
        }
        let mut came = Vec::new();
        let mut answers = Vec::new();
        let routes = &self.routes;
        let more =
            self.sockets.receive(token, |datagram| {
                if let Some(answer) = routes.answer(datagram.source, datagram.bytes) {
                    answers.push(answer);
                } else {
                    let places = routes.whose(datagram.source, datagram.bytes).iter();
                    came.extend(places.map(|place| {
                        (*place, datagram.source, datagram.destination, Box::from(datagram.bytes))
                    }));
                }
            });
        if more {
            self.readable.push(token);
        }
        answers.into_iter().for_each(|(transaction, seen)| self.routes.answered(transaction, seen));
        for (place, source, destination, bytes) in came {
            let bytes: Box<[u8]> = bytes;
            if place.thread == self.handle.index() {
                let protocol = Protocol::Udp;
                self.take(place.key, &Datagram { protocol, source, destination, bytes: &bytes });
            } else if let Some(other) = self.handle.sibling(place.thread) {
                other.hand(Job::Datagram(place.key, source, destination, bytes));
            }
        }
    }

    fn ask(&mut self, question: Question) {
        let request = stun::binding_request(question.transaction);
        self.sockets.send(question.base, question.server, &request);
        self.routes.ask(question);
    }

    pub(super) fn take(&mut self, key: Key, datagram: &Datagram<'_>) {
        match self.slots.get_mut(&key) {
            Some(Slot::Expected(early)) if early.len() < EARLY => {
                let Datagram { protocol, source, destination, bytes } = *datagram;
                early.push((protocol, source, destination, bytes.into()));
            }
            Some(Slot::Open(_)) => self.with(key, |session| session.receive(datagram, Instant::now())),
            _ => {}
        }
    }
}
