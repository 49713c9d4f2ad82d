//! The sink's settings and their types.

use crate::codec;
use crate::data_channel::{CONTROL, INPUT};
use crate::encoder::Table;
use crate::latency::WebRTCLatencyProfile;
use crate::peer::DEFAULT_STUN_SERVER;
use gst::glib;
use logic::bitrate::Ladder;
use logic::codec::{Codec, MediaKind};
use logic::rtp::PlayoutDelay;
use std::sync::Arc;

/// The rungs where the application names no others.
pub(super) const DEFAULT_RUNGS: &str = "1, 1/2, 1/4";

/// How the bitrate follows the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCSinkCongestionControl")]
pub enum WebRTCSinkCongestionControl {
    /// It does not.
    #[enum_value(name = "Disabled: no congestion control is applied", nick = "disabled")]
    Disabled,
    /// By this plugin's own rules.
    #[enum_value(name = "Homegrown: simple sender-side heuristic", nick = "homegrown")]
    Homegrown,
    /// By Google's algorithm.
    #[default]
    #[enum_value(name = "Google Congestion Control algorithm", nick = "gcc")]
    GoogleCongestionControl,
}

/// Who shares an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCSinkEncoderSharing")]
pub enum WebRTCSinkEncoderSharing {
    /// Those whose networks carry about the same.
    #[default]
    #[enum_value(
        name = "Ladder: a few encoders, each for all viewers whose networks carry about the same",
        nick = "ladder"
    )]
    Ladder,
    /// All.
    #[enum_value(name = "Single: one encoder for all viewers", nick = "single")]
    Single,
    /// Nobody.
    #[enum_value(name = "Private: an encoder for each viewer", nick = "private")]
    Private,
}

/// What carries a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[repr(u32)]
#[enum_type(name = "GstWebRTCSinkTransport")]
pub enum WebRTCSinkTransport {
    /// The native one, unless something asks for what only webrtcbin has.
    #[default]
    #[enum_value(name = "Native, unless something asks for what only webrtcbin has", nick = "auto")]
    Auto,
    /// Many viewers on a few threads and one UDP port.
    #[enum_value(name = "Native: many viewers on a few threads and one UDP port", nick = "native")]
    Native,
    /// An element for each session.
    #[enum_value(name = "webrtcbin: an element for each session", nick = "webrtcbin")]
    WebRtcBin,
}

/// What may be given up when the bitrate is low.
#[glib::flags(name = "GstWebRTCSinkMitigationMode")]
pub enum WebRTCSinkMitigationMode {
    /// Nothing.
    #[flags_value(name = "No mitigation applied", nick = "none")]
    NONE = 0b0000_0000,
    /// Picture size.
    #[flags_value(name = "Lowered resolution", nick = "downscaled")]
    DOWNSCALED = 0b0000_0001,
    /// Frame rate.
    #[flags_value(name = "Lowered framerate", nick = "downsampled")]
    DOWNSAMPLED = 0b0000_0010,
}

