//! A sink and its viewer on either side of a network that loses packets or falls silent.

use super::direct::Direct;
use super::udp::{Network, Weather};
use super::{Pipeline, Viewer, picture};
use gst::glib::WeakRef;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::{Arc, OnceLock};

/// A sink of numbered pictures and its viewer, on either side of a network.
pub(crate) struct Across {
    pub(crate) network: Arc<Network>,
    pub(crate) producer: Pipeline,
    pub(crate) viewer: Viewer,
    /// What the session through webrtcbin stands in.
    session: Arc<OnceLock<WeakRef<gst::Pipeline>>>,
    _feeder: Option<picture::Feeder>,
}

/// Time enough for what is sent again, from the start.
pub(crate) const PATIENT: &str = "jitter-buffer-min=300";

/// The viewer is told what `change` makes of the sink's description.
pub(crate) fn across(settings: &str, change: impl Fn(String) -> String + Send + Sync + 'static) -> Across {
    Across::of(&picture::source(), settings, change)
}

/// The same with settings of the viewer.
pub(crate) fn across_for(
    viewing: &str,
    settings: &str,
    change: impl Fn(String) -> String + Send + Sync + 'static,
) -> Across {
    Across::at(&picture::source(), settings, viewing, &Weather::default(), change)
}

impl Across {
    /// The same with pictures of this source.
    pub(crate) fn of(
        source: &str,
        settings: &str,
        change: impl Fn(String) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::at(source, settings, PATIENT, &Weather::default(), change)
    }

    /// The same with settings of the viewer, in this weather.
    pub(crate) fn at(
        source: &str,
        settings: &str,
        viewing: &str,
        weather: &Weather,
        change: impl Fn(String) -> String + Send + Sync + 'static,
    ) -> Self {
        let (producing, consuming) = Direct::pair();
        let sink =
            format!("webrtcsink name=ws stun-server=\"\" transport=native video-caps=video/x-vp8 {settings}");
        let producer = Pipeline::parse(&format!("{source} ! {sink}"));
        producer.element("ws").set_property("signaller", &producing);
        let session = Arc::<OnceLock<_>>::default();
        let its = session.clone();
        producer.element("ws").connect("consumer-pipeline-created", false, move |values| {
            let _ = its.set(values[2].get::<gst::Pipeline>().unwrap().downgrade());
            None
        });
        let network = Arc::new(Network::start());
        network.weather.become_like(weather);
        let (between, told) = (network.clone(), consuming.clone());
        producing.connect("send-session-description", false, move |values| {
            let offer = values[2].get::<WebRTCSessionDescription>().unwrap();
            told.describe("s", offer.type_(), &change(between.between(&offer.sdp().as_text().unwrap())));
            Some(true.to_value())
        });
        let (between, told) = (network.clone(), consuming.clone());
        producing.connect("send-ice", false, move |values| {
            if let Some(candidate) = between.instead_of(&values[2].get::<String>().unwrap()) {
                told.handle_ice("s", 0, None, &candidate);
            }
            Some(true.to_value())
        });
        // The sink sees no more of the viewer than what comes through the network.
        consuming.connect("send-ice", false, |_| Some(true.to_value()));
        let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
        for (name, value) in viewing.split(' ').filter_map(|setting| setting.split_once('=')) {
            viewer.pipeline.element("src").set_property_from_str(name, value);
        }
        viewer.pipeline.play();
        producer.play();
        let feeder = producer.0.by_name("pictures").map(|_| picture::Feeder::start(&producer));
        super::has_caps(&producer.element("ws"));
        consuming.session_started("s", "producer");
        producing.session_requested("s", "viewer", None);
        Across { network, producer, viewer, session, _feeder: feeder }
    }
    /// The pipeline of the session through webrtcbin.
    pub(crate) fn session(&self) -> gst::Pipeline {
        self.session.get().unwrap().upgrade().unwrap()
    }
}
