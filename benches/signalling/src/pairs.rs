//! `pairs` and `stream`: how much a server forwards, and how long that takes.

use crate::client::{Peer, Target, session};
use crate::figure::{Figure, block_on};
use crate::pair::{Pair, Score, Window};
use crate::proc::Look;
use crate::server::{Program, Server};
use crate::wire::{Numbered, Payload, number};
use anyhow::{Context, Result, bail};
use async_tungstenite::tungstenite::Message;
use futures::future::{join_all, try_join, try_join_all};
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long the reader may need for what is under way when the time is over.
const GRACE: Duration = Duration::from_secs(5);
/// The reader frees places by so many.
const STEP: usize = 16;

/// Ping-pong of so many pairs.
pub fn pairs(
    program: &Program,
    count: usize,
    payload: Payload,
    window: &impl Fn() -> Window,
) -> Result<Vec<Figure>> {
    let server = program.start(None)?;
    block_on(async {
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            pairs.push(Pair::new(&server.target, payload).await?);
        }
        let window = window();
        let playing = pairs
            .into_iter()
            .map(|mut pair| tokio::spawn(async move { pair.play(window).await }));
        let (scores, cpu) = tokio::join!(join_all(playing), cpu(&server, window));
        let mut all = Score::new()?;
        for score in scores {
            all.add(&score.context("a pair failed")??)?;
        }
        if all.stood_still(&window) {
            return Ok(vec![Figure::stands_still("messages/s")]);
        }
        let rate = all.messages() as f64 / window.seconds();
        let mut figures = vec![
            Figure::new("messages/s", rate, 0),
            Figure::new("one way p50, ms", all.delay(0.5), 3),
            Figure::new("one way p99, ms", all.delay(0.99), 3),
        ];
        figures.extend(costs(&cpu?, rate));
        Ok(figures)
    })
}

/// CPU within the window, in % of one core.
struct Cpu {
    server: f64,
    /// This process, which has one thread here: close to 100 says that the load is what limits.
    load: f64,
}

async fn cpu(server: &Server, window: Window) -> Result<Cpu> {
    let load = || Look::at(std::process::id());
    sleep_until(window.start).await;
    let before = (server.look()?, load()?);
    sleep_until(window.end).await;
    Ok(Cpu {
        server: server.look()?.cpu_since(&before.0),
        load: load()?.cpu_since(&before.1),
    })
}

fn costs(cpu: &Cpu, rate: f64) -> [Figure; 2] {
    [
        Figure::new("server's CPU us a message", cpu.server / 100.0 * 1e6 / rate, 2),
        Figure::new("load's CPU %", cpu.load, 0),
    ]
}

/// One sender and one reader, with so many messages under way at most.
pub fn stream(
    program: &Program,
    under_way: usize,
    payload: Payload,
    window: &impl Fn() -> Window,
) -> Result<Vec<Figure>> {
    let server = program.start(None)?;
    block_on(async {
        let (sender, reader, id) = connect(&server.target).await?;
        let window = window();
        let places = Semaphore::new(under_way.max(STEP));
        let messages = Numbered::new(payload, &id, true);
        let moving = try_join(
            send(sender, messages, &places, window),
            read(reader, &places, window),
        );
        let (moved, cpu) = tokio::join!(timeout_at(window.end + GRACE, moving), cpu(&server, window));
        let Ok(moved) = moved else {
            return Ok(vec![Figure::stands_still("messages/s")]);
        };
        let (_, read) = moved?;
        let rate = read as f64 / window.seconds();
        let mut figures = vec![Figure::new("messages/s", rate, 0)];
        figures.extend(costs(&cpu?, rate));
        Ok(figures)
    })
}

async fn connect(target: &Target) -> Result<(Peer, Peer, String)> {
    let mut peers = try_join_all([target.peer(), target.peer()]).await?.into_iter();
    match (peers.next(), peers.next()) {
        (Some(producer), Some(consumer)) => session(producer, consumer).await,
        _ => bail!("two peers were expected"),
    }
}

/// Sends numbers from 0 on as long as the window lasts, and the highest of all as the last.
async fn send(mut peer: Peer, messages: Numbered, places: &Semaphore, window: Window) -> Result<Peer> {
    let mut next = 0;
    while Instant::now() < window.end {
        let place = match places.try_acquire() {
            Ok(place) => place,
            Err(_) => {
                peer.socket.flush().await?;
                places.acquire().await?
            }
        };
        place.forget();
        peer.socket.feed(Message::text(messages.with(next))).await?;
        next += 1;
    }
    peer.say(messages.with(LAST)).await?;
    Ok(peer)
}

/// The number that says that no more will come.
const LAST: u64 = u64::MAX / 10;

/// Reads everything, which must come in order; how many came within the window.
async fn read(mut peer: Peer, places: &Semaphore, window: Window) -> Result<u64> {
    let (mut next, mut within) = (0, 0);
    loop {
        let text = match peer
            .socket
            .next()
            .await
            .context("the server closed the reader's connection")??
        {
            Message::Text(text) => text,
            Message::Close(reason) => bail!("the server closed the reader's connection: {reason:?}"),
            _ => continue,
        };
        match number(&text) {
            Some(LAST) => return Ok(within),
            Some(number) if number == next => next += 1,
            _ => bail!("message {next} was expected, this came: {text}"),
        }
        if window.holds(Instant::now()) {
            within += 1;
        }
        if next % STEP as u64 == 0 {
            places.add_permits(STEP);
        }
    }
}
