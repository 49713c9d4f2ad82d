//! One peer's websocket: its reader, its only writer, and the way both end.

use crate::board::{Board, Membership};
use crate::config::Config;
use crate::door::Visit;
use crate::ending::Ending;
use crate::envelope::Envelope;
use crate::grant::Grant;
use crate::metrics;
use crate::pace::Pace;
use crate::post::Line;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::error::ProtocolError;
use async_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures::{SinkExt, StreamExt};
use protocol::ClientMessage;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{debug, info, trace};

/// How many messages of a peer are dealt with before others, and this peer's own writer, have a turn: a burst
/// must not fill the queue of a peer that does read.
const TURN: usize = 16;
/// How many messages are put together before they are handed to the socket.
const BATCH: usize = 64;
/// How many bytes of an explanation a peer is sent.
const MAX_DETAILS: usize = 200;

/// Messages on their way to the socket.
type Batch = VecDeque<Utf8Bytes>;

/// Serves a peer until its connection has ended properly.
pub(crate) async fn serve<S>(
    socket: WebSocketStream<TokioAdapter<S>>,
    board: &Arc<Board>,
    config: &Config,
    grant: Grant,
    visit: Visit,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // On the board before anything is read, so that no reply can miss its queue.
    let Some(membership) = board.join(&grant, Line::new(config.idle_timeout), visit) else {
        return;
    };
    info!(peer = %membership.peer(), "peer connected");
    let (mut sender, mut receiver) = socket.split();
    let (ending, closing) = converse(&mut sender, &mut receiver, &membership, config, grant.expires).await;
    info!(peer = %membership.peer(), reason = %ending, "peer disconnected");
    config.metrics.ended(&ending);
    if let Ok(socket) = WebSocketStream::reunite(sender, receiver) {
        end_transport(socket.into_inner().into_inner(), closing.end).await;
    }
}

/// Until when the steps of closing may take.
#[derive(Clone, Copy)]
struct Closing {
    /// The closing handshake.
    handshake: Instant,
    /// Everything.
    end: Instant,
}

impl Closing {
    fn within(timeout: Duration) -> Self {
        let now = Instant::now();
        Self { handshake: now + timeout * 3 / 4, end: now + timeout }
    }
}

/// Reads and writes side by side until the closing handshake is over.
async fn converse<S>(
    sender: &mut WebSocketSender<TokioAdapter<S>>,
    receiver: &mut WebSocketReceiver<TokioAdapter<S>>,
    membership: &Membership,
    config: &Config,
    expires: Option<Instant>,
) -> (Ending, Closing)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let pulse = Pulse::new();
    let pace = Pace::new(config.messages_per_second, Instant::now());
    let mut reading = pin!(receive(receiver, membership, &pulse, pace));
    let mut watching = pin!(watch(membership, &pulse, expires));
    let mut writing = pin!(transmit(sender, membership, &pulse, config));
    let (mut read, mut watched) = (false, false);
    let (ending, closing) = loop {
        tokio::select! {
            () = &mut reading, if !read => read = true,
            () = &mut watching, if !watched => watched = true,
            done = &mut writing => break done,
        }
    };
    if !read {
        // The peer's half of the closing handshake. Without it in time there is nothing more to wait for.
        let _ = timeout_at(closing.handshake, &mut reading).await;
    }
    (ending, closing)
}

