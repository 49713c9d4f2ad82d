//! When a frame was captured, from the sender's clock to the receiver's: the header extension that tells it, what lies
//! between two of them, and how far the two clocks are apart (WebRTC's `abs-capture-time`; RFC 3550 section 6.4.1).

use crate::rtp::extensions;
use std::time::Duration;

/// Header extension in which a sender says when a frame was captured, by the clock of its sender reports.
pub const CAPTURE_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";

/// From 1900, where NTP's time begins, to 1970.
const TO_1970: Duration = Duration::from_secs(2_208_988_800);
/// So often, and with each key unit, the time is told anew; in between it follows from RTP's timestamps.
pub const INTERVAL: Duration = Duration::from_secs(1);
/// Reports of which the one that was least held up tells what time it is there.
const REPORTS: usize = 8;
/// Nothing is held up for so long (ns): one of the clocks was set.
const SET: u128 = 3_000_000_000;

/// Since 1900, of a time since 1970.
pub fn since_1900(unix: Duration) -> Duration {
    unix + TO_1970
}

/// Since 1970, of a time since 1900.
pub fn since_1970(time: Duration) -> Duration {
    time.saturating_sub(TO_1970)
}

/// NTP's 64 bits, of a time since 1900.
fn to_ntp(time: Duration) -> u64 {
    let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    time.as_secs() << 32 | fraction
}

/// The time since 1900 in NTP's 64 bits, to the nanosecond.
fn from_ntp(ntp: u64) -> Duration {
    let nanoseconds = ((ntp & 0xffff_ffff) * 1_000_000_000 + (1 << 31)) >> 32;
    Duration::from_secs(ntp >> 32) + Duration::from_nanos(nanoseconds)
}

/// Adds the extension under `id` to an RTP header that has one-byte extensions or none (RFC 8285 section 4.2), and to
/// nothing else; whether it did.
pub fn write(header: &mut Vec<u8>, id: u8, captured: Duration) -> bool {
    let Some((&first, true)) = header.first().map(|first| (first, header.len() >= 12)) else { return false };
    if first >> 6 != 2 || !(1..15).contains(&id) {
        return false;
    }
    let start = 12 + usize::from(first & 0x0f) * 4;
    let mut element = vec![id << 4 | 7];
    element.extend(to_ntp(captured).to_be_bytes());
    element.extend([0; 3]);
    if first & 0x10 == 0 {
        if header.len() < start {
            return false;
        }
        let all: Vec<u8> = [0xbe, 0xde, 0, 3].into_iter().chain(element).collect();
        header.splice(start..start, all);
        if let Some(first) = header.first_mut() {
            *first |= 0x10;
        }
        return true;
    }
    let Some(&[0xbe, 0xde, high, low]) = header.get(start..start + 4) else { return false };
    let words = usize::from(u16::from_be_bytes([high, low]));
    let (Ok(more), true) = (u16::try_from(words + 3), header.len() >= start + 4 + words * 4) else {
        return false;
    };
    header.splice(start + 4..start + 4, element);
    for (byte, value) in header.iter_mut().skip(start + 2).zip(more.to_be_bytes()) {
        *byte = value;
    }
    true
}

/// When the frame of an RTP packet was captured, by its sender's clock since 1900, where the packet says so under `id`.
pub fn read(packet: &[u8], id: u8) -> Option<Duration> {
    let (ntp, offset) = extensions::value(packet, id)?.split_at_checked(8)?;
    let captured = from_ntp(u64::from_be_bytes(ntp.try_into().ok()?));
    // Captured elsewhere: by how much that clock is ahead of the sender's.
    let offset = offset.try_into().map(i64::from_be_bytes).unwrap_or(0);
    let ahead = from_ntp(offset.unsigned_abs());
    if offset > 0 { captured.checked_sub(ahead) } else { captured.checked_add(ahead) }
}

/// What a stream's packets have told, and what lies in between.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    told: Option<(u32, Duration)>,
}

impl Captured {
    /// The capture time, since 1900, of the frame with this timestamp, which may say so itself.
    pub fn of(&mut self, timestamp: u32, told: Option<Duration>, clock_rate: u32) -> Option<Duration> {
        if let Some(time) = told {
            self.told = Some((timestamp, time));
        }
        let (from, time) = self.told?;
        // Timestamps wrap around; those of packets that came out of order step back.
        let ticks = i64::from(timestamp.wrapping_sub(from).cast_signed());
        let step = Duration::from_nanos(ticks.unsigned_abs() * 1_000_000_000 / u64::from(clock_rate.max(1)));
        if ticks < 0 { time.checked_sub(step) } else { time.checked_add(step) }
    }
}

/// The sender's clock as its reports show it.
#[derive(Debug, Clone, Default)]
pub struct SenderClock {
    /// By how much each report was behind this side's clock when it came, in ns; the latest last.
    behind: Vec<i128>,
    round_trip: Duration,
}

impl SenderClock {
    /// Takes in what came as RTCP at a time since 1900 by this side's clock; packets that are no reports say nothing.
    pub fn hear(&mut self, rtcp: &[u8], now: Duration) {
        let mut rest = rtcp;
        while let Some(&[first, kind, high, low]) = rest.get(..4)
            && first >> 6 == 2
        {
            let length = usize::from(u16::from_be_bytes([high, low])) * 4 + 4;
            if let (200, Some(ntp)) = (kind, rest.get(8..16).and_then(|ntp| ntp.try_into().ok())) {
                let sent = from_ntp(u64::from_be_bytes(ntp));
                let behind = nanoseconds(now) - nanoseconds(sent);
                self.behind.retain(|before| before.abs_diff(behind) < SET);
                if self.behind.len() == REPORTS {
                    self.behind.remove(0);
                }
                self.behind.push(behind);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// A round trip was measured: half of it is how long a report is on its way at least.
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    /// How long ago a frame was captured, whatever the two clocks show; nothing before the first report.
    pub fn age(&self, captured: Duration, now: Duration) -> Option<Duration> {
        let behind = *self.behind.iter().min()?;
        let age = nanoseconds(now) - nanoseconds(captured) - behind + nanoseconds(self.round_trip / 2);
        Some(Duration::from_nanos(u64::try_from(age.max(0)).unwrap_or(u64::MAX)))
    }
}

fn nanoseconds(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;
