//! `webrtcbin` as the transport: with its folder the only one that speaks strings to it.

mod channels;
mod clocks;
mod estimator;
mod receiving;
mod repair;
mod reports;
mod statistics;

pub(crate) use receiving::Received;

use super::channel::{Channel, ChannelOptions};
use super::heard::Heard;
use super::sending::PadOutlet;
use super::{Config, Connection, Outlet, SenderOptions, to_gst};
use crate::errors::{self, MissingElement, make};
use crate::gobject::set_if_present;
use crate::session::EventSender;
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{
    WebRTCBundlePolicy, WebRTCICEConnectionState, WebRTCPeerConnectionState, WebRTCRTPTransceiver,
    WebRTCRTPTransceiverDirection, WebRTCSessionDescription, WebRTCSignalingState,
};
use logic::negotiation::{EndReason, Event, Transport};
use logic::phases::Phase;
use logic::sdp::local::LONGEST_MESSAGE;
use logic::sdp::munge;
use protocol::{DescriptionKind, IceCandidate, SessionDescription};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// Elements without which there is no transport.
pub(crate) const NO_TRANSPORT: &[&str] =
    &["webrtcbin", "nicesink", "nicesrc", "dtlssrtpenc", "srtpenc", "rtpbin"];

/// How often reports are sent to the peer; requests in between put them off.
const REPORTS_APART: gst::ClockTime = gst::ClockTime::from_seconds(1);
/// Bytes per second that reports and requests may take. Left to itself a session takes a part of what it has received on
/// average, so that in its first seconds it would ask for lost packets and key units twice a second only.
const REPORTS_BANDWIDTH: &str = "50000";

/// One peer connection.
pub(crate) struct WebRtcBin {
    bin: gst::Element,
    certificate: Arc<super::Certificate>,
    events: EventSender,
    heard: Arc<Heard>,
    channels: Arc<channels::Channels>,
    repair: Option<Arc<repair::Repairs>>,
    estimator: Option<Arc<estimator::Watched>>,
    statistics: Arc<statistics::Statistics>,
}

impl WebRtcBin {
    /// A connection called `webrtcbin-<session>`, to be added to a bin.
    ///
    /// # Errors
    /// An element is missing.
    pub(crate) fn new(
        session_id: &str,
        config: &Config,
        events: EventSender,
    ) -> Result<Self, MissingElement> {
        errors::require(NO_TRANSPORT)?;
        let bin = make("webrtcbin")?;
        bin.set_property("name", format!("webrtcbin-{session_id}"));
        bin.set_property("bundle-policy", WebRTCBundlePolicy::MaxBundle);
        if config.relay_only {
            set_if_present(&bin, "ice-transport-policy", "relay");
        }
        if let Some(stun) = config.servers.stun() {
            bin.set_property("stun-server", stun);
        }
        for turn in config.servers.turn() {
            if !bin.emit_by_name::<bool>("add-turn-server", &[&turn]) {
                gst::warning!(gst::CAT_RUST, "the transport does not take a TURN server");
            }
        }
        let connection = Self {
            bin,
            certificate: config.certificate.clone(),
            events,
            heard: Arc::default(),
            channels: channels::Channels::new(config.offers),
            repair: config.error_correction.clone().map(repair::Repairs::new),
            estimator: config.estimator.clone().map(estimator::Watched::new),
            statistics: Arc::default(),
        };
        connection.quicken();
        if config.rtx_percentage >= 0 {
            connection.bound_retransmission(config.rtx_percentage);
        }
        connection.watch();
        connection.channels.watch(&connection.bin, config.arrivals.clone());
        if let Some(repair) = &connection.repair {
            repair.watch(&connection);
        }
        if let Some(estimator) = &connection.estimator {
            estimator.watch(&connection.bin);
        }
        Ok(connection)
    }

