//! What a link is like in one direction, and how its figures are written.

use std::str::FromStr;
use std::time::Duration;

/// What a token bucket holds where nothing else is said.
pub const BURST: usize = 8_000;

/// One direction of a link. The default is a link without limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Bits a second, IP headers included; nothing for no limit.
    pub rate: Option<u64>,
    /// Bytes that may pass at once after a pause (token bucket).
    pub burst: usize,
    /// What may wait; what finds no room is dropped.
    pub queue: Queue,
    /// On the way, after the queue.
    pub delay: Duration,
    /// Up to this much more, different for each packet. Packets never overtake each other.
    pub jitter: Duration,
    /// The share of packets that get lost on the way, from 0 to 1, each by itself.
    pub loss: f64,
    /// Losses in a row.
    pub bursts: Option<Bursts>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            rate: None,
            burst: BURST,
            queue: Queue::Time(Duration::from_millis(150)),
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            bursts: None,
        }
    }
}

impl Shape {
    /// How many bytes may wait. A single packet always may.
    pub(crate) fn room(&self) -> usize {
        match (self.queue, self.rate) {
            (Queue::Bytes(bytes), _) => bytes,
            (Queue::Time(_), None) => usize::MAX,
            (Queue::Time(time), Some(rate)) => (rate as f64 / 8.0 * time.as_secs_f64()) as usize,
        }
    }
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// What the link sends in this time, at the rate that it has.
    Time(Duration),
    /// So many bytes, whatever the rate.
    Bytes(usize),
}

/// Gilbert's model: in its bad state a link loses every packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bursts {
    /// With each packet the probability that a good link becomes a bad one.
    pub begin: f64,
    /// With each packet the probability that a bad link becomes a good one; 1 by the mean length.
    pub end: f64,
}

/// Reads `4M`, `500k` or `64000` as bits a second.
pub fn rate(text: &str) -> Result<u64, String> {
    let (number, factor) = match text.strip_suffix(['k', 'M', 'G']) {
        Some(number) if text.ends_with('k') => (number, 1e3),
        Some(number) if text.ends_with('M') => (number, 1e6),
        Some(number) => (number, 1e9),
        None => (text, 1.0),
    };
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok((number * factor) as u64),
        _ => Err(format!("'{text}' is no rate; write 4M, 500k or 64000 (bit/s)")),
    }
}

/// Reads `150ms` or `1.5s`.
pub fn time(text: &str) -> Result<Duration, String> {
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, f64::NAN),
    };
    let seconds = number.parse::<f64>().map_or(f64::NAN, |number| number * factor);
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("'{text}' is no time; write 150ms or 1.5s"))
}

/// Reads `5%` or `0.05`.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, factor) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
    let share = number.parse::<f64>().map_or(f64::NAN, |number| number * factor);
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(format!("'{text}' is no share; write 5% or 0.05"))
    }
}

impl FromStr for Queue {
    type Err = String;

    /// Reads `150ms`, or `20kB` and `8000B` for bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some(bytes) = text.strip_suffix('B') else {
            return time(text).map(Self::Time);
        };
        let bytes = rate(bytes).map_err(|_| format!("'{text}' is no queue; write 150ms or 20kB"))?;
        Ok(Self::Bytes(usize::try_from(bytes).unwrap_or(usize::MAX)))
    }
}

impl FromStr for Bursts {
    type Err = String;

    /// Reads `1%:25%`: how often one begins, and how often it ends.
    fn from_str(text: &str) -> Result<Self, String> {
        let (begin, end) = text.split_once(':').ok_or(format!("'{text}' is no BEGIN:END such as 1%:25%"))?;
        Ok(Self { begin: share(begin)?, end: share(end)? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bursts, Queue, Shape, rate, share, time};
    use std::time::Duration;

    #[test]
    fn figures_are_read_with_their_units() {
        assert_eq!(rate("1.5M"), Ok(1_500_000));
        assert_eq!(rate("500k"), Ok(500_000));
        assert_eq!(rate("64000"), Ok(64_000));
        assert_eq!(time("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("150ms"), Ok(Duration::from_millis(150)));
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!("20kB".parse(), Ok(Queue::Bytes(20_000)));
        assert_eq!("150ms".parse(), Ok(Queue::Time(Duration::from_millis(150))));
        assert_eq!("1%:25%".parse(), Ok(Bursts { begin: 0.01, end: 0.25 }));
    }

    #[test]
    fn what_is_no_figure_is_refused_with_an_example() {
        for text in ["", "fast", "-1M", "4m"] {
            assert!(rate(text).unwrap_err().contains("4M"), "{text}");
        }
        for text in ["", "150", "-1s", "ms"] {
            assert!(time(text).unwrap_err().contains("150ms"), "{text}");
        }
        for text in ["", "101%", "-1%", "5"] {
            assert!(share(text).unwrap_err().contains("5%"), "{text}");
        }
        assert!("1%".parse::<Bursts>().is_err());
        assert!("150".parse::<Queue>().is_err());
    }

    #[test]
    fn a_queue_in_time_is_as_long_as_the_rate_makes_it() {
        let shape = Shape { rate: Some(4_000_000), ..Shape::default() };
        assert_eq!(shape.room(), 75_000);
        assert_eq!(Shape { queue: Queue::Bytes(10), ..shape }.room(), 10);
    }
}
