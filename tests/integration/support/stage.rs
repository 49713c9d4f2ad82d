//! A sink of numbered pictures, somebody who watches it all the time, and others who come and go.

use super::crowd::Crowd;
use super::direct::Direct;
use super::{Pipeline, Viewer, picture};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;
use std::time::Duration;

/// Thirty pictures a second.
pub(crate) const PACE: Duration = Duration::from_micros(33_333);

/// The sink, its steady viewer, and the others.
pub(crate) struct Stage {
    pub(crate) crowd: Crowd,
    pub(crate) pipeline: Pipeline,
    steady: Viewer,
    /// The numbers of the pictures that the steady viewer has seen.
    seen: Vec<u16>,
    _feeder: picture::Feeder,
}

impl Stage {
    /// A sink that is fed a picture every so often, and already watched.
    pub(crate) fn set(settings: &str, pace: Duration) -> Self {
        let (direct, said, watching) = Direct::with_viewer("steady");
        // Numbers are read off pictures of one size, which a busy machine would change.
        let pipeline = Pipeline::parse(&format!(
            "{} ! webrtcsink name=ws stun-server=\"\" video-caps=video/x-vp8 rungs=1 enable-mitigation-modes=none {settings}",
            picture::source()
        ));
        let crowd = Crowd::at(&pipeline, direct.clone(), said);
        let steady = Viewer::behind(&watching, "video", "video/x-raw,format=I420");
        // A busy machine may hold packets up; that is not what is asked here.
        steady.pipeline.element("src").set_property("jitter-buffer-min", 1000u32);
        steady.pipeline.element("src").set_property("jitter-buffer-max", 4000u32);
        steady.pipeline.play();
        pipeline.play();
        let feeder = picture::Feeder::at(&pipeline, pace);
        super::has_caps(&pipeline.element("ws"));
        watching.session_started("steady", "producer");
        direct.session_requested("steady", "watcher", None);
        let mut stage = Self { crowd, steady, seen: Vec::new(), pipeline, _feeder: feeder };
        stage.watch(10);
        stage
    }

    /// The steady viewer sees so many more pictures at least, and all that have come.
    pub(crate) fn watch(&mut self, count: usize) {
        let samples = (0..count).map(|_| self.steady.sample());
        self.seen.extend(samples.chain(self.steady.come()).map(|sample| picture::number(&sample)));
    }

    /// The steady viewer has missed nothing of what it was sent until now.
    pub(crate) fn nobody_was_disturbed(&mut self) {
        self.watch(1);
        // More than is on the way.
        self.watch(50);
        let gaps: Vec<_> = self.seen.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
        assert!(gaps.is_empty(), "pictures are missing between {gaps:?}");
    }

    /// How many sessions the sink has.
    pub(crate) fn sessions(&self) -> usize {
        self.pipeline.element("ws").emit_by_name::<Vec<String>>("get-sessions", &[]).len()
    }

    /// Waits until nobody but the steady viewer is left.
    pub(crate) fn empties(&mut self) {
        // Ten seconds by the pictures.
        let left = (0..300).any(|_| {
            self.watch(1);
            self.sessions() == 1
        });
        assert!(left, "{} sessions are left", self.sessions());
    }
}