    /// Sets the ICE agent up for a fast start: checks as close as RFC 8445 section 14.2 allows, and no port
    /// mapping over UPnP, which holds gathering up and has a thread of its own.
    fn quicken(&self) {
        let agent = self.bin.property::<Option<glib::Object>>("ice-agent");
        let agent = agent.filter(|ice| ice.find_property("agent").is_some());
        if let Some(agent) = agent.and_then(|ice| ice.property::<Option<glib::Object>>("agent")) {
            set_if_present(&agent, "stun-pacing-timer", "5");
            set_if_present(&agent, "upnp", "false");
        }
    }

    /// Bounds what is sent again, where sessions of this version of GStreamer can.
    fn bound_retransmission(&self, percentage: i32) {
        self.on_element(move |name, element| {
            if name == "rtpsession" {
                set_if_present(&element, "rtx-percentage", &percentage.to_string());
                let inner = element.property::<Option<glib::Object>>("internal-session");
                inner.map(|inner| set_if_present(&inner, "rtx-percentage", &percentage.to_string()));
            }
        });
    }

    /// The element, to be added to a bin.
    pub(crate) fn bin(&self) -> &gst::Element {
        &self.bin
    }

    /// Signals come from any thread: they are only passed on.
    fn watch(&self) {
        let events = self.events.clone();
        self.bin.connect("on-ice-candidate", false, move |values| {
            let index = values.get(1)?.get::<u32>().ok()?;
            let candidate = values.get(2)?.get::<String>().ok()?;
            let candidate = IceCandidate { candidate, sdp_m_line_index: Some(index), sdp_mid: None };
            events.send(Event::LocalCandidate(candidate));
            None
        });
        let (events, heard) = (self.events.clone(), self.heard.clone());
        self.bin.connect_notify(Some("connection-state"), move |bin, _| {
            events.send(Event::Transport(
                match bin.property::<WebRTCPeerConnectionState>("connection-state") {
                    WebRTCPeerConnectionState::Connected => {
                        heard.connected();
                        events.phases().reach(Phase::IceConnected);
                        events.phases().reach(Phase::DtlsConnected);
                        Transport::Connected
                    }
                    WebRTCPeerConnectionState::Disconnected => Transport::Disconnected,
                    WebRTCPeerConnectionState::Failed => Transport::Failed,
                    WebRTCPeerConnectionState::Closed => Transport::Closed,
                    _ => Transport::Connecting,
                },
            ));
        });
        let events = self.events.clone();
        self.bin.connect_notify(Some("ice-connection-state"), move |bin, _| {
            match bin.property::<WebRTCICEConnectionState>("ice-connection-state") {
                WebRTCICEConnectionState::Failed => events.send(Event::Transport(Transport::Failed)),
                WebRTCICEConnectionState::Connected | WebRTCICEConnectionState::Completed => {
                    events.phases().reach(Phase::IceConnected);
                }
                _ => {}
            }
        });
        let (certificate, heard) = (self.certificate.clone(), self.heard.clone());
        let statistics = self.statistics.clone();
        self.on_element(move |name, element| match name {
            "rtpsession" => {
                set_if_present(&element, "rtcp-min-interval", &REPORTS_APART.nseconds().to_string());
                set_if_present(&element, "rtcp-fraction", REPORTS_BANDWIDTH);
            }
            "rtprtxsend" => statistics.add_repeater(&element),
            "dtlssrtpdec" => element.set_property("pem", &certificate.pem),
            "nicesrc" => {
                let (heard, Some(pad)) = (heard.clone(), element.static_pad("src")) else {
                    return;
                };
                pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                    heard.something();
                    gst::PadProbeReturn::Ok
                });
            }
            _ => {}
        });
    }

    /// Hands every element inside the transport to `handle` with its factory's name, from any thread.
    fn on_element(&self, handle: impl Fn(&str, gst::Element) + Send + Sync + 'static) {
        self.bin.connect("deep-element-added", false, move |values| {
            let element = values.get(2)?.get::<gst::Element>().ok()?;
            let factory = element.factory()?;
            handle(&factory.name(), element);
            None
        });
    }

    fn sender(&self, options: SenderOptions<'_>) -> Result<PadOutlet, glib::BoolError> {
        let template = self
            .bin
            .pad_template("sink_%u")
            .ok_or_else(|| glib::bool_error!("webrtcbin has no sink pads"))?;
        let name = format!("sink_{}", options.m_line);
        let pad = self.bin.request_pad(&template, Some(&name), Some(options.formats));
        let pad = pad.ok_or_else(|| glib::bool_error!("webrtcbin gives no pad {name}"))?;
        if let Some(msid) = &options.msid {
            set_if_present(&pad, "msid", msid);
        }
        let transceiver = pad.property::<WebRTCRTPTransceiver>("transceiver");
        transceiver.set_property("codec-preferences", options.formats);
        transceiver.set_property("direction", WebRTCRTPTransceiverDirection::Sendonly);
        transceiver.set_property("do-nack", options.retransmission);
        if let Some(repair) = &self.repair {
            let state = self.bin.property::<WebRTCSignalingState>("signaling-state");
            let is_answering = state == WebRTCSignalingState::HaveRemoteOffer;
            repair.add(&transceiver, options.formats, is_answering);
        }
        let heard = self.heard.clone();
        pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
            heard.owes_answers();
            gst::PadProbeReturn::Remove
        });
        PadOutlet::new(pad, &options).map_err(|err| glib::bool_error!("webrtcbin refuses a link: {err}"))
    }

    fn transceiver(&self, m_line: usize) -> Option<WebRTCRTPTransceiver> {
        // `get-transceivers` returns a GArray, which the bindings cannot hold.
        let nth =
            |index: i32| self.bin.emit_by_name::<Option<WebRTCRTPTransceiver>>("get-transceiver", &[&index]);
        (0..).map_while(nth).find(|transceiver| transceiver.mlineindex() as usize == m_line)
    }
}

