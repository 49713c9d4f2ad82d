//! The wire protocol between signalling clients and the signalling server: one JSON object per websocket
//! text frame, told apart by its `type`.
//!
//! The words of data channels, which go from peer to peer, are here too: [`ControlRequestMessage`],
//! [`ControlMessage`] and [`InputMessage`].
//!
//! Holds the words only. Who says what and when is decided in `logic::peer_client` (clients) and in the
//! server's `hub`. Unknown message types and unknown fields are tolerated in both directions, so that older
//! and newer peers keep talking.

#![warn(missing_docs)]

mod client_message;
mod codes;
mod data_channel;
mod ice_server;
mod info;
mod lease;
mod navigation;
mod outbox;
mod peer;
mod server_message;
mod session;
mod version;

pub use client_message::ClientMessage;
pub use codes::{EndReason, ErrorCode};
pub use data_channel::{
    BadRequest, ControlMessage, ControlRequest, ControlRequestMessage, InputMessage, VideoSize,
};
pub use ice_server::IceServer;
pub use info::{CustomEvent, FrameMeta, Info, RungInfo, TimeCode, info_message};
pub use lease::{Lease, Resume};
pub use navigation::{NavigationCommand, NavigationEvent};
pub use outbox::{Full, Outbox};
pub use peer::{Meta, Peer, PeerId, PeerRole, PeerStatus};
pub use server_message::ServerMessage;
pub use session::{
    DescriptionKind, IceCandidate, PeerMessage, PeerMessageInner, SessionDescription, SessionId,
};
pub use version::ProtocolVersion;
