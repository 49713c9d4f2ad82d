//! The server over real sockets. Ports are always 0; every wait has a deadline.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]
#![expect(clippy::disallowed_methods, reason = "each test enters a runtime of its own")]

mod access;
mod closing;
mod configuration;
mod door;
mod endings;
mod entrance;
mod handshake;
#[cfg(feature = "jwt")]
mod jwt;
mod leases;
mod messages;
mod operations;
mod overload;
mod page;
mod program;
mod questions;
mod reload;
mod support;
mod tls;
mod turn;
