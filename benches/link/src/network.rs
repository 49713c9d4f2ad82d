//! Two networks of their own with an emulated link between them, and nothing else: no way out.
//!
//! The network namespaces have no names. They live as long as somebody holds them: a [`Network`], and the programs
//! that run in them; so nothing is left behind, however a program ends.

use crate::counters::Counters;
use crate::emulated::Link;
use crate::relay::Relay;
use crate::schedule::Schedule;
use crate::shape::Shape;
use crate::tun;
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread::JoinHandle;
use thiserror::Error;

const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 77, 0, 2)];

/// Why there is no such network.
#[derive(Debug, Error)]
pub enum Error {
    /// No network namespace could be made or entered.
    #[error(
        "failed to make a network of its own: {0}; run as root, or under `unshare --net --map-root-user` where users \
         may make namespaces"
    )]
    Namespace(#[source] io::Error),
    /// No TUN device.
    #[error(
        "failed to make a TUN device: {0}; /dev/net/tun has to be there (`modprobe tun`, in a container \
         `--device /dev/net/tun`) and may be used by root only"
    )]
    Device(#[source] io::Error),
    /// The device got no address.
    #[error("failed to run `ip {command}`: {text}; `ip` is of the package iproute2")]
    Address { command: String, text: String },
    /// The thread in between did not start.
    #[error("failed to start the relay: {0}")]
    Relay(#[source] io::Error),
}

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    LeftToRight,
    RightToLeft,
}

/// Two sides and the link between them, for as long as this is kept.
pub struct Network {
    left: Side,
    right: Side,
    relay: Arc<Relay>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// A link with these shapes, from left to right and back.
    pub fn new(rightward: Shape, leftward: Shape, seed: u64) -> Result<Self, Error> {
        let [left, right] = ADDRESSES;
        let (left, left_device) = Side::new(left, right)?;
        let (right, right_device) = Side::new(right, left.address)?;
        let relay = Relay::new(|now| {
            [Link::new(rightward, seed, now), Link::new(leftward, seed.wrapping_add(1), now)]
        });
        let relay = Arc::new(relay.map_err(Error::Relay)?);
        let (devices, carrying) = ([left_device, right_device], relay.clone());
        let thread = std::thread::Builder::new().name("link".to_owned()).spawn(move || {
            if let Err(err) = carrying.run(&devices) {
                eprintln!("the emulated link broke: {err}");
            }
        });
        Ok(Self { left, right, relay, thread: Some(thread.map_err(Error::Relay)?) })
    }

    /// One side.
    pub fn left(&self) -> &Side {
        &self.left
    }

    /// The other side.
    pub fn right(&self) -> &Side {
        &self.right
    }

    /// Changes one direction.
    pub fn reshape(&self, direction: Direction, shape: Shape) {
        self.with(direction, |link, now| link.reshape(shape, now));
    }

    /// Has the rate of one direction change by a schedule that begins now.
    pub fn follow(&self, direction: Direction, schedule: &Schedule) {
        self.with(direction, |link, now| link.follow(schedule, now));
    }

    /// What one direction is like at present.
    pub fn shape(&self, direction: Direction) -> Shape {
        self.with(direction, |link, _| *link.shape())
    }

    /// What happened in one direction since the beginning.
    pub fn counters(&self, direction: Direction) -> Counters {
        self.with(direction, |link, _| link.counters().clone())
    }

    fn with<T>(
        &self,
        direction: Direction,
        deed: impl FnOnce(&mut Link<Vec<u8>>, std::time::Duration) -> T,
    ) -> T {
        self.relay.with(|[rightward, leftward], now| match direction {
            Direction::LeftToRight => deed(rightward, now),
            Direction::RightToLeft => deed(leftward, now),
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.relay.end();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A network with a loopback and one end of the link.
pub struct Side {
    address: Ipv4Addr,
    namespace: File,
}

impl Side {
    fn new(address: Ipv4Addr, other: Ipv4Addr) -> Result<(Self, File), Error> {
        aside(|| {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|err| Error::Namespace(err.into()))?;
            let namespace = File::open("/proc/thread-self/ns/net").map_err(Error::Namespace)?;
            let device = tun::open(address, other)?;
            Ok((Self { address, namespace }, device))
        })
    }

    /// Its address; the one that the other side can reach.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Does something in this network, on a thread of its own. Programs and threads that are started there, and sockets
    /// that are opened there, stay in it.
    pub fn run<T: Send>(&self, deed: impl FnOnce() -> T + Send) -> Result<T, Error> {
        aside(|| {
            setns(&self.namespace, CloneFlags::CLONE_NEWNET).map_err(|err| Error::Namespace(err.into()))?;
            Ok(deed())
        })
    }
}

/// On a thread of its own, because a network belongs to a thread.
fn aside<T: Send>(deed: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| match scope.spawn(deed).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
