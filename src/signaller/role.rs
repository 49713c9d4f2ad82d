//! What the default signaller is for.

use gst::glib;

/// The role of the default signaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstRSWebRTCSignallerRole")]
pub enum WebRTCSignallerRole {
    /// Receives a stream.
    #[default]
    #[enum_value(name = "Consumer", nick = "consumer")]
    Consumer,
    /// Offers a stream.
    #[enum_value(name = "Producer", nick = "producer")]
    Producer,
    /// Watches who produces.
    #[enum_value(name = "Listener", nick = "listener")]
    Listener,
}
