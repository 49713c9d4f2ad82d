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

/// Why an element refuses another signaller.
pub(crate) const SIGNALLER_IS_IN_USE: &str = "property signaller was not changed, because the element is \
    running: set it when the element is made, or in state NULL or READY";

/// What a signaller's implementation imports.
pub mod prelude {
    pub use super::{Signallable, SignallableExt, SignallableImpl};
}
