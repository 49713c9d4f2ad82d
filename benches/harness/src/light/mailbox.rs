//! Reading a socket together with when each packet came: the kernel's word, because the one thread of hundreds of viewers
//! comes to read late, which would look like a slow network to who estimates it.

use anyhow::{Context, Result};
use mio::net::UdpSocket;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Larger than what a network carries.
const DATAGRAM: usize = 2048;

/// Has the kernel say when packets came.
pub fn tell_times(socket: &UdpSocket) -> Result<()> {
    setsockopt(socket, sockopt::ReceiveTimestampns, &true).context("failed to ask for times")
}

/// Room for what is read.
pub struct Mailbox {
    bytes: Vec<u8>,
    notes: Vec<u8>,
}

impl Mailbox {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; DATAGRAM],
            notes: nix::cmsg_space!(TimeSpec),
        }
    }

    /// The next packet of a socket: from where, since when, and how long it is.
    pub fn next(&mut self, socket: &UdpSocket) -> Result<Option<(SocketAddr, Instant, usize)>> {
        loop {
            let mut slices = [IoSliceMut::new(&mut self.bytes)];
            let (fd, flags) = (socket.as_raw_fd(), MsgFlags::empty());
            let message = match recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut self.notes), flags) {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return Ok(None),
                // What the network says of a packet that was sent, and signals.
                Err(Errno::ECONNREFUSED | Errno::EINTR) => continue,
                Err(err) => return Err(err.into()),
            };
            let source = message.address.as_ref().and_then(|address| {
                let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
                v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
            });
            let came = message.cmsgs()?.find_map(|note| match note {
                ControlMessageOwned::ScmTimestampns(time) => Some(ago(time)),
                _ => None,
            });
            let now = Instant::now();
            let came = now.checked_sub(came.unwrap_or_default()).unwrap_or(now);
            if let Some(source) = source {
                return Ok(Some((source, came, message.bytes)));
            }
        }
    }

    /// The packet that was read last.
    pub fn bytes(&self, length: usize) -> &[u8] {
        self.bytes.get(..length).unwrap_or_default()
    }
}

/// How long ago that was.
fn ago(time: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from(time))
}
