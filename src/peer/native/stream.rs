//! One TCP connection of a thread: whole packets in and out, and never more than so much that waits.

use logic::framing::{Framing, Garbage};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

/// What may wait for the connection to take it before packets are dropped, and before media had better go on at
/// a later key unit (bytes).
const MOST_WAITING: usize = 256 << 10;
const CROWD: usize = 128 << 10;
/// What the system may keep beside that: more would only be late (bytes).
const SYSTEM: usize = 128 << 10;
/// Read at once (bytes).
const READ: usize = 64 << 10;

/// A connection and what is on its way.
pub(super) struct Stream {
    io: TcpStream,
    framing: Framing,
    /// What came and is not yet a whole packet.
    incoming: Vec<u8>,
    /// What waits to be taken, from `sent` on.
    outgoing: Vec<u8>,
    sent: usize,
}

/// A connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Over {
    #[error("the connection failed: {0}")]
    Failed(#[from] io::Error),
    #[error("the connection was closed")]
    Closed,
    #[error(transparent)]
    Garbage(#[from] Garbage),
}

impl Stream {
    pub(super) fn new(io: TcpStream, framing: Framing) -> Self {
        let _ = io.set_nodelay(true);
        let _ = socket2::SockRef::from(&io).set_send_buffer_size(SYSTEM);
        Self { io, framing, incoming: Vec::new(), outgoing: Vec::new(), sent: 0 }
    }

    pub(super) fn io(&mut self) -> &mut TcpStream {
        &mut self.io
    }

    /// Sends a packet; false where so much waits that it was dropped.
    pub(super) fn send(&mut self, packet: &[u8]) -> bool {
        let Some((head, used)) = self.framing.head(packet.len()) else { return false };
        if self.outgoing.len() - self.sent + packet.len() > MOST_WAITING {
            return false;
        }
        self.outgoing.extend(head.iter().take(used));
        self.outgoing.extend_from_slice(packet);
        self.outgoing.resize(self.outgoing.len() + self.framing.padding(packet), 0);
        true
    }

    /// Whether so much waits that more would only come late.
    pub(super) fn is_crowded(&self) -> bool {
        self.outgoing.len() - self.sent > CROWD
    }

    /// Hands on what waits, as far as the connection takes it.
    pub(super) fn flush(&mut self) -> Result<(), Over> {
        while let Some(waiting) = self.outgoing.get(self.sent..).filter(|waiting| !waiting.is_empty()) {
            match self.io.write(waiting) {
                Ok(count) => self.sent += count,
                // Not yet connected is the same to us.
                Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => return Err(err.into()),
            }
        }
        // All that is sent goes at once, or when it is more than what waits.
        if self.sent * 2 >= self.outgoing.len() {
            self.outgoing.drain(..self.sent);
            self.sent = 0;
        }
        Ok(())
    }

    /// Reads some of what has come and hands on each whole packet; whether there may be more.
    pub(super) fn read(&mut self, mut handle: impl FnMut(&[u8])) -> Result<bool, Over> {
        let before = self.incoming.len();
        self.incoming.resize(before + READ, 0);
        let read = self.io.read(self.incoming.get_mut(before..).unwrap_or_default());
        self.incoming.truncate(before + read.as_ref().map_or(0, |count| *count));
        match read {
            Ok(0) => return Err(Over::Closed),
            Ok(_) => {}
            Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                return Ok(false);
            }
            Err(err) if err.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(err) => return Err(err.into()),
        }
        let mut taken = 0;
        while let Some(rest) = self.incoming.get(taken..)
            && let Some(frame) = self.framing.first(rest)?
        {
            handle(rest.get(frame.packet).unwrap_or_default());
            taken += frame.end;
        }
        self.incoming.drain(..taken);
        Ok(true)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.flush();
        let _ = self.io.shutdown(Shutdown::Both);
    }
}
