//! Two peers in a session that play ping-pong.

use crate::client::{Peer, Target, session};
use crate::wire::{Numbered, Payload, number};
use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The longest delay that is told from longer ones.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a message may be under way when the time is over.
const GRACE: Duration = Duration::from_millis(500);

/// When is measured.
#[derive(Clone, Copy)]
pub struct Window {
    pub start: Instant,
    pub end: Instant,
}

impl Window {
    /// Starts after a while and takes another.
    pub fn new(before: Duration, length: Duration) -> Self {
        let start = Instant::now() + before;
        Self {
            start,
            end: start + length,
        }
    }

    pub fn seconds(&self) -> f64 {
        (self.end - self.start).as_secs_f64()
    }

    pub fn holds(&self, moment: Instant) -> bool {
        self.start <= moment && moment < self.end
    }
}

/// What was seen of a pair, or of several.
pub struct Score {
    /// One way, in ns, of messages that arrived within the window.
    delays: Histogram<u32>,
    last: Option<Instant>,
}

impl Score {
    pub fn new() -> Result<Self> {
        let longest = u64::try_from(LONGEST.as_nanos())?;
        Ok(Self {
            delays: Histogram::new_with_bounds(1_000, longest, 2)?,
            last: None,
        })
    }

    pub fn add(&mut self, other: &Self) -> Result<()> {
        self.delays
            .add(&other.delays)
            .context("delays do not fit together")?;
        self.last = self.last.max(other.last);
        Ok(())
    }

    pub fn messages(&self) -> u64 {
        self.delays.len()
    }

    /// The delay in ms that this share of the messages did not exceed.
    pub fn delay(&self, share: f64) -> Option<f64> {
        (self.messages() > 0)
            .then(|| Duration::from_nanos(self.delays.value_at_quantile(share)).as_secs_f64() * 1e3)
    }

    /// Whether nothing arrived any more in the second half of the window.
    pub fn stood_still(&self, window: &Window) -> bool {
        self.last
            .is_none_or(|last| last < window.start + (window.end - window.start) / 2)
    }

    fn count(&mut self, delay: Duration, window: &Window) {
        let now = Instant::now();
        if window.holds(now) {
            self.delays
                .saturating_record(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX));
            self.last = Some(now);
        }
    }
}

/// Two members of a session.
pub struct Pair {
    producer: Peer,
    consumer: Peer,
    pings: Numbered,
    pongs: Numbered,
    epoch: Instant,
}

impl Pair {
    /// Connects both and starts their session.
    pub async fn new(target: &Target, payload: Payload) -> Result<Self> {
        let (producer, consumer, id) = session(target.peer().await?, target.peer().await?).await?;
        let pings = Numbered::new(payload, &id, true);
        let pongs = Numbered::new(payload, &id, false);
        Ok(Self {
            producer,
            consumer,
            pings,
            pongs,
            epoch: Instant::now(),
        })
    }

    /// Plays until the window ends. A server that stops forwarding ends it, too: the score shows that.
    pub async fn play(&mut self, window: Window) -> Result<Score> {
        let mut score = Score::new()?;
        let rally = async {
            while Instant::now() < window.end {
                let there = cross(&mut self.producer, &mut self.consumer, &self.pings, self.epoch).await?;
                score.count(there, &window);
                let back = cross(&mut self.consumer, &mut self.producer, &self.pongs, self.epoch).await?;
                score.count(back, &window);
            }
            Ok(())
        };
        match timeout_at(window.end + GRACE, rally).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Ok(score),
        }
    }
}

/// Has a message carry the time from one to the other; how long it took.
async fn cross(from: &mut Peer, to: &mut Peer, messages: &Numbered, epoch: Instant) -> Result<Duration> {
    let sent = u64::try_from(epoch.elapsed().as_nanos())?;
    from.say(messages.with(sent)).await?;
    let heard = to.hear().await?;
    if number(&heard) != Some(sent) {
        bail!("another message was expected than {heard}");
    }
    Ok(epoch.elapsed().saturating_sub(Duration::from_nanos(sent)))
}
