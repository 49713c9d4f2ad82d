//! Repair of lost pictures in webrtcbin: forward error correction (RFC 5109, inside RFC 2198), as much as the viewer's
//! reports ask for. Packets that it asks for are sent again however long the way is: it knows for how long it waits.

use super::WebRtcBin;
use crate::peer::ErrorCorrection;
use crate::runtime;
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCFECType, WebRTCRTPTransceiver};
use logic::repair::{Abilities, Repair};
use logic::rtcp::{self, Report};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Payload types, away from those of codecs, which begin at 96.
const RED: i32 = 126;
const ULPFEC: i32 = 127;
const RED_AGAIN: i32 = 125;

/// Has a stream that is received take error correction where the peer offers it.
pub(super) fn take(transceiver: &WebRTCRTPTransceiver, formats: &gst::Caps, accept: bool) {
    if accept && are_pictures(formats) {
        transceiver.set_property("fec-type", WebRTCFECType::UlpRed);
    }
}

fn are_pictures(formats: &gst::Caps) -> bool {
    formats.structure(0).is_some_and(|format| format.get::<&str>("media") == Ok("video"))
}

/// Formats to offer, with those of error correction. Left to itself webrtcbin takes the first free numbers, others when
/// a stream is added; what it sends stays in the first.
fn with_correction(formats: &gst::Caps, retransmission: bool) -> gst::Caps {
    let named = |name: &str, payload_type: i32| {
        gst::Structure::builder("application/x-rtp")
            .field("media", "video")
            .field("encoding-name", name)
            .field("clock-rate", 90_000)
            .field("payload", payload_type)
    };
    let mut all = formats.clone();
    let list = all.make_mut();
    list.append_structure(named("red", RED).build());
    list.append_structure(named("ulpfec", ULPFEC).build());
    if retransmission {
        // What is sent again has been wrapped, too.
        list.append_structure(named("rtx", RED_AGAIN).field("apt", RED.to_string()).build());
    }
    all
}

/// The repair of what one connection sends.
pub(super) struct Repairs {
    settings: ErrorCorrection,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the source of their packets.
    streams: HashMap<u32, Stream>,
    /// The elements that wrap packets for error correction (RFC 2198).
    wrappers: Vec<glib::WeakRef<gst::Element>>,
    /// What was told last, in percent.
    told: u8,
    /// Reports that nobody has heeded yet, by source, and whether somebody is at it.
    heard: HashMap<u32, Report>,
    heeding: bool,
}

struct Stream {
    transceiver: glib::WeakRef<WebRTCRTPTransceiver>,
    repair: Repair,
}

