//! What media passes through: on the sending side convert, encode, packetise, fan out; on the receiving side
//! depayload and decode.

mod admission;
pub(crate) mod convert;
pub(crate) mod decode;
pub(crate) mod delays;
mod encoded_filter;
pub(crate) mod encoding;
pub(crate) mod fan_out;
pub(crate) mod fault;
pub(crate) mod member;
pub(crate) mod meter;
pub(crate) mod notes;
mod output;
mod parts;
mod payload;
mod plan;
mod replay;
mod restart;
pub(crate) mod rung;
mod shape;
mod starting;
#[cfg(test)]
mod testing;
mod told;
mod transcode;
