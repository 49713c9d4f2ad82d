//! `webrtcsink`: from sink pads to viewers.
//!
//! | file | what it does |
//! |---|---|
//! | `imp`, `pads` | the GObject: pads, states, child proxy, navigation |
//! | `element` | `webrtcsink` itself: the base and the embedded servers |
//! | `settings`, `signals`, `pad` | properties, signals, the pad type |
//! | `live` | what becomes of a property that is set while the element runs |
//! | `input`, `encoders`, `rungs` | one sink pad's stream: caps and frames; its encoders, shared by viewers |
//! | `sendable` | what a stream can be sent as |
//! | `terms` | what viewers are told of a stream, whatever it becomes |
//! | `encoder_table`, `fallback` | the user's rows about encoders; what becomes of viewers when one fails |
//! | `ladder`, `seat` | which encoder serves which viewer, and how one goes from one to another |
//! | `mitigation` | what an encoder's bitrate, or the application, takes from its pictures |
//! | `viewers` | sessions by id, and what signalling says about them |
//! | `outgoing`, `serving`, `sections`, `estimates` | one viewer's session: what is offered, what is sent, which pad is behind what, who hears what its network carries |
//! | `division` | what each stream of a session gets of that, where the application decides |
//! | `audience` | how many watch, told to the application |
//! | `transport`, `stage` | which transport serves a session; what it stands in |
//! | `rung_news` | viewers are told which rung they are sent |
//! | `forwarding` | what viewers are told beside the media |
//! | `timeline` | whose time RTP timestamps are |
//! | `record` | what is kept for the dashboard |
//! | `network` | ports and addresses as the properties have them |

mod audience;
mod division;
mod element;
mod embedded_servers;
mod encoder_table;
mod encoders;
mod estimates;
mod fallback;
mod forwarding;
mod hooks;
mod imp;
mod input;
mod ladder;
mod live;
mod mitigation;
mod network;
mod outgoing;
mod pad;
mod pads;
mod properties;
mod recent;
mod record;
mod rung_news;
mod rungs;
mod running;
mod seat;
mod sections;
mod sendable;
mod serving;
mod settings;
mod signals;
mod stage;
mod stats;
mod templates;
mod terms;
mod timeline;
mod transport;
mod viewers;

pub use pad::WebRTCSinkPad;
pub(crate) use record::Recorder;
pub(crate) use settings::Settings;
pub use settings::{
    WebRTCSinkCongestionControl, WebRTCSinkEncoderSharing, WebRTCSinkMitigationMode, WebRTCSinkTransport,
};

use gst::glib;

glib::wrapper! {
    /// Sends its pads' streams to any number of viewers; the base of all sinks, which differ in signalling.
    pub struct BaseWebRTCSink(ObjectSubclass<imp::BaseWebRTCSink>) @extends gst::Bin, gst::Element, gst::Object, @implements gst::ChildProxy, gst_video::Navigation;
}

glib::wrapper! {
    /// A sink with the default signaller and, where wanted, the servers that it needs.
    pub struct WebRTCSink(ObjectSubclass<element::WebRTCSink>) @extends BaseWebRTCSink, gst::Bin, gst::Element, gst::Object, @implements gst::ChildProxy, gst_video::Navigation;
}

impl BaseWebRTCSink {
    /// A sink that signals through `signaller`.
    pub fn with_signaller(signaller: crate::signaller::Signallable) -> Self {
        glib::Object::builder().property("signaller", signaller).build()
    }
}