impl Repairs {
    pub(super) fn new(settings: ErrorCorrection) -> Arc<Self> {
        Arc::new(Self { settings, started: Instant::now(), state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers error correction for a stream of pictures; none is sent before the viewer reports loss.
    pub(super) fn add(&self, transceiver: &WebRTCRTPTransceiver, formats: &gst::Caps, is_answering: bool) {
        let source = formats.structure(0).and_then(|format| format.get::<u32>("ssrc").ok());
        let Some(source) = source.filter(|_| are_pictures(formats)) else { return };
        if is_answering {
            // In the numbers of the viewer's offer.
            transceiver.set_property("fec-type", WebRTCFECType::UlpRed);
        } else {
            transceiver
                .set_property("codec-preferences", with_correction(formats, self.settings.retransmission));
        }
        // Webrtcbin's own default doubles the traffic.
        transceiver.set_property("fec-percentage", 0u32);
        let abilities = Abilities { retransmission: self.settings.retransmission, fec: true };
        let stream = Stream { transceiver: transceiver.downgrade(), repair: Repair::new(abilities) };
        self.state().streams.insert(source, stream);
    }

    /// Listens to what the viewer reports. The statistics of webrtcbin have one report of a viewer, and where packets are
    /// sent again it is the one on these.
    pub(super) fn watch(self: &Arc<Self>, connection: &WebRtcBin) {
        let repairs = Arc::downgrade(self);
        connection.on_element(move |name, element| {
            if let Some(repairs) = repairs.upgrade().filter(|_| name == "rtpredenc") {
                wrap(&element, false);
                repairs.state().wrappers.push(element.downgrade());
            }
        });
        let (repairs, bin) = (Arc::downgrade(self), connection.bin.downgrade());
        connection.on_reports(move |packet| {
            let Some(repairs) = repairs.upgrade() else { return };
            if repairs.hear(rtcp::reports(packet)) {
                let bin = bin.clone();
                // Whoever hears of it may block, and this thread has packets to receive.
                runtime::spawn_blocking(move || repairs.heed_all(&bin));
            }
        });
    }

    /// Notes the latest of each stream; whether nobody is heeding them.
    fn hear(&self, reports: impl IntoIterator<Item = Report>) -> bool {
        let mut state = self.state();
        for report in reports {
            if state.streams.contains_key(&report.source) {
                state.heard.insert(report.source, report);
            }
        }
        !state.heard.is_empty() && !std::mem::replace(&mut state.heeding, true)
    }

    /// Does what has been heard, until there is nothing more.
    fn heed_all(&self, bin: &glib::WeakRef<gst::Element>) {
        loop {
            let reports: Vec<_> = {
                let mut state = self.state();
                state.heeding = !state.heard.is_empty();
                state.heard.drain().map(|(_, report)| report).collect()
            };
            let Some(first) = reports.first() else { return };
            self.heed(&reports, round_trip(bin, first.reporter));
        }
    }

    /// Does what reports ask for.
    fn heed(&self, reports: &[Report], round_trip: Option<Duration>) {
        let now = self.started.elapsed();
        let (plans, wrappers, told) = {
            let mut state = self.state();
            let mut plans = Vec::new();
            for report in reports {
                if let Some(stream) = state.streams.get_mut(&report.source) {
                    let plan = stream.repair.report(report.lost, round_trip, now);
                    plans.push((stream.transceiver.clone(), plan.fec_percentage));
                }
            }
            let told = state.streams.values().map(|stream| stream.repair.plan().fec_percentage).max();
            let told = told.filter(|told| std::mem::replace(&mut state.told, *told) != *told);
            (plans, state.wrappers.clone(), told)
        };
        if let Some(percent) = told {
            for wrapper in wrappers.iter().filter_map(glib::WeakRef::upgrade) {
                wrap(&wrapper, percent > 0);
            }
        }
        for (transceiver, percentage) in &plans {
            if let Some(transceiver) = transceiver.upgrade() {
                transceiver.set_property("fec-percentage", u32::from(*percentage));
            }
        }
        if let Some(percent) = told {
            gst::debug!(gst::CAT_RUST, "{percent} % of error correction");
            (self.settings.changed)(percent);
        }
    }
}

/// Packets that are wrapped lose header extensions, and only error correction needs it.
fn wrap(wrapper: &gst::Element, all: bool) {
    wrapper.set_property("allow-no-red-blocks", all);
}

/// The last round trip to a reporter that the session has measured.
fn round_trip(bin: &glib::WeakRef<gst::Element>, reporter: u32) -> Option<Duration> {
    let rtpbin = bin.upgrade()?.downcast_ref::<gst::Bin>()?.by_name("rtpbin")?;
    // Everything is bundled into the first.
    let session = rtpbin.emit_by_name::<Option<glib::Object>>("get-internal-session", &[&0u32])?;
    let source = session.emit_by_name::<Option<glib::Object>>("get-source-by-ssrc", &[&reporter])?;
    let measured = source.property::<gst::Structure>("stats").get::<u32>("rb-round-trip").ok()?;
    // In units of 1/65536 s.
    (measured > 0).then(|| Duration::from_secs_f64(f64::from(measured) / 65_536.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_heeded_by_one_at_a_time_the_latest_of_each_stream() {
        gst::init().unwrap();
        let bin = gst::Bin::new().upcast::<gst::Element>().downgrade();
        let repairs = Repairs::new(ErrorCorrection { retransmission: true, changed: Arc::new(|_| {}) });
        let abilities = Abilities { retransmission: true, fec: true };
        for source in [1, 2] {
            let stream = Stream { transceiver: glib::WeakRef::new(), repair: Repair::new(abilities) };
            repairs.state().streams.insert(source, stream);
        }
        let report = |source, lost| Report { reporter: 9, source, lost };
        assert!(!repairs.hear([report(7, 0.5)]), "of a stream that is not ours");
        assert!(repairs.hear([report(1, 0.1), report(2, 0.2)]));
        for lost in 0..100 {
            assert!(!repairs.hear([report(1, f64::from(lost) / 100.0)]));
        }
        assert_eq!(repairs.state().heard.len(), 2);
        assert_eq!(repairs.state().heard[&1].lost, 0.99);
        repairs.heed_all(&bin);
        assert!(repairs.state().heard.is_empty());
        assert!(repairs.hear([report(1, 0.1)]), "somebody is wanted again");
    }
}
