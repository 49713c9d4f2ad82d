//! What media passes through: on the sending side convert, encode, packetise, fan out; on the receiving side
//! depayload and decode.

mod admission;
mod convert;
pub(crate) mod decode;
pub(crate) mod delays;
mod encoded_filter;
mod encoding;
pub(crate) mod fan_out;
pub(crate) mod member;
mod meter;
pub(crate) mod notes;
mod parts;
mod payload;
mod replay;
pub(crate) mod rung;
mod shape;
mod told;
mod transcode;
