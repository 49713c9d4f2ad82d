//! `disturbed`: what a pair notices of a peer that misbehaves.

use crate::client::{Peer, Target, session};
use crate::figure::{Figure, block_on};
use crate::pair::{Pair, Score, Window};
use crate::server::Program;
use crate::wire::{self, Numbered, Payload};
use anyhow::{Context, Result, bail};
use async_tungstenite::tungstenite::Message;
use futures::{SinkExt, StreamExt};
use std::thread;
use std::time::Duration;
use tokio::time::{interval, timeout_at};

/// Producers on the server, so that lists have a length.
const PRODUCERS: usize = 100;
/// How often, and how many messages each time, the partner of a frozen peer sends.
const TICK: Duration = Duration::from_millis(5);
const IN_A_TICK: u64 = 10;

/// How a peer misbehaves.
#[derive(Clone, Copy)]
pub enum Disturbance {
    /// Reads nothing, while its partner sends 2,000 descriptions a second.
    Frozen,
    /// Asks for lists and reads none.
    Lists,
    /// Sends what is no message and reads the answers.
    Garbage,
}

impl Disturbance {
    pub const ALL: [Self; 3] = [Self::Frozen, Self::Lists, Self::Garbage];

    pub fn name(self) -> &'static str {
        match self {
            Self::Frozen => "a frozen peer",
            Self::Lists => "a flood of lists, unread",
            Self::Garbage => "a flood of garbage",
        }
    }

    async fn disturb_once(self, target: &Target) -> Result<()> {
        match self {
            Self::Frozen => freeze(target).await,
            Self::Lists => flood(target.small_peer().await?, &wire::bare("list")).await,
            Self::Garbage => {
                let peer = target.peer().await?;
                flood_and_read(peer, "no JSON at all, however long one reads on").await
            }
        }
    }
}

/// A pair alone, then the same pair beside a peer that misbehaves, and again after each time that it was put out.
pub fn run(program: &Program, disturbance: Disturbance, window: &impl Fn() -> Window) -> Result<Vec<Figure>> {
    let server = program.start(None)?;
    let target = server.target.clone();
    block_on(async {
        let mut others = Vec::with_capacity(PRODUCERS);
        for _ in 0..PRODUCERS {
            let mut producer = target.peer().await?;
            producer.produce().await?;
            others.push(producer);
        }
        let mut pair = Pair::new(&target, Payload::Candidate).await?;
        let alone = pair.play(window()).await?;
        let window = window();
        // On a thread of its own: the pair's own work must not wait for it.
        let (there, disturber) = (
            target.clone(),
            thread::spawn(move || disturb(disturbance, &target, window)),
        );
        let beside = pair.play(window).await?;
        drop(there);
        let Ok(ended) = disturber.join() else {
            bail!("the misbehaving peer failed")
        };
        Ok(figures(&alone, &beside, ended?, &window))
    })
}

fn figures(alone: &Score, beside: &Score, put_out: u32, window: &Window) -> Vec<Figure> {
    const BESIDE: [&str; 3] = ["beside it p50, ms", "beside it p99, ms", "p99 as a multiple"];
    let mut figures = vec![
        Figure::new("alone p50, ms", alone.delay(0.5), 3),
        Figure::new("alone p99, ms", alone.delay(0.99), 3),
    ];
    if beside.stood_still(window) {
        figures.extend(BESIDE.map(Figure::stands_still));
        return figures;
    }
    let multiple = beside
        .delay(0.99)
        .zip(alone.delay(0.99))
        .map(|(beside, alone)| beside / alone);
    figures.extend([
        Figure::new(BESIDE[0], beside.delay(0.5), 3),
        Figure::new(BESIDE[1], beside.delay(0.99), 3),
        Figure::new(BESIDE[2], multiple, 2),
        Figure::new(
            "beside it messages/s",
            beside.messages() as f64 / window.seconds(),
            0,
        ),
        Figure::new("times put out", f64::from(put_out), 0),
    ]);
    figures
}

/// Misbehaves until the window ends; how often the server put an end to it.
fn disturb(disturbance: Disturbance, target: &Target, window: Window) -> Result<u32> {
    block_on(async {
        let mut put_out = 0;
        // That the server ends it is no failure, and the next one comes.
        while timeout_at(window.end, disturbance.disturb_once(target))
            .await
            .is_ok()
        {
            put_out += 1;
        }
        Ok(put_out)
    })
}

/// Sends to a peer that does not read, until the session is over.
async fn freeze(target: &Target) -> Result<()> {
    let (mut producer, frozen, id) = session(target.peer().await?, target.small_peer().await?).await?;
    let messages = Numbered::new(Payload::Sdp, &id, true);
    let mut ticks = interval(TICK);
    let mut next = 0;
    loop {
        tokio::select! {
            heard = producer.hear() => {
                drop(frozen);
                return heard.map(drop);
            }
            _ = ticks.tick() => {}
        }
        for _ in 0..IN_A_TICK {
            producer.socket.feed(Message::text(messages.with(next))).await?;
            next += 1;
        }
        producer.socket.flush().await?;
    }
}

/// Sends as fast as the connection takes it.
async fn flood(mut peer: Peer, text: &str) -> Result<()> {
    loop {
        peer.socket.feed(Message::text(text)).await?;
    }
}

async fn flood_and_read(peer: Peer, text: &str) -> Result<()> {
    let (mut sender, mut receiver) = peer.socket.split();
    let sending = async {
        loop {
            SinkExt::feed(&mut sender, Message::text(text))
                .await
                .context("failed to send")?;
        }
    };
    let reading = async {
        while let Some(heard) = receiver.next().await {
            heard?;
        }
        Ok(())
    };
    tokio::select! {
        ended = sending => ended,
        ended = reading => ended,
    }
}
