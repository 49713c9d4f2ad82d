//! Signalling: the `Signallable` interface that every signaller implements, and the default one, a websocket
//! client of the server in `crates/signalling`.
//!
//! An application brings a signaller of its own by implementing [`SignallableImpl`] for a GObject, or by
//! connecting to the interface's signals from any language, and sets it as the element's property
//! `signaller`.

mod interface;
pub(crate) mod link;
pub(crate) mod meta;
mod role;
mod signals;
mod websocket;

pub use interface::{Signallable, SignallableExt, SignallableImpl};
pub use role::WebRTCSignallerRole;
pub use websocket::Signaller;

/// What a signaller's implementation imports.
pub mod prelude {
    pub use super::{Signallable, SignallableExt, SignallableImpl};
}
