//! The GObject of every sink: properties, pads, states, child proxy and navigation.

use super::forwarding::Forwarding;
use super::input::Input;
use super::settings::{
    DEFAULT_RUNGS, Settings, WebRTCSinkCongestionControl, WebRTCSinkEncoderSharing, WebRTCSinkMitigationMode,
    WebRTCSinkTransport,
};
use super::timeline::Timeline;
use super::{properties, signals, templates};
use crate::latency::WebRTCLatencyProfile;
use crate::peer::DEFAULT_STUN_SERVER;
use crate::signaller::Signallable;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_webrtc::WebRTCICETransportPolicy;
use logic::codec::MediaKind;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("webrtcsink", gst::DebugColorFlags::empty(), Some("WebRTC sink"))
});

#[derive(Default, glib::Properties)]
#[properties(wrapper_type = super::BaseWebRTCSink)]
pub struct BaseWebRTCSink {
    #[property(name = "stun-server", type = Option<String>, get, set, member = stun_server, nick = "STUN server",
        blurb = "STUN server as stun://host:port; NULL for none", default = Some(DEFAULT_STUN_SERVER), mutable_playing)]
    #[property(name = "congestion-control", type = WebRTCSinkCongestionControl, get, set, member = congestion_control,
        nick = "Congestion control", blurb = "How the bitrate follows the network",
        builder(WebRTCSinkCongestionControl::GoogleCongestionControl).mutable_ready())]
    #[property(name = "min-bitrate", type = u32, get, set, member = min_bitrate, nick = "Minimum bitrate",
        blurb = "No encoder runs below this (bit/s); those that run follow a change at once", minimum = 1, default = 1000, mutable_playing)]
    #[property(name = "max-bitrate", type = u32, get, set, member = max_bitrate, nick = "Maximum bitrate",
        blurb = "No encoder runs above this (bit/s); those that run follow a change at once", minimum = 1, default = 8_192_000, mutable_playing)]
    #[property(name = "start-bitrate", type = u32, get, set, member = start_bitrate, nick = "Start bitrate",
        blurb = "Bitrate of an encoder until the network is known (bit/s)", minimum = 1, default = 2_048_000, mutable_playing)]
    #[property(name = "do-retransmission", type = bool, get, set, member = do_retransmission, nick = "Retransmission",
        blurb = "Send lost video packets again (RFC 4588)", default = true, mutable_playing)]
    #[property(name = "rtx-percentage", type = i32, get, set, member = rtx_percentage, nick = "Retransmission percentage",
        blurb = "What may be sent again, in percent of all that is sent; -1 leaves it to the transport: 30 in the native one. webrtcbin \
        bounds it where its sessions have the property", minimum = -1, default = -1, mutable_ready)]
    #[property(name = "do-fec", type = bool, get, set, member = do_fec, nick = "Forward error correction",
        blurb = "Add forward error correction (RFC 5109) to video, as much as the loss asks for that viewers report and that packets \
        which are sent again do not mend in time; through webrtcbin only", default = true, mutable_playing)]
    #[property(name = "transcode", type = bool, get, set, member = transcode, nick = "Transcode",
        blurb = "Offer encoded video in the other codecs of video-caps, too, and transcode it for viewers who do not take it as it is; \
        nothing is decoded before one of them comes", default = true, mutable_playing)]
    #[property(name = "do-clock-signalling", type = bool, get, set, member = clock_signalling, nick = "Clock signalling",
        blurb = "Tell viewers in descriptions whose time RTP timestamps are (RFC 7273), and have them be that of the pipeline's clock \
        where it is a GstNtpClock or a GstPtpClock; other clocks are called the sender's own", mutable_ready)]
    #[property(name = "mtu", type = u32, get, set, member = mtu, nick = "Greatest packet",
        blurb = "No UDP datagram with media is larger, with everything that RTP, its protection and repair add, and without the \
        headers of IP and UDP, which are 28 bytes, or 48 with IPv6 (bytes); less for tunnels in tunnels", minimum = 256, maximum = 65_507,
        default = 1200, mutable_ready)]
    #[property(name = "enable-control-data-channel", type = bool, get, set, member = control_channel, nick = "Control data channel",
        blurb = "Open a data channel called control to each viewer, over which it sends navigation and other events; each is answered", mutable_playing)]
    #[property(name = "enable-data-channel-navigation", type = bool, get, set, member = input_channel, nick = "Navigation data channel",
        blurb = "Open a data channel called input to each viewer, for navigation events only; enable-control-data-channel takes them too, and more", mutable_playing)]
    #[property(name = "latency-profile", type = WebRTCLatencyProfile, get, set, member = latency_profile, nick = "Latency profile",
        blurb = "What delay is traded for, where the transport is native: live tells viewers to hold pictures back 0 to 100 ms, \
        smooth 200 to 1000 ms, balanced leaves it to them", builder(WebRTCLatencyProfile::Balanced).mutable_playing())]
    #[property(name = "playout-delay-min", type = i32, get, set, member = playout_delay_min, nick = "Minimum playout delay",
        blurb = "How long viewers of the native transport should hold pictures back at least, against jitter (ms, in steps of 10; \
        0 for none); -1 leaves it to latency-profile", minimum = -1, maximum = 40_950, default = -1, mutable_playing)]
    #[property(name = "playout-delay-max", type = i32, get, set, member = playout_delay_max, nick = "Maximum playout delay",
        blurb = "How long viewers of the native transport should hold pictures back at most (ms, in steps of 10); -1 leaves it \
        to latency-profile", minimum = -1, maximum = 40_950, default = -1, mutable_playing)]
    #[property(name = "ice-transport-policy", type = WebRTCICETransportPolicy, get, set, member = ice_transport_policy,
        nick = "ICE transport policy", blurb = "Whether candidates other than relayed ones may be used",
        builder(WebRTCICETransportPolicy::All).mutable_playing())]
    #[property(name = "transport", type = WebRTCSinkTransport, get, set, member = transport, nick = "Transport",
        blurb = "What carries the sessions; auto takes native unless something, a handler of consumer-added for one, needs webrtcbin", builder(WebRTCSinkTransport::Auto).mutable_ready())]
    #[property(name = "udp-port", type = u32, get, set, member = udp_port, nick = "UDP port",
        blurb = "Port of the native transport, for all viewers; 0 for any", maximum = 65535, mutable_ready)]
    #[property(name = "udp-threads", type = u32, get, set, member = udp_threads, nick = "UDP threads",
        blurb = "Threads of the native transport; 0 for as many as there are cores, up to four", maximum = 64, mutable_ready)]
    #[property(name = "udp-port-max", type = u32, get, set, member = udp_port_max, nick = "Last UDP port",
        blurb = "End of a range that begins with udp-port, of which the first free port is taken; 0 for udp-port alone",
        maximum = 65535, mutable_ready)]
    #[property(name = "ice-tcp", type = bool, get, set, member = ice_tcp, nick = "ICE over TCP",
        blurb = "Let viewers that no UDP reaches connect over TCP, to the port that the native transport has for UDP",
        default = true, mutable_ready)]
    #[property(name = "ice-interfaces", type = Option<String>, get, set, member = ice_interfaces, nick = "Network interfaces",
        blurb = "Network interfaces of the native transport, such as eth0,wlan* or !docker*; NULL for all", mutable_ready)]
    #[property(name = "ice-addresses", type = Option<String>, get, set, member = ice_addresses, nick = "Addresses",
        blurb = "Addresses of this host that the native transport uses, as addresses or networks, such as 10.0.0.0/8 or !::/0; NULL for all",
        mutable_ready)]
    #[property(name = "ice-advertised-addresses", type = Option<String>, get, set, member = ice_advertised_addresses,
        nick = "Advertised addresses", blurb = "Public addresses that viewers of the native transport are told in the place of \
        this host's own, such as 203.0.113.7, 203.0.113.7/10.0.0.5 for one of them only, or host,203.0.113.7 for both; NULL for none",
        mutable_ready)]
    #[property(name = "encoder-linger", type = u32, get, set, member = encoder_linger, nick = "Encoder linger",
        blurb = "How long an encoder goes on after its last viewer has left (ms)", default = 5000, mutable_playing)]
    #[property(name = "encoder-sharing", type = WebRTCSinkEncoderSharing, get, set, member = encoder_sharing, nick = "Encoder sharing",
        blurb = "Which viewers share the encoders of a stream: those whose networks carry about the same, all, or none",
        builder(WebRTCSinkEncoderSharing::Ladder).mutable_ready())]
    #[property(name = "rungs", type = Option<String>, get, set, member = rungs, nick = "Rungs",
        blurb = "Sizes in which a raw video stream is encoded where networks carry no more: parts of its pixels and, behind an @, \
        of its frames, such as 1, 1/2, 1/4@1/2; NULL for the default", default = Some(DEFAULT_RUNGS), mutable_ready)]
    #[property(name = "enable-mitigation-modes", type = WebRTCSinkMitigationMode, get, set, member = mitigation_modes,
        nick = "Mitigation modes", blurb = "What may be given up of pictures where the bitrate is low: their size, frames, both or \
        neither; rungs that give up something else are not used", default = WebRTCSinkMitigationMode::all(), mutable_playing)]
    #[property(name = "encoder-table", type = Option<String>, get, set, member = encoder_table, nick = "Table of encoders",
        blurb = "TOML file that changes and adds rows of the table of encoders: which are used, in what order, and how they are set up \
        (docs/encoders.md); NULL for the file that the environment variable WEBRTCSINK_ENCODER_TABLE names, if any", mutable_ready)]
    #[property(name = "run-web-server", type = bool, get, set, member = run_web_server, nick = "Run web server",
        blurb = "Serve the page that plays the stream", mutable_ready)]
    #[property(name = "web-server-cert", type = Option<String>, get, set, member = web_server_cert, nick = "Web server certificate",
        blurb = "PEM file of the web server's certificate chain; TLS is used where web-server-key is set too")]
    #[property(name = "web-server-key", type = Option<String>, get, set, member = web_server_key, nick = "Web server key",
        blurb = "PEM file of the web server's private key")]
    #[property(name = "web-server-path", type = Option<String>, get, set, member = web_server_path, nick = "Web server path",
        blurb = "Path under which the page is served; NULL for the root")]
    #[property(name = "web-server-directory", type = Option<String>, get, set, member = web_server_directory,
        nick = "Web server directory", blurb = "Directory that is served instead of the page inside the plugin; NULL for that page")]
    #[property(name = "web-server-host-addr", type = Option<String>, get, set = Self::set_web_server_address, member = web_server_host_addr,
        nick = "Web server address", blurb = "Where the web server listens, as a URL", default = Some("http://127.0.0.1:8080/"))]
    #[property(name = "web-server-dashboard", type = bool, get, set, member = web_server_dashboard, nick = "Dashboard",
        blurb = "Have the web server show what every session and encoder does, at dashboard/ and, for Prometheus, at metrics; to this \
        machine only unless web-server-token is set", mutable_ready)]
    #[property(name = "web-server-token", type = Option<String>, set, member = web_server_token, nick = "Web server token",
        blurb = "Whoever sends it, as Authorization: Bearer TOKEN, is shown the data of the dashboard, wherever he is, and nobody else; \
        NULL shows them to this machine only. It cannot be read back", mutable_ready)]
    #[property(name = "viewers", type = u32, get = Self::viewers, nick = "Viewers",
        blurb = "How many sessions there are, those included that are being set up; notified. A camera may be off while there are none")]
    #[property(name = "encoders", type = u32, get = Self::encoders, nick = "Encoders",
        blurb = "How many encoders run, those included that linger after their last viewer (encoder-linger); notified")]
    settings: Mutex<Settings>,
    pub(super) audience: super::audience::Audience,
    pub(super) signaller: Mutex<Option<Signallable>>,
    /// The way into the signalling server inside the element, where one runs.
    pub(super) entrance: Mutex<Option<signalling::Entrance>>,
    pub(super) pads: Mutex<Pads>,
    pub(super) running: Mutex<Option<Arc<super::running::Running>>>,
    pub(super) timeline: Arc<Timeline>,
    #[property(name = "forward-metas", type = Option<String>, get = Self::forward_metas, set = Self::set_forward_metas,
        nick = "Forwarded metadata", blurb = "Comma-separated kinds of metadata of frames that viewers are told over the data channel \
        control (enable-control-data-channel): timecode, for GstVideoTimeCodeMeta, is the only one", default = Some(""), mutable_playing)]
    #[property(name = "forward-events", type = Option<String>, get = Self::forward_events, set = Self::set_forward_events,
        nick = "Forwarded events", blurb = "Comma-separated names of structures: viewers are told of custom downstream events with these \
        over the data channel control (enable-control-data-channel)", default = Some(""), mutable_playing)]
    pub(super) forwarding: Arc<Forwarding>,
}

