//! Nothing of its own: building this crate builds the released plugins that it depends on, as shared libraries.
