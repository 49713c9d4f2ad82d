//! Data channels of elements: opened, taken in, and what they say, with a deadline.

use super::DEADLINE;
use gst::glib;
use gst::prelude::*;
use gstrswebrtc::data_channel::WebRTCDataChannel;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// What a channel said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Open,
    Text(String),
    Data(Vec<u8>),
    Low,
    Error(String),
    Closed,
}

/// A channel and what it says.
pub(crate) struct Talk {
    pub(crate) channel: WebRTCDataChannel,
    said: Receiver<Said>,
}

impl Talk {
    /// Listens to a channel.
    pub(crate) fn with(channel_object: WebRTCDataChannel) -> Self {
        let (tell, said) = channel();
        listen(&channel_object, &tell);
        Self { channel: channel_object, said }
    }

    /// Opens a channel in a session of an element.
    pub(crate) fn open(element: &gst::Element, session: &str, label: &str, options: &str) -> Self {
        let options: Option<gst::Structure> = (!options.is_empty()).then(|| options.parse().unwrap());
        let opened = element
            .emit_by_name::<Option<WebRTCDataChannel>>("open-data-channel", &[&session, &label, &options]);
        Self::with(opened.expect("the channel was not opened"))
    }

    /// The next thing that it says.
    pub(crate) fn next(&self) -> Said {
        self.said.recv_timeout(DEADLINE).expect("the channel said nothing in time")
    }

    /// The next thing that it says, while it is there to say something.
    pub(crate) fn try_next(&self) -> Option<Said> {
        self.said.recv().ok()
    }

    /// Waits until it says this, and passes over everything else.
    pub(crate) fn until(&self, wanted: &Said) {
        let end = Instant::now() + DEADLINE;
        let mut before = Vec::new();
        while let Ok(said) = self.said.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if said == *wanted {
                return;
            }
            before.push(short(&said));
        }
        panic!("it never said {}, but: {before:?}", short(wanted));
    }

    pub(crate) fn send_string(&self, text: &str) {
        self.channel.emit_by_name::<()>("send-string", &[&text]);
    }

    pub(crate) fn send_data(&self, data: &[u8]) -> bool {
        self.channel.emit_by_name::<bool>("send-data-full", &[&glib::Bytes::from(data)])
    }

    pub(crate) fn close(&self) {
        self.channel.emit_by_name::<()>("close", &[]);
    }
}

fn short(said: &Said) -> String {
    format!("{said:?}").chars().take(80).collect()
}

fn listen(channel: &WebRTCDataChannel, tell: &Sender<Said>) {
    let say = |name: &'static str, read: fn(&[glib::Value]) -> Said| {
        let tell = tell.clone();
        channel.connect(name, false, move |values| {
            let _ = tell.send(read(values));
            None
        });
    };
    say("on-open", |_| Said::Open);
    say("on-message-string", |values| Said::Text(values[1].get().unwrap()));
    say("on-message-data", |values| Said::Data(values[1].get::<glib::Bytes>().unwrap().to_vec()));
    say("on-buffered-amount-low", |_| Said::Low);
    say("on-error", |values| Said::Error(values[1].get::<glib::Error>().unwrap().to_string()));
    say("on-close", |_| Said::Closed);
}

/// The channels that peers open, from the first on; each is listened to before it can say anything.
pub(crate) fn arriving(element: &gst::Element) -> Receiver<Talk> {
    let (give, take) = channel();
    element.connect("data-channel-added", false, move |values| {
        let _ = give.send(Talk::with(values[2].get().unwrap()));
        None
    });
    take
}

/// The sessions that begin, from now on.
pub(crate) fn sessions(element: &gst::Element) -> Receiver<String> {
    let (give, take) = channel();
    element.connect("session-added", false, move |values| {
        let _ = give.send(values[1].get().unwrap());
        None
    });
    take
}

/// Opens a channel in each session that begins, before anything is offered.
pub(crate) fn opened_first(
    element: &gst::Element,
    label: &'static str,
    options: &'static str,
) -> Receiver<Talk> {
    let (give, take) = channel();
    element.connect("session-added", false, move |values| {
        let element = values[0].get::<gst::Element>().unwrap();
        let session = values[1].get::<String>().unwrap();
        let _ = give.send(Talk::open(&element, &session, label, options));
        None
    });
    take
}