/// The pads, in the order in which they were requested.
#[derive(Default)]
pub(super) struct Pads {
    pub(super) inputs: Vec<Arc<Input>>,
    pub(super) audio: u32,
    pub(super) video: u32,
}

/// What a subclass of the base may do; nothing yet.
pub trait BaseWebRTCSinkImpl: BinImpl + ObjectSubclass<Type: IsA<super::BaseWebRTCSink>> {}

#[expect(unsafe_code, reason = "this is how glib marks a class as one to derive from")]
// SAFETY: the class has no virtual methods of its own.
unsafe impl<T: BaseWebRTCSinkImpl> IsSubclassable<T> for super::BaseWebRTCSink {}

#[glib::object_subclass]
impl ObjectSubclass for BaseWebRTCSink {
    const NAME: &'static str = "GstBaseWebRTCSink";
    type Type = super::BaseWebRTCSink;
    type ParentType = gst::Bin;
    type Interfaces = (gst::ChildProxy, gst_video::Navigation);
}

impl BaseWebRTCSink {
    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forward_metas(&self) -> Option<String> {
        Some(self.forwarding.metas())
    }

    fn set_forward_metas(&self, list: Option<String>) {
        self.forwarding.set_metas(list);
    }

    fn forward_events(&self) -> Option<String> {
        Some(self.forwarding.events())
    }

