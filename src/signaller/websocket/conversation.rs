//! One connection, from its first word to its proper end: what is read, and how both sides close.

use super::connect::{Socket, Stream};
use super::connection::{Owner, Shared, Told};
use super::sending;
use crate::runtime;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::error::ProtocolError;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::{self, Message};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures::{SinkExt, StreamExt};
use logic::peer_client::{Action, Problem};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// What is left to say, both halves of the closing handshake and the transport's end take no longer together.
const CLOSING: Duration = Duration::from_millis(250);

pub(super) type Sender = WebSocketSender<TokioAdapter<Box<dyn Stream>>>;
type Receiver = WebSocketReceiver<TokioAdapter<Box<dyn Stream>>>;

/// Why a connection is over.
pub(super) enum Ended {
    /// The element is stopping.
    Stopped,
    /// It was lost; whether it is useless to come back as the same peer, and whether the server has closed it.
    Lost { text: String, for_good: bool, closed: bool },
    /// It cannot go on.
    Problem(Problem),
}

impl Ended {
    /// The frame that opens the closing handshake; nothing where the server did, or where the server is to wait
    /// for us: it does not wait for a peer that closes.
    fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Lost { .. } => return None,
            Self::Stopped => (CloseCode::Normal, "the client is stopping"),
            Self::Problem(Problem::Miscounted) => (CloseCode::Policy, "the counts do not fit"),
            Self::Problem(Problem::QueueFull(_)) => (CloseCode::Policy, "messages were not read in time"),
            Self::Problem(Problem::Forbidden(_)) => (CloseCode::Normal, "the request was refused"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

/// Who takes part in every connection.
pub(super) struct Conversation {
    pub(super) shared: Arc<Shared>,
    pub(super) owner: Arc<dyn Owner>,
    pub(super) tell: mpsc::Sender<Told>,
}

impl Conversation {
    /// Holds the conversation over one socket; also tells since when the server has known us, if it ever did.
    pub(super) async fn hold(
        &self,
        socket: Socket,
        attempts: u32,
        deadline: Instant,
        stop: &mut oneshot::Receiver<()>,
    ) -> (Ended, Option<Instant>) {
        let mut registered = None;
        let (mut sender, mut receiver) = socket.split();
        let ended = tokio::select! {
            biased;
            _ = stop => Ended::Stopped,
            ended = self.converse(&mut sender, &mut receiver, attempts, deadline, &mut registered) => ended,
        };
        let end = Instant::now() + CLOSING;
        let closing = self.close(&mut sender, &mut receiver, &ended);
        // A server that does not take part in the closing handshake is left without it.
        let _ = timeout_at(end, closing).await;
        let for_good = !matches!(ended, Ended::Lost { for_good: false, .. });
        self.shared.client().disconnected(for_good);
        if let Ok(socket) = WebSocketStream::reunite(sender, receiver) {
            // Ends TLS with close_notify and TCP with FIN.
            let _ = timeout_at(end, socket.into_inner().into_inner().shutdown()).await;
        }
        (ended, registered)
    }

    async fn converse(
        &self,
        sender: &mut Sender,
        receiver: &mut Receiver,
        attempts: u32,
        deadline: Instant,
        registered: &mut Option<Instant>,
    ) -> Ended {
        let meta = self.meta().await;
        self.shared.client().connected(meta);
        let mut reading = pin!(self.read(receiver, attempts, deadline, registered));
        let error = tokio::select! {
            biased;
            problem = self.shared.problem_arises() => return Ended::Problem(problem),
            ended = &mut reading => return ended,
            error = sending::write(sender, &self.shared) => error,
            never = self.follow_meta() => match never {},
            never = self.shared.follow_pauses() => match never {},
        };
        // What the server said before it went says more than the failure to write.
        let lost = || Ended::Lost { text: lost(&error), for_good: false, closed: false };
        timeout(CLOSING, reading).await.unwrap_or_else(|_| lost())
    }

    async fn meta(&self) -> Option<protocol::Meta> {
        let owner = self.owner.clone();
        runtime::blocking(move || owner.meta()).await.flatten()
    }

    /// Announces what the application changes in its description; never returns.
    async fn follow_meta(&self) -> Infallible {
        loop {
            self.shared.meta_changes().await;
            let meta = self.meta().await;
            self.shared.with(|client| client.set_meta(meta));
        }
    }

    /// Reads until the connection is over.
    async fn read(
        &self,
        receiver: &mut Receiver,
        attempts: u32,
        deadline: Instant,
        registered: &mut Option<Instant>,
    ) -> Ended {
        loop {
            // Room for what follows comes first: what counts as received must reach the application.
            let Ok(permit) = self.tell.reserve().await else { return Ended::Stopped };
            let silence = self.shared.client().rhythm().silence;
            let limit = if registered.is_some() { Instant::now() + silence } else { deadline };
            let next = match timeout_at(limit, receiver.next()).await {
                Ok(next) => next,
                Err(_) if registered.is_some() => return silent(silence),
                Err(_) => {
                    let text = "it said nothing in time (property connect-timeout of the signaller)";
                    return Ended::Lost { text: text.into(), for_good: false, closed: false };
                }
            };
            let text = match next {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return closed(frame),
                None => return closed(None),
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    let for_good = !is_interruption(&error);
                    return Ended::Lost { text: lost(&error), for_good, closed: false };
                }
            };
            let actions = self.shared.with(|client| client.hear(&text));
            if matches!(actions.first(), Some(Action::Registered(..))) {
                *registered = Some(Instant::now());
            }
            if !actions.is_empty() {
                permit.send(Told::Actions(actions, attempts));
            }
        }
    }

    /// Says what is left to say, then closes: one call that sends our Close, or flushes the answer to the
    /// server's, which the library has queued. The server's half is waited for.
    async fn close(&self, sender: &mut Sender, receiver: &mut Receiver, ended: &Ended) {
        if let Ended::Lost { closed: false, .. } = ended {
            return;
        }
        if let Ended::Stopped = ended {
            let _ = sending::write_all(sender, &self.shared).await;
        }
        let done = match ended.frame() {
            Some(frame) => sender.close(Some(frame)).await,
            None => SinkExt::close(sender).await,
        };
        if done.is_err() || matches!(ended, Ended::Lost { .. }) {
            return;
        }
        while let Some(Ok(message)) = receiver.next().await {
            if message.is_close() {
                return;
            }
        }
    }
}

fn lost(error: &tungstenite::Error) -> String {
    format!("the connection to the signalling server was lost: {error}")
}

fn silent(silence: Duration) -> Ended {
    let text = format!("nothing came from the signalling server for {} ms", silence.as_millis());
    Ended::Lost { text, for_good: false, closed: false }
}

/// The server closed. What it could not take once it will not take again, so that nothing is resumed then.
fn closed(frame: Option<CloseFrame>) -> Ended {
    let broken =
        [CloseCode::Size, CloseCode::Invalid, CloseCode::Protocol, CloseCode::Unsupported, CloseCode::Error];
    let for_good = frame.as_ref().is_some_and(|frame| broken.contains(&frame.code));
    let mut text = "the signalling server closed the connection".to_owned();
    if let Some(CloseFrame { code, reason }) = frame {
        text.push_str(&format!(" with code {code}"));
        if !reason.is_empty() {
            text.push_str(&format!(": {reason}"));
        }
    }
    Ended::Lost { text, for_good, closed: true }
}

/// Whether an error comes from the network rather than from what the server said.
fn is_interruption(error: &tungstenite::Error) -> bool {
    matches!(
        error,
        tungstenite::Error::Io(_)
            | tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    )
}
