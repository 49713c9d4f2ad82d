//! `memory`: what a connection that says nothing costs the server.

use crate::client::{Peer, Target};
use crate::figure::{Figure, block_on};
use crate::proc::Look;
use crate::server::{Program, Server};
use anyhow::{Context, Result};
use futures::StreamExt;
use futures::stream;
use std::thread::sleep;
use std::time::Duration;

/// How many connect at the same time.
const AT_ONCE: usize = 50;
/// Files that a server and this program need beside its connections.
const OTHER_FILES: usize = 100;
/// Between two looks at the server's memory; it has settled when they agree.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: usize = 25;

/// As many connections as a process may have files here.
pub fn possible(wanted: usize, files: u64) -> usize {
    wanted.min(
        usize::try_from(files)
            .unwrap_or(usize::MAX)
            .saturating_sub(OTHER_FILES),
    )
}

/// Holds so many connections, which were welcomed only or are producers, too.
pub fn run(program: &Program, connections: usize, produce: bool) -> Result<Vec<Figure>> {
    let server = program.start(None)?;
    let before = settled(&server)?;
    block_on(async {
        let held = hold(&server.target, connections, produce).await?;
        let grown = settled(&server)?.memory_kb.saturating_sub(before.memory_kb);
        // The server first: the side that ends a connection keeps its port busy for a while.
        drop(server);
        drop(held);
        Ok(vec![Figure::new(
            "kB a connection",
            grown as f64 / connections as f64,
            2,
        )])
    })
}

async fn hold(target: &Target, connections: usize, produce: bool) -> Result<Vec<Peer>> {
    let connect = |_| async move {
        let mut peer = target.peer().await?;
        if produce {
            peer.produce().await?;
        }
        anyhow::Ok(peer)
    };
    let mut arriving = stream::iter(0..connections)
        .map(connect)
        .buffer_unordered(AT_ONCE);
    let mut held = Vec::with_capacity(connections);
    while let Some(peer) = arriving.next().await {
        let so_far = held.len();
        held.push(peer.with_context(|| format!("failed with {so_far} connections"))?);
    }
    Ok(held)
}

/// A look at the server when its memory has stopped growing.
fn settled(server: &Server) -> Result<Look> {
    let mut last = server.look()?;
    for _ in 0..LOOKS {
        sleep(LOOK);
        let now = server.look()?;
        if now.memory_kb == last.memory_kb {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}
