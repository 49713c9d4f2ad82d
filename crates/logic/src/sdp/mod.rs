//! What session descriptions mean: [`media`] and [`transport`] read them, [`plan`] decides what to send and
//! receive, [`places`] where, [`outputs`] where it comes out, [`local`] writes our own, [`munge`] changes the text of those that others write for us.

pub mod local;
pub mod media;
pub mod munge;
pub mod outputs;
pub mod places;
pub mod plan;
pub mod transport;
