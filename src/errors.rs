//! Errors that name the cause and the cure.

use crate::packages;

/// An element could not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("element {name} is missing; on Debian it is in package {}", packages::of_element(name))]
pub(crate) struct MissingElement {
    name: String,
}

/// Makes an element.
///
/// # Errors
/// The element's plugin is not installed; the text names the package.
pub(crate) fn make(name: &str) -> Result<gst::Element, MissingElement> {
    gst::ElementFactory::make(name).build().map_err(|_| MissingElement { name: name.to_owned() })
}

/// Fails where an element is not installed.
///
/// # Errors
/// The first one that is missing.
pub(crate) fn require(names: &[&str]) -> Result<(), MissingElement> {
    for name in names {
        if gst::ElementFactory::find(name).is_none() {
            return Err(MissingElement { name: (*name).to_owned() });
        }
    }
    Ok(())
}
