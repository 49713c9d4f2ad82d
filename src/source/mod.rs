//! `webrtcsrc`: from one producer to src pads.
//!
//! | file | what it does |
//! |---|---|
//! | `imp` | the GObject: properties, states, child proxy |
//! | `element` | `webrtcsrc` itself: the base, and URIs |
//! | `running`, `consumer` | what exists while the element runs: link, the one session |
//! | `ending` | what happens when a session ends |
//! | `incoming`, `offer`, `said` | the session: what is accepted, and offered; what the description says |
//! | `streams` | its streams: from arrival to pad, decoding |
//! | `informed` | events and time codes that the producer tells of |
//! | `pads` | the pads, which may outlive a session |
//! | `jitter` | the length of the jitter buffers |
//! | `timing` | when frames were captured |
//! | `stats` | the property `stats` |
//! | `signals`, `properties`, `settings`, `templates`, `pad` | signals, properties, pad templates, the pad type |

mod consumer;
mod element;
mod ending;
mod imp;
mod incoming;
mod informed;
mod jitter;
mod offer;
mod pad;
mod pads;
mod properties;
mod running;
mod said;
mod settings;
mod signals;
mod stats;
mod streams;
mod templates;
mod timing;

pub use ending::WebRTCSessionEnd;
pub use pad::WebRTCSrcPad;

use gst::glib;

glib::wrapper! {
    /// Receives a producer's streams; the base of all sources, which differ in signalling.
    pub struct BaseWebRTCSrc(ObjectSubclass<imp::BaseWebRTCSrc>) @extends gst::Bin, gst::Element, gst::Object, @implements gst::ChildProxy;
}

glib::wrapper! {
    /// A source with the default signaller, also by URI.
    pub struct WebRTCSrc(ObjectSubclass<element::WebRTCSrc>) @extends BaseWebRTCSrc, gst::Bin, gst::Element, gst::Object, @implements gst::URIHandler, gst::ChildProxy;
}
