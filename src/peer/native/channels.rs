//! The data channels of one session: on its thread, between str0m and what the rest of the plugin holds; and the
//! way there from everywhere else.

use super::CAT;
use super::handle::{Handle, Job};
use super::routes::Key;
use super::session::Session;
use crate::peer::channel::{
    Arrivals, Channel, ChannelOptions, ChannelState, Line, Payload, Reliability, SendError,
};
use std::collections::VecDeque;
use std::sync::Arc;
use str0m::change::SdpOffer;
use str0m::channel::{ChannelConfig, ChannelData, ChannelId, Reliability as Effort};
use str0m::{Event, IceCreds, Rtc};

/// Bytes that str0m holds of all channels of a session; the rest waits here. More than the longest message, of
/// which str0m takes nothing while there is no room for all of it.
pub(super) const MOST_HELD: usize = 512 * 1024;
/// Channels of one session; what the peer opens beyond is closed at once.
const MOST_CHANNELS: usize = 256;

/// What both sides agreed on about data channels.
pub(super) struct Association {
    /// Whether this side begins, as with DTLS (RFC 8841 section 9.1).
    pub(super) client: bool,
    /// The longest message that the peer takes, in bytes.
    pub(super) longest: u32,
}

impl Association {
    /// The peer's section about data channels, alone. str0m learns of the length of messages from nothing else; the
    /// rest it knows and finds unchanged.
    fn described(&self, remote: &IceCreds) -> String {
        let setup = if self.client { "passive" } else { "active" };
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE data\r\n\
             m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:data\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=setup:{setup}\r\na=sctp-port:5000\r\na=max-message-size:{}\r\n",
            remote.ufrag, remote.pass, self.longest
        )
    }
}

/// A channel on its thread.
struct Entry {
    id: ChannelId,
    channel: Arc<Channel>,
    /// What str0m has not taken yet.
    waiting: VecDeque<Payload>,
    /// Bytes of it and of what str0m holds.
    outstanding: usize,
    closing: bool,
}

/// The channels of a session.
pub(super) struct Channels {
    entries: Vec<Entry>,
    line: NativeLine,
    arrivals: Arrivals,
    longest: u32,
}

impl Channels {
    pub(super) fn new(line: NativeLine, arrivals: Arrivals) -> Self {
        Self { entries: Vec::new(), line, arrivals, longest: 0 }
    }

    /// Both sides want data channels: begins, and opens what waited for it.
    pub(super) fn associate(
        &mut self,
        rtc: &mut Rtc,
        remote: &IceCreds,
        association: &Association,
        waiting: Vec<Arc<Channel>>,
    ) {
        let offer = SdpOffer::from_sdp_string(&association.described(remote)).map_err(|err| err.to_string());
        let accepted =
            offer.and_then(|offer| rtc.sdp_api().accept_offer(offer).map_err(|err| err.to_string()));
        self.longest = association.longest;
        if let Err(cause) = accepted {
            gst::warning!(CAT, "data channels send messages of up to 64 KiB only: {cause}");
            self.longest = self.longest.min(64 * 1024);
            rtc.direct_api().start_sctp(association.client);
        }
        waiting.into_iter().for_each(|channel| self.open(rtc, channel));
    }

    /// Opens a channel.
    pub(super) fn open(&mut self, rtc: &mut Rtc, channel: Arc<Channel>) {
        if channel.state() >= ChannelState::Closing {
            return channel.ended();
        }
        let taken = |entry: &Entry| {
            entry.channel.options.negotiated.is_some()
                && entry.channel.options.negotiated == channel.options.negotiated
        };
        if self.entries.len() >= MOST_CHANNELS {
            return channel.failed("there are too many channels");
        }
        if self.entries.iter().any(taken) {
            return channel.failed("another channel has this identifier");
        }
        let id = rtc.direct_api().create_data_channel(config(&channel.options));
        self.add(id, channel);
    }

    fn add(&mut self, id: ChannelId, channel: Arc<Channel>) {
        let entry = Entry { id, channel, waiting: VecDeque::new(), outstanding: 0, closing: false };
        self.entries.push(entry);
    }