impl Connection for WebRtcBin {
    fn create(&self, kind: DescriptionKind) {
        let signal = match kind {
            DescriptionKind::Offer => "create-offer",
            DescriptionKind::Answer => "create-answer",
        };
        let (events, certificate) = (self.events.clone(), self.certificate.clone());
        let channels = self.channels.clone();
        let promise = gst::Promise::with_change_func(move |reply| {
            let made = reply.map_err(|err| format!("the transport gave up: {err:?}")).and_then(|reply| {
                let reply = reply.ok_or_else(|| "the transport made none".to_owned())?;
                refusal(reply)?;
                let made =
                    reply.get::<WebRTCSessionDescription>(kind_name(kind)).map_err(|err| err.to_string())?;
                let sdp = made.sdp().as_text().map_err(|err| err.to_string())?;
                channels.described(&sdp, &events);
                Ok(sdp)
            });
            events.send(match made {
                // webrtcbin hashes every line of the PEM text, the key's too.
                Ok(sdp) => {
                    let sdp = munge::with_fingerprint(&sdp, &certificate.fingerprint);
                    let sdp = munge::with_longest_message(&sdp, channels::LONGEST_RECEIVED);
                    Event::Created(SessionDescription { kind, sdp })
                }
                Err(err) => Event::Failed(EndReason::Description(format!("make an {kind}: {err}"))),
            });
        });
        self.bin.emit_by_name::<()>(signal, &[&None::<gst::Structure>, &promise]);
    }

    fn set_local(&self, description: &SessionDescription) -> Result<(), EndReason> {
        // It sends no longer ones than it says that it takes.
        let sdp = munge::with_longest_message(&description.sdp, LONGEST_MESSAGE);
        let description = read(&SessionDescription { kind: description.kind, sdp })?;
        let events = self.events.clone();
        let promise = gst::Promise::with_change_func(move |reply| {
            if let Ok(Some(reply)) = reply
                && let Err(err) = refusal(reply)
            {
                events
                    .send(Event::Failed(EndReason::Description(format!("set the local description: {err}"))));
            }
        });
        self.bin.emit_by_name::<()>("set-local-description", &[&description, &promise]);
        Ok(())
    }

