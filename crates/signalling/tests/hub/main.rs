//! What the hub tells whom, as sentences. No sockets, no runtime.

#![expect(clippy::unwrap_used, reason = "this is a test")]

mod errors;
mod roles;
mod scene;
mod sessions;
