//! A process with hundreds of viewers that cost less than who serves them: signalling on one thread, all media on another,
//! through str0m and a socket for each. They decrypt, count, ask again for what is lost and report as browsers do, and
//! decode nothing.

mod mailbox;
mod media;
mod path;
mod pictures;
mod signalling;
mod viewer;
mod vp8;
mod vp8_header;
mod warm;

use crate::child::{answer, say};
use crate::job::{LightJob, Said};
use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::channel;
use std::time::Instant;

/// Views until standard input ends, and counts.
pub fn run(job: &LightJob) -> Result<()> {
    if job.noted {
        warm::up()?;
    }
    let started = Instant::now();
    let (media, thread) = media::start(job.clone(), address())?;
    signalling::start(job.clone(), media.clone())?;
    answer(|| {
        if job.noted {
            let (send, noted) = channel();
            if media.tell(media::Told::Tell(send)) {
                say(&Said::Noted {
                    viewers: noted.recv().unwrap_or_default(),
                });
            }
            return;
        }
        let (send, counted) = channel();
        if media.tell(media::Told::Count(send)) {
            let viewers = counted.recv().unwrap_or_default();
            say(&Said::Counts {
                seconds: started.elapsed().as_secs_f64(),
                viewers,
            });
        }
    });
    media.tell(media::Told::Stop);
    thread.join().ok().context("the media thread failed")?
}

/// An address of this host that every plugin offers to: not all offer the loopback's.
fn address() -> IpAddr {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && interface.is_oper_up())
        .map(if_addrs::Interface::ip);
    addresses
        .find(IpAddr::is_ipv4)
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}
