//! Child processes: starting them, asking, hearing what they say, ending them.
//!
//! A child writes [`MARK`] and a JSON object a line to its standard output (plugins may log there too) and ends when
//! its standard input does.

use crate::job::Said;
use crate::plugin::Plugin;
use anyhow::{Context, Result, bail};
use link::Side;
use serde::Serialize;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const MARK: &str = "@harness ";

/// A child process, killed when dropped.
pub struct Child {
    process: Process,
    input: Option<ChildStdin>,
    said: Receiver<Said>,
    role: &'static str,
}

impl Child {
    /// Starts this program again with a plugin in one of its hidden roles.
    pub fn start(plugin: &Plugin, role: &'static str, job: Option<&impl Serialize>) -> Result<Self> {
        Self::launch(plugin, role, job, |command| Ok(command.spawn()?))
    }

    /// The same on one side of an emulated link.
    pub fn start_on(side: &Side, plugin: &Plugin, role: &'static str, job: &impl Serialize) -> Result<Self> {
        Self::launch(plugin, role, Some(job), |command| {
            Ok(side.run(|| command.spawn())??)
        })
    }

    fn launch(
        plugin: &Plugin,
        role: &'static str,
        job: Option<&impl Serialize>,
        spawn: impl FnOnce(&mut Command) -> Result<Process>,
    ) -> Result<Self> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = Command::new(program);
        command.arg(role).envs(plugin.environment());
        if let Some(job) = job {
            command.arg(serde_json::to_string(job)?);
        }
        let spawned = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut process = spawned.with_context(|| format!("failed to start {role}"))?;
        let output = process.stdout.take().context("the child has no output")?;
        let (send, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Some(json) = line.strip_prefix(MARK) else {
                    continue;
                };
                let Ok(said) = serde_json::from_str(json) else {
                    continue;
                };
                if send.send(said).is_err() {
                    return;
                }
            }
        });
        let input = process.stdin.take();
        Ok(Self {
            process,
            input,
            said,
            role,
        })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks a viewer process for its counts, a producer for its encoders.
    pub fn ask(&mut self) -> Result<()> {
        let input = self.input.as_mut().context("the child is ending")?;
        writeln!(input, "tell").with_context(|| format!("{} is gone", self.role))
    }

    /// Waits for what `wanted` picks; notes and problems on the way go to standard error.
    pub fn hear<T>(&self, patience: Duration, wanted: impl Fn(Said) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            match self
                .said
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(Said::Note { text }) => eprintln!("{}: {text}", self.role),
                Ok(Said::Problem { text }) => eprintln!("{}: PROBLEM: {text}", self.role),
                Ok(said) => {
                    if let Some(found) = wanted(said) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("{} said nothing for {patience:?}", self.role),
                Err(RecvTimeoutError::Disconnected) => bail!("{} ended early", self.role),
            }
        }
    }

    /// Lets it end by itself, kills it after `patience`; how long it took.
    pub fn end(mut self, patience: Duration) -> Result<Duration> {
        let started = Instant::now();
        self.input = None;
        while started.elapsed() < patience {
            if let Some(status) = self.process.try_wait().context("failed to wait for a child")? {
                if !status.success() {
                    eprintln!("{}: PROBLEM: ended with {status}", self.role);
                }
                return Ok(started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        eprintln!("{}: PROBLEM: did not end within {patience:?}, killed", self.role);
        Ok(started.elapsed())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        for said in self.said.try_iter() {
            if let Said::Problem { text } = said {
                eprintln!("{}: PROBLEM: {text}", self.role);
            }
        }
        if let Ok(None) = self.process.try_wait() {
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }
}

/// A child's side: says something.
pub fn say(said: &Said) {
    if let Ok(json) = serde_json::to_string(said) {
        let mut out = std::io::stdout().lock();
        // A parent that is gone ends this process through its standard input.
        drop(writeln!(out, "{MARK}{json}").and_then(|()| out.flush()));
    }
}

/// A child's side: answers each line of standard input until it ends.
pub fn answer(mut on_line: impl FnMut()) {
    for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
        on_line();
    }
}
