//! The seam to the media transport: it takes descriptions, candidates and RTP, and gives candidates,
//! states and key-unit requests as events. `webrtcbin` is the one implementation so far; nothing outside
//! this folder names its signals, properties or types.

mod certificate;
mod heard;
mod resolve;
mod sending;
mod webrtcbin;

pub(crate) use certificate::{Certificate, prepare};
pub(crate) use resolve::{DEFAULT_STUN_SERVER, IceServers};
pub(crate) use sending::{Outlet, OutletEvents};
pub(crate) use webrtcbin::{Connection, NO_TRANSPORT, Received, SenderOptions, stats_in, to_gst};

use std::sync::Arc;

/// What a connection needs to know.
#[derive(Clone)]
pub(crate) struct Config {
    /// STUN and TURN servers.
    pub(crate) servers: IceServers,
    /// Relayed candidates only.
    pub(crate) relay_only: bool,
    /// The certificate of every connection of the element.
    pub(crate) certificate: Arc<Certificate>,
    /// Whether and how to estimate what the network carries.
    pub(crate) estimator: Option<Estimator>,
}

/// How to estimate what the network carries to one peer.
#[derive(Clone)]
pub(crate) struct Estimator {
    /// Bounds and start, in bit/s.
    pub(crate) bounds: logic::bitrate::Bounds,
    /// Called with each new estimate, in bit/s, from a streaming thread.
    pub(crate) changed: Arc<dyn Fn(u32) + Send + Sync>,
}