    fn set_forward_events(&self, list: Option<String>) {
        self.forwarding.set_events(list);
    }

    fn viewers(&self) -> u32 {
        self.obj().viewer_count()
    }

    fn encoders(&self) -> u32 {
        self.obj().encoder_count()
    }

    pub(super) fn pads(&self) -> MutexGuard<'_, Pads> {
        self.pads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectImpl for BaseWebRTCSink {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let mut all = BaseWebRTCSink::derived_properties().to_vec();
            all.extend(properties::boxed());
            all
        });
        &PROPERTIES
    }

    fn signals() -> &'static [glib::subclass::Signal] {
        signals::all()
    }

    fn set_property(&self, id: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        if !self.set_boxed(value, spec.name()) {
            self.derived_set_property(id, value, spec);
        }
        self.changed(spec.name());
    }

    fn property(&self, id: usize, spec: &glib::ParamSpec) -> glib::Value {
        self.boxed(spec.name()).unwrap_or_else(|| self.derived_property(id, spec))
    }

    fn constructed(&self) {
        self.parent_constructed();
        let obj = self.obj();
        obj.set_suppressed_flags(gst::ElementFlags::SINK | gst::ElementFlags::SOURCE);
        obj.set_element_flags(gst::ElementFlags::SINK);
    }
}

