//! The signalling server: introduces peers to each other and passes on what they say inside a session.
//!
//! [`Hub`] decides who is told what and knows neither sockets nor time. [`run`] is the server around it: it
//! accepts websockets, queues what the hub says and ends connections properly. [`tls`] loads certificates.
//! The words themselves are those of the `protocol` crate.

#![warn(missing_docs)]

mod board;
mod config;
mod connection;
mod ending;
mod envelope;
mod exchange;
mod grant;
mod hub;
pub mod ice;
mod leases;
mod pace;
mod peers;
mod post;
mod refusal;
mod roll;
mod server;
mod sessions;
mod swap;
pub mod tls;
mod upgrade;

pub use config::Config;
pub use envelope::Envelope;
pub use grant::{Grant, Rights};
pub use hub::{Hub, Limits, Outgoing};
pub use server::{RunError, run};
