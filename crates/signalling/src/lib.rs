//! The signalling server: introduces peers to each other and passes on what they say inside a session.
//!
//! [`Hub`] decides who is told what and knows neither sockets nor time. [`run`] is the server around it: it
//! accepts websockets, queues what the hub says and ends connections properly. [`access`] says who may come in,
//! [`ice`] which STUN and TURN servers peers are told to use, [`tls`] loads certificates, [`page`] is the web page for
//! people, and [`Metrics`] counts. The words themselves are those of the `protocol` crate.

#![warn(missing_docs)]

pub mod access;
mod answer;
mod board;
mod config;
mod connection;
mod control;
mod denial;
mod door;
mod ending;
mod entrance;
mod envelope;
mod exchange;
mod grant;
mod hub;
pub mod ice;
mod leases;
mod metrics;
mod operations;
mod pace;
pub mod page;
mod peers;
mod post;
mod question;
mod refusal;
mod request;
mod roll;
mod server;
mod sessions;
mod swap;
pub mod tls;
mod upgrade;

pub use config::{Config, MetricsAt};
pub use control::Control;
pub use entrance::{Admission, Entrance, Reception};
pub use envelope::Envelope;
pub use grant::{Grant, Rights, UnknownRight};
pub use hub::{Hub, Limits, Outgoing};
pub use metrics::{CONTENT_TYPE as METRICS_TYPE, Metrics};
pub use operations::serve_operations;
pub use page::Page;
pub use server::{RunError, Server, run};
