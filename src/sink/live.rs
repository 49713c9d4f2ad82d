//! What becomes of a property that is set while the element runs: it reaches the sessions that are there, those that
//! come, or waits for the next start, and then the application is told.

use super::imp::BaseWebRTCSink;
use super::settings::Settings;
use gst::subclass::prelude::*;
use std::sync::Arc;

/// When a property applies that is set while the element runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// To the sessions that are there.
    Now,
    /// To the sessions that come.
    NextSession,
    /// When the element starts next: all sessions have to agree on it.
    NextStart,
}

/// When a property of the sinks applies.
fn moment(name: &str) -> Moment {
    match name {
        "congestion-control"
        | "encoder-table"
        | "encoder-sharing"
        | "rungs"
        | "do-clock-signalling"
        | "mtu"
        | "transport"
        | "udp-port"
        | "udp-port-max"
        | "udp-threads"
        | "ice-tcp"
        | "ice-interfaces"
        | "ice-addresses"
        | "ice-advertised-addresses"
        | "run-web-server"
        | "web-server-cert"
        | "web-server-key"
        | "web-server-path"
        | "web-server-directory"
        | "web-server-host-addr"
        | "web-server-dashboard"
        | "web-server-token"
        | "run-signalling-server" => Moment::NextStart,
        name if name.starts_with("signalling-server-") => Moment::NextStart,
        "min-bitrate" | "max-bitrate" | "start-bitrate" | "encoder-linger" | "meta" | "forward-metas"
        | "forward-events" => Moment::Now,
        _ => Moment::NextSession,
    }
}

impl Settings {
    /// These, but for what was settled when the element started.
    pub(super) fn since_start(self, started: &Self) -> Self {
        Self {
            congestion_control: started.congestion_control,
            encoder_sharing: started.encoder_sharing,
            rungs: started.rungs.clone(),
            clock_signalling: started.clock_signalling,
            mtu: started.mtu,
            transport: started.transport,
            numbered: started.named(),
            ..self
        }
    }
}

impl BaseWebRTCSink {
    /// A property has been set.
    pub(super) fn changed(&self, name: &str) {
        let Some(running) = self.running() else { return };
        if moment(name) == Moment::NextStart {
            gst::element_imp_warning!(
                self,
                gst::CoreError::StateChange,
                ("property {name} was set while the element runs and applies when it starts next; set it in NULL or READY")
            );
        }
        let settings = self.obj().settings();
        match name {
            "min-bitrate" | "max-bitrate" | "start-bitrate" => self.set_bounds(&settings),
            "stun-server" | "turn-servers" => running.viewers().set_servers(&settings),
            _ => {}
        }
    }

    /// Encoders and estimators keep to other bounds from now on.
    fn set_bounds(&self, settings: &Settings) {
        let bounds = settings.bounds();
        let inputs: Vec<Arc<_>> = self.pads().inputs.clone();
        for ladder in inputs.iter().flat_map(|input| input.ladders()) {
            ladder.set_bounds(bounds);
        }
        let viewers = self.running().map(|running| running.viewers().all()).unwrap_or_default();
        for (_, viewer) in viewers {
            if let Some(stage) = viewer.stage() {
                stage.connection().set_bounds(bounds);
            }
            viewer.estimates.set_bounds(bounds, settings.measures_network());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;
    use logic::codec::MediaKind;

    #[test]
    fn what_all_sessions_agree_on_waits_for_the_next_start_and_nothing_else() {
        gst::init().unwrap();
        let started = Settings::default();
        let set = Settings { mtu: 1000, rungs: None, max_bitrate: 5, do_fec: false, ..started.clone() };
        let now = set.since_start(&started);
        assert_eq!((now.mtu, now.rungs), (started.mtu, started.rungs));
        assert_eq!((now.max_bitrate, now.do_fec), (5, false));
    }

    #[test]
    fn codecs_keep_their_numbers_while_the_element_runs_whatever_is_offered() {
        gst::init().unwrap();
        let started =
            Settings { video_caps: crate::codec::caps("video/x-vp9; video/x-vp8"), ..Settings::default() };
        let vp9 = Settings { video_caps: crate::codec::caps("video/x-av1; video/x-vp9"), ..started.clone() };
        let now = vp9.since_start(&started);
        let number = |settings: &Settings, name| settings.payload_type(logic::codec::by_name(name).unwrap());
        for (name, expected) in [("VP9", 96), ("VP8", 97), ("OPUS", 98)] {
            assert_eq!((number(&started, name), number(&now, name)), (expected, expected), "{name}");
        }
        let mut all: Vec<_> = logic::codec::ALL.iter().map(|codec| now.payload_type(codec)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), logic::codec::ALL.len(), "two codecs have one number");
        let offered: Vec<_> = now.codecs(MediaKind::Video).iter().map(|(codec, _)| codec.name).collect();
        assert_eq!(offered, ["AV1", "VP9"]);
    }

    #[test]
    fn no_property_that_waits_for_the_next_start_says_that_it_changes_in_playing() {
        gst::init().unwrap();
        let sink = gst::glib::Object::new::<crate::sink::WebRTCSink>();
        for spec in sink.list_properties().iter() {
            let says = spec.flags().contains(gst::PARAM_FLAG_MUTABLE_PLAYING);
            let name = spec.name();
            assert!(!says || moment(name) != Moment::NextStart, "{name}");
        }
    }
}
