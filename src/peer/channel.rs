//! A data channel, whatever carries it: how it was opened, what goes in and out, and the bounds of both.
//!
//! What comes waits in an inbox and is told to the one listener in order, on threads that may block: a listener
//! that is slow holds up its own channel only, and one that is too slow loses it.

use crate::runtime;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes that may wait to be sent in one channel; more are refused.
pub(crate) const MOST_BUFFERED: u64 = 4 * 1024 * 1024;
/// Bytes and messages that came and may wait for the listener; a channel with more is closed.
const MOST_UNREAD: (usize, usize) = (4 * 1024 * 1024, 8192);

/// How a channel is opened (W3C `RTCDataChannelInit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChannelOptions {
    pub(crate) label: String,
    pub(crate) protocol: String,
    /// Whether messages come in the order in which they were sent.
    pub(crate) ordered: bool,
    pub(crate) reliability: Reliability,
    /// The identifier that both sides agreed on by themselves.
    pub(crate) negotiated: Option<u16>,
    /// Whether it goes before others, where the transport knows priorities.
    pub(crate) urgent: bool,
}

impl ChannelOptions {
    /// A reliable channel with this name.
    pub(crate) fn named(label: &str) -> Self {
        Self {
            label: label.into(),
            protocol: String::new(),
            ordered: true,
            reliability: Reliability::Full,
            negotiated: None,
            urgent: false,
        }
    }
}

/// How hard it is tried to deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reliability {
    /// Until it works.
    Full,
    /// For so many milliseconds.
    Lifetime(u16),
    /// So many times after the first.
    Retransmits(u16),
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Text(String),
    Binary(Vec<u8>),
}

