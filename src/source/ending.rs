//! The property `on-session-end`; what follows from its values is decided in `logic::returning`.

use gst::glib;
use logic::returning::AtEnd;

/// What a source does when a session ends that it did not end itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCSessionEnd")]
pub enum WebRTCSessionEnd {
    /// EOS, and an error where the session failed.
    #[default]
    #[enum_value(name = "Auto: EOS; where the session failed, an error as well", nick = "auto")]
    Auto,
    /// EOS, whatever the reason.
    #[enum_value(name = "EOS, whatever the reason; a failure is a warning", nick = "eos")]
    Eos,
    /// An error, whatever the reason.
    #[enum_value(name = "Error with the reason, whatever it is", nick = "error")]
    Error,
    /// Neither: the pads stay, and the next session goes on where this one stopped.
    #[enum_value(name = "Wait for the producer to come back and keep the pads", nick = "wait")]
    Wait,
}

impl WebRTCSessionEnd {
    /// What it means.
    pub(super) fn at_end(self) -> AtEnd {
        match self {
            Self::Auto => AtEnd::Auto,
            Self::Eos => AtEnd::Eos,
            Self::Error => AtEnd::Error,
            Self::Wait => AtEnd::Wait,
        }
    }
}