/// Everything that can be set.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The codecs in the order in which their packets were numbered when the element started; before, nothing.
    pub(super) numbered: Vec<&'static Codec>,
    pub(crate) video_caps: gst::Caps,
    pub(crate) audio_caps: gst::Caps,
    pub(crate) stun_server: Option<String>,
    pub(crate) turn_servers: Vec<String>,
    pub(crate) congestion_control: WebRTCSinkCongestionControl,
    pub(crate) min_bitrate: u32,
    pub(crate) max_bitrate: u32,
    pub(crate) start_bitrate: u32,
    pub(crate) do_retransmission: bool,
    pub(crate) rtx_percentage: i32,
    pub(crate) do_fec: bool,
    pub(crate) clock_signalling: bool,
    pub(crate) mtu: u32,
    pub(crate) transcode: bool,
    pub(crate) control_channel: bool,
    pub(crate) input_channel: bool,
    pub(crate) latency_profile: WebRTCLatencyProfile,
    pub(crate) playout_delay_min: i32,
    pub(crate) playout_delay_max: i32,
    pub(crate) ice_transport_policy: gst_webrtc::WebRTCICETransportPolicy,
    pub(crate) transport: WebRTCSinkTransport,
    pub(crate) udp_port: u32,
    pub(crate) udp_port_max: u32,
    pub(crate) udp_threads: u32,
    pub(crate) ice_tcp: bool,
    pub(crate) ice_interfaces: Option<String>,
    pub(crate) ice_addresses: Option<String>,
    pub(crate) ice_advertised_addresses: Option<String>,
    pub(crate) meta: Option<gst::Structure>,
    pub(crate) encoder_linger: u32,
    pub(crate) encoder_sharing: WebRTCSinkEncoderSharing,
    pub(crate) rungs: Option<String>,
    pub(crate) mitigation_modes: WebRTCSinkMitigationMode,
    pub(crate) encoder_table: Option<String>,
    /// What was read of that.
    pub(crate) encoders: Arc<Table>,
    pub(crate) run_web_server: bool,
    pub(crate) web_server_cert: Option<String>,
    pub(crate) web_server_key: Option<String>,
    pub(crate) web_server_path: Option<String>,
    pub(crate) web_server_directory: Option<String>,
    pub(crate) web_server_host_addr: Option<String>,
    pub(crate) web_server_dashboard: bool,
    pub(crate) web_server_token: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            numbered: Vec::new(),
            video_caps: codec::caps("video/x-vp8; video/x-h264; video/x-vp9; video/x-h265; video/x-av1"),
            audio_caps: codec::caps(
                "audio/x-opus, channel-mapping-family=(int)0; audio/x-opus, channel-mapping-family=(int)1",
            ),
            stun_server: Some(DEFAULT_STUN_SERVER.into()),
            turn_servers: Vec::new(),
            congestion_control: WebRTCSinkCongestionControl::default(),
            min_bitrate: 1000,
            max_bitrate: 8_192_000,
            start_bitrate: 2_048_000,
            do_retransmission: true,
            rtx_percentage: -1,
            do_fec: true,
            clock_signalling: false,
            mtu: 1200,
            transcode: true,
            control_channel: false,
            input_channel: false,
            latency_profile: WebRTCLatencyProfile::default(),
            playout_delay_min: -1,
            playout_delay_max: -1,
            ice_transport_policy: gst_webrtc::WebRTCICETransportPolicy::All,
            transport: WebRTCSinkTransport::default(),
            udp_port: 0,
            udp_port_max: 0,
            udp_threads: 0,
            ice_tcp: true,
            ice_interfaces: None,
            ice_addresses: None,
            ice_advertised_addresses: None,
            meta: None,
            encoder_linger: 5000,
            encoder_sharing: WebRTCSinkEncoderSharing::default(),
            rungs: Some(DEFAULT_RUNGS.into()),
            mitigation_modes: WebRTCSinkMitigationMode::all(),
            encoder_table: None,
            encoders: Arc::default(),
            run_web_server: false,
            web_server_cert: None,
            web_server_key: None,
            web_server_path: None,
            web_server_directory: None,
            web_server_host_addr: Some("http://127.0.0.1:8080/".into()),
            web_server_dashboard: false,
            web_server_token: None,
        }
    }
}

impl Settings {
    /// The codecs that may be offered for a kind of media, best first, with their RTP payload types.
    pub(crate) fn codecs(&self, kind: MediaKind) -> Vec<(&'static Codec, u8)> {
        let all = self.named().into_iter().filter(|codec| codec.kind == kind);
        all.map(|codec| (codec, self.payload_type(codec))).collect()
    }

    /// The codecs that may be offered, those for pictures first, and of each kind the best.
    pub(super) fn named(&self) -> Vec<&'static Codec> {
        let mut all = codec::named_by(&self.video_caps);
        all.extend(codec::named_by(&self.audio_caps));
        all
    }

    /// The number of a codec's packets. Sessions that began with other settings share its encoder, so that it does not
    /// change while the element runs.
    pub(super) fn payload_type(&self, codec: &Codec) -> u8 {
        let known = if self.numbered.is_empty() { self.named() } else { self.numbered.clone() };
        let others = logic::codec::ALL.iter().filter(|row| !known.contains(row));
        let mut all = known.iter().chain(others).zip(96..);
        all.find(|(row, _)| **row == codec).map_or(96, |(_, number)| number)
    }

    /// Bounds of every encoder, which begins with all that is allowed where nothing is measured.
    pub(crate) fn bounds(&self) -> logic::bitrate::Bounds {
        let start = if self.measures_network() { self.start_bitrate } else { self.max_bitrate };
        logic::bitrate::Bounds { min: self.min_bitrate, max: self.max_bitrate, start }
    }

    /// What viewers are told about their jitter buffers.
    pub(crate) fn playout_delay(&self) -> Option<PlayoutDelay> {
        self.latency_profile.profile().playout_delay(self.playout_delay_min, self.playout_delay_max)
    }

    /// The rungs as the property has them; NULL is the usual ones.
    ///
    /// # Errors
    /// Text for an element error: they cannot be read.
    pub(crate) fn rungs(&self) -> Result<Ladder, String> {
        let text = self.rungs.as_deref().unwrap_or(DEFAULT_RUNGS);
        text.parse().map_err(|err| format!("property rungs is \"{text}\": {err}"))
    }

    /// The rungs on which viewers are put.
    pub(crate) fn ladder(&self) -> Ladder {
        match self.encoder_sharing {
            WebRTCSinkEncoderSharing::Single => Ladder::single(),
            _ if !self.measures_network() => Ladder::single(),
            _ => self.rungs().unwrap_or_default(),
        }
    }

    /// The data channels that the element opens by itself.
    pub(crate) fn channels(&self) -> Vec<&'static str> {
        let control = self.control_channel.then_some(CONTROL);
        control.into_iter().chain(self.input_channel.then_some(INPUT)).collect()
    }

    /// Whether the network is measured by transport-wide feedback.
    pub(crate) fn measures_network(&self) -> bool {
        self.congestion_control != WebRTCSinkCongestionControl::Disabled
    }
}
