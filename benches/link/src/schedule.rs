//! A rate that changes with time: steps, or a recorded trace. The last one stays.

use crate::shape;
use std::str::FromStr;
use std::time::Duration;

/// Rates in bits a second, each from its time on; the times ascend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule(Vec<(Duration, u64)>);

impl Schedule {
    /// Reads a trace: a line `milliseconds,bits per second` for each change. What begins with `#` and a first line of
    /// names are passed over.
    pub fn trace(text: &str) -> Result<Self, String> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut changes: Vec<(Duration, u64)> = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let columns = line.split_once(',').and_then(|(time, rate)| {
                let milliseconds = time.trim().parse().ok()?;
                Some((Duration::from_millis(milliseconds), rate.trim().parse().ok()?))
            });
            match columns {
                Some((time, _)) if changes.last().is_some_and(|(last, _)| *last > time) => {
                    return Err(format!("line {number} of the trace is earlier than the one before"));
                }
                Some(change) => changes.push(change),
                None if number == 1 => {}
                None => return Err(format!("line {number} of the trace is no milliseconds,bits: '{line}'")),
            }
        }
        if changes.is_empty() { Err("the trace has no rates".to_owned()) } else { Ok(Self(changes)) }
    }

    /// Every change, with its time after the beginning.
    pub fn changes(&self) -> &[(Duration, u64)] {
        &self.0
    }
}

impl FromStr for Schedule {
    type Err = String;

    /// Reads `4M:25s,1M:25s,4M:30s`: rates and how long each lasts.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut at, mut changes) = (Duration::ZERO, Vec::new());
        for step in text.split(',') {
            let (rate, time) =
                step.split_once(':').ok_or(format!("'{step}' is no RATE:TIME such as 4M:25s"))?;
            changes.push((at, shape::rate(rate)?));
            at += shape::time(time)?;
        }
        Ok(Self(changes))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use std::time::Duration;

    fn seconds(changes: &[(u64, u64)]) -> Schedule {
        Schedule(changes.iter().map(|(at, rate)| (Duration::from_secs(*at), *rate)).collect())
    }

    #[test]
    fn steps_follow_each_other() {
        let steps = "4M:25s,1M:25s,4M:30s".parse();
        assert_eq!(steps, Ok(seconds(&[(0, 4_000_000), (25, 1_000_000), (50, 4_000_000)])));
        assert!("4M".parse::<Schedule>().unwrap_err().contains("4M:25s"));
    }

    #[test]
    fn a_trace_is_read_past_its_comments_and_names() {
        let trace = Schedule::trace("time,rate\n# recorded on a train\n0, 1000000\n\n2000,64000\n");
        assert_eq!(trace, Ok(seconds(&[(0, 1_000_000), (2, 64_000)])));
    }

    #[test]
    fn a_trace_that_cannot_be_read_is_refused_with_its_line() {
        assert!(Schedule::trace("0,1\nnonsense").unwrap_err().contains("line 2"));
        assert!(Schedule::trace("5,1\n4,1").unwrap_err().contains("line 2"));
        assert!(Schedule::trace("").is_err());
    }
}
