//! `webrtcsink` and `webrtcsrc`: live media from any GStreamer pipeline to any number of browsers and
//! pipelines, and back.
//!
//! | folder | what it does |
//! |---|---|
//! | [`elements`](self) | the element registry, one line an element |
//! | `sink`, `source` | the two elements: properties, pads, sessions |
//! | `session` | one session: the task that performs what `logic::negotiation` decides |
//! | `peer` | the seam to the media transport, and `webrtcbin` behind it |
//! | [`data_channel`] | data channels: of the elements, and of the application |
//! | `encoder`, `chain` | encoders as data; convert, encode, packetise, fan out, decode |
//! | [`signaller`] | the `Signallable` interface and the default websocket client |
//! | `web` | the embedded web server and its page |
//!
//! Decisions live in the crate `logic`; this crate performs them. Nothing here holds a lock while it calls
//! GStreamer, emits a signal or logs an object, and nothing that can block runs on the async runtime.

mod chain;
mod codec;
pub mod data_channel;
mod elements;
mod encoder;
mod errors;
mod gauge;
mod gobject;
mod latency;
mod packages;
mod peer;
mod runtime;
mod session;
pub mod signaller;
mod sink;
mod source;
pub mod utils;
mod web;

pub use latency::WebRTCLatencyProfile;

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use peer::fuzzing;

/// The sinks, as applications in Rust use them.
pub mod webrtcsink {
    pub use crate::sink::{
        BaseWebRTCSink, WebRTCSink, WebRTCSinkCongestionControl, WebRTCSinkEncoderSharing,
        WebRTCSinkMitigationMode, WebRTCSinkPad, WebRTCSinkTransport,
    };
}

/// The sources, as applications in Rust use them.
pub mod webrtcsrc {
    pub use crate::source::{BaseWebRTCSrc, WebRTCSessionEnd, WebRTCSrc, WebRTCSrcPad};
}

fn plugin_init(plugin: &gst::Plugin) -> Result<(), gst::glib::BoolError> {
    elements::register(plugin)
}

gst::plugin_define!(
    rswebrtc,
    env!("CARGO_PKG_DESCRIPTION"),
    plugin_init,
    concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID")),
    // GStreamer knows a fixed list of licences; MPL-2.0 is on it.
    "MPL-2.0",
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_REPOSITORY"),
    env!("BUILD_REL_DATE")
);
