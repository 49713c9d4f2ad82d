//! Which addresses and ports of this host serve peers, and under which others peers are told of them: what the
//! properties say, as rules.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

/// A text that is no list of what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no {wanted}")]
pub struct Unreadable {
    /// The part that cannot be read.
    pub text: String,
    wanted: &'static str,
}

/// The parts of a list, which commas or spaces keep apart; those with a `!` before them exclude.
fn parts(list: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = list.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.strip_prefix('!').map_or((true, part), |rest| (false, rest)))
}

/// Whether a list of rules lets something pass: one that includes it, where there are such, and none that
/// excludes it.
fn passes<T>(rules: &[(bool, T)], matches: impl Fn(&T) -> bool) -> bool {
    let of = |includes: bool| rules.iter().filter(move |rule| rule.0 == includes);
    (of(true).count() == 0 || of(true).any(|rule| matches(&rule.1)))
        && !of(false).any(|rule| matches(&rule.1))
}

/// Names of network interfaces: `eth0,wlan*`, `!docker*`. `*` stands for any signs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<(bool, String)>);

impl Names {
    /// Reads the list; an empty one lets all pass.
    pub fn read(list: &str) -> Self {
        Self(parts(list).map(|(includes, name)| (includes, name.to_owned())).collect())
    }

    /// Whether anything is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an interface may be used.
    pub fn allow(&self, name: &str) -> bool {
        passes(&self.0, |pattern| is_like(pattern, name))
    }
}

fn is_like(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(head) else { return false };
    let mut starts = (0..=rest.len()).filter_map(|at| rest.get(at..));
    starts.any(|rest| is_like(tail, rest))
}

/// Addresses and networks: `192.0.2.5`, `10.0.0.0/8,!10.9.0.0/16`, `!::/0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<(bool, Network)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(at, bits)| (at, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                let differ = one.to_bits() ^ other.to_bits();
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => {
                let differ = one.to_bits() ^ other.to_bits();
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl Networks {
    /// Reads the list; an empty one lets all pass.
    ///
    /// # Errors
    /// A part is neither an address nor a network.
    pub fn read(list: &str) -> Result<Self, Unreadable> {
        let read = |(includes, text): (bool, &str)| {
            let wanted = "IP address or network such as 10.0.0.0/8";
            let network = Network::read(text).ok_or_else(|| Unreadable { text: text.to_owned(), wanted });
            Ok((includes, network?))
        };
        Ok(Self(parts(list).map(read).collect::<Result<_, _>>()?))
    }

    /// Whether anything is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address may be used.
    pub fn allow(&self, address: IpAddr) -> bool {
        passes(&self.0, |network| network.has(address))
    }
}

/// Addresses under which peers reach this host from outside, where a translator or load balancer stands before
/// it: `203.0.113.7` for all of the host's own of that family, `203.0.113.7/10.0.0.5` for one of them. `host`
/// keeps the host's own beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advertised {
    outside: Vec<(IpAddr, Option<IpAddr>)>,
    keeps_own: bool,
}

impl Advertised {
    /// Reads the list; an empty one leaves all as it is.
    ///
    /// # Errors
    /// A part is none of the forms above.
    pub fn read(list: &str) -> Result<Self, Unreadable> {
        let mut read = Self::default();
        for part in list.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
            if part == "host" {
                read.keeps_own = true;
                continue;
            }
            let wanted = "IP address, outside/inside pair of such, or 'host'";
            let entry = advertised(part).ok_or_else(|| Unreadable { text: part.to_owned(), wanted });
            read.outside.push(entry?);
        }
        Ok(read)
    }

    /// What peers are told in the place of these, best first.
    pub fn told(&self, own: &[SocketAddr]) -> Vec<SocketAddr> {
        let (mut told, mut kept) = (Vec::new(), Vec::new());
        for address in own {
            let mut others = self.outside.iter().filter(|entry| stands_for(entry, address.ip())).peekable();
            if others.peek().is_none() || self.keeps_own {
                kept.push(*address);
            }
            let others = others.map(|(outside, _)| SocketAddr::new(*outside, address.port()));
            told.extend(others);
        }
        told.retain(|address| !kept.contains(address));
        let mut all: Vec<SocketAddr> = Vec::new();
        for address in told.into_iter().chain(kept) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }

    /// An address that stands for none of these.
    pub fn idle(&self, own: &[IpAddr]) -> Option<IpAddr> {
        let mut entries = self.outside.iter();
        let idle = entries.find(|entry| !own.iter().any(|address| stands_for(entry, *address)))?;
        Some(idle.0)
    }
}

fn advertised(part: &str) -> Option<(IpAddr, Option<IpAddr>)> {
    let (outside, inside) = match part.split_once('/') {
        Some((outside, inside)) => (outside, Some(inside.parse::<IpAddr>().ok()?)),
        None => (part, None),
    };
    let outside: IpAddr = outside.parse().ok()?;
    let fits = inside.is_none_or(|inside| inside.is_ipv4() == outside.is_ipv4());
    (fits && !outside.is_unspecified() && !outside.is_multicast()).then_some((outside, inside))
}

fn stands_for((outside, inside): &(IpAddr, Option<IpAddr>), own: IpAddr) -> bool {
    inside.map_or(outside.is_ipv4() == own.is_ipv4(), |inside| inside == own)
}

/// Ports of which one is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(RangeInclusive<u16>);

/// Ports that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortsError {
    /// Only the end of a range.
    #[error("udp-port-max={0} is the end of a range that has no beginning: set udp-port too")]
    NoBeginning(u32),
    /// The end is before the beginning.
    #[error("the range from udp-port={0} to udp-port-max={1} is empty")]
    Empty(u32, u32),
    /// No port has this number.
    #[error("{0} is no port")]
    TooLarge(u32),
}

impl Ports {
    /// From the properties: 0 for any port, and a last one of 0 for no range.
    ///
    /// # Errors
    /// The range is none.
    pub fn new(first: u32, last: u32) -> Result<Self, PortsError> {
        let port = |number| u16::try_from(number).map_err(|_| PortsError::TooLarge(number));
        match (first, last) {
            (first, 0) => Ok(Self(port(first)?..=port(first)?)),
            (0, last) => Err(PortsError::NoBeginning(last)),
            (first, last) if last < first => Err(PortsError::Empty(first, last)),
            (first, last) => Ok(Self(port(first)?..=port(last)?)),
        }
    }

    /// Whether any port will do.
    pub fn is_any(&self) -> bool {
        *self.0.start() == 0
    }

    /// Whether a port is of both.
    pub fn overlap(&self, other: &Self) -> bool {
        self.0.start() <= other.0.end() && other.0.start() <= self.0.end()
    }

    /// The first and the last.
    pub fn bounds(&self) -> (u16, u16) {
        (*self.0.start(), *self.0.end())
    }

    /// All of them, in the order in which they are tried.
    pub fn all(&self) -> RangeInclusive<u16> {
        self.0.clone()
    }
}

#[cfg(test)]
#[path = "addresses/tests.rs"]
mod tests;
