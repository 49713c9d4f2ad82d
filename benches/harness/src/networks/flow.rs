//! A TCP flow across the link, as fast as it is let.

use anyhow::{Context, Result};
use link::Network;
use nix::sys::socket::{setsockopt, sockopt};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// From the left side to the right, until dropped.
pub struct Flow {
    sender: TcpStream,
    /// Bytes that the right side has read.
    pub arrived: Arc<AtomicU64>,
}

impl Flow {
    /// Connects and sends.
    pub fn start(network: &Network, congestion: &str) -> Result<Self> {
        let (left, right) = (network.left(), network.right());
        let listener = right.run(|| TcpListener::bind((right.address(), 0)))??;
        let address = listener.local_addr()?;
        let arrived = Arc::new(AtomicU64::new(0));
        let counted = arrived.clone();
        std::thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else {
                return;
            };
            let mut block = [0; 16 << 10];
            while let Ok(length @ 1..) = stream.read(&mut block) {
                counted.fetch_add(length as u64, Ordering::Relaxed);
            }
        });
        let sender = left
            .run(|| TcpStream::connect(address))?
            .context("failed to connect the TCP flow")?;
        setsockopt(&sender, sockopt::TcpCongestion, &OsString::from(congestion))
            .with_context(|| format!("failed to have TCP use {congestion}"))?;
        let mut sending = sender.try_clone()?;
        std::thread::spawn(move || while sending.write_all(&[0; 16 << 10]).is_ok() {});
        Ok(Self { sender, arrived })
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        // Fails only where the other side hung up before.
        drop(self.sender.shutdown(Shutdown::Both));
    }
}
