//! The property `latency-profile`, which sinks and sources share.

use gst::glib;
use logic::latency::Profile;

/// What matters most to whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCLatencyProfile")]
pub enum WebRTCLatencyProfile {
    /// The shortest delay.
    #[enum_value(name = "Live: the shortest delay, whatever is lost on the way", nick = "live")]
    Live,
    /// As short as the network lets it be.
    #[default]
    #[enum_value(name = "Balanced: short, and longer where the network needs repair", nick = "balanced")]
    Balanced,
    /// Undisturbed pictures.
    #[enum_value(name = "Smooth: undisturbed pictures, up to two seconds later", nick = "smooth")]
    Smooth,
}

impl WebRTCLatencyProfile {
    /// The numbers behind it.
    pub(crate) fn profile(self) -> Profile {
        match self {
            Self::Live => Profile::Live,
            Self::Balanced => Profile::Balanced,
            Self::Smooth => Profile::Smooth,
        }
    }
}
