//! RTP timestamps that are the time of a clock which both sides can read (RFC 7273): what descriptions say of it, and the
//! way from one to the other.

use crate::capture;
use std::fmt;
use std::time::Duration;

/// Where NTP servers listen.
const NTP_PORT: u16 = 123;
const PTP: &str = "IEEE1588-2008";

/// A clock that others can read, too (RFC 7273 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An NTP server's; its time begins in 1900.
    Ntp {
        /// Name or address.
        host: String,
        /// UDP port.
        port: u16,
    },
    /// A PTP grandmaster's (IEEE 1588-2008); its time is TAI and begins in 1970.
    Ptp {
        /// Its identity.
        grandmaster: u64,
        /// The domain, where it is named.
        domain: Option<u8>,
    },
}

impl Reference {
    /// Reads the value of `a=ts-refclk`; clocks that nobody else can read, and kinds that are not known, are none.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim().split_once('=')? {
            ("ntp", address) if !address.starts_with('/') => {
                let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                    Some((host, rest)) => (host, rest.strip_prefix(':')),
                    None => {
                        address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port)))
                    }
                };
                let port = port.map_or(Some(NTP_PORT), |port| port.parse().ok())?;
                (!host.is_empty()).then(|| Self::Ntp { host: host.to_owned(), port })
            }
            ("ptp", server) => {
                let mut words = server.split(':');
                let grandmaster = words.next().filter(|version| *version == PTP).and(words.next())?;
                let bytes: Vec<_> = grandmaster
                    .split('-')
                    .map(|byte| u8::from_str_radix(byte, 16))
                    .collect::<Result<_, _>>()
                    .ok()?;
                let grandmaster = u64::from_be_bytes(bytes.try_into().ok()?);
                // A domain may be a name (IEEE 1588-2002), too.
                let domain = words.next().map(str::parse).transpose().ok()?;
                Some(Self::Ptp { grandmaster, domain })
            }
            _ => None,
        }
    }

    /// Whether the other tells the same time: a domain's grandmasters do, which take each other's place.
    pub fn is_as_good_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ptp { domain, .. }, Self::Ptp { domain: others, .. }) => domain == others,
            _ => self == other,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ntp { host, port } => {
                let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
                write!(f, "ntp={open}{host}{close}")?;
                if *port == NTP_PORT { Ok(()) } else { write!(f, ":{port}") }
            }
            Self::Ptp { grandmaster, domain } => {
                let bytes = grandmaster.to_be_bytes().map(|byte| format!("{byte:02X}"));
                write!(f, "ptp={PTP}:{}", bytes.join("-"))?;
                domain.map_or(Ok(()), |domain| write!(f, ":{domain}"))
            }
        }
    }
}

/// A stream's timestamps as its description explains them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaClock {
    /// Whose time they are.
    pub reference: Reference,
    /// The timestamp of the beginning of its time (`a=mediaclk:direct=`).
    pub offset: u32,
}

impl MediaClock {
    /// Reads the values of `a=ts-refclk` and `a=mediaclk`; nothing where timestamps are not the time of a clock that can be
    /// read, or are so at another rate than the one that they are said to have.
    pub fn read(reference: &str, media: &str) -> Option<Self> {
        let offset = media.trim().strip_prefix("direct=")?.parse().ok()?;
        Some(Self { reference: Reference::read(reference)?, offset })
    }

    /// The clock's time at a timestamp: of all those that have it the nearest to a time since 1900 by the system's clock,
    /// which may be hours off.
    pub fn time(&self, timestamp: u32, clock_rate: u32, near: Duration) -> Duration {
        let near = match self.reference {
            Reference::Ntp { .. } => near,
            Reference::Ptp { .. } => capture::since_1970(near),
        };
        let rate = u128::from(clock_rate.max(1));
        let present = near.as_nanos() * rate / 1_000_000_000;
        // What is left out counts whole turns of the timestamp.
        let turned = u32::try_from(present & u128::from(u32::MAX)).unwrap_or(0);
        let later = timestamp.wrapping_sub(self.offset).wrapping_sub(turned).cast_signed();
        let ticks = present.checked_add_signed(later.into()).unwrap_or(0);
        Duration::from_nanos(u64::try_from((ticks * 1_000_000_000).div_ceil(rate)).unwrap_or(u64::MAX))
    }
}

