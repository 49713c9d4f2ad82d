//! The default signaller: a websocket client of the signalling server. [`imp`] holds its properties,
//! [`client`] the connection, [`tls`] whom it trusts.

mod client;
mod imp;
mod tls;

use super::{Signallable, WebRTCSignallerRole};
use gst::glib;

glib::wrapper! {
    /// A client of the signalling server, with reconnection.
    pub struct Signaller(ObjectSubclass<imp::Signaller>) @implements Signallable;
}

impl Signaller {
    /// A signaller with this role and defaults for all else.
    pub fn new(role: WebRTCSignallerRole) -> Self {
        glib::Object::builder().property("role", role).build()
    }
}

impl Default for Signaller {
    fn default() -> Self {
        Self::new(WebRTCSignallerRole::default())
    }
}
