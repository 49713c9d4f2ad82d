//! The thread between two devices: what is read from one goes into the model, what comes out is written to the other.

use crate::emulated::Link;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// More than a device's packets have.
const LARGEST: usize = 2048;
/// Packets that are read from one device before the other has its turn.
const BATCH: usize = 64;

/// What the thread and its owner share.
pub(crate) struct Relay {
    /// Left to right, and back.
    links: Mutex<[Link<Vec<u8>>; 2]>,
    began: Instant,
    /// Something was changed.
    changed: EventFd,
    over: AtomicBool,
}

impl Relay {
    /// A relay whose time begins now.
    pub(crate) fn new(links: impl FnOnce(Duration) -> [Link<Vec<u8>>; 2]) -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            links: Mutex::new(links(Duration::ZERO)),
            began: Instant::now(),
            changed: EventFd::from_flags(flags)?,
            over: AtomicBool::new(false),
        })
    }

    /// Looks at the links, or changes them; with the time of now.
    pub(crate) fn with<T>(&self, deed: impl FnOnce(&mut [Link<Vec<u8>>; 2], Duration) -> T) -> T {
        let result = deed(&mut self.links(), self.began.elapsed());
        self.wake();
        result
    }

    /// Has [`Self::run`] return.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Carries packets until told to end.
    pub(crate) fn run(&self, devices: &[File; 2]) -> io::Result<()> {
        favour();
        let [left, right] = devices;
        let mut packet = vec![0; LARGEST];
        while !self.over.load(Ordering::Relaxed) {
            self.wait(devices)?;
            // Whoever changed something was heard by waking up.
            let _ = self.changed.read();
            let [rightward, leftward] = &mut *self.links();
            self.read(left, rightward, &mut packet)?;
            self.read(right, leftward, &mut packet)?;
            self.write(rightward, right)?;
            self.write(leftward, left)?;
        }
        Ok(())
    }

    fn links(&self) -> MutexGuard<'_, [Link<Vec<u8>>; 2]> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // Fails only where it was woken up already, many times.
        let _ = self.changed.write(1);
    }

    /// Until there is something to read, to hand over or to hear.
    fn wait(&self, [left, right]: &[File; 2]) -> io::Result<()> {
        let due = self.links().iter().filter_map(Link::next).min();
        let wait = due.map(|due| TimeSpec::from(due.saturating_sub(self.began.elapsed())));
        let mut ready = [left.as_fd(), right.as_fd(), self.changed.as_fd()]
            .map(|device| PollFd::new(device, PollFlags::POLLIN));
        match ppoll(&mut ready, wait, None) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(err) => Err(err.into()),
        }
    }

    fn read(&self, mut from: &File, link: &mut Link<Vec<u8>>, packet: &mut [u8]) -> io::Result<()> {
        for _ in 0..BATCH {
            let length = match from.read(packet) {
                Ok(length) => length,
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Err(err) => return Err(err),
            };
            let bytes = packet.get(..length).unwrap_or_default();
            // IPv4 alone: the rest is the kernel's own talk.
            if bytes.first().is_some_and(|first| first >> 4 == 4) {
                link.push(bytes.to_vec(), length, self.began.elapsed());
            }
        }
        Ok(())
    }

    fn write(&self, link: &mut Link<Vec<u8>>, mut to: &File) -> io::Result<()> {
        while let Some(packet) = link.pop(self.began.elapsed()) {
            match to.write(&packet) {
                // A packet that the kernel has no use for is lost, as on any other network.
                Err(err) if err.raw_os_error() == Some(libc::EIO) => return Err(err),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Has this thread run before all others, where that is allowed: on a busy machine the link would else be slow by itself.
fn favour() {
    let priority = libc::sched_param { sched_priority: 1 };
    // Zero is the calling thread. Where it may not, it carries on as it is; `Counters::late` tells how well.
    #[expect(unsafe_code, reason = "the system call has no safe form; it reads a structure that lives here")]
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) };
}