    fn of(&mut self, channel: &Arc<Channel>) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| Arc::ptr_eq(&entry.channel, channel))
    }

    /// Has a message sent.
    pub(super) fn send(&mut self, channel: &Arc<Channel>, payload: Payload) {
        if let Some(entry) = self.of(channel) {
            entry.outstanding += payload.len();
            entry.waiting.push_back(payload);
        }
    }

    /// Closes a channel once its messages are sent.
    pub(super) fn close(&mut self, rtc: &mut Rtc, channel: &Arc<Channel>) {
        let Some(entry) = self.of(channel) else { return channel.ended() };
        entry.closing = true;
        if rtc.channel(entry.id).is_none() {
            // Not open yet: there is nothing to wait for.
            rtc.direct_api().close_data_channel(entry.id);
        }
    }

    /// Hands str0m what it takes; whether it took something.
    pub(super) fn flush(&mut self, rtc: &mut Rtc) -> bool {
        let mut wrote = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.outstanding > 0 || entry.closing) {
            let Some(mut line) = rtc.channel(entry.id) else { continue };
            let mut broken = None;
            while let Some(payload) = entry.waiting.front() {
                match line.write(matches!(payload, Payload::Binary(_)), payload.bytes()) {
                    Ok(true) => wrote = true,
                    Ok(false) => break,
                    Err(err) => {
                        broken = Some(err.to_string());
                        break;
                    }
                }
                entry.waiting.pop_front();
            }
            let held = line.buffered_amount() + entry.waiting.iter().map(Payload::len).sum::<usize>();
            let sent = entry.outstanding.saturating_sub(held);
            entry.outstanding = held;
            if sent > 0 {
                entry.channel.released(u64::try_from(sent).unwrap_or(u64::MAX));
            }
            if let Some(cause) = broken {
                entry.waiting.clear();
                entry.outstanding = 0;
                entry.channel.failed(cause);
            }
            if entry.closing && entry.waiting.is_empty() && entry.outstanding == 0 {
                entry.closing = false;
                rtc.direct_api().close_data_channel(entry.id);
                wrote = true;
            }
        }
        wrote
    }

    /// Takes in what str0m says about channels.
    pub(super) fn hear(&mut self, rtc: &mut Rtc, event: Event) {
        match event {
            Event::ChannelOpen(id, label) => self.opened(rtc, id, label),
            Event::ChannelData(ChannelData { id, binary, data }) => {
                let Some(entry) = self.entries.iter().find(|entry| entry.id == id) else { return };
                if entry.channel.state() == ChannelState::Connecting {
                    // Who sends has taken the channel, and may say so later (RFC 8832, section 6), as Firefox does.
                    let stream = rtc.direct_api().sctp_stream_id_by_channel_id(id);
                    entry.channel.opened(stream, self.longest);
                }
                let payload = if binary { Ok(Payload::Binary(data)) } else { text(data) };
                match payload {
                    Ok(payload) => entry.channel.received(payload),
                    Err(cause) => entry.channel.failed(cause),
                }
            }
            Event::ChannelClose(id) => {
                if let Some(at) = self.entries.iter().position(|entry| entry.id == id) {
                    self.entries.swap_remove(at).channel.ended();
                }
            }
            _ => {}
        }
    }

    fn opened(&mut self, rtc: &mut Rtc, id: ChannelId, label: String) {
        let stream = rtc.direct_api().sctp_stream_id_by_channel_id(id);
        let known = self.entries.iter().find(|entry| entry.id == id);
        let (channel, new) = match known {
            Some(entry) => (entry.channel.clone(), false),
            None if self.entries.len() >= MOST_CHANNELS => {
                return rtc.direct_api().close_data_channel(id);
            }
            None => {
                let config = rtc.channel(id).and_then(|channel| channel.config().cloned());
                (Channel::new(options(label, config.unwrap_or_default()), self.line.clone()), true)
            }
        };
        if new {
            self.add(id, channel.clone());
        }
        channel.opened(stream, self.longest);
        if new {
            (self.arrivals)(channel);
        }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        for entry in self.entries.drain(..) {
            entry.channel.ended();
        }
    }
}

fn text(data: Vec<u8>) -> Result<Payload, &'static str> {
    String::from_utf8(data).map(Payload::Text).map_err(|_| "the peer sent text that is no UTF-8")
}

fn config(options: &ChannelOptions) -> ChannelConfig {
    ChannelConfig {
        label: options.label.clone(),
        protocol: options.protocol.clone(),
        ordered: options.ordered,
        reliability: match options.reliability {
            Reliability::Full => Effort::Reliable,
            Reliability::Lifetime(lifetime) => Effort::MaxPacketLifetime { lifetime },
            Reliability::Retransmits(retransmits) => Effort::MaxRetransmits { retransmits },
        },
        negotiated: options.negotiated,
    }
}

fn options(label: String, config: ChannelConfig) -> ChannelOptions {
    ChannelOptions {
        label,
        protocol: config.protocol,
        ordered: config.ordered,
        reliability: match config.reliability {
            Effort::Reliable => Reliability::Full,
            Effort::MaxPacketLifetime { lifetime } => Reliability::Lifetime(lifetime),
            Effort::MaxRetransmits { retransmits } => Reliability::Retransmits(retransmits),
        },
        negotiated: None,
        urgent: false,
    }
}

/// The way from a channel to its thread.
#[derive(Clone)]
pub(super) struct NativeLine {
    pub(super) handle: std::sync::Weak<Handle>,
    pub(super) key: Key,
}

impl NativeLine {
    fn with(&self, change: impl FnOnce(&mut Session) + Send + 'static) -> bool {
        let job = Job::With(self.key, Box::new(change));
        self.handle.upgrade().is_some_and(|handle| handle.hand(job))
    }
}

impl Line for NativeLine {
    fn send(&self, channel: &Arc<Channel>, payload: Payload) -> Result<(), SendError> {
        let (buffered, to) = (channel.buffered(), channel.clone());
        let sent =
            self.with(move |session| session.with_channels(|channels, _, _| channels.send(&to, payload)));
        if sent { Ok(()) } else { Err(SendError::Full { buffered }) }
    }

    fn close(&self, channel: &Arc<Channel>) {
        let closing = channel.clone();
        let told =
            self.with(move |session| session.with_channels(|channels, rtc, _| channels.close(rtc, &closing)));
        if !told {
            // Its thread has more to do than it can take: the peer hears when the session ends.
            channel.ended();
        }
    }
}