    fn set_remote(&self, description: &SessionDescription) -> Result<(), EndReason> {
        self.channels.heard(&description.sdp);
        let mut sdp = munge::with_refused_sections_completed(&description.sdp);
        if !self.follows_clocks() {
            // Jitter buffers would ask whatever host the peer names, even where they make no use of it.
            sdp = munge::without_clocks(&sdp);
        }
        let description = read(&SessionDescription { kind: description.kind, sdp })?;
        let events = self.events.clone();
        let promise = gst::Promise::with_change_func(move |reply| {
            let outcome = match reply {
                Ok(Some(reply)) => refusal(reply),
                Ok(None) => Ok(()),
                Err(err) => Err(format!("the transport gave up: {err:?}")),
            };
            events.send(match outcome {
                Ok(()) => Event::RemoteSet,
                Err(err) => {
                    Event::Failed(EndReason::Description(format!("set the peer's description: {err}")))
                }
            });
        });
        self.bin.emit_by_name::<()>("set-remote-description", &[&description, &promise]);
        Ok(())
    }

    fn add_candidate(&self, candidate: &IceCandidate) {
        let index = candidate.sdp_m_line_index.unwrap_or(0);
        // Browsers end with an empty candidate, which webrtcbin takes from 1.24 on as NULL only.
        if !candidate.candidate.trim().is_empty() {
            self.bin.emit_by_name::<()>("add-ice-candidate", &[&index, &candidate.candidate]);
        }
    }
    fn add_sender(&self, options: SenderOptions<'_>) -> Result<Box<dyn Outlet>, String> {
        let outlet = self.sender(options).map_err(|err| err.to_string())?;
        Ok(Box::new(outlet))
    }

    fn remove_sender(&self, m_line: usize) -> bool {
        if let Some(transceiver) = self.transceiver(m_line) {
            transceiver.set_property("direction", WebRTCRTPTransceiverDirection::Inactive);
        }
        // A pad of webrtcbin stays bound to its first stream.
        false
    }

    fn open_channel(&self, options: ChannelOptions) -> Result<Arc<Channel>, String> {
        self.channels.open(&self.bin, options, &self.events)
    }

    fn expect_channels(&self) {
        self.channels.expect(&self.bin);
    }

    fn channels_line(&self) -> Option<usize> {
        self.channels.line()
    }

    fn refuse(&self, m_line: usize, formats: &gst::Caps) {
        self.set_receiver(m_line, formats, false, false);
    }

    fn set_bounds(&self, bounds: logic::bitrate::Bounds) {
        if let Some(estimator) = &self.estimator {
            estimator.set_bounds(bounds);
        }
    }

    fn silence(&self) -> Duration {
        self.heard.silence()
    }

    fn refresh_stats(&self, answered: Sender<Infallible>) {
        self.statistics.refresh(&self.bin, answered);
    }

    fn stats(&self) -> Option<gst::Structure> {
        self.statistics.latest()
    }

    fn element(&self) -> Option<&gst::Element> {
        Some(&self.bin)
    }
}

fn read(description: &SessionDescription) -> Result<WebRTCSessionDescription, EndReason> {
    to_gst(description)
        .ok_or_else(|| EndReason::Description("read a session description: it is no SDP".into()))
}

/// The error that a promise's reply carries instead of a result.
fn refusal(reply: &gst::StructureRef) -> Result<(), String> {
    match reply.get::<glib::Error>("error") {
        Ok(err) => Err(err.message().to_owned()),
        Err(_) => Ok(()),
    }
}

fn kind_name(kind: DescriptionKind) -> &'static str {
    match kind {
        DescriptionKind::Offer => "offer",
        DescriptionKind::Answer => "answer",
    }
}
