//! The decisions of the plugin: no I/O, no clock, no GStreamer. Events and facts go in, actions and plans
//! come out; time is an argument.
//!
//! | module | decides |
//! |---|---|
//! | [`negotiation`] | the offer/answer exchange of one session |
//! | [`peer_client`] | what a signalling client says when |
//! | [`reconnection`], [`backoff`] | whether and when to connect again |
//! | [`returning`] | what becomes of a consumer whose session ends |
//! | [`ice_servers`] | STUN and TURN servers of the signalling server as addresses |
//! | [`codec`] | which codecs exist and what is offered for each |
//! | [`sdp`] | what a remote description means for our streams, and the text of our own |
//! | [`terms`] | whether a stream that changes can go on under its description |
//! | [`pairing`] | what goes beside a frame, by its RTP timestamp |
//! | [`onlooker`] | who may look at what an element shows of itself |
//! | [`phases`] | when a session reached which phase, and how that reads |
//! | [`placement`] | where the encoder of a viewer stands |
//! | [`following`] | whether an encoder follows the bitrate that it is told |
//! | [`key_unit`] | when an encoder is asked for a key unit |
//! | [`group_cache`] | what a viewer gets who comes in the middle of a group of pictures |
//! | [`jitter`] | how long a receiver's jitter buffer is |
//! | [`latency`] | what delay is traded for |
//! | [`capture`] | when frames were captured, across clocks |
//! | [`media_clock`] | RTP timestamps that are the time of a clock which both sides can read |
//! | [`memory`] | where raw pictures lie, and what brings them to an encoder |
//! | [`mean`] | delays as statistics tell them |
//! | [`record`] | what is kept of sessions and encoders to be looked at |
//! | [`rtcp`] | reading of receivers' reports |
//! | [`rtp`] | reading and rewriting of RTP headers |
//! | [`addresses`] | which addresses and ports of a host serve, and under which peers know them |
//! | [`framing`] | where packets begin and end in a stream |
//! | [`dtls`] | a handshake's messages put together, and which cipher it came out with |
//! | [`stun`] | whose a connectivity check is |
//! | [`picture`] | how large a rung's pictures are, and which frames it takes |
//! | [`trials`] | which encoders are tried after some have failed |
//! | [`switching`] | whose packets a viewer is sent between two rungs |
//! | [`repair`] | how lost packets are repaired: sent again, or by forward error correction |
//! | [`estimate`] | what the network to one peer carries |
//! | [`bitrate`] | which rung each viewer is on and what bitrate each encoder runs at |

#![warn(missing_docs)]

pub mod addresses;
pub mod backoff;
pub mod bitrate;
pub mod capture;
pub mod codec;
pub mod dtls;
pub mod estimate;
pub mod following;
pub mod framing;
pub mod group_cache;
pub mod ice_servers;
pub mod jitter;
pub mod key_unit;
pub mod latency;
pub mod mean;
pub mod media_clock;
pub mod memory;
pub mod negotiation;
pub mod onlooker;
pub mod pairing;
pub mod peer_client;
pub mod phases;
pub mod picture;
pub mod placement;
pub mod reconnection;
pub mod record;
pub mod repair;
pub mod returning;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod stun;
pub mod switching;
pub mod terms;
pub mod trials;

pub use protocol;
