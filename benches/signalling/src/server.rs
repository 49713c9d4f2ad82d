//! The measured server as a process of its own.

use crate::client::{PATIENCE, Target};
use crate::identity::Identity;
use crate::proc::Look;
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A program that is measured.
pub struct Program {
    pub letter: char,
    pub version: String,
    path: PathBuf,
}

impl Program {
    /// Asks the program for its version.
    pub fn new(letter: char, path: &Path) -> Result<Self> {
        let output = Command::new(path).arg("--version").output();
        let output = output.with_context(|| {
            format!(
                "failed to run {}: build it first, docs/benchmarks.md says how",
                path.display()
            )
        })?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self {
            letter,
            version,
            path: path.to_owned(),
        })
    }

    /// Starts a server and waits until it accepts connections. What it logs is thrown away.
    pub fn start(&self, tls: Option<&Identity>) -> Result<Server> {
        let port = free_port()?;
        let mut command = Command::new(&self.path);
        command.args(["--host", "0.0.0.0", "--port", &port.to_string()]);
        if let Some(identity) = tls {
            command
                .arg("--cert")
                .arg(&identity.certificate)
                .arg("--key")
                .arg(&identity.key);
        }
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let process = spawned.with_context(|| format!("failed to start {}", self.path.display()))?;
        let target = Target::new(port, tls.map(Identity::connector).transpose()?);
        let mut server = Server { process, target };
        server.wait_until_up((Ipv4Addr::LOCALHOST, port).into())?;
        Ok(server)
    }
}

/// A running server, killed when dropped.
pub struct Server {
    process: Child,
    pub target: Target,
}

impl Server {
    /// What the system says of it now.
    pub fn look(&self) -> Result<Look> {
        Look::at(self.process.id())
    }

    fn wait_until_up(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.process.try_wait().context("failed to wait for the server")? {
                bail!("the server ended at its start with {status}");
            }
            if Instant::now() > deadline {
                bail!("the server does not accept connections on {address}");
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails where it has ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Not every server can pick a port by itself and say which. Below the ports that clients get: thousands of their
/// connections could leave none free.
fn free_port() -> Result<u16> {
    let first = 10_000 + u16::try_from(std::process::id() % 10_000)?;
    let free = (first..first + 10_000).find(|port| {
        let used = USED.fetch_max(*port, Ordering::Relaxed) >= *port;
        !used && TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok()
    });
    free.context("found no free port between 10000 and 30000")
}

/// The highest port that was tried: each server gets a new one, as connections to the last one may still be ending.
static USED: AtomicU16 = AtomicU16::new(0);
