//! The data channels of one session for its task: whether both sides want any, and what waits for that.

use super::channels::{Association, Channels, NativeLine};
use super::handle::{Command, Handle};
use super::lines::Lines;
use super::remote::Remote;
use super::routes::Key;
use crate::peer::{Channel, ChannelOptions};
use crate::session::EventSender;
use logic::negotiation::Event;
use logic::sdp::local::LONGEST_MESSAGE;
use std::sync::Arc;
use str0m::{IceCreds, Rtc};

/// Where a session stands with data channels.
pub(super) struct Data {
    key: Key,
    handle: Arc<Handle>,
    events: EventSender,
    /// What waits for them to be agreed on; none once they are.
    waiting: Option<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Whether the next offer has a place for them.
    wanted: bool,
    /// Whether an offer was asked for because of them.
    asked: bool,
    channels: Vec<Arc<Channel>>,
}

impl Waiting {
    /// Asks for an offer, once.
    fn ask(&mut self, events: &EventSender) {
        if !self.channels.is_empty() && !std::mem::replace(&mut self.asked, true) {
            events.send(Event::MediaChanged);
        }
    }
}

impl Data {
    pub(super) fn new(key: Key, handle: &Arc<Handle>, events: &EventSender) -> Self {
        Self { key, handle: handle.clone(), events: events.clone(), waiting: Some(Waiting::default()) }
    }

    /// The way from a channel to its thread.
    pub(super) fn line(&self) -> NativeLine {
        NativeLine { handle: Arc::downgrade(&self.handle), key: self.key }
    }

    /// An offer is about to be made.
    pub(super) fn offer(&self, lines: &mut Lines) {
        if self.waiting.as_ref().is_some_and(|waiting| waiting.wanted) {
            lines.offer_data();
        }
    }

    /// Both sides have described themselves: begins once both want data channels. `client`: whether this side
    /// began with DTLS.
    pub(super) fn agreed(&mut self, lines: &Lines, remote: &Remote, client: bool) {
        let Some(waiting) = &mut self.waiting else { return };
        let Some(longest) = lines.longest_message(remote) else {
            if lines.data().is_none() {
                return waiting.ask(&self.events);
            }
            for channel in waiting.channels.drain(..) {
                channel.failed("the peer takes no data channels");
            }
            return;
        };
        let waiting = std::mem::take(&mut waiting.channels);
        self.waiting = None;
        // Some peers take what nobody should send.
        let association = Association { client, longest: longest.min(LONGEST_MESSAGE) };
        self.with(move |channels, rtc, peer| channels.associate(rtc, peer, &association, waiting));
    }

    /// Opens a channel, now or once they are agreed on. `described`: whether the peer has a description of ours.
    pub(super) fn open(&mut self, options: ChannelOptions, described: bool) -> Arc<Channel> {
        let channel = Channel::new(options, self.line());
        if let Some(waiting) = &mut self.waiting {
            waiting.wanted = true;
            waiting.channels.push(channel.clone());
            if described {
                waiting.ask(&self.events);
            }
        } else {
            let opening = channel.clone();
            self.with(|channels, rtc, _| channels.open(rtc, opening));
        }
        channel
    }

    /// The next offer has a place for those of the peer.
    pub(super) fn expect(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.wanted = true;
        }
    }

    fn with(&self, change: impl FnOnce(&mut Channels, &mut Rtc, &IceCreds) + Send + 'static) {
        let change = Box::new(|session: &mut super::session::Session| session.with_channels(change));
        self.handle.tell(Command::With(self.key, change));
    }
}