/// Hands on what the peer says, until it closes or the connection breaks.
async fn receive<S>(
    receiver: &mut WebSocketReceiver<TokioAdapter<S>>,
    membership: &Membership,
    pulse: &Pulse,
    mut pace: Pace,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut in_turn = 0;
    let ending = loop {
        let message = match receiver.next().await {
            // Before anything else has a turn: nothing can be sent any more.
            Some(Ok(Message::Close(_))) | None => break Ending::ClosedByPeer,
            Some(Ok(message)) => message,
            Some(Err(error)) => break Ending::from(error),
        };
        pulse.beat();
        in_turn += 1;
        if in_turn == TURN {
            in_turn = 0;
            tokio::task::yield_now().await;
        }
        let wait = pace.spend(Instant::now());
        if !wait.is_zero() {
            sleep(wait).await;
            // The peer may have answered a ping that has not been read.
            pulse.beat();
        }
        match message {
            Message::Text(text) => understand(&text, membership),
            Message::Binary(bytes) => {
                membership.metrics().received(metrics::UNKNOWN, bytes.len());
                membership.binary();
            }
            // Its answer is in the library's buffer, which has no bounds: it leaves before more is read.
            Message::Ping(_) => membership.line().flushed().await,
            Message::Close(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    };
    membership.leave(ending);
}

fn understand(text: &Utf8Bytes, membership: &Membership) {
    trace!(peer = %membership.peer(), %text, "received");
    let metrics = membership.metrics();
    if let Some(envelope) = Envelope::read(text) {
        metrics.received(metrics::PEER, text.len());
        return membership.pass_on(&envelope, text);
    }
    match serde_json::from_str::<ClientMessage>(text) {
        Ok(message) => {
            metrics.received(metrics::client_type(&message), text.len());
            membership.message(message);
        }
        Err(error) => {
            metrics.received(metrics::UNKNOWN, text.len());
            // The error may quote the message, which is not for the log.
            debug!(peer = %membership.peer(), "received a message that is not understood");
            let mut details = format!("invalid message: {error}");
            details.truncate(details.floor_char_boundary(MAX_DETAILS));
            membership.not_understood(details);
        }
    }
}

/// Gives up on a peer from which nothing comes for too long, or whose time is over.
async fn watch(membership: &Membership, pulse: &Pulse, expires: Option<Instant>) {
    let line = membership.line();
    let ending = loop {
        let silent = pulse.last() + line.silence();
        let now = Instant::now();
        if expires.is_some_and(|expires| expires <= now) {
            break Ending::Expired;
        }
        if silent <= now {
            break Ending::Silent;
        }
        tokio::select! {
            () = sleep_until(expires.map_or(silent, |expires| expires.min(silent))) => {}
            () = line.tuned() => {}
        }
    };
    membership.leave(ending);
}

/// Sends what is queued until the connection has to end, and starts or answers the closing handshake.
async fn transmit<S>(
    sender: &mut WebSocketSender<TokioAdapter<S>>,
    membership: &Membership,
    pulse: &Pulse,
    config: &Config,
) -> (Ending, Closing)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut batch = Batch::new();
    // The ending goes first: what is left in the queue is looked at again when closing.
    let ending = tokio::select! {
        biased;
        ending = membership.line().over() => ending,
        error = deliver(sender, membership, &mut batch, pulse, config.ping_interval) => {
            membership.leave(Ending::from(error));
            membership.line().over().await
        }
    };
    let closing = Closing::within(config.close_timeout);
    match timeout_at(closing.handshake, close(sender, membership, &mut batch, &ending)).await {
        Ok(Err(error)) => debug!(%error, "failed to close a connection"),
        Err(_) => debug!("failed to close a connection: the peer does not read"),
        Ok(Ok(())) => {}
    }
    membership.line().stop_flushing();
    (ending, closing)
}

/// Sends messages, and pings between them, until that fails.
async fn deliver<S>(
    sender: &mut WebSocketSender<TokioAdapter<S>>,
    membership: &Membership,
    batch: &mut Batch,
    pulse: &Pulse,
    ping_interval: Duration,
) -> Error
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut sent = Instant::now();
    let mut pinged = sent;
    loop {
        // Pages in the background may say heartbeat too rarely, but their browsers answer pings.
        let interval = ping_interval.min(membership.line().silence() / 2).max(Duration::from_millis(1));
        let ping_due = || sent.min(pulse.last().max(pinged)) + interval;
        let done = tokio::select! {
            () = membership.line().news() => send_all(sender, membership, batch).await,
            () = sleep_until(ping_due()) => {
                // The peer may have been heard meanwhile.
                if ping_due() > Instant::now() {
                    continue;
                }
                pinged = Instant::now();
                sender.send(Message::Ping(Bytes::new())).await
            }
        };
        if let Err(error) = done {
            return error;
        }
        sent = Instant::now();
    }
}

/// Sends what is queued, until nothing is.
async fn send_all<S>(
    sender: &mut WebSocketSender<TokioAdapter<S>>,
    membership: &Membership,
    batch: &mut Batch,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        if let Some(length) = membership.post().take(membership.line(), BATCH, batch) {
            membership.metrics().sent(metrics::HEARTBEAT, length);
        }
        if batch.is_empty() {
            batch.shrink_to_fit();
            if membership.line().wants_flush() {
                SinkExt::flush(sender).await?;
                membership.line().has_flushed();
            }
            return Ok(());
        }
        // Sending may be given up here, and be taken up again when the connection is closed.
        while let Some(text) = batch.front().cloned() {
            trace!(%text, "sending");
            SinkExt::feed(sender, Message::Text(text)).await?;
            batch.pop_front();
        }
        SinkExt::flush(sender).await?;
    }
}

/// Answers the peer's Close, or sends ours after what is still to be said.
async fn close<S>(
    sender: &mut WebSocketSender<TokioAdapter<S>>,
    membership: &Membership,
    batch: &mut Batch,
    ending: &Ending,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Ending::Lost(_) = ending {
        return Ok(());
    }
    if let Ending::Shutdown = ending {
        match send_all(sender, membership, batch).await {
            Err(error) if peer_was_first(&error) => {}
            done => done?,
        }
    }
    if let Some(frame) = ending.close_frame() {
        match sender.close(Some(frame)).await {
            Err(error) if peer_was_first(&error) => {}
            done => return done,
        }
    }
    // The library has queued the answer to the peer's Close: this flushes it.
    SinkExt::close(sender).await
}

/// Whether sending failed because the peer's Close has been read.
fn peer_was_first(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ProtocolError::SendAfterClosing)
    )
}

/// Ends TLS with close_notify and TCP with FIN, then waits for the peer's end: closing a socket that still
/// holds unread bytes would reset the connection and could take our Close from the peer.
async fn end_transport<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, end: Instant) {
    let _ = timeout_at(end, async {
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

/// When the peer was last heard.
struct Pulse {
    start: Instant,
    last: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0) }
    }

    fn beat(&self) {
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(elapsed, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.start + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}
