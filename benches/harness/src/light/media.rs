//! The one thread that has all viewers' sockets.

use super::mailbox::Mailbox;
use super::viewer::Viewer;
use crate::child::say;
use crate::job::{Counts, LightJob, Noted, Said};
use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// How often viewers are asked what is due; far less than any of their timers.
const TICK: Duration = Duration::from_millis(5);
const WAKE: Token = Token(usize::MAX);

/// What the thread is told.
pub enum Told {
    Offer {
        viewer: usize,
        sdp: String,
        /// When the viewer began.
        began: Instant,
        answer: UnboundedSender<String>,
    },
    Candidate {
        viewer: usize,
        text: String,
    },
    /// All viewers' counts.
    Count(Sender<Vec<Counts>>),
    /// What all viewers noted since the last time.
    Tell(Sender<Vec<Noted>>),
    Stop,
}

/// The way to the thread.
#[derive(Clone)]
pub struct Media {
    told: Sender<Told>,
    waker: Arc<Waker>,
}

impl Media {
    /// Tells it something; false where it has ended.
    pub fn tell(&self, told: Told) -> bool {
        self.told.send(told).is_ok() && self.waker.wake().is_ok()
    }
}

/// Starts the thread, whose sockets are at an address of this host.
pub fn start(job: LightJob, host: IpAddr) -> Result<(Media, JoinHandle<Result<()>>)> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
    let (told, heard) = channel();
    let thread = std::thread::Builder::new().name("media".into());
    let thread = thread
        .spawn(move || {
            Thread {
                job,
                host,
                poll,
                heard,
                viewers: BTreeMap::new(),
            }
            .run()
        })
        .context("failed to start a thread")?;
    Ok((Media { told, waker }, thread))
}

struct Thread {
    job: LightJob,
    host: IpAddr,
    poll: Poll,
    heard: Receiver<Told>,
    viewers: BTreeMap<usize, Viewer>,
}

impl Thread {
    fn run(mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut mailbox = Mailbox::new();
        let mut next = Instant::now();
        loop {
            let wait = next.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut events, Some(wait)) {
                Err(err) if err.kind() != ErrorKind::Interrupted => return Err(err.into()),
                _ => {}
            }
            for event in &events {
                if event.token() == WAKE {
                    while let Ok(told) = self.heard.try_recv() {
                        if matches!(told, Told::Stop) {
                            return Ok(());
                        }
                        self.obey(told);
                    }
                } else {
                    self.with(event.token().0, |viewer| viewer.read(&mut mailbox));
                }
            }
            let now = Instant::now();
            if now >= next {
                next = now + TICK;
                let due = self.viewers.iter().filter(|(_, viewer)| viewer.deadline <= now);
                let due: Vec<_> = due.map(|(number, _)| *number).collect();
                due.into_iter()
                    .for_each(|number| self.with(number, |viewer| viewer.pass(now)));
            }
        }
    }

    fn obey(&mut self, told: Told) {
        match told {
            Told::Offer {
                viewer,
                sdp,
                began,
                answer,
            } => match self.open(viewer, &sdp, began) {
                Ok(text) => drop(answer.send(text)),
                Err(err) => complain(viewer, &err),
            },
            Told::Candidate { viewer, text } => self.with(viewer, |viewer| {
                viewer.add_candidate(&text);
                viewer.pass(Instant::now())
            }),
            Told::Count(to) => {
                let count = |number| {
                    self.viewers
                        .get(&number)
                        .map_or_else(Counts::default, Viewer::counts)
                };
                let _ = to.send((0..self.job.count).map(count).collect());
            }
            Told::Tell(to) => {
                let tell = |number| {
                    self.viewers
                        .get_mut(&number)
                        .map_or_else(Noted::default, Viewer::tell)
                };
                let _ = to.send((0..self.job.count).map(tell).collect());
            }
            Told::Stop => {}
        }
    }

    fn open(&mut self, number: usize, offer: &str, began: Instant) -> Result<String> {
        let (mut viewer, answer) = Viewer::new(offer, (self.host, number), &self.job, began)?;
        self.poll
            .registry()
            .register(&mut viewer.socket, Token(number), Interest::READABLE)?;
        self.viewers.insert(number, viewer);
        self.with(number, |viewer| viewer.pass(Instant::now()));
        Ok(answer)
    }

    /// A viewer that fails is over, and seen by what it does not count.
    fn with(&mut self, number: usize, act: impl FnOnce(&mut Viewer) -> Result<()>) {
        if let Some(viewer) = self.viewers.get_mut(&number)
            && let Err(err) = act(viewer)
        {
            complain(number, &err);
            viewer.deadline = Instant::now() + Duration::from_secs(3600);
        }
    }
}

fn complain(viewer: usize, err: &anyhow::Error) {
    say(&Said::Problem {
        text: format!("viewer {viewer}: {err:#}"),
    });
}
