//! The web page that is inside this library, and the headers of everything that a page is made of.
//!
//! What is here knows no sockets: whoever serves the page, this server ([`Page`]) or another one ([`respond`]), asks for
//! answers.

mod built;
mod content;
mod directory;
mod headers;
mod served;

pub use built::respond;
pub use headers::{protect, share};
pub use served::Page;
