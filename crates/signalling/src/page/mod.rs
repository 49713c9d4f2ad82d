//! The web page that is inside this library, and the headers of everything that a page is made of.
//!
//! What is here knows no sockets: whoever serves the page, this server or another one, asks for answers.

mod built;
pub(crate) mod content;
mod headers;

pub use built::respond;
pub use headers::{protect, share};
