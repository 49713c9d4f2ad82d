//! `webrtcsrc`: from one producer to src pads.
//!
//! | file | what it does |
//! |---|---|
//! | `imp` | the GObject: properties, states, child proxy |
//! | `element` | `webrtcsrc` itself: the base, and URIs |
//! | `running` | what exists while the element runs: link, session |
//! | `incoming`, `said` | the session: what is accepted, pads, decoding; what the description says |
//! | `informed` | events and time codes that the producer tells of |
//! | `jitter` | the length of the jitter buffers |
//! | `timing` | when frames were captured |
//! | `stats` | the property `stats` |
//! | `pad`, `properties`, `settings`, `templates` | the pad type, properties, pad templates |

mod element;
mod imp;
mod incoming;
mod informed;
mod jitter;
mod pad;
mod properties;
mod running;
mod said;
mod settings;
mod stats;
mod templates;
mod timing;

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
