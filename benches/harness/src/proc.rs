//! What Linux says of a process and of the machine.

use anyhow::{Context, Result};
use std::time::Instant;

/// Clock ticks a second in /proc: Linux shows 100 to programs on every machine, whatever it counts in.
const TICKS: f64 = 100.0;

/// One look at a process.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    at: Instant,
    cpu_seconds: f64,
    /// Threads it has.
    pub threads: u64,
    /// Resident memory (kB).
    pub memory_kb: u64,
}

impl Look {
    /// Looks at a process now.
    pub fn at(pid: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))
        };
        let cpu_ticks = cpu_ticks(&read("stat")?).context("stat of a process reads unlike Linux")?;
        let status = read("status")?;
        Ok(Self {
            at: Instant::now(),
            cpu_seconds: cpu_ticks / TICKS,
            threads: status_field(&status, "Threads").unwrap_or(0),
            memory_kb: status_field(&status, "VmRSS").unwrap_or(0),
        })
    }

    /// CPU since an earlier look, in % of one core.
    pub fn cpu_since(&self, earlier: &Self) -> f64 {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        if seconds > 0.0 {
            (self.cpu_seconds - earlier.cpu_seconds) / seconds * 100.0
        } else {
            0.0
        }
    }
}

/// User and system time of a line of /proc/PID/stat.
fn cpu_ticks(stat: &str) -> Option<f64> {
    // The name in parentheses may hold anything, so count from its end.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn status_field(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How busy the machine was: ticks of all cores, busy and in all.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    busy: f64,
    all: f64,
}

impl Machine {
    /// Looks now.
    pub fn now() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat").context("failed to read /proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<f64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|n| n.parse().ok())
            .collect();
        let all: f64 = ticks.iter().sum();
        // Idle and waiting for a disk.
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        Ok(Self {
            busy: all - idle,
            all,
        })
    }

    /// CPU of everything since an earlier look, in % of one core.
    pub fn cpu_since(self, earlier: Self) -> f64 {
        let all = self.all - earlier.all;
        if all > 0.0 {
            (self.busy - earlier.busy) / all * 100.0 * cores()
        } else {
            0.0
        }
    }
}

/// Cores of the machine.
pub fn cores() -> f64 {
    std::thread::available_parallelism()
        .map_or(1.0, |cores| f64::from(u32::try_from(cores.get()).unwrap_or(1)))
}

/// Load average of the last minute.
pub fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|load| load.parse().ok())
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{cpu_ticks, status_field};

    #[test]
    fn cpu_time_is_read_behind_a_name_with_spaces_and_parentheses() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 300 45 0 0 20 0 9 0";
        assert_eq!(cpu_ticks(stat), Some(345.0));
    }

    #[test]
    fn fields_of_the_status_are_found_by_their_whole_name() {
        let status = "Name:\tx\nVmRSS:\t  1234 kB\nThreads:\t9\n";
        assert_eq!(status_field(status, "VmRSS"), Some(1234));
        assert_eq!(status_field(status, "Threads"), Some(9));
        assert_eq!(status_field(status, "Thread"), None);
    }
}