impl Payload {
    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Where a channel stands (W3C `RTCDataChannelState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ChannelState {
    Connecting = 1,
    Open,
    Closing,
    Closed,
}

/// What happens to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChannelEvent {
    /// Messages can be sent.
    Opened,
    /// The peer sent one.
    Message(Payload),
    /// What waits to be sent fell to the threshold.
    BufferedLow,
    /// It broke; says why. The end follows.
    Failed(String),
    /// It is over.
    Closed,
}

/// A message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The channel is not open yet, or not any more.
    #[error("send on a data channel that is not open")]
    NotOpen,
    /// The peer, or the transport, does not take messages that long.
    #[error("send a message of {size} bytes: at most {limit} are taken")]
    TooLong {
        /// Its length in bytes.
        size: usize,
        /// The most that is taken.
        limit: u32,
    },
    /// It is text that not every transport can carry.
    #[error("send text with a NUL character: send it as data")]
    Nul,
    /// It is empty, which not every transport can carry.
    #[error("send an empty message: there must be something in it")]
    Empty,
    /// Too much waits to be sent; go on when the channel says that little does.
    #[error("send a message: {buffered} bytes wait to be sent already; wait for on-buffered-amount-low")]
    Full {
        /// Bytes that wait.
        buffered: u64,
    },
}

/// What a transport does for one channel. Called from any thread; must not block.
pub(super) trait Line: Send + Sync + 'static {
    /// Sends a message.
    ///
    /// # Errors
    /// It was not taken; says why.
    fn send(&self, channel: &Arc<Channel>, payload: Payload) -> Result<(), SendError>;
    /// Closes the channel after what was sent before.
    fn close(&self, channel: &Arc<Channel>);
}

/// Who hears of a channel, one event at a time.
pub(crate) type Listener = Box<dyn Fn(&Arc<Channel>, ChannelEvent) + Send + Sync>;

/// A data channel.
pub(crate) struct Channel {
    pub(crate) options: ChannelOptions,
    line: Box<dyn Line>,
    state: AtomicU8,
    /// SCTP stream, once known.
    id: OnceLock<u16>,
    buffered: AtomicU64,
    threshold: AtomicU64,
    /// The longest message that can be sent.
    longest: AtomicU64,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
struct Inbox {
    /// Until it has heard the end.
    listener: Option<Arc<Listener>>,
    events: VecDeque<ChannelEvent>,
    bytes: usize,
    /// Whether a thread tells the listener.
    told: bool,
}

impl Channel {
    pub(super) fn new(options: ChannelOptions, line: impl Line) -> Arc<Self> {
        let id = OnceLock::new();
        if let Some(negotiated) = options.negotiated {
            let _ = id.set(negotiated);
        }
        Arc::new(Self {
            options,
            line: Box::new(line),
            state: AtomicU8::new(ChannelState::Connecting as u8),
            id,
            buffered: AtomicU64::new(0),
            threshold: AtomicU64::new(0),
            longest: AtomicU64::new(64 * 1024),
            inbox: Mutex::default(),
        })
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> ChannelState {
        match self.state.load(Ordering::Acquire) {
            1 => ChannelState::Connecting,
            2 => ChannelState::Open,
            3 => ChannelState::Closing,
            _ => ChannelState::Closed,
        }
    }

    /// Goes on to a later state; whether it was not there before.
    fn advance(&self, to: ChannelState) -> bool {
        self.state.fetch_max(to as u8, Ordering::AcqRel) < to as u8
    }

    /// Its SCTP stream, once known.
    pub(crate) fn id(&self) -> Option<u16> {
        self.id.get().copied()
    }

    /// Bytes that wait to be sent.
    pub(crate) fn buffered(&self) -> u64 {
        self.buffered.load(Ordering::Relaxed)
    }

    /// When [`ChannelEvent::BufferedLow`] is told, in bytes.
    pub(crate) fn threshold(&self) -> u64 {
        self.threshold.load(Ordering::Relaxed)
    }

    pub(crate) fn set_threshold(&self, bytes: u64) {
        self.threshold.store(bytes, Ordering::Relaxed);
    }

    /// Sends a message.
    ///
    /// # Errors
    /// It was not taken; says why.
    pub(crate) fn send(self: &Arc<Self>, payload: Payload) -> Result<(), SendError> {
        if self.state() != ChannelState::Open {
            return Err(SendError::NotOpen);
        }
        let (size, limit) = (payload.len(), self.longest.load(Ordering::Relaxed));
        let bytes = u64::try_from(size).unwrap_or(u64::MAX);
        if bytes > limit {
            return Err(SendError::TooLong { size, limit: u32::try_from(limit).unwrap_or(u32::MAX) });
        }
        // sctp-proto 0.10 would count it and send nothing, and the peer would wait for it for ever; webrtcbin 1.22
        // closes a channel on which one comes.
        if size == 0 {
            return Err(SendError::Empty);
        }
        if matches!(&payload, Payload::Text(text) if text.contains('\0')) {
            return Err(SendError::Nul);
        }
        let before = self.buffered.fetch_add(bytes, Ordering::AcqRel);
        let taken = match before.saturating_add(bytes) > MOST_BUFFERED {
            true => Err(SendError::Full { buffered: before }),
            false => self.line.send(self, payload),
        };
        taken.inspect_err(|_| {
            self.buffered.fetch_sub(bytes, Ordering::AcqRel);
        })
    }

    /// Closes it after what was sent before.
    pub(crate) fn close(self: &Arc<Self>) {
        if self.state() < ChannelState::Closing && self.advance(ChannelState::Closing) {
            self.line.close(self);
        }
    }

    /// Has a listener told of everything, from the first event on. There is one only.
    pub(crate) fn listen(self: &Arc<Self>, listener: Listener) {
        let mut inbox = self.inbox();
        inbox.listener.get_or_insert(Arc::new(listener));
        self.tell_soon(inbox);
    }

    /// Messages can be sent, up to `longest` bytes each.
    pub(super) fn opened(self: &Arc<Self>, id: Option<u16>, longest: u32) {
        if let Some(id) = id {
            let _ = self.id.set(id);
        }
        self.longest.store(longest.into(), Ordering::Relaxed);
        if self.advance(ChannelState::Open) {
            self.happened(ChannelEvent::Opened);
        }
    }

    /// The peer sent a message.
    pub(super) fn received(self: &Arc<Self>, payload: Payload) {
        let inbox = self.inbox();
        let fits = inbox.bytes + payload.len() <= MOST_UNREAD.0 && inbox.events.len() < MOST_UNREAD.1;
        drop(inbox);
        if fits {
            self.happened(ChannelEvent::Message(payload));
        } else {
            self.failed("messages come faster than they are taken");
        }
    }

    /// Bytes that waited are sent.
    pub(super) fn released(self: &Arc<Self>, bytes: u64) {
        let sub = |buffered: u64| Some(buffered.saturating_sub(bytes));
        let before = self.buffered.fetch_update(Ordering::AcqRel, Ordering::Acquire, sub).unwrap_or(0);
        self.fell(before, before.saturating_sub(bytes));
    }

    /// So many bytes wait to be sent now.
    pub(super) fn buffered_is(self: &Arc<Self>, bytes: u64) {
        self.fell(self.buffered.swap(bytes, Ordering::AcqRel), bytes);
    }

    fn fell(self: &Arc<Self>, from: u64, to: u64) {
        let threshold = self.threshold();
        if from > threshold && to <= threshold && self.state() == ChannelState::Open {
            self.happened(ChannelEvent::BufferedLow);
        }
    }

    /// It broke: no more messages either way.
    pub(super) fn failed(self: &Arc<Self>, cause: impl Into<String>) {
        if self.state() != ChannelState::Closed {
            self.happened(ChannelEvent::Failed(cause.into()));
            self.line.close(self);
            self.ended();
        }
    }

    /// It is over: closed by the peer, by this side, or with its session.
    pub(crate) fn ended(self: &Arc<Self>) {
        if self.advance(ChannelState::Closed) {
            self.happened(ChannelEvent::Closed);
        }
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happened(self: &Arc<Self>, event: ChannelEvent) {
        let mut inbox = self.inbox();
        if let ChannelEvent::Message(payload) = &event {
            inbox.bytes += payload.len();
        }
        inbox.events.push_back(event);
        self.tell_soon(inbox);
    }

    /// Has a thread tell the listener, unless one does already.
    fn tell_soon(self: &Arc<Self>, mut inbox: MutexGuard<'_, Inbox>) {
        if !inbox.events.is_empty() && inbox.listener.is_some() && !std::mem::replace(&mut inbox.told, true) {
            drop(inbox);
            let telling = Telling(self.clone());
            runtime::spawn_blocking(move || while telling.tell_next() {});
        }
    }
}

/// A thread that tells the listener, until there is nothing to tell or the listener panics.
struct Telling(Arc<Channel>);

impl Telling {
    /// Whether there was something to tell.
    fn tell_next(&self) -> bool {
        let mut inbox = self.0.inbox();
        let (Some(event), Some(listener)) = (inbox.events.pop_front(), inbox.listener.clone()) else {
            inbox.told = false;
            return false;
        };
        if let ChannelEvent::Message(payload) = &event {
            inbox.bytes -= payload.len();
        }
        if event == ChannelEvent::Closed {
            // It may hold the channel, which holds it.
            inbox.listener = None;
        }
        drop(inbox);
        listener(&self.0, event);
        true
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut inbox = self.0.inbox();
            *inbox = Inbox::default();
            drop(inbox);
            self.0.close();
        }
    }
}

/// Takes channels that the peer opens. Called from any thread; must not block.
pub(crate) type Arrivals = Arc<dyn Fn(Arc<Channel>) + Send + Sync>;

#[cfg(test)]
mod tests;
