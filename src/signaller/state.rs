//! How the default signaller stands with its server.

use gst::glib;

/// The state of the default signaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCSignallerState")]
pub enum WebRTCSignallerState {
    /// It was not started, was stopped, or has given up.
    #[default]
    #[enum_value(name = "Disconnected: not started, stopped, or given up", nick = "disconnected")]
    Disconnected,
    /// It tries to reach the server for the first time.
    #[enum_value(name = "Connecting: the server has not been reached yet", nick = "connecting")]
    Connecting,
    /// The server knows it.
    #[enum_value(name = "Connected: the server knows this client", nick = "connected")]
    Connected,
    /// It lost the server and tries to reach it again.
    #[enum_value(name = "Reconnecting: the server was lost and is looked for again", nick = "reconnecting")]
    Reconnecting,
}
