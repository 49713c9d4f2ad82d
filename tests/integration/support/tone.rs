//! A stream that comes and goes while the pipeline plays.

use super::Pipeline;
use gst::prelude::*;

/// A tone in a pad of its own.
pub(crate) struct Tone {
    bin: gst::Element,
    pad: gst::Pad,
}

impl Tone {
    /// Adds one.
    pub(crate) fn add(pipeline: &Pipeline) -> Self {
        Self::of(pipeline, "audiotestsrc is-live=true ! audioconvert", "audio_%u")
    }

    /// Adds pictures instead.
    pub(crate) fn pictures(pipeline: &Pipeline) -> Self {
        let source = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 ! identity";
        Self::of(pipeline, source, "video_%u")
    }

    fn of(pipeline: &Pipeline, source: &str, template: &str) -> Self {
        let bin = gst::parse::bin_from_description(source, true).unwrap();
        pipeline.0.add(&bin).unwrap();
        let pad = pipeline.element("ws").request_pad_simple(template).unwrap();
        bin.static_pad("src").unwrap().link(&pad).unwrap();
        bin.sync_state_with_parent().unwrap();
        Self { bin: bin.upcast(), pad }
    }

    /// Takes it away.
    pub(crate) fn remove(self, pipeline: &Pipeline) {
        self.bin.set_locked_state(true);
        self.bin.set_state(gst::State::Null).unwrap();
        self.bin.static_pad("src").unwrap().unlink(&self.pad).unwrap();
        pipeline.element("ws").release_request_pad(&self.pad);
        pipeline.0.remove(&self.bin).unwrap();
    }
}