impl GstObjectImpl for BaseWebRTCSink {}

impl ElementImpl for BaseWebRTCSink {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "BaseWebRTCSink",
                "Sink/Network/WebRTC",
                "Sends streams to any number of WebRTC viewers; each stream is encoded once for all of them",
                "The gst-plugin-webrtc developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        templates::sink()
    }

    fn request_new_pad(
        &self,
        template: &gst::PadTemplate,
        _: Option<&str>,
        _: Option<&gst::Caps>,
    ) -> Option<gst::Pad> {
        let kind = match template.name_template() {
            "audio_%u" => MediaKind::Audio,
            "video_%u" => MediaKind::Video,
            other => {
                gst::warning!(CAT, imp = self, "there are no {other} pads, only audio_%u and video_%u");
                return None;
            }
        };
        match self.add_pad(template, kind) {
            Ok(pad) => Some(pad.upcast()),
            Err(err) => {
                gst::element_imp_error!(
                    self,
                    gst::CoreError::MissingPlugin,
                    (
                        "failed to add a pad: {err}; appsink is in Debian package {}",
                        crate::packages::of_element("appsink")
                    )
                );
                None
            }
        }
    }

    fn release_pad(&self, pad: &gst::Pad) {
        self.remove_pad(pad);
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        if transition == gst::StateChange::ReadyToPaused {
            self.begin()?;
        }
        if transition == gst::StateChange::PausedToReady {
            self.finish();
        }
        let success = self.parent_change_state(transition);
        if success.is_err() && transition == gst::StateChange::ReadyToPaused {
            self.finish();
        }
        if success.is_ok() && transition == gst::StateChange::PausedToPlaying {
            self.play();
        }
        success
    }
}

impl BinImpl for BaseWebRTCSink {}

impl ChildProxyImpl for BaseWebRTCSink {
    fn child_by_index(&self, _: u32) -> Option<glib::Object> {
        None
    }

    fn children_count(&self) -> u32 {
        0
    }

    fn child_by_name(&self, name: &str) -> Option<glib::Object> {
        match name {
            "signaller" => Some(self.obj().signaller().upcast()),
            _ => self.obj().static_pad(name).map(Cast::upcast),
        }
    }
}

impl gst_video::subclass::prelude::NavigationImpl for BaseWebRTCSink {
    fn send_event(&self, structure: gst::Structure) {
        let event = gst::event::Navigation::new(structure);
        let inputs = self.pads().inputs.clone();
        for input in inputs.iter().filter(|input| input.kind() == MediaKind::Video) {
            if let Some(pad) = input.pad.upgrade() {
                pad.push_event(event.clone());
            }
        }
    }
}
