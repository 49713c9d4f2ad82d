//! What was sent and not reported on yet.

use std::time::Duration;

/// Packets that are remembered, at first and at most: more than are ever on their way.
const ROOM: usize = 1024;
const MOST: usize = 8192;
/// A packet that nobody reported on for so long is lost.
const LONG: Duration = Duration::from_secs(1);

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

/// The latest packets, by their transport-wide numbers. There is room for more where many are on their way at once.
#[derive(Default)]
pub(super) struct History {
    packets: Vec<Sent>,
    /// Of two.
    power: usize,
}

impl History {
    fn room(&self) -> usize {
        ROOM << self.power
    }

    fn index(&self, number: u16) -> usize {
        usize::from(number) % self.room()
    }

    pub(super) fn add(&mut self, sent: Sent) {
        let there = self.packets.get(self.index(sent.number));
        if there.is_some_and(|old| old.bytes > 0 && sent.at() < old.at() + LONG) && self.room() < MOST {
            self.grow();
        }
        self.put(sent);
    }

    fn grow(&mut self) {
        self.power += 1;
        let old = std::mem::take(&mut self.packets);
        old.into_iter().filter(|sent| sent.bytes > 0).for_each(|sent| self.put(sent));
    }

    fn put(&mut self, sent: Sent) {
        let index = self.index(sent.number);
        if index >= self.packets.len() {
            self.packets.resize(index + 1, Sent::default());
        }
        if let Some(place) = self.packets.get_mut(index) {
            *place = sent;
        }
    }

    /// A packet that is reported on, the first time.
    pub(super) fn take(&mut self, number: u16) -> Option<Sent> {
        let index = self.index(number);
        let place = self.packets.get_mut(index)?;
        let sent = *place;
        (sent.bytes > 0 && sent.number == number).then(|| {
            place.bytes = 0;
            sent
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the packets of ten seconds are known when they are reported on so many packets later.
    fn known(per_second: u32, on_their_way: u32) -> (u32, usize) {
        let mut history = History::default();
        let known = (0..per_second * 10).filter(|count| {
            history.add(Sent::new(*count as u16, 1200, *count * Duration::from_secs(1) / per_second));
            count.checked_sub(on_their_way).is_none_or(|count| history.take(count as u16).is_some())
        });
        (known.count() as u32, history.packets.len())
    }

    #[test]
    fn there_is_room_for_as_many_as_are_on_their_way_and_little_where_few_are() {
        assert_eq!(known(300, 100), (3000, ROOM));
        // 50 Mbit/s that are reported on after 0.4 s: what came before there was room is given up.
        let (many, room) = known(5000, 2000);
        assert!(many > 45_000 && room <= 4096, "{many} of 50,000, {room}");
        // Nobody reports.
        assert!(known(20_000, 20_000).1 <= MOST);
        assert_eq!(known(200, 2000).1, ROOM);
    }
}
