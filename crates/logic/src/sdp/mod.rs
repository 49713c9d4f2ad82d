//! What session descriptions mean: [`media`] reads them, [`plan`] decides what to send and receive,
//! [`munge`] changes the text of our own.

pub mod media;
pub mod munge;
pub mod plan;
