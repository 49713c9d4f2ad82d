//! The seam to the media transport: it takes descriptions, candidates and RTP, and gives candidates,
//! states and key-unit requests as events. Nothing outside this folder names the signals, properties or types
//! of what is behind it.

mod batch;
mod certificate;
mod channel;
mod faults;
mod heard;
mod native;
mod resolve;
mod sending;
pub(crate) mod statistics;
mod webrtcbin;

pub(crate) use batch::{Batch, now};
pub(crate) use certificate::{Certificate, prepare};
pub use channel::SendError;
pub(crate) use channel::{
    Arrivals, Channel, ChannelEvent, ChannelOptions, ChannelState, Payload, Reliability,
};
pub(crate) use faults::faults;
#[cfg(feature = "fuzzing")]
pub use native::fuzzing;
pub(crate) use native::{AgreedFormat, Engine, Listen};
pub(crate) use resolve::{DEFAULT_STUN_SERVER, IceServers};
pub(crate) use webrtcbin::{NO_TRANSPORT, Received, WebRtcBin as Receiver};

use crate::errors::MissingElement;
use crate::session::EventSender;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use logic::addresses::Advertised;
use logic::codec::MediaKind;
use logic::negotiation::EndReason;
use logic::rtp::{PlayoutDelay, Rewrite};
use logic::sdp::media::Format;
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// A connection called `webrtcbin-<session>` through webrtcbin, whose element is to be added to a bin.
///
/// # Errors
/// An element is missing.
pub(crate) fn through_webrtcbin(
    session_id: &str,
    config: &Config,
    events: EventSender,
) -> Result<Arc<dyn Connection>, MissingElement> {
    Ok(Arc::new(Receiver::new(session_id, config, events)?))
}

/// The same through a transport of our own, which has no element.
///
/// # Errors
/// The engine does not serve.
pub(crate) fn through_native(
    engine: &Arc<Engine>,
    config: &Config,
    events: EventSender,
) -> Result<Arc<dyn Connection>, String> {
    Ok(Arc::new(native::Native::new(engine, config, events)?))
}

/// What a connection needs to know.
#[derive(Clone)]
pub(crate) struct Config {
    /// STUN and TURN servers.
    pub(crate) servers: IceServers,
    /// Relayed candidates only.
    pub(crate) relay_only: bool,
    /// Under which addresses peers are told of this host.
    pub(crate) advertised: Arc<Advertised>,
    /// The certificate of every connection of the element.
    pub(crate) certificate: Arc<Certificate>,
    /// Whether and how to estimate what the network carries.
    pub(crate) estimator: Option<Estimator>,
    /// Forward error correction of pictures, where the transport has it.
    pub(crate) error_correction: Option<ErrorCorrection>,
    /// How long viewers should hold pictures back, where the transport can tell them.
    pub(crate) playout_delay: Option<PlayoutDelay>,
    /// What may be sent again, in percent of all that is sent; -1 leaves it to the transport.
    pub(crate) rtx_percentage: i32,
    /// Every format that may be offered.
    pub(crate) formats: Vec<AgreedFormat>,
    /// Where data channels go that the peer opens.
    pub(crate) arrivals: Arrivals,
    /// Whether this side may offer anew for the sake of data channels; servers pass on no offers of consumers.
    pub(crate) offers: bool,
}

/// How to estimate what the network carries to one peer.
#[derive(Clone)]
pub(crate) struct Estimator {
    /// Bounds and start, in bit/s.
    pub(crate) bounds: logic::bitrate::Bounds,
    /// Called with each new estimate, in bit/s, from any thread.
    pub(crate) changed: Arc<dyn Fn(u32) + Send + Sync>,
}

/// Forward error correction (RFC 5109), as much as loss asks for.
#[derive(Clone)]
pub(crate) struct ErrorCorrection {
    /// Whether packets are sent again, too.
    pub(crate) retransmission: bool,
    /// Called with what it adds to the pictures when that changes, in percent, from any thread.
    pub(crate) changed: Arc<dyn Fn(u8) + Send + Sync>,
}

