//! The signalling server: introduces peers to each other and passes on what they say inside a session.
//!
//! [`Hub`] decides who is told what and knows neither sockets nor time. The words themselves are those of
//! the `protocol` crate.

mod hub;
mod peers;
mod roll;
mod sessions;

pub use hub::{Hub, Outgoing};
