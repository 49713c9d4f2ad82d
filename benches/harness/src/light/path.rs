//! The network of one viewer, emulated in this process: packets come and leave when the model of the link says so, so
//! that what the viewer reports of them is what a viewer behind such a link would.

use crate::job::Network;
use link::{Link, Shape};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Of UDP and IPv4.
const HEADERS: usize = 28;

type Packet = (SocketAddr, Vec<u8>);

/// Both ways.
pub struct Path {
    since: Instant,
    towards: Link<Packet>,
    away: Link<Packet>,
}

impl Path {
    pub fn new(network: &Network) -> Self {
        let shape = |rate| Shape {
            rate,
            delay: Duration::from_secs_f64(network.delay_ms.max(0.0) / 1e3),
            loss: network.loss,
            ..Shape::default()
        };
        let link = |rate, seed| Link::new(shape(rate), seed, Duration::ZERO);
        Self {
            since: Instant::now(),
            towards: link(network.rate, network.seed),
            away: link(None, !network.seed),
        }
    }

    /// A packet for the viewer has come to its network.
    pub fn arrive(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) {
        let packet = (source, bytes.to_vec());
        let now = now.saturating_duration_since(self.since);
        self.towards.push(packet, bytes.len() + HEADERS, now);
    }

    /// The next that has come through, from where, and when it did.
    pub fn arrived(&mut self, now: Instant) -> Option<(SocketAddr, Instant, Vec<u8>)> {
        let now = now.saturating_duration_since(self.since);
        let (due, (source, bytes)) = self.towards.pop_timed(now)?;
        Some((source, self.since + due, bytes))
    }

    /// The viewer sends a packet.
    pub fn leave(&mut self, to: SocketAddr, bytes: &[u8]) {
        let now = self.since.elapsed();
        self.away.push((to, bytes.to_vec()), bytes.len() + HEADERS, now);
    }

    /// The next of those that has come through.
    pub fn left(&mut self, now: Instant) -> Option<Packet> {
        self.away.pop(now.saturating_duration_since(self.since))
    }

    /// When there is something to do again.
    pub fn next(&self) -> Option<Instant> {
        let next = [self.towards.next(), self.away.next()];
        next.into_iter().flatten().min().map(|at| self.since + at)
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::job::Network;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::{Duration, Instant};

    #[test]
    fn packets_that_come_together_arrive_as_far_apart_as_the_rate_says() {
        let network = Network {
            rate: Some(800_000),
            delay_ms: 20.0,
            loss: 0.0,
            seed: 1,
        };
        let (mut path, now) = (Path::new(&network), Instant::now());
        let from = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        (0..14).for_each(|_| path.arrive(from, &[0; 972], now));
        assert!(path.arrived(now + Duration::from_millis(19)).is_none());
        let later = now + Duration::from_secs(1);
        let times: Vec<Instant> = std::iter::from_fn(|| path.arrived(later))
            .map(|(_, at, _)| at)
            .collect();
        // A burst of eight passes at once, the others each need 10 ms.
        assert_eq!(times.len(), 14);
        let apart = |pair: &[Instant]| (pair[1] - pair[0]).as_millis();
        assert!(times[..8].windows(2).all(|pair| apart(pair) == 0));
        assert!(times[8..].windows(2).all(|pair| apart(pair).abs_diff(10) <= 1));
    }
}
