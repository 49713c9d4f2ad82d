//! The default signaller: a websocket client of the signalling server. [`imp`] holds its properties, [`settings`]
//! what they mean, [`address`] what an address says, [`connection`] connects again and again, [`conversation`] is one connection, of which [`sending`]
//! writes; [`connect`] makes it, [`tls`] says whom it trusts, and [`owner`] tells the element.

mod address;
mod connect;
mod connection;
mod conversation;
mod imp;
mod owner;
mod sending;
mod settings;
mod tls;

pub(crate) use address::shown;

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
