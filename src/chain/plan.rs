//! What a rung is made of, what it asks of those around it, and why it cannot be built.

use super::decode::DecodeError;
use super::encoding::Candidate;
use super::fault::Fault;
use super::payload::Numbers;
use crate::errors::MissingElement;
use crate::packages;
use logic::codec::Codec;
use logic::following::Stubborn;
use logic::picture::{Cut, Shape};
use logic::placement::Placement;

/// A rung could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RungError {
    #[error("{0}")]
    Missing(#[from] MissingElement),
    #[error("no encoder for {codec} starts: {tried}; on Debian install {}", packages::of_codec(codec))]
    NoEncoder { codec: &'static str, tried: String },
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("use element {name}, which a handler of request-encoded-filter returned: {cause}")]
    Filter { name: String, cause: &'static str },
    #[error("connect the elements of the {codec} chain: {}", .fault.text)]
    Link { codec: &'static str, fault: Fault },
}

/// What the application may change while a rung is built. Called without any lock held.
pub(crate) trait Hooks: Send + Sync {
    /// The element's signal `encoder-setup`; true: the application has set it up.
    fn encoder(&self, encoder: &gst::Element) -> bool;
    /// The element's signal `payloader-setup`.
    fn payloader(&self, payloader: &gst::Element) -> bool;
    /// The element's signal `request-encoded-filter`: what encoded frames with these caps are to pass.
    fn filter(&self, caps: &gst::Caps) -> Option<gst::Element>;
    /// How pictures with these caps are to be cut at a bitrate, in bit/s; `None`: as before.
    fn cut(&self, source: &gst::Caps, bits_per_second: u32) -> Option<Cut>;
    /// Asks the application's pipeline for a key unit, for input that is already encoded.
    fn upstream_key_unit(&self);
    /// An encoder did not start, and this one is tried next.
    fn encoder_failed(&self, encoder: &str, next: Option<&str>, text: &str);
    /// An element asks the application for a context, or has made one.
    fn context(&self, message: &gst::Message);
    /// An encoder does not follow the bitrate that it is told.
    fn bitrate_not_followed(&self, encoder: &str, stubborn: Stubborn);
    /// Something in the rung failed: it does not serve its viewers any more.
    fn failed(&self, fault: Fault);
}

/// What a rung is made of.
pub(crate) struct Plan<'a> {
    pub(crate) name: String,
    pub(crate) codec: &'static Codec,
    pub(crate) placement: Placement,
    pub(crate) input: &'a gst::Caps,
    /// What it was when viewers were told of it: what is sent without compression stays that.
    pub(crate) told: &'a gst::Caps,
    pub(crate) numbers: Numbers,
    /// The encoders that may be tried, best first.
    pub(crate) encoders: Vec<Candidate>,
    pub(crate) bitrate: u32,
    /// What a viewer's network is taken to carry at first, in bit/s.
    pub(crate) start_bitrate: u32,
    /// Of its pictures.
    pub(crate) shape: Shape,
    /// No datagram is larger (bytes).
    pub(crate) mtu: u32,
    pub(crate) clock: Option<gst::Clock>,
    pub(crate) base_time: Option<gst::ClockTime>,
}
