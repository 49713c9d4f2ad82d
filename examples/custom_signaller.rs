//! Signalling without a server: `webrtcsink` and `webrtcsrc` in one program, each with a signaller that hands
//! everything to the other. A signaller of one's own over any channel has the same shape.
//!
//! cargo run --release --example custom_signaller [FRAMES]
//!
//! It ends after that many frames, or by Ctrl-C.

#[expect(dead_code, reason = "the two ends of this program meet without a server")]
mod app;

use anyhow::{Context, Error};
use gst::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

mod local {
    //! The signaller: a GObject that implements the interface `Signallable`.

    use gst::glib::{self, prelude::*, subclass::prelude::*};
    use gstrswebrtc::signaller::{Signallable, SignallableExt, SignallableImpl};
    use std::sync::{Mutex, PoisonError};

    /// The one session that there is.
    const SESSION: &str = "the session";

    glib::wrapper! {
        pub struct Local(ObjectSubclass<Imp>) @implements Signallable;
    }

    impl Local {
        /// Two signallers that talk to each other: the producer's and the consumer's.
        pub fn pair() -> (Self, Self) {
            let (producer, consumer): (Self, Self) = (glib::Object::new(), glib::Object::new());
            consumer.imp().set_other(&producer, true);
            producer.imp().set_other(&consumer, false);
            (producer, consumer)
        }
    }

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = Local)]
    pub struct Imp {
        // Whether this object emits munge-session-description itself: it does not.
        #[property(name = "manual-sdp-munging", override_interface = Signallable, type = bool, get = |_| false)]
        other: Mutex<Option<(glib::WeakRef<Local>, bool)>>,
    }

    impl Imp {
        fn set_other(&self, other: &Local, consumes: bool) {
            let other = Some((other.downgrade(), consumes));
            *self.other.lock().unwrap_or_else(PoisonError::into_inner) = other;
        }

        /// The other signaller, and whether this one is the consumer's.
        fn other(&self) -> Option<(Local, bool)> {
            let other = self.other.lock().unwrap_or_else(PoisonError::into_inner);
            other.as_ref().and_then(|(other, consumes)| Some((other.upgrade()?, *consumes)))
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Imp {
        const NAME: &'static str = "LocalSignaller";
        type Type = Local;
        type Interfaces = (Signallable,);
    }

    #[glib::derived_properties]
    impl ObjectImpl for Imp {}

    /// What the elements ask for. What the other side is told comes out there as a signal.
    impl SignallableImpl for Imp {
        fn start(&self) {
            // The consumer asks for the session: both sides hear of it.
            if let Some((producer, true)) = self.other() {
                self.obj().session_started(SESSION, "producer");
                producer.session_requested(SESSION, "consumer", None);
            }
        }

        fn send_sdp(&self, session: &str, description: &gst_webrtc::WebRTCSessionDescription) {
            if let Some((other, _)) = self.other() {
                other.session_description(session, description);
            }
        }

        fn add_ice(&self, session: &str, candidate: &str, line: u32, mid: Option<String>) {
            if let Some((other, _)) = self.other() {
                other.handle_ice(session, line, mid.as_deref(), candidate);
            }
        }

        fn end_session(&self, session: &str) {
            if let Some((other, _)) = self.other() {
                other.session_ended(session, None);
            }
        }
    }
}

fn main() -> Result<(), Error> {
    let [frames] = app::begin(include_str!("custom_signaller.rs"), ["FRAMES"])?;
    let enough = frames.map_or(Ok(u64::MAX), |frames| frames.parse()).context("FRAMES is a number")?;
    let (producer, consumer) = local::Local::pair();

    let pipeline = gst::Pipeline::new();
    let pattern = gst::parse::bin_from_description("videotestsrc is-live=true ! queue", true)?;
    let sink = gst::ElementFactory::make("webrtcsink").property("signaller", &producer).build()?;
    let source = gst::ElementFactory::make("webrtcsrc").property("signaller", &consumer).build()?;
    // Both are in one program: nobody has to tell them their address.
    sink.set_property("stun-server", None::<&str>);
    source.set_property("stun-server", None::<&str>);
    pipeline.add_many([pattern.upcast_ref(), &sink, &source])?;
    pattern.link(&sink)?;

    let bin = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        if let Some(bin) = bin.upgrade() {
            println!("{} came; connected: {:?}", pad.name(), show(&bin, pad, enough));
        }
    });

    app::play(&pipeline, |news| println!("{news}"))
}

/// Connects a pad to a sink, and says on the bus when enough frames have come.
fn show(bin: &gst::Pipeline, pad: &gst::Pad, enough: u64) -> Result<(), Error> {
    let end = gst::parse::bin_from_description("videoconvert ! fakesink", true)?;
    let (count, bus) = (AtomicU64::new(1), bin.bus().context("no bus")?);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        if count.fetch_add(1, Ordering::Relaxed) == enough {
            println!("{enough} frames came");
            let _ = bus.post(gst::message::Eos::new());
        }
        gst::PadProbeReturn::Ok
    });
    bin.add(&end)?;
    end.sync_state_with_parent()?;
    pad.link(&end.static_pad("sink").context("no pad")?)?;
    Ok(())
}
