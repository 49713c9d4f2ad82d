//! Data channels of sessions: those that the elements use themselves, and those of the application.
//!
//! | file | what it does |
//! |---|---|
//! | `channels` | the channels of one session, whoever opened them |
//! | `object`, `options`, `signals` | a channel as the application has it, and the way there |
//! | `control` | what a producer does about requests on `control` and events on `input` |
//! | `remote` | what a consumer sends over these |
//! | `navigation`, `structure`, `time_code` | navigation events, structures and time codes, between JSON and GStreamer |

mod channels;
mod control;
mod navigation;
mod object;
mod options;
mod remote;
pub(crate) mod signals;
mod structure;
pub(crate) mod time_code;

pub use crate::peer::SendError;
pub(crate) use channels::Channels;
pub(crate) use control::{Targets, control, input};
pub use object::WebRTCDataChannel;
pub(crate) use remote::RemoteControl;
pub(crate) use structure::from_json as structure_from_json;

/// The channel for requests and their answers.
pub(crate) const CONTROL: &str = "control";
/// The older channel for navigation events.
pub(crate) const INPUT: &str = "input";

use std::sync::LazyLock;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "webrtc-data-channel",
        gst::DebugColorFlags::empty(),
        Some("WebRTC data channels"),
    )
});
