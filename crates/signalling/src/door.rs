//! Counts connections at the door: how many there are in all, and from each address.

use crate::denial::Denial;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections that are too many are told so at a time; those beyond are closed without a word.
const MAX_REFUSALS: usize = 256;

/// The counts and their limits, 0 for none.
#[derive(Debug)]
pub(crate) struct Door {
    max: usize,
    max_per_address: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    admitted: usize,
    refused: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Whether a connection may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Admitted,
    Full,
    AddressFull,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Visit {
    door: Arc<Door>,
    address: SocketAddr,
    verdict: Verdict,
}

impl Door {
    pub(crate) fn new(max: usize, max_per_address: usize) -> Self {
        Self { max, max_per_address, counts: Mutex::default() }
    }

    /// Counts a connection; nothing where it is to be closed without a word.
    pub(crate) fn enter(self: &Arc<Self>, address: SocketAddr) -> Option<Visit> {
        let mut counts = self.lock();
        let here = counts.by_address.get(&group(address.ip())).copied().unwrap_or(0);
        let reached = |count: usize, max: usize| max != 0 && count >= max;
        let verdict = if reached(counts.admitted, self.max) {
            Verdict::Full
        } else if reached(here, self.max_per_address) {
            Verdict::AddressFull
        } else {
            Verdict::Admitted
        };
        if verdict == Verdict::Admitted {
            counts.admitted += 1;
            *counts.by_address.entry(group(address.ip())).or_default() += 1;
        } else if counts.refused < MAX_REFUSALS {
            counts.refused += 1;
        } else {
            return None;
        }
        Some(Visit { door: self.clone(), address, verdict })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the connection may become a websocket.
    pub(crate) fn admitted(&self) -> Result<(), Denial> {
        match self.verdict {
            Verdict::Admitted => Ok(()),
            Verdict::Full => Err(Denial::Full),
            Verdict::AddressFull => Err(Denial::AddressFull),
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut counts = self.door.lock();
        if self.verdict != Verdict::Admitted {
            counts.refused -= 1;
            return;
        }
        counts.admitted -= 1;
        let group = group(self.address.ip());
        if let Some(count) = counts.by_address.get_mut(&group) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&group);
            }
        }
    }
}

/// What is counted as one address: of IPv6 the first 64 bits, which is the least that one customer has.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(visit: Option<&Visit>) -> Option<Verdict> {
        visit.map(|visit| visit.verdict)
    }

    fn enter(door: &Arc<Door>, address: &str) -> Option<Visit> {
        door.enter(SocketAddr::new(address.parse().unwrap(), 1000))
    }

    #[test]
    fn connections_are_counted_while_they_last() {
        let door = Arc::new(Door::new(2, 0));
        let (one, two) = (enter(&door, "10.0.0.1"), enter(&door, "10.0.0.1"));
        assert_eq!(verdict(two.as_ref()), Some(Verdict::Admitted));
        assert_eq!(verdict(enter(&door, "10.0.0.2").as_ref()), Some(Verdict::Full));
        drop(one);
        assert_eq!(verdict(enter(&door, "10.0.0.2").as_ref()), Some(Verdict::Admitted));
    }

    #[test]
    fn one_address_has_its_own_limit_and_leaves_nothing_behind() {
        let door = Arc::new(Door::new(0, 1));
        let one = enter(&door, "10.0.0.1");
        assert_eq!(verdict(enter(&door, "::ffff:10.0.0.1").as_ref()), Some(Verdict::AddressFull));
        assert_eq!(verdict(enter(&door, "10.0.0.2").as_ref()), Some(Verdict::Admitted));
        drop(one);
        assert_eq!(verdict(enter(&door, "10.0.0.1").as_ref()), Some(Verdict::Admitted));
        assert!(door.lock().by_address.is_empty());
    }

    #[test]
    fn a_customer_with_many_ipv6_addresses_counts_as_one() {
        let door = Arc::new(Door::new(0, 1));
        let _one = enter(&door, "2001:db8:0:1::1");
        assert_eq!(verdict(enter(&door, "2001:db8:0:1:ffff::2").as_ref()), Some(Verdict::AddressFull));
        assert_eq!(verdict(enter(&door, "2001:db8:0:2::1").as_ref()), Some(Verdict::Admitted));
    }

    #[test]
    fn a_crowd_that_is_too_large_is_not_talked_to() {
        let door = Arc::new(Door::new(1, 0));
        let crowd: Vec<_> = (0..=MAX_REFUSALS).map(|_| enter(&door, "10.0.0.1")).collect();
        assert!(crowd.iter().all(Option::is_some));
        assert!(enter(&door, "10.0.0.1").is_none());
    }
}