/// The timestamp of a clock's time, where it is that of the media clock (`a=mediaclk:direct=0`).
pub fn timestamp(time: Duration, clock_rate: u32) -> u32 {
    let ticks = time.as_nanos() * u128::from(clock_rate) / 1_000_000_000;
    u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_they_are_written() {
        for (text, written) in [
            ("ntp=pool.ntp.org", "ntp=pool.ntp.org"),
            ("ntp=192.0.2.1:123", "ntp=192.0.2.1"),
            ("ntp=192.0.2.1:5000", "ntp=192.0.2.1:5000"),
            ("ntp=[2001:db8::1]", "ntp=[2001:db8::1]"),
            ("ntp=[2001:db8::1]:124", "ntp=[2001:db8::1]:124"),
            ("ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0", "ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0"),
            (
                "ptp=IEEE1588-2008:00-a7-94-ff-fe-07-cb-d0:127",
                "ptp=IEEE1588-2008:00-A7-94-FF-FE-07-CB-D0:127",
            ),
        ] {
            let read = Reference::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read.to_string(), written);
        }
    }

    #[test]
    fn another_grandmaster_of_the_domain_tells_the_same_time_and_another_server_does_not() {
        let read = |text| Reference::read(text).unwrap();
        let (one, other) =
            ("ptp=IEEE1588-2008:00-A7-94-FF-FE-07-CB-D0:1", "ptp=IEEE1588-2008:01-A7-94-FF-FE-07-CB-D0:1");
        assert!(read(one).is_as_good_as(&read(other)));
        assert!(!read(one).is_as_good_as(&read("ptp=IEEE1588-2008:00-A7-94-FF-FE-07-CB-D0:2")));
        assert!(!read("ntp=a").is_as_good_as(&read("ntp=b")) && !read("ntp=a").is_as_good_as(&read(one)));
    }

    #[test]
    fn clocks_that_nobody_else_can_read_are_none_and_neither_is_nonsense() {
        for text in [
            "",
            "local",
            "private",
            "gps",
            "ntp=",
            "ntp=/traceable/",
            "ntp=a:b",
            "ntp=a:99999",
            "ptp=IEEE1588-2002:x",
            "ptp=IEEE1588-2008:39-A7:0",
            "ptp=IEEE1588-2008",
            "ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0:x",
        ] {
            assert_eq!(Reference::read(text), None, "{text}");
        }
        assert_eq!(MediaClock::read("ntp=a", "sender"), None);
        assert_eq!(MediaClock::read("ntp=a", "direct=0 rate=1000/1001"), None);
        assert_eq!(MediaClock::read("local", "direct=0"), None);
    }

    #[test]
    fn a_timestamp_is_the_clocks_time_again_wherever_it_turns_over() {
        for (rate, offset) in [(90_000, 0), (48_000, 7), (44_100, u32::MAX)] {
            let clock = MediaClock::read("ntp=a", &format!("direct={offset}")).unwrap();
            for seconds in [3_900_000_000, 3_900_000_001, 1_700_000_000, 47_721, 47_722] {
                let time = Duration::new(seconds, 123_456_789);
                let timestamp = timestamp(time, rate).wrapping_add(offset);
                for near in [time, time + Duration::from_secs(20_000), time - Duration::from_secs(20_000)] {
                    let off = clock.time(timestamp, rate, near).abs_diff(time);
                    assert!(off <= Duration::from_secs(1) / rate, "{rate} {seconds} {off:?}");
                }
            }
        }
    }

    #[test]
    fn a_receiver_whose_clock_is_at_its_beginning_computes_something() {
        let clock = MediaClock::read("ntp=a", "direct=0").unwrap();
        assert_eq!(clock.time(u32::MAX, 90_000, Duration::ZERO), Duration::ZERO);
    }
}
