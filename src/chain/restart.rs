//! An encoder that is started anew at its place, for what it takes only while it stands.

use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// An encoder's restarts: one at a time, which sets the bitrate that was asked for last.
#[derive(Clone, Default)]
pub(super) struct Restart {
    bits_per_second: Arc<AtomicU32>,
    waits: Arc<AtomicBool>,
}

impl Restart {
    /// Stops the encoder before the next frame, has its bitrate changed, and starts it again; false where it stands at
    /// no place.
    pub(super) fn at(
        &self,
        encoder: &gst::Element,
        bits_per_second: u32,
        change: impl Fn(&gst::Element, u32) + Send + Sync + 'static,
    ) -> bool {
        self.bits_per_second.store(bits_per_second, Ordering::SeqCst);
        let Some(sink) = encoder.static_pad("sink") else { return false };
        let Some(before) = sink.peer() else { return false };
        if self.waits.swap(true, Ordering::SeqCst) {
            return true;
        }
        let (encoder, restart) = (encoder.downgrade(), self.clone());
        // On the thread that brings frames: none is in the encoder, and none enters it meanwhile.
        let mask = gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER;
        before.add_probe(mask, move |before, _| {
            // Who asks from here on has it done again.
            restart.waits.store(false, Ordering::SeqCst);
            let Some(encoder) = encoder.upgrade() else { return gst::PadProbeReturn::Remove };
            let _ = encoder.set_state(gst::State::Ready);
            change(&encoder, restart.bits_per_second.load(Ordering::SeqCst));
            // Its pad has forgotten caps and segment, which are sent again to one that is linked anew.
            let _ = before.unlink(&sink);
            let _ = before.link_full(&sink, gst::PadLinkCheck::empty());
            if let Err(err) = encoder.sync_state_with_parent() {
                gst::element_error!(encoder, gst::LibraryError::Encode, ("{err}"));
            }
            gst::PadProbeReturn::Remove
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn restarts_that_are_asked_for_before_a_frame_comes_are_one_with_the_last_bitrate() {
        gst::init().unwrap();
        let text = "videotestsrc num-buffers=5 ! identity name=encoder ! fakesink";
        let pipeline = gst::parse::launch(text).unwrap().downcast::<gst::Pipeline>().unwrap();
        let encoder = pipeline.by_name("encoder").unwrap();
        let (restart, set) = (Restart::default(), Arc::new(Mutex::new(Vec::new())));
        let ask = |rate| {
            let set = set.clone();
            assert!(restart.at(&encoder, rate, move |_, rate| set.lock().unwrap().push(rate)));
        };
        let run = || {
            pipeline.set_state(gst::State::Playing).unwrap();
            let bus = pipeline.bus().unwrap();
            let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
            let last = bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &wanted).unwrap();
            assert_eq!(last.type_(), gst::MessageType::Eos, "{last:?}");
            pipeline.set_state(gst::State::Null).unwrap();
        };
        [300_000, 900_000, 600_000].into_iter().for_each(ask);
        run();
        assert_eq!(*set.lock().unwrap(), [600_000]);
        ask(200_000);
        run();
        assert_eq!(*set.lock().unwrap(), [600_000, 200_000]);
    }
}
