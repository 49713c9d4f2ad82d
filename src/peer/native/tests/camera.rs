//! A camera and its encoder in virtual time: 30 frames a second of about the rate that it is told, which it follows
//! with some lag, and key units that are larger.

use std::time::{Duration, Instant};

const FRAMES: f64 = 30.0;
/// In which most of a change of rate shows.
const LAG: f64 = 0.15;
const PAYLOAD: usize = 1150;
/// A key unit is so many frames large; at most this often.
const KEY: f64 = 4.0;
const REST: Duration = Duration::from_millis(500);

/// Makes frames.
pub(super) struct Camera {
    rate: f64,
    told: f64,
    /// Whether it makes what it makes, whatever it is told.
    encoded: bool,
    number: u32,
    next: Instant,
    /// Bits above the rate that later frames make up for.
    debt: f64,
    key_wanted: bool,
    key_at: Option<Instant>,
    random: u64,
}

/// What a packet says of its frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub(super) frame: u32,
    pub(super) key: bool,
    pub(super) index: u16,
    pub(super) count: u16,
}

impl Note {
    fn write(self, payload: &mut [u8]) {
        payload[..4].copy_from_slice(&self.frame.to_be_bytes());
        payload[4] = self.key.into();
        payload[5..7].copy_from_slice(&self.index.to_be_bytes());
        payload[7..9].copy_from_slice(&self.count.to_be_bytes());
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let frame = u32::from_be_bytes(payload.get(..4)?.try_into().ok()?);
        let index = u16::from_be_bytes(payload.get(5..7)?.try_into().ok()?);
        let count = u16::from_be_bytes(payload.get(7..9)?.try_into().ok()?);
        Some(Self { frame, key: *payload.get(4)? == 1, index, count })
    }
}

impl Camera {
    pub(super) fn new(rate: f64, start: Instant) -> Self {
        Self {
            rate,
            told: rate,
            encoded: false,
            number: 0,
            next: start,
            debt: 0.0,
            key_wanted: true,
            key_at: None,
            random: 12345,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.next
    }

    pub(super) fn tell(&mut self, rate: f64) {
        if !self.encoded {
            self.told = rate;
        }
    }

    /// From now on it makes this and nothing else.
    pub(super) fn encode_at(&mut self, rate: f64) {
        (self.told, self.encoded) = (rate, true);
    }

    pub(super) fn want_key(&mut self) {
        self.key_wanted = true;
    }

    /// The next frame's payloads, and whether it is a key unit.
    pub(super) fn frame(&mut self) -> (bool, Vec<Vec<u8>>) {
        let now = self.next;
        self.next += Duration::from_secs_f64(1.0 / FRAMES);
        self.rate += (self.told - self.rate) * (1.0 - (-1.0 / FRAMES / LAG).exp());
        let key = self.key_wanted && self.key_at.is_none_or(|at| now - at >= REST);
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = 0.85 + 0.3 * ((self.random >> 40) as f64 / (1u64 << 24) as f64);
        let fair = self.rate / FRAMES;
        let bits = if key {
            self.key_wanted = false;
            self.key_at = Some(now);
            fair * KEY
        } else {
            // A debt is made up for within about half a second.
            (fair * noise - self.debt / 15.0).max(fair * 0.4)
        };
        self.debt = (self.debt + bits - fair).clamp(-fair * 2.0, fair * 8.0);
        let bytes = ((bits / 8.0) as usize).max(60);
        let count = bytes.div_ceil(PAYLOAD);
        let payloads = (0..count).map(|index| {
            let mut payload = vec![0; (bytes / count).max(16)];
            let note = Note { frame: self.number, key, index: index as u16, count: count as u16 };
            note.write(&mut payload);
            payload
        });
        let payloads = payloads.collect();
        self.number += 1;
        (key, payloads)
    }
}
