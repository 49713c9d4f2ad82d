//! `connects`: how many clients a second a server can welcome.

use crate::client::Target;
use crate::figure::{Figure, block_on};
use crate::identity::Identity;
use crate::pair::Window;
use crate::server::Program;
use anyhow::Result;
use futures::future::try_join_all;
use tokio::time::Instant;

/// So many clients at a time connect, wait for the welcome, leave and connect anew.
pub fn run(
    program: &Program,
    at_once: usize,
    tls: Option<&Identity>,
    window: &impl Fn() -> Window,
) -> Result<Vec<Figure>> {
    let server = program.start(tls)?;
    block_on(async {
        let window = window();
        let counts = try_join_all((0..at_once).map(|_| welcomes(&server.target, window))).await?;
        let all: u64 = counts.iter().sum();
        Ok(vec![Figure::new("connects/s", all as f64 / window.seconds(), 0)])
    })
}

async fn welcomes(target: &Target, window: Window) -> Result<u64> {
    let mut count = 0;
    while Instant::now() < window.end {
        drop(target.peer().await?);
        if window.holds(Instant::now()) {
            count += 1;
        }
    }
    Ok(count)
}
