//! What was sent and not reported on yet.

use std::time::Duration;

/// Packets that are remembered; more than are ever on their way.
pub(super) const ROOM: usize = 1024;

/// A packet that was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) number: u16,
    /// 0: there is none.
    pub(super) bytes: u16,
    micros: u64,
}

impl Sent {
    pub(super) fn new(number: u16, bytes: usize, at: Duration) -> Self {
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX).max(1);
        Self { number, bytes, micros: u64::try_from(at.as_micros()).unwrap_or(u64::MAX) }
    }

    pub(super) fn at(&self) -> Duration {
        Duration::from_micros(self.micros)
    }
}

/// The latest packets, by their transport-wide numbers.
#[derive(Default)]
pub(super) struct History(Vec<Sent>);

impl History {
    pub(super) fn add(&mut self, sent: Sent) {
        let index = usize::from(sent.number) % ROOM;
        if index >= self.0.len() {
            self.0.resize(index + 1, Sent::default());
        }
        if let Some(place) = self.0.get_mut(index) {
            *place = sent;
        }
    }

    /// A packet that is reported on, the first time.
    pub(super) fn take(&mut self, number: u16) -> Option<Sent> {
        let place = self.0.get_mut(usize::from(number) % ROOM)?;
        let sent = *place;
        (sent.bytes > 0 && sent.number == number).then(|| {
            place.bytes = 0;
            sent
        })
    }
}