/// One peer connection, whatever carries it. What it has to tell comes as events of the session.
pub(crate) trait Connection: Send + Sync + 'static {
    /// Has an offer or answer made; it comes as [`Event::Created`](logic::negotiation::Event::Created).
    fn create(&self, kind: DescriptionKind);

    /// Puts a description of ours in force.
    ///
    /// # Errors
    /// It cannot be read.
    fn set_local(&self, description: &SessionDescription) -> Result<(), EndReason>;

    /// Puts the peer's description in force;
    /// [`Event::RemoteSet`](logic::negotiation::Event::RemoteSet) follows.
    ///
    /// # Errors
    /// It cannot be read.
    fn set_remote(&self, description: &SessionDescription) -> Result<(), EndReason>;

    /// Hands the peer's candidate to ICE.
    fn add_candidate(&self, candidate: &IceCandidate);

    /// Adds a stream to send, before the offer or answer that it is part of is made.
    ///
    /// # Errors
    /// The transport refuses; says why.
    fn add_sender(&self, options: SenderOptions<'_>) -> Result<Box<dyn Outlet>, String>;

    /// Whether a stream can be sent in this format of the peer's offer, which no description named before.
    fn can_send(&self, _: MediaKind, _: &Format) -> bool {
        true
    }

    /// Sends nothing in an m-line any more, from the next description on; whether another stream of its kind may
    /// have the place.
    fn remove_sender(&self, m_line: usize) -> bool;

    /// Opens a data channel; asks for an offer where the descriptions in force have no place for it. It is
    /// connecting until both sides have one.
    ///
    /// # Errors
    /// The transport refuses; says why.
    fn open_channel(&self, options: ChannelOptions) -> Result<Arc<Channel>, String>;

    /// Has the first offer make a place for data channels that the peer opens, where there is none yet.
    fn expect_channels(&self);

    /// The m-line of the data channels in the descriptions, where there is one.
    fn channels_line(&self) -> Option<usize>;

    /// Refuses an m-line of the offer that was set, which has these formats.
    fn refuse(&self, m_line: usize, formats: &gst::Caps);

    /// Whether ICE can begin anew, with other credentials, while media goes on.
    fn can_restart_ice(&self) -> bool {
        false
    }

    /// Has ICE begin anew with the next description.
    fn restart_ice(&self) {}

    /// What is to be sent to the peer, in bit/s: at least what the step above the present one needs, and no more than
    /// is desired. What is known of the network grows no further than that.
    fn aim(&self, _minimum: u32, _desired: u32) {}

    /// The application has changed the bounds of what may be sent; none where the network is not measured.
    fn set_bounds(&self, _: logic::bitrate::Bounds) {}

    /// For how long nothing has come from the peer.
    fn silence(&self) -> Duration;

    /// Has what the transport knows about itself brought up to date, where that takes a while: `answered` is dropped when
    /// it has been. Never blocks.
    fn refresh_stats(&self, _answered: Sender<Infallible>) {}

    /// What the transport knew about itself last. Never blocks.
    fn stats(&self) -> Option<gst::Structure>;

    /// Ends it at once.
    fn close(&self) {}

    /// The element behind it, for the application's hooks, where there is one.
    fn element(&self) -> Option<&gst::Element> {
        None
    }
}

/// How to send one stream.
pub(crate) struct SenderOptions<'a> {
    /// Index of the m-line.
    pub(crate) m_line: usize,
    /// The formats to offer or, when answering, the one chosen.
    pub(crate) formats: &'a gst::Caps,
    /// Whether lost packets are sent again.
    pub(crate) retransmission: bool,
    /// `a=msid`, where the application set one.
    pub(crate) msid: Option<String>,
    /// What to rewrite in each packet.
    pub(crate) rewrite: Rewrite,
    /// Where the transport's wishes go.
    pub(crate) events: Arc<dyn OutletEvents>,
}

/// One stream of one viewer: takes RTP buffer lists.
pub(crate) trait Outlet: Send + Sync + 'static {
    /// Says what will be pushed; the identifier only the first time.
    fn announce(
        &self,
        stream_id: Option<&str>,
        caps: &gst::Caps,
        segment: &gst::FormattedSegment<gst::ClockTime>,
    );

    /// Pushes packets; whether they do not follow on those before, but begin with a key unit of another rung or after
    /// what was left out. The viewer sees no gap and no jump in their numbers.
    fn push(&self, batch: &Arc<Batch>, begins: bool) -> Taken;

    /// How long packets take from the payloader to the network.
    fn send_delay(&self) -> Option<Duration>;

    /// Makes a push that the transport holds up return.
    fn interrupt(&self);
}

/// What became of pushed packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// They are on their way, or the transport is being torn down.
    Yes,
    /// They were dropped: the viewer is behind and needs to go on at a key unit.
    Behind,
}

/// What the transport asks of the sender. Called from any thread; must not block.
pub(crate) trait OutletEvents: Send + Sync + 'static {
    /// The viewer cannot decode and wants a key unit.
    fn key_unit_wanted(&self);
}

/// A description as GStreamer holds it; `None` where the text is no SDP.
pub(crate) fn to_gst(description: &SessionDescription) -> Option<WebRTCSessionDescription> {
    let sdp = gst_sdp::SDPMessage::parse_buffer(description.sdp.as_bytes()).ok()?;
    let kind = match description.kind {
        DescriptionKind::Offer => WebRTCSDPType::Offer,
        DescriptionKind::Answer => WebRTCSDPType::Answer,
    };
    Some(WebRTCSessionDescription::new(kind, sdp))
}
