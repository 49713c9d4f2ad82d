//! The data channels of webrtcbin.

use crate::peer::channel::{Arrivals, Channel, ChannelOptions, Line, Payload, Reliability, SendError};
use crate::session::EventSender;
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState, WebRTCPriorityType};
use logic::negotiation::Event;
use logic::sdp::local::LONGEST_MESSAGE;
use logic::sdp::media::{Description, Section};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The longest message that webrtcbin receives in one piece, in bytes: sctpdec reads no more at once. It says
/// nothing about it, and would be sent one byte more.
pub(super) const LONGEST_RECEIVED: u32 = 65_535;

/// The data channels of one connection.
pub(super) struct Channels {
    /// Whether an offer may be asked for.
    offers: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether a description of ours was made, and the m-line that it has for data channels.
    described: bool,
    line: Option<usize>,
    /// Whether an offer was asked for because of them.
    asked: bool,
    /// Those that were opened here.
    opened: Vec<Weak<Channel>>,
    /// The longest message that the peer takes, in bytes, and that webrtcbin sends.
    longest: u32,
    /// Keeps a place in the descriptions while there is no other channel.
    _placeholder: Option<WebRTCDataChannel>,
}

impl Channels {
    pub(super) fn new(offers: bool) -> Arc<Self> {
        Arc::new(Self { offers, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The m-line of the data channels.
    pub(super) fn line(&self) -> Option<usize> {
        self.state().line
    }

    /// A description of ours was made: where it has no place for channels that were opened, an offer with one
    /// is asked for.
    pub(super) fn described(&self, sdp: &str, events: &EventSender) {
        let is_data = |media: &logic::sdp::media::Media| media.section == Section::Data && !media.rejected;
        let media = Description::parse(sdp).map(|description| description.media).unwrap_or_default();
        {
            let mut state = self.state();
            state.described = true;
            state.line = media.iter().position(is_data);
        }
        self.find_a_place(events);
    }

    /// Asks for an offer where there is no place for what was opened, or gives that up where none may be made.
    fn find_a_place(&self, events: &EventSender) {
        let mut state = self.state();
        if state.line.is_some() || !state.described || state.opened.is_empty() {
            return;
        }
        if self.offers {
            if !std::mem::replace(&mut state.asked, true) {
                events.send(Event::MediaChanged);
            }
            return;
        }
        let opened = std::mem::take(&mut state.opened);
        drop(state);
        fail(&opened, "the peer has to offer data channels, and did not");
    }

    /// The peer described itself.
    pub(super) fn heard(&self, sdp: &str) {
        let media = Description::parse(sdp).map(|description| description.media).unwrap_or_default();
        let Some(data) = media.iter().find(|media| media.section == Section::Data) else { return };
        if data.rejected {
            let opened = std::mem::take(&mut self.state().opened);
            return fail(&opened, "the peer takes no data channels");
        }
        self.state().longest = data.longest_message.min(LONGEST_MESSAGE);
    }

    /// Hands channels that the peer opens to `arrivals`.
    pub(super) fn watch(self: &Arc<Self>, bin: &gst::Element, arrivals: Arrivals) {
        let channels = Arc::downgrade(self);
        bin.connect("on-data-channel", false, move |values| {
            let theirs = values.get(1)?.get::<WebRTCDataChannel>().ok()?;
            arrivals(adopt(&channels.upgrade()?, &theirs, options_of(&theirs)));
            None
        });
    }

    /// Opens a channel.
    pub(super) fn open(
        self: &Arc<Self>,
        bin: &gst::Element,
        options: ChannelOptions,
        events: &EventSender,
    ) -> Result<Arc<Channel>, String> {
        let made = create(bin, &options)
            .ok_or("webrtcbin opens no data channel; is gstreamer's sctp plugin there?")?;
        let channel = adopt(self, &made, options);
        {
            let mut state = self.state();
            state.opened.retain(|channel| channel.strong_count() > 0);
            state.opened.push(Arc::downgrade(&channel));
        }
        self.find_a_place(events);
        Ok(channel)
    }

    /// Has the first offer make a place for channels of the peer: webrtcbin makes one for channels only.
    pub(super) fn expect(&self, bin: &gst::Element) {
        let options = ChannelOptions { negotiated: Some(PLACEHOLDER), ..ChannelOptions::named("") };
        let placeholder = create(bin, &options);
        self.state()._placeholder = placeholder;
    }
}

/// The stream of a channel that exists on this side only: nothing is sent for it.
const PLACEHOLDER: u16 = 1023;

fn fail(channels: &[Weak<Channel>], cause: &str) {
    channels.iter().filter_map(Weak::upgrade).for_each(|channel| channel.failed(cause));
}

fn create(bin: &gst::Element, options: &ChannelOptions) -> Option<WebRTCDataChannel> {
    let (lifetime, retransmits) = match options.reliability {
        Reliability::Full => (-1, -1),
        Reliability::Lifetime(milliseconds) => (i32::from(milliseconds), -1),
        Reliability::Retransmits(count) => (-1, i32::from(count)),
    };
    let priority = if options.urgent { WebRTCPriorityType::High } else { WebRTCPriorityType::Low };
    let structure = gst::Structure::builder("channel")
        .field("ordered", options.ordered)
        .field("max-packet-lifetime", lifetime)
        .field("max-retransmits", retransmits)
        .field("protocol", &options.protocol)
        .field("negotiated", options.negotiated.is_some())
        .field("id", options.negotiated.map_or(-1, i32::from))
        .field("priority", priority)
        .build();
    bin.emit_by_name::<Option<WebRTCDataChannel>>("create-data-channel", &[&options.label, &structure])
}

fn options_of(channel: &WebRTCDataChannel) -> ChannelOptions {
    let positive = |number: i32| u16::try_from(number).ok();
    ChannelOptions {
        label: channel.label().map(Into::into).unwrap_or_default(),
        protocol: channel.protocol().map(Into::into).unwrap_or_default(),
        ordered: channel.is_ordered(),
        reliability: match (positive(channel.max_packet_lifetime()), positive(channel.max_retransmits())) {
            (Some(milliseconds), _) => Reliability::Lifetime(milliseconds),
            (None, Some(count)) => Reliability::Retransmits(count),
            (None, None) => Reliability::Full,
        },
        negotiated: None,
        urgent: channel.priority() == WebRTCPriorityType::High,
    }
}

/// A channel of webrtcbin as one of ours. Its signals come from webrtcbin's own threads: they are only passed on.
fn adopt(channels: &Arc<Channels>, theirs: &WebRTCDataChannel, options: ChannelOptions) -> Arc<Channel> {
    let channel = Channel::new(options, BinLine(theirs.clone()));
    let told = |act: fn(&Arc<Channel>)| {
        let weak = Arc::downgrade(&channel);
        move |_: &WebRTCDataChannel| weak.upgrade().iter().for_each(act)
    };
    let (weak, all) = (Arc::downgrade(&channel), Arc::downgrade(channels));
    let opened = move |theirs: &WebRTCDataChannel| {
        if let (Some(channel), Some(all)) = (weak.upgrade(), all.upgrade()) {
            channel.opened(u16::try_from(theirs.id()).ok(), all.state().longest);
        }
    };
    theirs.connect_on_open(opened.clone());
    theirs.connect_on_close(told(Channel::ended));
    let weak = Arc::downgrade(&channel);
    theirs.connect_on_error(move |_, err| {
        weak.upgrade().iter().for_each(|channel| channel.failed(err.message()));
    });
    let weak = Arc::downgrade(&channel);
    theirs.connect_on_message_string(move |_, text| {
        let text = text.unwrap_or_default();
        weak.upgrade().iter().for_each(|channel| channel.received(Payload::Text(text.into())));
    });
    let weak = Arc::downgrade(&channel);
    theirs.connect_on_message_data(move |_, data| {
        let data = data.map(|data| data.to_vec()).unwrap_or_default();
        weak.upgrade().iter().for_each(|channel| channel.received(Payload::Binary(data.clone())));
    });
    let weak = Arc::downgrade(&channel);
    theirs.connect_buffered_amount_notify(move |theirs| {
        weak.upgrade().iter().for_each(|channel| channel.buffered_is(theirs.buffered_amount()));
    });
    if theirs.ready_state() == WebRTCDataChannelState::Open {
        opened(theirs);
    }
    channel
}

/// webrtcbin's side of a channel.
struct BinLine(WebRTCDataChannel);

impl Line for BinLine {
    fn send(&self, _: &Arc<Channel>, payload: Payload) -> Result<(), SendError> {
        let sent = match payload {
            Payload::Text(text) => self.0.send_string_full(Some(&text)),
            Payload::Binary(bytes) => self.0.send_data_full(Some(&glib::Bytes::from_owned(bytes))),
        };
        // Its state and the length have been looked at: it closed meanwhile.
        sent.map_err(|_| SendError::NotOpen)
    }

    fn close(&self, _: &Arc<Channel>) {
        self.0.close();
    }
}
