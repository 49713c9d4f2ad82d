//! What only the program has: options, files and signals. What serves is the library.

pub(crate) mod files;
pub(crate) mod seconds;
mod sense;
pub(crate) mod settings;
pub(crate) mod signals;
