//! The server over real sockets. Ports are always 0; every wait has a deadline.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]
#![expect(clippy::disallowed_methods, reason = "each test enters a runtime of its own")]

mod closing;
mod endings;
mod handshake;
mod leases;
mod messages;
mod overload;
mod program;
mod reload;
mod support;
mod tls;
mod turn;
