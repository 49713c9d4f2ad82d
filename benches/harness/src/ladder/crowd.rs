//! Which networks the viewers of a run have, written as `9x6M,1x300k/40ms/1%`: how many, the rate towards each, the
//! delay each way, the loss each way. `open` in the place of a rate is a network without a limit.

use crate::job::Network;
use link::shape;
use std::fmt;
use std::str::FromStr;

/// So many viewers behind networks alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub count: usize,
    /// As it was written.
    pub name: String,
    network: Network,
}

/// All viewers, group by group.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowd(pub Vec<Group>);

impl Crowd {
    /// Each viewer's, of random numbers of its own.
    pub fn networks(&self, seed: u64) -> Vec<Network> {
        let networks = self
            .0
            .iter()
            .flat_map(|group| std::iter::repeat_n(group.network, group.count));
        let seeded = networks
            .zip(seed << 16..)
            .map(|(network, seed)| Network { seed, ..network });
        seeded.collect()
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = || format!("'{text}' is no group of viewers; write 9x6M or 1x300k/40ms/1%");
        let (count, name) = text.split_once('x').ok_or_else(example)?;
        let count = count.parse().map_err(|_| example())?;
        let mut parts = name.split('/');
        let rate = match parts.next().ok_or_else(example)? {
            "open" => None,
            rate => Some(shape::rate(rate)?),
        };
        let delay = parts.next().map_or(Ok(0.0), |delay| {
            shape::time(delay).map(|delay| delay.as_secs_f64() * 1e3)
        })?;
        let loss = parts.next().map_or(Ok(0.0), shape::share)?;
        if parts.next().is_some() {
            return Err(example());
        }
        let network = Network {
            rate,
            delay_ms: delay,
            loss,
            seed: 0,
        };
        Ok(Self {
            count,
            name: name.to_owned(),
            network,
        })
    }
}

impl FromStr for Crowd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self
            .0
            .iter()
            .map(|group| format!("{}x{}", group.count, group.name));
        to.write_str(&groups.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;

    #[test]
    fn a_crowd_is_read_group_by_group_and_written_the_same() {
        let text = "2xopen,1x300k/40ms/1%";
        let crowd: Crowd = text.parse().unwrap();
        assert_eq!(crowd.to_string(), text);
        let networks = crowd.networks(1);
        assert_eq!(networks.len(), 3);
        assert_eq!(networks[0].rate, None);
        assert_eq!(
            (networks[2].rate, networks[2].delay_ms, networks[2].loss),
            (Some(300_000), 40.0, 0.01)
        );
        assert_ne!(networks[0].seed, networks[1].seed);
    }

    #[test]
    fn what_is_no_crowd_is_refused_with_an_example() {
        for text in ["", "9", "x6M", "1x300k/40ms/1%/x"] {
            assert!(text.parse::<Crowd>().unwrap_err().contains("9x6M"), "{text}");
        }
        assert!("1xfast".parse::<Crowd>().unwrap_err().contains("4M"));
    }
}
