//! Signalling: the `Signallable` interface that every signaller implements, and the default one, a websocket
//! client of the server in `crates/signalling`.
//!
//! An application brings a signaller of its own and sets it as the element's property `signaller`: in Rust a
//! GObject that implements [`SignallableImpl`], in C one that fills in the interface's table of functions, in
//! any language one whose signals it has connected to.

mod interface;
pub(crate) mod link;
pub(crate) mod meta;
mod role;
mod signals;
mod state;
mod vtable;
mod websocket;

pub use interface::{Signallable, SignallableExt, SignallableImpl};
pub(crate) use meta::structure_to_json;
pub use role::WebRTCSignallerRole;
pub(crate) use signals::{WANT_SESSION, want_session};
pub use state::WebRTCSignallerState;
pub use websocket::Signaller;
pub(crate) use websocket::shown;

/// Why an element refuses another signaller.
pub(crate) const SIGNALLER_IS_IN_USE: &str = "property signaller was not changed, because the element is \
    running: set it when the element is made, or in state NULL or READY";

/// What a signaller's implementation imports.
pub mod prelude {
    pub use super::{Signallable, SignallableExt, SignallableImpl};
}

/// The reason for the end of a session that goes by this name; names of newer versions are one unknown reason.
pub(crate) fn reason_named(name: &str) -> protocol::EndReason {
    serde_json::from_value(name.into()).unwrap_or(protocol::EndReason::Unknown)
}
