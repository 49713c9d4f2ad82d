//! What one side has to say to the other, in order, kept until it is known to have arrived: the counting rule
//! of leases.
//!
//! Counted is every text frame after `setProtocolVersion`, in each direction for itself, but for `lease` and
//! `heartbeat`. Each side tells the other in its heartbeats how many have arrived.

use std::collections::VecDeque;

/// The outbox holds as many bytes as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Messages of type `T` that wait to be sent or, once sent, for their arrival to be known.
#[derive(Debug)]
pub struct Outbox<T> {
    waiting: VecDeque<(T, usize)>,
    /// How many of `waiting` have been sent on this connection.
    sent: usize,
    /// How many messages went before `waiting`.
    before: u64,
    bytes: usize,
    limit: usize,
}

impl<T> Outbox<T> {
    /// An empty outbox for messages of `limit` bytes together.
    pub fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), sent: 0, before: 0, bytes: 0, limit }
    }

    /// Adds a message of so many bytes at the end. Where there is no room, what has been sent is no longer kept,
    /// and cannot be sent again; fails where what waits to be sent leaves no room. A single message is always
    /// taken, however long.
    pub fn push(&mut self, message: T, bytes: usize) -> Result<(), Full> {
        if self.bytes.saturating_add(bytes) > self.limit {
            self.forget_sent();
            if self.bytes.saturating_add(bytes) > self.limit && !self.waiting.is_empty() {
                return Err(Full);
            }
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.waiting.push_back((message, bytes));
        Ok(())
    }

    /// The next message to send on this connection.
    pub fn front(&self) -> Option<&T> {
        self.waiting.get(self.sent).map(|(message, _)| message)
    }

    /// The message at the front has been sent; it is kept until [`Outbox::arrived`] covers it.
    pub fn sent(&mut self) {
        self.sent = (self.sent + 1).min(self.waiting.len());
    }

    /// The other side has received so many messages in all: they need not be kept. False for a number that
    /// cannot be: more than were sent.
    #[must_use]
    pub fn arrived(&mut self, received: u64) -> bool {
        let Ok(newly) = usize::try_from(received.saturating_sub(self.before)) else {
            return false;
        };
        if newly > self.sent {
            return false;
        }
        for (_, bytes) in self.waiting.drain(..newly) {
            self.bytes -= bytes;
        }
        self.sent -= newly;
        self.before += newly as u64;
        if self.waiting.is_empty() {
            // Most connections are idle most of the time.
            self.waiting = VecDeque::new();
        }
        true
    }

    /// Everything that was sent is taken to have arrived: for a peer that cannot say.
    pub fn forget_sent(&mut self) {
        let sent = self.before + self.sent as u64;
        let _ = self.arrived(sent);
    }

    /// Counting begins: whatever was sent until now does not count.
    pub fn restart(&mut self) {
        self.forget_sent();
        self.before = 0;
    }

    /// The connection is a new one, on which so many messages are known to have arrived: what came after them
    /// is sent again. False, and nothing changes, where that cannot be: the number is more than were sent, or
    /// what came after it is not kept any more.
    #[must_use]
    pub fn resume(&mut self, received: u64) -> bool {
        let fits = received >= self.before && self.arrived(received);
        if fits {
            self.sent = 0;
        }
        fits
    }

    /// Whether nothing waits to be sent.
    pub fn is_idle(&self) -> bool {
        self.sent == self.waiting.len()
    }

    /// How many bytes are held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops everything that has not been sent yet.
    pub fn clear_unsent(&mut self) {
        while self.waiting.len() > self.sent {
            if let Some((_, bytes)) = self.waiting.pop_back() {
                self.bytes -= bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends everything that waits.
    fn flush(outbox: &mut Outbox<u32>) -> Vec<u32> {
        let mut sent = Vec::new();
        while let Some(message) = outbox.front() {
            sent.push(*message);
            outbox.sent();
        }
        sent
    }

    fn with(messages: std::ops::Range<u32>) -> Outbox<u32> {
        let mut outbox = Outbox::new(1000);
        messages.for_each(|message| outbox.push(message, 10).unwrap());
        outbox
    }

    #[test]
    fn what_did_not_arrive_is_sent_again_in_order_on_the_next_connection() {
        let mut outbox = with(0..5);
        assert_eq!(flush(&mut outbox), [0, 1, 2, 3, 4]);
        outbox.push(5, 10).unwrap();
        assert!(outbox.resume(2));
        assert_eq!(flush(&mut outbox), [2, 3, 4, 5]);
        assert!(outbox.arrived(6));
        assert_eq!(outbox.bytes(), 0);
        assert!(outbox.is_idle());
    }

    #[test]
    fn a_count_that_cannot_be_is_refused_and_changes_nothing() {
        let mut outbox = with(0..3);
        outbox.sent();
        assert!(!outbox.arrived(2), "only one was sent");
        assert!(outbox.arrived(1));
        assert!(!outbox.resume(0), "the first is gone");
        assert_eq!(flush(&mut outbox), [1, 2]);
        assert!(!outbox.arrived(u64::MAX));
        assert_eq!(outbox.bytes(), 20);
    }

    #[test]
    fn bytes_are_bounded_by_what_was_not_sent_but_one_message_always_fits() {
        let mut outbox = Outbox::new(15);
        outbox.push(0, 100).unwrap();
        assert_eq!(outbox.push(1, 1), Err(Full));
        outbox.sent();
        outbox.push(1, 10).unwrap();
        assert_eq!(outbox.push(2, 10), Err(Full));
        assert_eq!(flush(&mut outbox), [1]);
        assert_eq!(outbox.bytes(), 10);
    }

    #[test]
    fn what_was_sent_is_kept_as_long_as_there_is_room() {
        let mut outbox = Outbox::new(30);
        (0..3).for_each(|message| outbox.push(message, 10).unwrap());
        assert_eq!(flush(&mut outbox), [0, 1, 2]);
        outbox.push(3, 10).unwrap();
        assert!(!outbox.resume(1), "it is not kept any more");
        assert!(outbox.arrived(1), "but it may be said to have arrived");
        assert!(outbox.resume(3));
        assert_eq!(flush(&mut outbox), [3]);
    }

    #[test]
    fn counting_may_begin_late() {
        let mut outbox = with(0..2);
        outbox.sent();
        outbox.restart();
        assert_eq!(flush(&mut outbox), [1]);
        assert!(outbox.arrived(1));
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn what_was_not_sent_can_be_dropped() {
        let mut outbox = with(0..3);
        outbox.sent();
        outbox.clear_unsent();
        assert!(outbox.is_idle());
        assert_eq!(outbox.bytes(), 10);
    }
}
