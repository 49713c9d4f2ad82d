//! Signalling without a server: `webrtcsink` and `webrtcsrc` in one program, each with a signaller that hands
//! everything to the other. A signaller of one's own over any channel has the same shape.

use anyhow::{Context, Error, bail};
use gst::prelude::*;

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

    #[derive(Default)]
    pub struct Imp {
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

    impl ObjectImpl for Imp {
        fn properties() -> &'static [glib::ParamSpec] {
            // Whether this object emits munge-session-description itself: it does not.
            static MUNGING: std::sync::OnceLock<Vec<glib::ParamSpec>> = std::sync::OnceLock::new();
            MUNGING.get_or_init(|| {
                vec![glib::ParamSpecOverride::for_interface::<Signallable>("manual-sdp-munging")]
            })
        }

        fn property(&self, _: usize, _: &glib::ParamSpec) -> glib::Value {
            false.into()
        }
    }

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
    gst::init()?;
    gstrswebrtc::plugin_register_static()?;
    let (producer, consumer) = local::Local::pair();

    let pipeline = gst::Pipeline::new();
    let pattern = gst::parse::bin_from_description("videotestsrc is-live=true ! queue", true)?;
    let sink = gst::ElementFactory::make("webrtcsink").property("signaller", &producer).build()?;
    let source = gst::ElementFactory::make("webrtcsrc").property("signaller", &consumer).build()?;
    pipeline.add_many([pattern.upcast_ref(), &sink, &source])?;
    pattern.link(&sink)?;

    let bin = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        let Some(bin) = bin.upgrade() else { return };
        let end = gst::parse::bin_from_description("videoconvert ! fpsdisplaysink video-sink=fakesink", true);
        let linked = end.is_ok_and(|end| {
            let sink = end.static_pad("sink");
            let added = bin.add(&end).is_ok() && end.sync_state_with_parent().is_ok();
            added && sink.is_some_and(|sink| pad.link(&sink).is_ok())
        });
        println!("{} came; connected: {linked}", pad.name());
    });

    pipeline.set_state(gst::State::Playing)?;
    let bus = pipeline.bus().context("a pipeline has a bus")?;
    for message in bus.iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            gst::MessageView::Error(error) => bail!("{}: {:?}", error.error(), error.debug()),
            gst::MessageView::Element(news) => println!("{:?}", news.structure()),
            _ => {}
        }
    }
    Ok(())
}
